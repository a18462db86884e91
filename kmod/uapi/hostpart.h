/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* uapi/hostpart.h: the wire contract between hostpart.ko and user space. */
#ifndef _UAPI_HOSTPART_H
#define _UAPI_HOSTPART_H

#include <linux/types.h>

/*
 * Generic netlink family "hostpart", version 1, visible in the initial network
 * namespace only.  The contract is append-only: numbers, names, units and
 * meanings below never change; new commands, attributes, flags and enum values
 * are added at the end of their list, before the __*_MAX entry.  The module is
 * strict in the other direction: an attribute or flag that a command does not
 * list here is refused, so user space learns at once that the module is too old.
 *
 * The registry is one table of domains and claims.  It changes only as a whole:
 *
 *	HP_CMD_TXN_BEGIN	opens an empty staged table on this socket
 *	HP_CMD_TXN_STAGE	adds domains and claims to it (repeat as needed)
 *	HP_CMD_TXN_COMMIT	replaces the live table by the staged one
 *	HP_CMD_TXN_ABORT	throws the staged table away
 *
 * Why staged and not one message: a table of 64 domains and 4096 claims is some
 * 200 KiB, about the default socket send buffer, and would grow with every claim
 * attribute to come; a staged table has no such ceiling.  A transaction belongs
 * to the socket that opened it, there is at most one on a socket, and it dies
 * with the socket.  A TXN_STAGE or TXN_COMMIT refused for what it asks throws
 * the transaction away; one refused as malformed never reaches it.  TXN_COMMIT
 * states how many domains and claims were staged, so in neither case can a table
 * with a hole in it go live.
 *
 * All but GET_INFO needs CAP_NET_ADMIN and CAP_SYS_ADMIN in the initial user
 * namespace, and a caller in the initial network namespace (since abi 2; before,
 * reading took CAP_NET_ADMIN only).  A domain has its own network namespace, so
 * it does not even see the family.
 *
 * Refusals carry extack: NLMSGERR_ATTR_MSG says why, NLMSGERR_ATTR_OFFS where.
 * errno values, the same for every command:
 *	EPERM		the caller may not
 *	EINVAL		malformed, unknown attribute or flag; a claim on a PCI
 *			bridge, which is always the machine's
 *	ERANGE		a number beyond what its attribute allows
 *	EBUSY		two claims, or two domains, want the same thing, or
 *			functions of one IOMMU group; or a disk of a function
 *			that is to change owners is in use; or a transaction
 *			is already open on this socket
 *	ESTALE		HP_A_GENERATION is not the live generation
 *	ENOENT		no such domain; no transaction open on this socket
 *	ENODEV		the machine has no such CPU or node, or it is offline
 *	ENOSPC		more domains, claims, bytes or transactions than fit
 *	EOPNOTSUPP	this module does not know the command or claim type
 *	EROFS		the registry is sealed (since abi 2)
 *
 * The seal (since abi 2): HP_CMD_SEAL freezes the live table until the next
 * reboot.  A commit after it may change only what the sealed table declares
 * elastic: the CPUs of a domain within its ELASTIC_CPUS, its memory between its
 * ELASTIC_MEM_MIN and ELASTIC_MEM_MAX.  All else, a release and the unloading of
 * the module are refused, and each refused attempt is an event.
 */
#define HP_GENL_NAME		"hostpart"
#define HP_GENL_VERSION		1
#define HP_GENL_MCGRP_EVENTS	"events"	/* joining needs CAP_SYS_ADMIN */

/* Grows by one whenever something is appended to this file. */
#define HP_ABI			2

#define HP_DOMAIN_NAME_MAX	32	/* bytes of a domain name without the NUL */
#define HP_COMM_MAX		16	/* bytes of an actor's comm with the NUL */
#define HP_PCI_PATH_MAX		63	/* bytes of a PCI path without the NUL */
#define HP_PCI_HOP_MAX		7	/* bridges that a PCI path can pass below its root port */
#define HP_DRIVER_NAME_MAX	31	/* bytes of a driver name without the NUL */
#define HP_PORT_NAME_MAX	15	/* bytes of a network port's name without the NUL */
#define HP_REASON_MAX		127	/* bytes of an event's reason without the NUL */

/*
 * Commands.  "do" is request and reply, "dump" a request with NLM_F_DUMP.  An
 * attribute in brackets may be left out.
 */
enum hp_cmd {
	HP_CMD_UNSPEC,

	/*
	 * do: (nothing).  Needs no privilege.
	 * reply: MODULE_VERSION ABI GENERATION GUARDS DOMAIN_COUNT CLAIM_COUNT
	 * DOMAIN_LIMIT CLAIM_LIMIT EVENT_SEQ EVENT_UNSENT
	 */
	HP_CMD_GET_INFO,

	/*
	 * do: DOMAIN_NAME; reply: GENERATION DOMAIN.
	 * dump: (nothing); one message each: GENERATION DOMAIN.
	 */
	HP_CMD_GET_DOMAIN,

	/* dump: [DOMAIN_NAME]; one message each: GENERATION CLAIM. */
	HP_CMD_GET_CLAIM,

	/*
	 * dump: (nothing); one message for each event still in the module's
	 * ring, oldest first: EVENT.
	 */
	HP_CMD_GET_EVENT,

	/* do: (nothing); reply: GENERATION, the live one to compare with. */
	HP_CMD_TXN_BEGIN,

	/*
	 * do: any number of DOMAIN and CLAIM, at least one, in any order so
	 * long as a domain comes before its claims.  No reply beside the ack.
	 */
	HP_CMD_TXN_STAGE,

	/*
	 * do: DOMAIN_COUNT CLAIM_COUNT, refused with EINVAL unless just as many
	 * were staged; [GENERATION], refused with ESTALE unless it is the live
	 * one; reply: GENERATION, the new one.
	 */
	HP_CMD_TXN_COMMIT,

	/* do: (nothing).  No reply beside the ack. */
	HP_CMD_TXN_ABORT,

	/*
	 * The force release: drops all domains and claims at once, whoever
	 * committed them, so that the module can be unloaded.
	 * do: (nothing); reply: GENERATION DOMAIN_COUNT CLAIM_COUNT (dropped).
	 */
	HP_CMD_RELEASE,

	/* Notification to the group "events": EVENT. */
	HP_CMD_EVENT,

	/*
	 * Since abi 2.  Seals the live table until the next reboot; sealing it
	 * again changes nothing.  An empty table cannot be sealed (ENOENT).
	 * do: [GENERATION], refused with ESTALE unless it is the live one;
	 * reply: GENERATION, the sealed one.
	 */
	HP_CMD_SEAL,

	/*
	 * Since abi 2.  The interrupt vectors of the machine and where the
	 * module may place them.
	 * dump: [DOMAIN_NAME], only the vectors of that domain; one message
	 * each: VECTOR.
	 */
	HP_CMD_GET_VECTOR,

	__HP_CMD_MAX,
};

#define HP_CMD_MAX	(__HP_CMD_MAX - 1)

/* Top-level attributes. */
enum hp_attr {
	HP_A_UNSPEC,
	HP_A_PAD,		/* alignment of 64-bit values, no meaning */
	HP_A_MODULE_VERSION,	/* string */
	HP_A_ABI,		/* u32: HP_ABI of the module */
	HP_A_GENERATION,	/* u64: 1 after load, +1 with every change */
	HP_A_GUARDS,		/* u32: enum hp_guard, those active now */
	HP_A_DOMAIN_COUNT,	/* u32 */
	HP_A_CLAIM_COUNT,	/* u32 */
	HP_A_DOMAIN_LIMIT,	/* u32: domains a table may hold, base included */
	HP_A_CLAIM_LIMIT,	/* u32: claims a table may hold */
	HP_A_EVENT_SEQ,		/* u64: number of the newest event, 0 = none yet */
	HP_A_EVENT_UNSENT,	/* u64: events never multicast for lack of memory */
	HP_A_DOMAIN_NAME,	/* string */
	HP_A_DOMAIN,		/* nest of enum hp_domain_attr */
	HP_A_CLAIM,		/* nest of enum hp_claim_attr */
	HP_A_EVENT,		/* nest of enum hp_event_attr */
	HP_A_VECTOR,		/* nest of enum hp_vector_attr */

	__HP_A_MAX,
};

#define HP_A_MAX	(__HP_A_MAX - 1)

/* What the module watches over.  A set bit is a promise in force. */
enum hp_guard {
	HP_GUARD_CPU_OFFLINE	= 1 << 0, /* claimed CPUs cannot be taken offline */
	HP_GUARD_UNLOAD		= 1 << 1, /* no unload while the table has domains */
	HP_GUARD_PCI		= 1 << 2, /* claimed functions go to their domain's driver only */
	HP_GUARD_NETDEV		= 1 << 3, /* claimed ports stay in their domain's namespace */
	HP_GUARD_IRQ		= 1 << 4, /* claimed functions interrupt their domain's CPUs only */
	HP_GUARD_MEMORY_OFFLINE	= 1 << 5, /* memory that claims need cannot be taken offline */
	HP_GUARD_SUSPEND	= 1 << 6, /* no suspend while domains are active */
	HP_GUARD_SEALED		= 1 << 7, /* the registry is sealed until the next reboot */
};

enum hp_domain_flag {
	HP_DOMAIN_F_BASE	= 1 << 0, /* the machine's own part; at most one.  It keeps a
					   * running function as it is, until its next
					   * domain takes it over
					   */
	HP_DOMAIN_F_ACTIVE	= 1 << 1, /* started: its functions go to their drivers,
					   * otherwise they are parked
					   */
};

enum hp_domain_attr {
	HP_DOMAIN_A_UNSPEC,
	HP_DOMAIN_A_PAD,
	/* string, required: [a-z]([a-z0-9-]*[a-z0-9])?, no two the same */
	HP_DOMAIN_A_NAME,
	HP_DOMAIN_A_CGROUP_ID,	/* u64, optional: id of its cgroup v2 directory;
				 * 0 or absent = none told; no two the same
				 */
	HP_DOMAIN_A_FLAGS,	/* u32, optional: enum hp_domain_flag */
	HP_DOMAIN_A_CLAIM_COUNT, /* u32, only from the module */
	HP_DOMAIN_A_NETNS_FD,	/* u32, only to the module, optional: descriptor, in
				 * the caller's table, of the network namespace
				 * the domain lives in; an active domain that was
				 * active before keeps its own when none is told
				 */
	HP_DOMAIN_A_NETNS_INO,	/* u32, only from the module: inode number of that
				 * namespace; absent = none told, or it is gone
				 */
	HP_DOMAIN_A_ELASTIC_CPUS, /* binary, optional: ranges of CPUs; which of them
				   * the domain claims may change after the seal;
				   * they include those it claims now
				   */
	HP_DOMAIN_A_ELASTIC_MEM_MIN, /* u64, optional, both or neither: bytes between */
	HP_DOMAIN_A_ELASTIC_MEM_MAX, /* which its memory may change after the seal */

	__HP_DOMAIN_A_MAX,
};

#define HP_DOMAIN_A_MAX	(__HP_DOMAIN_A_MAX - 1)

enum hp_claim_type {
	HP_CLAIM_UNSPEC,
	HP_CLAIM_CPU,		/* needs CPUS */
	HP_CLAIM_MEMORY,	/* needs MEM_BYTES, may have MEM_NODES; one a domain */
	HP_CLAIM_PCI,		/* names one function in one of three ways: PCI_SEGMENT
				 * PCI_BUS PCI_DEVICE PCI_FUNCTION; or (since abi 2)
				 * PCI_VENDOR PCI_DEVICE_ID PCI_INDEX; or PCI_PATH.
				 * May have PCI_DRIVER PCI_FLAGS PORT_NAME
				 */

	__HP_CLAIM_MAX,
};

#define HP_CLAIM_MAX	(__HP_CLAIM_MAX - 1)

/*
 * Attributes of a claim.  A set of numbers is an array of pairs of u32 in host
 * order, first and last of a range, both inclusive, ascending, not overlapping:
 * the same for any number of CPUs, and short for the usual case.
 */
enum hp_claim_attr {
	HP_CLAIM_A_UNSPEC,
	HP_CLAIM_A_PAD,
	HP_CLAIM_A_DOMAIN,	/* string, required */
	HP_CLAIM_A_TYPE,	/* u32, required: enum hp_claim_type */
	HP_CLAIM_A_CPUS,	/* binary: ranges of logical CPU numbers */
	HP_CLAIM_A_MEM_BYTES,	/* u64: guaranteed bytes; the sum over all domains
				 * cannot exceed the machine's memory
				 */
	HP_CLAIM_A_MEM_NODES,	/* binary: ranges of NUMA nodes the memory comes
				 * from; absent = any.  Domains may share a node
				 */
	HP_CLAIM_A_PCI_SEGMENT,	/* u32: PCI domain number */
	HP_CLAIM_A_PCI_BUS,	/* u32: 0 to 255 */
	HP_CLAIM_A_PCI_DEVICE,	/* u32: 0 to 31 */
	HP_CLAIM_A_PCI_FUNCTION, /* u32: 0 to 7 */
	HP_CLAIM_A_PCI_VENDOR,	/* u32: 0 to 0xffff */
	HP_CLAIM_A_PCI_DEVICE_ID, /* u32: 0 to 0xffff */
	HP_CLAIM_A_PCI_INDEX,	/* u32: the n-th function with these ids, from 0, in
				 * the order of segment, bus, device, function
				 */
	HP_CLAIM_A_PCI_PATH,	/* string "SSSS:BB:DD.F/DD.F[/DD.F ...]", hexadecimal: a
				 * root port, then the device and function on each
				 * secondary bus below it
				 */
	HP_CLAIM_A_PCI_DRIVER,	/* string: the driver that gets the function once its
				 * domain is active; absent = whichever matches
				 */
	HP_CLAIM_A_PCI_FLAGS,	/* u32: enum hp_pci_flag */
	HP_CLAIM_A_PORT_NAME,	/* string: the name that the function's network port has
				 * inside the domain
				 */
	HP_CLAIM_A_PCI_STATE,	/* u32, only from the module: enum hp_pci_state */

	__HP_CLAIM_A_MAX,
};

#define HP_CLAIM_A_MAX	(__HP_CLAIM_A_MAX - 1)

enum hp_pci_flag {
	HP_PCI_F_SHARED_GROUP	= 1 << 0, /* may share its IOMMU group with other owners */
};

/* Where a claimed function is now. */
enum hp_pci_state {
	HP_PCI_STATE_ABSENT,	/* not in the machine */
	HP_PCI_STATE_PARKED,	/* held by the module, without memory, I/O or DMA */
	HP_PCI_STATE_ACTIVE,	/* handed over to the driver of its domain */
	HP_PCI_STATE_PLAIN,	/* claimed, not taken over (yet) */

	__HP_PCI_STATE_MAX,
};

#define HP_PCI_STATE_MAX	(__HP_PCI_STATE_MAX - 1)

/* What the module can do about an interrupt vector. */
enum hp_vector_state {
	HP_VECTOR_STATE_UNSPEC,
	HP_VECTOR_STATE_MOVABLE,	/* anyone may move it, the module moves it back */
	HP_VECTOR_STATE_MANAGED,	/* only the kernel, and the module, may move it */
	HP_VECTOR_STATE_UNMOVABLE,	/* stays where it is, ERROR says why */

	__HP_VECTOR_STATE_MAX,
};

#define HP_VECTOR_STATE_MAX	(__HP_VECTOR_STATE_MAX - 1)

enum hp_vector_attr {
	HP_VECTOR_A_UNSPEC,
	HP_VECTOR_A_PAD,
	HP_VECTOR_A_IRQ,	/* u32: number as in /proc/interrupts */
	HP_VECTOR_A_DOMAIN,	/* string: whose function it is of; absent = nobody's */
	HP_VECTOR_A_STATE,	/* u32: enum hp_vector_state */
	HP_VECTOR_A_ERROR,	/* u32: errno of the attempt to move it, if unmovable */
	HP_VECTOR_A_PCI_SEGMENT, /* u32: these four of the claimed function, if it is */
	HP_VECTOR_A_PCI_BUS,	/* of one */
	HP_VECTOR_A_PCI_DEVICE,
	HP_VECTOR_A_PCI_FUNCTION,

	__HP_VECTOR_A_MAX,
};

#define HP_VECTOR_A_MAX	(__HP_VECTOR_A_MAX - 1)

enum hp_event_type {
	HP_EVENT_UNSPEC,
	HP_EVENT_COMMIT,	/* a transaction replaced the table */
	HP_EVENT_RELEASE,	/* a force release emptied the table */
	HP_EVENT_CPU_OFFLINE_VETO, /* taking CPU of DOMAIN offline was refused */
	/* Since abi 2.  ERROR, where it is given, says that the guard failed. */
	HP_EVENT_PCI_PARKED,	/* a claimed function is held by the module */
	HP_EVENT_PCI_HANDED,	/* it was handed to its driver */
	HP_EVENT_PCI_RELEASED,	/* it is no longer DOMAIN's: claimed no more, and as it was
				 * before; or REASON says whose it is now
				 */
	HP_EVENT_PCI_DRIVER_VETO, /* a driver that is not its own had to let go of it */
	HP_EVENT_PORT_MOVED_BACK, /* PORT left its domain's namespace and was put back */
	HP_EVENT_PORT_RENAMED_BACK, /* PORT was renamed and has its name again */
	HP_EVENT_PORT_PARKED,	/* the namespace of PORT died: its function is parked */
	HP_EVENT_IRQ_MOVED_BACK, /* IRQ left the CPUs allowed to it and was put back */
	HP_EVENT_IRQ_UNMOVABLE,	/* IRQ is on CPUs not allowed to it and cannot leave */
	HP_EVENT_MEMORY_OFFLINE_VETO, /* taking memory of NODE offline was refused */
	HP_EVENT_SUSPEND_VETO,	/* suspend or hibernation was refused */
	HP_EVENT_UNLOAD_VETO,	/* unloading the module was refused */
	HP_EVENT_SEAL,		/* the table was sealed */
	HP_EVENT_SEAL_REFUSED,	/* a change of the sealed table was refused: REASON */
	HP_EVENT_BOOT_POLICY,	/* the boot policy holds, or ERROR and REASON say why not */

	__HP_EVENT_MAX,
};

#define HP_EVENT_MAX	(__HP_EVENT_MAX - 1)

/* Who caused an event, as far as the kernel lets the module know. */
enum hp_actor {
	HP_ACTOR_UNKNOWN,	/* not knowable here; no pid, comm or cgroup follows */
	HP_ACTOR_TASK,		/* the task named by PID COMM CGROUP_ID */

	__HP_ACTOR_MAX,
};

#define HP_ACTOR_MAX	(__HP_ACTOR_MAX - 1)

enum hp_event_attr {
	HP_EVENT_A_UNSPEC,
	HP_EVENT_A_PAD,
	HP_EVENT_A_SEQ,		/* u64: 1, 2, 3 …; a gap is an event lost on the way */
	HP_EVENT_A_TIME_NS,	/* u64: CLOCK_BOOTTIME */
	HP_EVENT_A_TYPE,	/* u32: enum hp_event_type */
	HP_EVENT_A_GENERATION,	/* u64: of the table, after the event */
	HP_EVENT_A_ACTOR,	/* u32: enum hp_actor, always present */
	HP_EVENT_A_PID,		/* u32: thread group id in the initial pid namespace */
	HP_EVENT_A_COMM,	/* string, up to HP_COMM_MAX bytes with its NUL */
	HP_EVENT_A_CGROUP_ID,	/* u64: the actor's cgroup v2 id */
	HP_EVENT_A_DOMAIN,	/* string: the domain concerned, if it is one */
	HP_EVENT_A_RESOURCE,	/* u32: enum hp_claim_type, if it is about a claim */
	HP_EVENT_A_CPU,		/* u32: with RESOURCE = HP_CLAIM_CPU */
	HP_EVENT_A_DOMAIN_COUNT, /* u32: RELEASE: dropped; else now in the table */
	HP_EVENT_A_CLAIM_COUNT,	/* u32: likewise */
	HP_EVENT_A_PCI_SEGMENT,	/* u32: these four with RESOURCE = HP_CLAIM_PCI */
	HP_EVENT_A_PCI_BUS,
	HP_EVENT_A_PCI_DEVICE,
	HP_EVENT_A_PCI_FUNCTION,
	HP_EVENT_A_IRQ,		/* u32: with the IRQ events */
	HP_EVENT_A_PORT,	/* string: name of the network port, with the PORT events */
	HP_EVENT_A_NODE,	/* u32: with MEMORY_OFFLINE_VETO */
	HP_EVENT_A_ERROR,	/* u32: errno, when what the event tells of failed */
	HP_EVENT_A_REASON,	/* string: why, in words, cut to HP_REASON_MAX bytes */

	__HP_EVENT_A_MAX,
};

#define HP_EVENT_A_MAX	(__HP_EVENT_A_MAX - 1)

/*
 * The boot policy (since abi 2).  At load the module asks the kernel's firmware
 * loader for HP_POLICY_FILE.  It is struct hp_policy_header, then a stream of
 * HP_A_DOMAIN and HP_A_CLAIM exactly as in HP_CMD_TXN_STAGE (host order, each
 * padded to four bytes), then, with HP_POLICY_F_SIGNED, to the end of the file a
 * detached PKCS#7 signature (DER) of all that comes before it.  No
 * HP_DOMAIN_F_ACTIVE and no HP_DOMAIN_A_NETNS_FD: who starts a domain says so.
 * A file that is not all in order is refused as a whole.
 */
#define HP_POLICY_FILE		"hostpart/policy.bin"
#define HP_POLICY_MAGIC		"hostpart"	/* 8 bytes, without the NUL */
#define HP_POLICY_VERSION	1
#define HP_POLICY_BYTES_MAX	(4 << 20)	/* of the whole file */

enum hp_policy_flag {
	HP_POLICY_F_SIGNED	= 1 << 0, /* a signature follows */
};

/* Numbers in little-endian order. */
struct hp_policy_header {
	__u8 magic[8];
	__u32 version;
	__u32 flags;		/* enum hp_policy_flag */
	__u32 bytes;		/* of header and attributes, what a signature signs */
	__u32 reserved;		/* 0 */
};

#endif /* _UAPI_HOSTPART_H */
