// SPDX-License-Identifier: GPL-2.0
/* netlink.c: question-and-answer netlink sockets over libmnl. */
#include "net/hp_netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"

/* The kernel's dumps come in pieces of at most 32 KiB. */
#define RECEIVE_BYTES 65536
#define DUMP_TRIES 20

struct hp_netlink {
	struct mnl_socket *sock;
	uint32_t seq;
	char *buffer;		/* RECEIVE_BYTES */
	char extack[256];	/* the kernel's words for the last refusal, "" = none */
};

/* Answers gathered before anyone looks at them. */
struct gathered {
	char *bytes;
	size_t size, capacity;
};

struct opening {
	int bus;
	struct hp_netlink *nl;
};

static int open_socket(void *arg, struct hp_err *err)
{
	struct opening *opening = arg;
	int on = 1;

	opening->nl->sock = mnl_socket_open2(opening->bus, SOCK_CLOEXEC);
	if (!opening->nl->sock)
		return hp_err_errno(err, errno, "open a netlink socket");
	if (mnl_socket_bind(opening->nl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return hp_err_errno(err, errno, "bind a netlink socket");
	/*
	 * Only better messages and cheaper filters depend on these: every kernel we
	 * support has them.
	 */
	mnl_socket_setsockopt(opening->nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(opening->nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	if (opening->bus == NETLINK_ROUTE)
		mnl_socket_setsockopt(opening->nl->sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

struct hp_netlink *hp_netlink_open(int bus, int netns_fd, struct hp_err *err)
{
	hp_autonetlink *nl = calloc(1, sizeof(*nl));
	struct opening opening = { .bus = bus, .nl = nl };

	if (nl)
		nl->buffer = malloc(RECEIVE_BYTES);
	if (!nl || !nl->buffer) {
		hp_err_errno(err, ENOMEM, "open a netlink socket");
		return NULL;
	}
	if (netns_fd == HP_NETNS_OWN ? open_socket(&opening, err)
				     : hp_netns_run(netns_fd, open_socket, &opening, err))
		return NULL;
	return hp_take(nl);
}

void hp_netlink_close(struct hp_netlink *nl)
{
	if (!nl)
		return;
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl->buffer);
	free(nl);
}

void hp_netlink_closep(struct hp_netlink **nl)
{
	hp_netlink_close(*nl);
}

void *hp_netlink_begin(struct hp_netlink_request *request, uint16_t type, uint16_t flags,
		       size_t extra_size)
{
	memset(request, 0, sizeof(*request));
	mnl_nlmsg_put_header(request->bytes);
	request->nlh.nlmsg_type = type;
	request->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(&request->nlh, extra_size);
}

void hp_netlink_attrs(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **table,
		      uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1u) * sizeof(*table));
	if (mnl_nlmsg_get_payload_len(nlh) < header_size)
		return;
	mnl_attr_for_each(attr, nlh, header_size)
		if (mnl_attr_get_type(attr) <= max)
			table[mnl_attr_get_type(attr)] = attr;
}

void hp_netlink_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1u) * sizeof(*table));
	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= max)
			table[mnl_attr_get_type(attr)] = attr;
}

/*
 * The explanation stands behind the error's copy of our header (only the header:
 * NETLINK_CAP_ACK).
 */
static void keep_extack(struct hp_netlink *nl, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];

	nl->extack[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	hp_netlink_attrs(nlh, sizeof(struct nlmsgerr), attrs, NLMSGERR_ATTR_MAX);
	if (attrs[NLMSGERR_ATTR_MSG])
		snprintf(nl->extack, sizeof(nl->extack), "%.*s",
			 (int)mnl_attr_get_payload_len(attrs[NLMSGERR_ATTR_MSG]),
			 mnl_attr_get_str(attrs[NLMSGERR_ATTR_MSG]));
}

static int refuse(struct hp_netlink *nl, int errnum, struct hp_err *err)
{
	if (nl->extack[0])
		return hp_err_set(err, errnum, "%s (the kernel says: %s)", strerror(errnum), nl->extack);
	return hp_err_set(err, errnum, "%s", strerror(errnum));
}

static int send_request(struct hp_netlink *nl, struct nlmsghdr *nlh, struct hp_err *err)
{
	nlh->nlmsg_seq = ++nl->seq;
	nl->extack[0] = '\0';
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return hp_err_errno(err, errno, "send a netlink request");
	return 0;
}

/* One datagram; -errno. A signal that a handler took is no failure. */
static ssize_t receive(struct hp_netlink *nl)
{
	ssize_t size;

	do {
		size = mnl_socket_recvfrom(nl->sock, nl->buffer, RECEIVE_BYTES);
	} while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : size;
}

static int gather(struct gathered *all, const struct nlmsghdr *nlh)
{
	size_t need = all->size + MNL_ALIGN(nlh->nlmsg_len);

	if (need > all->capacity) {
		size_t capacity = need * 2;
		char *bytes = realloc(all->bytes, capacity);

		if (!bytes)
			return -ENOMEM;
		all->bytes = bytes;
		all->capacity = capacity;
	}
	memset(all->bytes + all->size, 0, need - all->size);
	memcpy(all->bytes + all->size, nlh, nlh->nlmsg_len);
	all->size = need;
	return 0;
}

/*
 * 1 = the answer is complete, 0 = more to come, -errno = refused (-EAGAIN:
 * inconsistent, ask again).
 */
static int take_message(struct hp_netlink *nl, const struct nlmsghdr *nlh, struct gathered *all,
			bool is_dump, bool *is_torn)
{
	const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_seq != nl->seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		*is_torn = true;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		keep_extack(nl, nlh);
		return verdict->error ? verdict->error : 1;
	}
	if (nlh->nlmsg_type == NLMSG_DONE) {
		bool has_status = mnl_nlmsg_get_payload_len(nlh) >= sizeof(int);
		int status = has_status ? *(int *)mnl_nlmsg_get_payload(nlh) : 0;

		return status < 0 ? status : *is_torn ? -EAGAIN : 1;
	}
	if (nlh->nlmsg_type == NLMSG_NOOP)
		return 0;
	if (all && gather(all, nlh))
		return -ENOMEM;
	return all && !is_dump ? 1 : 0;
}

static int receive_answer(struct hp_netlink *nl, struct gathered *all, bool is_dump)
{
	bool is_torn = false;

	for (;;) {
		ssize_t size = receive(nl);
		const struct nlmsghdr *nlh = (void *)nl->buffer;
		int left = size, done;

		if (size < 0)
			return size;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			done = take_message(nl, nlh, all, is_dump, &is_torn);
			if (done)
				return done > 0 ? 0 : done;
		}
	}
}

int hp_netlink_talk(struct hp_netlink *nl, struct hp_netlink_request *request, struct hp_err *err)
{
	int rc;

	request->nlh.nlmsg_flags |= NLM_F_ACK;
	rc = send_request(nl, &request->nlh, err);
	if (rc)
		return rc;
	rc = receive_answer(nl, NULL, false);
	return rc ? refuse(nl, -rc, err) : 0;
}

static int walk(const struct gathered *all, hp_netlink_each each, void *arg)
{
	const struct nlmsghdr *nlh = (void *)all->bytes;
	int left = all->size, rc;

	for (; left > 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		rc = each(nlh, arg);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int hp_netlink_ask(struct hp_netlink *nl, struct hp_netlink_request *request, hp_netlink_each each,
		   void *arg, struct hp_err *err)
{
	bool is_dump = (request->nlh.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct gathered all = { 0 };
	int rc = -EAGAIN;

	for (int tries = 0; rc == -EAGAIN && tries < DUMP_TRIES; tries++) {
		all.size = 0;
		rc = send_request(nl, &request->nlh, err);
		if (rc)
			break;
		rc = receive_answer(nl, &all, is_dump);
		if (rc)
			refuse(nl, -rc, err);
	}
	if (!rc) {
		hp_err_clear(err);
		rc = walk(&all, each, arg);
		if (rc < 0 && !hp_err_is_set(err))
			hp_err_errno(err, -rc, "read the kernel's answer");
	}
	free(all.bytes);
	return rc;
}

/*
 * A whole ruleset goes out in one datagram and each refused message is answered:
 * make room for both.
 */
static void make_room(struct hp_netlink *nl, size_t size)
{
	int fd = mnl_socket_get_fd(nl->sock), room = size + 65536, answers = 1 << 22;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &answers, sizeof(answers)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &answers, sizeof(answers));
}

int hp_netlink_send_batch(struct hp_netlink *nl, const void *bytes, size_t size, uint32_t last_seq,
			  uint32_t *refused_seq, struct hp_err *err)
{
	make_room(nl, size);
	nl->extack[0] = '\0';
	if (mnl_socket_sendto(nl->sock, bytes, size) < 0)
		return hp_err_errno(err, errno, "send a netlink batch");
	for (;;) {
		ssize_t got = receive(nl);
		const struct nlmsghdr *nlh = (void *)nl->buffer;
		int left = got;

		if (got < 0)
			return hp_err_errno(err, -got, "receive the verdict on a netlink batch");
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR)
				continue;
			if (verdict->error) {
				keep_extack(nl, nlh);
				if (refused_seq)
					*refused_seq = nlh->nlmsg_seq;
				return refuse(nl, -verdict->error, err);
			}
			if (nlh->nlmsg_seq == last_seq)
				return 0;
		}
	}
}
