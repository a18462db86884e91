/* SPDX-License-Identifier: GPL-2.0 */
/* kernel_internal.h: generic netlink requests with the kernel's own words on failure, shared inside lib/kernel. */
#ifndef HP_KERNEL_INTERNAL_H
#define HP_KERNEL_INTERNAL_H

#include <hwloc.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include "kernel/hp_kernel.h"

/*
 * Largest message either way: one claim's attribute can be 64 KiB, and the
 * kernel gives a dump 8 KiB on top.
 */
#define HP_GENL_BUFFER_BYTES (128 * 1024)

struct hp_kernel {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t event_group;
	uint32_t seq;
	/* Aligned for struct nlmsghdr by being pointers from malloc(). */
	char *request, *reply;
};

/* Starts a request of the family in kernel->request. */
struct nlmsghdr *hp_genl_request(struct hp_kernel *kernel, uint8_t cmd, uint16_t flags);

/* Called for each answer; a negative return ends the call with it, after the socket is drained. */
typedef int (*hp_genl_answer_fn)(const struct nlmsghdr *message, void *arg, struct hp_err *err);

/*
 * Sends the request and takes all answers up to the ack or the end of the dump.
 * A refusal becomes err with the extack text. -EINTR: the dump was not of one
 * piece, ask again.
 */
int hp_genl_call(struct hp_kernel *kernel, struct nlmsghdr *request, hp_genl_answer_fn answer, void *arg,
		 struct hp_err *err);

/* Finds family and group; -ENOENT when the module is not there. */
int hp_genl_resolve(struct hp_kernel *kernel, struct hp_err *err);

/* These append to a message of at most `room` bytes; false, and nothing appended, when it does not fit. */
bool hp_kernel_put_domain(struct nlmsghdr *request, size_t room, const struct hp_kernel_domain *domain);
bool hp_kernel_put_claim(struct nlmsghdr *request, size_t room, const struct hp_kernel_table *table,
			 const struct hp_kernel_claim *claim);

/*
 * The other way: from the attributes of a HP_A_DOMAIN or HP_A_CLAIM nest into
 * the table. 0, -ENOMEM, -EBADMSG (incomplete) or -EOPNOTSUPP (a newer module's).
 */
int hp_kernel_take_domain(const struct nlattr *nest, struct hp_kernel_table *table, struct hp_err *err);
int hp_kernel_take_claim(const struct nlattr *nest, struct hp_kernel_table *table, struct hp_err *err);

/* Adds the ranges to the set; 0 or -ENOMEM. */
int hp_kernel_ranges_set(hwloc_bitmap_t set, const struct hp_kernel_range *ranges, size_t count);
/* The finite set as ascending ranges, NULL for none; the caller frees *ranges. 0 or -ENOMEM. */
int hp_kernel_ranges_of(hwloc_const_bitmap_t set, struct hp_kernel_range **ranges, size_t *count);

/* Attributes by type: those above `max` are a newer module's and ignored. */
struct hp_attrs {
	const struct nlattr **by_type;
	uint16_t max;
};

void hp_attrs_of_message(const struct nlmsghdr *message, struct hp_attrs *attrs);
void hp_attrs_of_nest(const struct nlattr *nest, struct hp_attrs *attrs);
/* Getters leave *value alone and return false when the attribute is missing or of another size. */
bool hp_attrs_u32(const struct hp_attrs *attrs, uint16_t type, uint32_t *value);
bool hp_attrs_u64(const struct hp_attrs *attrs, uint16_t type, uint64_t *value);
/* The four numbers of a PCI function, whose types follow each other from `segment` on, as "SSSS:BB:DD.F". */
bool hp_attrs_pci_function(const struct hp_attrs *attrs, uint16_t segment, char *value, size_t size);
/* Always ends in NUL; false also when it does not fit. */
bool hp_attrs_string(const struct hp_attrs *attrs, uint16_t type, char *value, size_t size);

#endif
