// SPDX-License-Identifier: GPL-2.0
/* kernel.c: the request socket to hostpart.ko. */
#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert(HP_KERNEL_NAME_MAX == HP_DOMAIN_NAME_MAX, "a domain's name fits both sides");
_Static_assert((int)HP_KERNEL_GUARD_CPU_OFFLINE == HP_GUARD_CPU_OFFLINE, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_UNLOAD == HP_GUARD_UNLOAD, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_PCI == HP_GUARD_PCI, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_NETDEV == HP_GUARD_NETDEV, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_IRQ == HP_GUARD_IRQ, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_MEMORY_OFFLINE == HP_GUARD_MEMORY_OFFLINE, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_SUSPEND == HP_GUARD_SUSPEND, "guard bits are the module's");
_Static_assert((int)HP_KERNEL_GUARD_SEALED == HP_GUARD_SEALED, "guard bits are the module's");

void hp_kernel_close(struct hp_kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->socket)
		mnl_socket_close(kernel->socket);
	free(kernel->request);
	free(kernel->reply);
	free(kernel);
}

void hp_kernel_closep(struct hp_kernel **kernel)
{
	hp_kernel_close(*kernel);
}

static void want(struct hp_kernel *kernel, int option)
{
	int on = 1;

	/* Both only make refusals easier to read; every kernel we support has them. */
	(void)mnl_socket_setsockopt(kernel->socket, option, &on, sizeof(on));
}

int hp_kernel_open(struct hp_kernel **out, struct hp_err *err)
{
	hp_autokernel *kernel = calloc(1, sizeof(*kernel));
	int result;

	*out = NULL;
	if (!kernel)
		return hp_err_errno(err, ENOMEM, "kernel module");
	kernel->request = malloc(HP_GENL_BUFFER_BYTES);
	kernel->reply = malloc(HP_GENL_BUFFER_BYTES);
	if (!kernel->request || !kernel->reply)
		return hp_err_errno(err, ENOMEM, "kernel module");
	kernel->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!kernel->socket || mnl_socket_bind(kernel->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return hp_err_errno(err, errno, "cannot open a generic netlink socket");
	want(kernel, NETLINK_EXT_ACK);
	want(kernel, NETLINK_CAP_ACK);
	result = hp_genl_resolve(kernel, err);
	if (result)
		return result;
	*out = hp_take(kernel);
	return 0;
}

static int take_info(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };
	struct hp_kernel_info *info = arg;

	hp_attrs_of_message(message, &attrs);
	if (!hp_attrs_string(&attrs, HP_A_MODULE_VERSION, info->version, sizeof(info->version)) ||
	    !hp_attrs_u32(&attrs, HP_A_ABI, &info->abi) ||
	    !hp_attrs_u64(&attrs, HP_A_GENERATION, &info->generation) ||
	    !hp_attrs_u32(&attrs, HP_A_GUARDS, &info->guards) ||
	    !hp_attrs_u32(&attrs, HP_A_DOMAIN_COUNT, &info->domain_count) ||
	    !hp_attrs_u32(&attrs, HP_A_CLAIM_COUNT, &info->claim_count) ||
	    !hp_attrs_u32(&attrs, HP_A_DOMAIN_LIMIT, &info->domain_limit) ||
	    !hp_attrs_u32(&attrs, HP_A_CLAIM_LIMIT, &info->claim_limit) ||
	    !hp_attrs_u64(&attrs, HP_A_EVENT_SEQ, &info->event_seq) ||
	    !hp_attrs_u64(&attrs, HP_A_EVENT_UNSENT, &info->event_unsent))
		return hp_err_set(err, EBADMSG, "kernel module: its description of itself is incomplete");
	return 0;
}

int hp_kernel_info(struct hp_kernel *kernel, struct hp_kernel_info *info, struct hp_err *err)
{
	*info = (struct hp_kernel_info){ 0 };
	return hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_GET_INFO, 0), take_info, info, err);
}

bool hp_kernel_is_sealed(void)
{
	hp_autokernel *kernel = NULL;
	hp_autoerr unknown = HP_ERR_INIT;
	struct hp_kernel_info info;

	return hp_kernel_open(&kernel, &unknown) == 0 && hp_kernel_info(kernel, &info, &unknown) == 0 &&
	       info.guards & HP_KERNEL_GUARD_SEALED;
}
