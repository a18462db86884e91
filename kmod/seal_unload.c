// SPDX-License-Identifier: GPL-2.0
/* seal_unload.c: keeps the sealed module loaded, against force as well. */
#include <linux/fcntl.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "hostpart.h"

/*
 * A reference that nobody gives back stops an ordinary unload, but distribution
 * kernels let root force one past any reference.  So the force is taken out of
 * the request: a probe at the entry of the system call clears that flag where
 * the request names this module, and the reference does the rest.  A name that
 * cannot be read without a page fault is taken for ours: the caller only loses
 * the force, and may try again.
 */
#ifdef CONFIG_X86_64
static bool may_name_us(const char __user *user_name)
{
	char name[MODULE_NAME_LEN] = {};

	return copy_from_user_nofault(name, user_name, strlen(THIS_MODULE->name) + 1) ||
	       !strcmp(name, THIS_MODULE->name);
}

/* The entry's only argument is the caller's registers. */
static int on_delete_module(struct kprobe *probe, struct pt_regs *regs)
{
	struct pt_regs *call = (struct pt_regs *)regs_get_kernel_argument(regs, 0);

	if (call->si & O_TRUNC && may_name_us((const char __user *)call->di))
		call->si &= ~O_TRUNC;
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "__x64_sys_delete_module",
	.pre_handler = on_delete_module,
};

static int watch(void)
{
	return register_kprobe(&probe);
}
#else
static int watch(void)
{
	return -EOPNOTSUPP;
}
#endif

void hp_seal_hold_module(void)
{
	int err;

	/* The domains hold the module, so it cannot be on its way out. */
	__module_get(THIS_MODULE);
	err = watch();
	if (err)
		pr_notice("hostpart: no probe on delete_module (%d): a forced unload breaks the seal\n",
			  err);
}
