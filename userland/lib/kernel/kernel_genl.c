// SPDX-License-Identifier: GPL-2.0
/* kernel_genl.c: sends one request to the family while gathering its answers or its refusal. */
#include <errno.h>
#include <string.h>
#include "hostpart.h"
#include "kernel/kernel_internal.h"

struct call {
	struct hp_kernel *kernel;
	hp_genl_answer_fn answer;
	void *arg;
	struct hp_err *err;
	int result;		/* the first thing that went wrong */
	bool is_over;
};

static struct nlmsghdr *start(struct hp_kernel *kernel, uint16_t type, uint8_t cmd, uint8_t version, uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(kernel->request);
	struct genlmsghdr *genl;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->nlmsg_seq = ++kernel->seq;
	genl = mnl_nlmsg_put_extra_header(request, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return request;
}

struct nlmsghdr *hp_genl_request(struct hp_kernel *kernel, uint8_t cmd, uint16_t flags)
{
	return start(kernel, kernel->family, cmd, HP_GENL_VERSION, flags);
}

/* The text of an extended ack, NULL when there is none. `skip` = bytes between header and attributes. */
static const char *refusal_text(const struct nlmsghdr *message, size_t skip)
{
	const struct nlattr *attr;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	mnl_attr_for_each(attr, message, skip) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	}
	return NULL;
}

static void refused(struct call *call, int errnum, const char *text)
{
	if (call->result)
		return;
	if (text)
		call->result = hp_err_set(call->err, errnum, "kernel module: %s", text);
	else if (errnum == EPERM)
		call->result = hp_err_set(call->err, EPERM,
					  "kernel module: not allowed: needs root (CAP_SYS_ADMIN and CAP_NET_ADMIN) outside any domain");
	else
		call->result = hp_err_errno(call->err, errnum, "kernel module");
}

static void take_error(struct call *call, const struct nlmsghdr *message)
{
	const struct nlmsgerr *report = mnl_nlmsg_get_payload(message);
	size_t skip = sizeof(*report);

	call->is_over = true;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*report)) {
		call->result = hp_err_set(call->err, EBADMSG, "kernel module: the ack is cut short");
		return;
	}
	if (!report->error)
		return;
	/* Without NLM_F_CAPPED the whole request stands before the attributes. */
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += report->msg.nlmsg_len - sizeof(report->msg);
	refused(call, -report->error, refusal_text(message, skip));
}

static void take_end_of_dump(struct call *call, const struct nlmsghdr *message)
{
	const int *code = mnl_nlmsg_get_payload(message);

	call->is_over = true;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*code) && *code < 0)
		refused(call, -*code, refusal_text(message, sizeof(*code)));
}

static void take_message(struct call *call, const struct nlmsghdr *message)
{
	/* Left over from a call that was given up. */
	if (!mnl_nlmsg_seq_ok(message, call->kernel->seq))
		return;
	if ((message->nlmsg_flags & NLM_F_DUMP_INTR) && !call->result)
		call->result = -EINTR;
	if (message->nlmsg_type == NLMSG_ERROR)
		take_error(call, message);
	else if (message->nlmsg_type == NLMSG_DONE)
		take_end_of_dump(call, message);
	else if (call->answer && !call->result)
		call->result = call->answer(message, call->arg, call->err);
}

int hp_genl_call(struct hp_kernel *kernel, struct nlmsghdr *request, hp_genl_answer_fn answer, void *arg,
		 struct hp_err *err)
{
	struct call call = { kernel, answer, arg, err, 0, false };
	const struct nlmsghdr *message;
	ssize_t received;
	int left;

	if (mnl_socket_sendto(kernel->socket, request, request->nlmsg_len) < 0)
		return hp_err_errno(err, errno, "cannot send to the kernel module");
	while (!call.is_over) {
		received = mnl_socket_recvfrom(kernel->socket, kernel->reply, HP_GENL_BUFFER_BYTES);
		if (received < 0 && errno == EINTR)
			continue;
		if (received < 0)
			return hp_err_errno(err, errno, "cannot receive from the kernel module");
		left = (int)received;
		for (message = (const void *)kernel->reply; mnl_nlmsg_ok(message, left);
		     message = mnl_nlmsg_next(message, &left))
			take_message(&call, message);
	}
	if (call.result == -EINTR)
		return hp_err_set(err, EINTR, "the kernel module's table changed while it was read");
	return call.result;
}

static void find_group(struct hp_kernel *kernel, const struct nlattr *groups)
{
	const struct nlattr *by_type[CTRL_ATTR_MCAST_GRP_MAX + 1];
	struct hp_attrs attrs = { by_type, CTRL_ATTR_MCAST_GRP_MAX };
	const struct nlattr *group;
	char name[GENL_NAMSIZ];

	mnl_attr_for_each_nested(group, groups) {
		hp_attrs_of_nest(group, &attrs);
		if (hp_attrs_string(&attrs, CTRL_ATTR_MCAST_GRP_NAME, name, sizeof(name)) &&
		    strcmp(name, HP_GENL_MCGRP_EVENTS) == 0)
			hp_attrs_u32(&attrs, CTRL_ATTR_MCAST_GRP_ID, &kernel->event_group);
	}
}

static int take_family(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[CTRL_ATTR_MAX + 1];
	struct hp_attrs attrs = { by_type, CTRL_ATTR_MAX };
	struct hp_kernel *kernel = arg;

	hp_attrs_of_message(message, &attrs);
	if (!by_type[CTRL_ATTR_FAMILY_ID] || mnl_attr_validate(by_type[CTRL_ATTR_FAMILY_ID], MNL_TYPE_U16) < 0)
		return hp_err_set(err, EBADMSG, "the kernel names no number for family %s", HP_GENL_NAME);
	kernel->family = mnl_attr_get_u16(by_type[CTRL_ATTR_FAMILY_ID]);
	if (by_type[CTRL_ATTR_MCAST_GROUPS])
		find_group(kernel, by_type[CTRL_ATTR_MCAST_GROUPS]);
	return 0;
}

int hp_genl_resolve(struct hp_kernel *kernel, struct hp_err *err)
{
	struct nlmsghdr *request = start(kernel, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	hp_autoerr refusal = HP_ERR_INIT;
	int result;

	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, HP_GENL_NAME);
	result = hp_genl_call(kernel, request, take_family, kernel, &refusal);
	if (result == -ENOENT) {
		hp_err_set(err, ENOENT, "the hostpart kernel module is not loaded");
		hp_err_hint(err, "load it with \"modprobe hostpart\"; from inside a domain it is never visible");
		return -ENOENT;
	}
	if (result)
		return hp_err_set(err, -result, "%s", refusal.text ? refusal.text : "out of memory");
	return 0;
}
