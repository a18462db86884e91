/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* uapi/hostpart.h: the wire contract between hostpart.ko and user space. */
#ifndef _UAPI_HOSTPART_H
#define _UAPI_HOSTPART_H

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
 * Every change needs CAP_NET_ADMIN and CAP_SYS_ADMIN in the initial user
 * namespace; reading domains, claims and events needs CAP_NET_ADMIN there.
 * A domain has its own network namespace, so it does not even see the family.
 *
 * Refusals carry extack: NLMSGERR_ATTR_MSG says why, NLMSGERR_ATTR_OFFS where.
 * errno values, the same for every command:
 *	EPERM		the caller may not
 *	EINVAL		malformed, unknown attribute or flag
 *	ERANGE		a number beyond what its attribute allows
 *	EBUSY		two claims, or two domains, want the same thing; or a
 *			transaction is already open on this socket
 *	ESTALE		HP_A_GENERATION is not the live generation
 *	ENOENT		no such domain; no transaction open on this socket
 *	ENODEV		the machine has no such CPU or node, or it is offline
 *	ENOSPC		more domains, claims, bytes or transactions than fit
 *	EOPNOTSUPP	this module does not know the command or claim type
 */
#define HP_GENL_NAME		"hostpart"
#define HP_GENL_VERSION		1
#define HP_GENL_MCGRP_EVENTS	"events"	/* joining needs CAP_SYS_ADMIN */

/* Grows by one whenever something is appended to this file. */
#define HP_ABI			1

#define HP_DOMAIN_NAME_MAX	32	/* bytes of a domain name without the NUL */
#define HP_COMM_MAX		16	/* bytes of an actor's comm with the NUL */

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

	__HP_A_MAX,
};

#define HP_A_MAX	(__HP_A_MAX - 1)

/* What the module watches over.  A set bit is a promise in force. */
enum hp_guard {
	HP_GUARD_CPU_OFFLINE	= 1 << 0, /* claimed CPUs cannot be taken offline */
	HP_GUARD_UNLOAD		= 1 << 1, /* no unload while the table has domains */
};

enum hp_domain_flag {
	HP_DOMAIN_F_BASE	= 1 << 0, /* the machine's own part; at most one */
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

	__HP_DOMAIN_A_MAX,
};

#define HP_DOMAIN_A_MAX	(__HP_DOMAIN_A_MAX - 1)

enum hp_claim_type {
	HP_CLAIM_UNSPEC,
	HP_CLAIM_CPU,		/* needs CPUS */
	HP_CLAIM_MEMORY,	/* needs MEM_BYTES, may have MEM_NODES; one a domain */
	HP_CLAIM_PCI,		/* needs PCI_SEGMENT PCI_BUS PCI_DEVICE PCI_FUNCTION */

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

	__HP_CLAIM_A_MAX,
};

#define HP_CLAIM_A_MAX	(__HP_CLAIM_A_MAX - 1)

enum hp_event_type {
	HP_EVENT_UNSPEC,
	HP_EVENT_COMMIT,	/* a transaction replaced the table */
	HP_EVENT_RELEASE,	/* a force release emptied the table */
	HP_EVENT_CPU_OFFLINE_VETO, /* taking CPU of DOMAIN offline was refused */

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
	HP_EVENT_A_DOMAIN_COUNT, /* u32: COMMIT: now in the table; RELEASE: dropped */
	HP_EVENT_A_CLAIM_COUNT,	/* u32: likewise */

	__HP_EVENT_A_MAX,
};

#define HP_EVENT_A_MAX	(__HP_EVENT_A_MAX - 1)

#endif /* _UAPI_HOSTPART_H */
