// SPDX-License-Identifier: GPL-2.0
/* caps.c: the capabilities that a domain does without. */
#include "domain/hp_domain.h"

#include <cap-ng.h>
#include <errno.h>
#include "base/hp_auto.h"

/*
 * A domain shares the kernel and the initial user namespace with the machine,
 * so a capability that the kernel checks against the machine as a whole would
 * reach out of the domain. Root inside keeps what acts on its own files,
 * processes, network namespace and share of the processors (CHOWN, DAC_OVERRIDE,
 * FOWNER, KILL, SETUID, SETGID, SETPCAP, NET_ADMIN, NET_RAW, NET_BIND_SERVICE,
 * SYS_PTRACE, SYS_NICE, SYS_RESOURCE, IPC_LOCK, MKNOD and their kin).
 */
static const unsigned int dropped[] = {
	/*
	 * Remounts /sys writable, uncovers /proc/sys, fetches any BPF link by id (and detaches
	 * the device ACL), swaps, moves cgroups of the machine.
	 */
	CAP_SYS_ADMIN,
	CAP_SYS_MODULE,		/* loads code into the shared kernel */
	CAP_SYS_RAWIO,		/* ports, physical memory, SG_IO to any disk, MSRs */
	CAP_SYS_BOOT,		/* kexec replaces the shared kernel */
	CAP_SYS_TIME,		/* one clock for all */
	CAP_SYSLOG,		/* the machine's kernel log and addresses */
	CAP_BPF,		/* programs and maps are not in a namespace */
	CAP_PERFMON,		/* counters and tracing of all processors */
	CAP_DAC_READ_SEARCH,	/* open_by_handle_at() leaves the mount and cgroup namespaces */
	CAP_CHECKPOINT_RESTORE,	/* opens files through map_files, sets pids; nothing here needs it */
	CAP_MAC_ADMIN,		/* policy of the security modules is the machine's */
	CAP_MAC_OVERRIDE,
	CAP_AUDIT_CONTROL,	/* one audit system for all */
	CAP_AUDIT_READ,
	CAP_SYS_TTY_CONFIG,	/* the machine's consoles */
	CAP_SYS_PACCT,		/* accounting writes where root says, as the kernel */
	CAP_WAKE_ALARM,		/* wakes the machine from suspend */
	CAP_BLOCK_SUSPEND,	/* keeps the machine from suspend */
};

int hp_domain_caps_prepare(struct hp_err *err)
{
	const unsigned int everywhere = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
					CAPNG_BOUNDING_SET | CAPNG_AMBIENT;

	capng_setpid(0);
	if (capng_get_caps_process() < 0)
		return hp_err_set(err, EIO, "reading the capabilities of this process");
	for (size_t i = 0; i < hp_array_size(dropped); i++)
		if (capng_update(CAPNG_DROP, (capng_type_t)everywhere, dropped[i]) < 0)
			return hp_err_set(err, EIO, "this libcap-ng does not know capability %u", dropped[i]);
	return 0;
}

int hp_domain_caps_drop(struct hp_err *err)
{
	if (capng_apply(CAPNG_SELECT_ALL) < 0)
		return hp_err_set(err, EPERM, "dropping the capabilities that reach beyond a domain");
	return 0;
}
