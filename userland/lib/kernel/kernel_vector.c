// SPDX-License-Identifier: GPL-2.0
/* kernel_vector.c: the interrupt vectors as the module sees them. */
#include <errno.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert((int)HP_KERNEL_VECTOR_MOVABLE == HP_VECTOR_STATE_MOVABLE &&
	       (int)HP_KERNEL_VECTOR_MANAGED == HP_VECTOR_STATE_MANAGED &&
	       (int)HP_KERNEL_VECTOR_UNMOVABLE == HP_VECTOR_STATE_UNMOVABLE, "vector states are the module's");

static const char *const names[] = {
	[HP_KERNEL_VECTOR_MOVABLE] = "movable",
	[HP_KERNEL_VECTOR_MANAGED] = "managed",
	[HP_KERNEL_VECTOR_UNMOVABLE] = "unmovable",
};

const char *hp_kernel_vector_state_name(uint32_t state)
{
	return state < hp_array_size(names) && names[state] ? names[state] : "unknown";
}

struct dump {
	hp_kernel_vector_fn fn;
	void *arg;
};

static int decode(const struct nlattr *nest, struct hp_kernel_vector *vector, struct hp_err *err)
{
	const struct nlattr *by_type[HP_VECTOR_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_VECTOR_A_MAX };

	*vector = (struct hp_kernel_vector){ 0 };
	hp_attrs_of_nest(nest, &attrs);
	if (!hp_attrs_u32(&attrs, HP_VECTOR_A_IRQ, &vector->irq) ||
	    !hp_attrs_u32(&attrs, HP_VECTOR_A_STATE, &vector->state))
		return hp_err_set(err, EBADMSG, "kernel module: a vector is incomplete");
	hp_attrs_u32(&attrs, HP_VECTOR_A_ERROR, &vector->error);
	hp_attrs_string(&attrs, HP_VECTOR_A_DOMAIN, vector->domain, sizeof(vector->domain));
	hp_attrs_pci_function(&attrs, HP_VECTOR_A_PCI_SEGMENT, vector->function, sizeof(vector->function));
	return 0;
}

static int take_vector(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };
	struct hp_kernel_vector vector;
	struct dump *dump = arg;
	int result;

	hp_attrs_of_message(message, &attrs);
	if (!by_type[HP_A_VECTOR])
		return hp_err_set(err, EBADMSG, "kernel module: a message without a vector");
	result = decode(by_type[HP_A_VECTOR], &vector, err);
	return result ? result : dump->fn(&vector, dump->arg);
}

int hp_kernel_vectors_dump(struct hp_kernel *kernel, const char *domain, hp_kernel_vector_fn fn, void *arg,
			   struct hp_err *err)
{
	struct nlmsghdr *request = hp_genl_request(kernel, HP_CMD_GET_VECTOR, NLM_F_DUMP);
	struct dump dump = { fn, arg };

	if (domain)
		mnl_attr_put_strz(request, HP_A_DOMAIN_NAME, domain);
	return hp_genl_call(kernel, request, take_vector, &dump, err);
}
