// SPDX-License-Identifier: GPL-2.0
/* kernel_event.c: the module's events, as they come or from its ring. */
#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert((int)HP_KERNEL_EVENT_COMMIT == HP_EVENT_COMMIT &&
	       (int)HP_KERNEL_EVENT_RELEASE == HP_EVENT_RELEASE &&
	       (int)HP_KERNEL_EVENT_CPU_OFFLINE_VETO == HP_EVENT_CPU_OFFLINE_VETO &&
	       (int)HP_KERNEL_EVENT_BOOT_POLICY == HP_EVENT_BOOT_POLICY, "event types are the module's");
_Static_assert(HP_KERNEL_PORT_MAX == HP_PORT_NAME_MAX && HP_KERNEL_DRIVER_MAX == HP_DRIVER_NAME_MAX &&
	       HP_KERNEL_PCI_PATH_MAX == HP_PCI_PATH_MAX, "names fit both sides");
_Static_assert(HP_EVENT_A_PCI_FUNCTION == HP_EVENT_A_PCI_SEGMENT + 3 &&
	       HP_VECTOR_A_PCI_FUNCTION == HP_VECTOR_A_PCI_SEGMENT + 3, "a function's four numbers follow each other");

struct hp_kernel_events {
	struct hp_kernel *kernel;
};

static const char *const names[] = {
	[HP_KERNEL_EVENT_COMMIT] = "commit",
	[HP_KERNEL_EVENT_RELEASE] = "release",
	[HP_KERNEL_EVENT_CPU_OFFLINE_VETO] = "cpu-offline-veto",
	[HP_KERNEL_EVENT_PCI_PARKED] = "pci-parked",
	[HP_KERNEL_EVENT_PCI_HANDED] = "pci-handed",
	[HP_KERNEL_EVENT_PCI_RELEASED] = "pci-released",
	[HP_KERNEL_EVENT_PCI_DRIVER_VETO] = "pci-driver-veto",
	[HP_KERNEL_EVENT_PORT_MOVED_BACK] = "port-moved-back",
	[HP_KERNEL_EVENT_PORT_RENAMED_BACK] = "port-renamed-back",
	[HP_KERNEL_EVENT_PORT_PARKED] = "port-parked",
	[HP_KERNEL_EVENT_IRQ_MOVED_BACK] = "irq-moved-back",
	[HP_KERNEL_EVENT_IRQ_UNMOVABLE] = "irq-unmovable",
	[HP_KERNEL_EVENT_MEMORY_OFFLINE_VETO] = "memory-offline-veto",
	[HP_KERNEL_EVENT_SUSPEND_VETO] = "suspend-veto",
	[HP_KERNEL_EVENT_UNLOAD_VETO] = "unload-veto",
	[HP_KERNEL_EVENT_SEAL] = "seal",
	[HP_KERNEL_EVENT_SEAL_REFUSED] = "seal-refused",
	[HP_KERNEL_EVENT_BOOT_POLICY] = "boot-policy",
};

const char *hp_kernel_event_name(uint32_t type)
{
	return type < hp_array_size(names) && names[type] ? names[type] : "unknown";
}

static void decode_subject(const struct hp_attrs *attrs, struct hp_kernel_event *event)
{
	uint32_t cpu;

	if (hp_attrs_u32(attrs, HP_EVENT_A_ACTOR, &cpu))
		event->actor_is_known = cpu == HP_ACTOR_TASK;
	hp_attrs_u32(attrs, HP_EVENT_A_PID, &event->pid);
	hp_attrs_string(attrs, HP_EVENT_A_COMM, event->comm, sizeof(event->comm));
	hp_attrs_u64(attrs, HP_EVENT_A_CGROUP_ID, &event->cgroup_id);
	hp_attrs_string(attrs, HP_EVENT_A_DOMAIN, event->domain, sizeof(event->domain));
	if (hp_attrs_u32(attrs, HP_EVENT_A_CPU, &cpu))
		event->cpu = cpu;
	hp_attrs_u32(attrs, HP_EVENT_A_DOMAIN_COUNT, &event->domain_count);
	hp_attrs_u32(attrs, HP_EVENT_A_CLAIM_COUNT, &event->claim_count);
}

static int64_t number(const struct hp_attrs *attrs, uint16_t type)
{
	uint32_t value;

	return hp_attrs_u32(attrs, type, &value) ? (int64_t)value : -1;
}

static void decode_details(const struct hp_attrs *attrs, struct hp_kernel_event *event)
{
	hp_attrs_pci_function(attrs, HP_EVENT_A_PCI_SEGMENT, event->function, sizeof(event->function));
	event->irq = number(attrs, HP_EVENT_A_IRQ);
	event->node = number(attrs, HP_EVENT_A_NODE);
	hp_attrs_u32(attrs, HP_EVENT_A_ERROR, &event->error);
	hp_attrs_string(attrs, HP_EVENT_A_PORT, event->port, sizeof(event->port));
	hp_attrs_string(attrs, HP_EVENT_A_REASON, event->reason, sizeof(event->reason));
}

static int decode(const struct nlmsghdr *message, struct hp_kernel_event *event, struct hp_err *err)
{
	const struct nlattr *top_by_type[HP_A_MAX + 1], *by_type[HP_EVENT_A_MAX + 1];
	struct hp_attrs top = { top_by_type, HP_A_MAX }, attrs = { by_type, HP_EVENT_A_MAX };

	*event = (struct hp_kernel_event){ .cpu = -1 };
	hp_attrs_of_message(message, &top);
	if (!top_by_type[HP_A_EVENT])
		return hp_err_set(err, EBADMSG, "kernel module: a message without an event");
	hp_attrs_of_nest(top_by_type[HP_A_EVENT], &attrs);
	if (!hp_attrs_u64(&attrs, HP_EVENT_A_SEQ, &event->seq) ||
	    !hp_attrs_u64(&attrs, HP_EVENT_A_TIME_NS, &event->time_ns) ||
	    !hp_attrs_u32(&attrs, HP_EVENT_A_TYPE, &event->type) ||
	    !hp_attrs_u64(&attrs, HP_EVENT_A_GENERATION, &event->generation))
		return hp_err_set(err, EBADMSG, "kernel module: an event is incomplete");
	decode_subject(&attrs, event);
	decode_details(&attrs, event);
	return 0;
}

void hp_kernel_events_close(struct hp_kernel_events *events)
{
	if (!events)
		return;
	hp_kernel_close(events->kernel);
	free(events);
}

void hp_kernel_events_closep(struct hp_kernel_events **events)
{
	hp_kernel_events_close(*events);
}

int hp_kernel_events_open(struct hp_kernel_events **out, struct hp_err *err)
{
	hp_autokernelevents *events = calloc(1, sizeof(*events));
	int result;

	*out = NULL;
	if (!events)
		return hp_err_errno(err, ENOMEM, "kernel module events");
	result = hp_kernel_open(&events->kernel, err);
	if (result)
		return result;
	if (mnl_socket_setsockopt(events->kernel->socket, NETLINK_ADD_MEMBERSHIP, &events->kernel->event_group,
				  sizeof(events->kernel->event_group)) < 0)
		return hp_err_errno(err, errno, "cannot listen to the kernel module's events");
	*out = hp_take(events);
	return 0;
}

int hp_kernel_events_fd(const struct hp_kernel_events *events)
{
	return mnl_socket_get_fd(events->kernel->socket);
}

int hp_kernel_events_read(struct hp_kernel_events *events, struct hp_kernel_event *event, struct hp_err *err)
{
	struct hp_kernel *kernel = events->kernel;
	const struct nlmsghdr *message = (const void *)kernel->reply;
	ssize_t received;
	int result;

	/* The module sends each event as a message of its own. */
	do {
		received = recv(mnl_socket_get_fd(kernel->socket), kernel->reply, HP_GENL_BUFFER_BYTES, MSG_DONTWAIT);
	} while (received < 0 && errno == EINTR);
	if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (received < 0)
		return hp_err_errno(err, errno, "cannot receive the kernel module's events");
	if (!mnl_nlmsg_ok(message, (int)received) || message->nlmsg_type != kernel->family)
		return hp_err_set(err, EBADMSG, "kernel module events: a message of another kind");
	result = decode(message, event, err);
	return result ? result : 1;
}

struct dump {
	hp_kernel_event_fn fn;
	void *arg;
};

static int take_event(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	struct hp_kernel_event event;
	struct dump *dump = arg;
	int result;

	result = decode(message, &event, err);
	return result ? result : dump->fn(&event, dump->arg);
}

int hp_kernel_events_dump(struct hp_kernel *kernel, hp_kernel_event_fn fn, void *arg, struct hp_err *err)
{
	struct dump dump = { fn, arg };

	return hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_GET_EVENT, NLM_F_DUMP), take_event, &dump, err);
}
