// SPDX-License-Identifier: GPL-2.0
/* memory.c: turns amounts of memory into bytes that fit the machine together. */
#include "plan/plan_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * The kernel rounds memory.max and its kin down to pages; a value it would change
 * would look like drift.
 */
#define PAGE_BYTES 4096u
#define BASE_SHARE_MILLI 5000u			/* 5 % */
#define BASE_LEAST_BYTES (256ull << 20)

static uint64_t share_of(uint64_t whole, unsigned int milli)
{
	/* 128 bits: a machine's bytes times 100000 do not fit 64. */
	return (uint64_t)((unsigned __int128)whole * milli / 100000);
}

uint64_t plan_amount_bytes(const struct hp_amount *amount, uint64_t whole)
{
	uint64_t bytes =
		amount->is_fraction ? share_of(whole, amount->fraction_milli) : amount->bytes;

	return bytes - bytes % PAGE_BYTES;
}

char *plan_size_text(uint64_t bytes)
{
	char *text = hp_size_format(bytes);

	/* Nothing but digits: the exact value is too long to read. */
	if (!text || strlen(text) < 6 || strspn(text, "0123456789") != strlen(text))
		return text;
	free(text);
	return hp_size_human(bytes);
}

char *plan_size_below(uint64_t bytes)
{
	for (int shift = 20; shift >= 10; shift -= 10) {
		if (bytes >> shift >= 10)
			return hp_size_format(bytes >> shift << shift);
	}
	return hp_size_format(bytes - bytes % PAGE_BYTES);
}

static uint64_t base_reserve(const struct hp_policy *policy, uint64_t machine)
{
	uint64_t bytes = share_of(machine, BASE_SHARE_MILLI);

	if (policy->base.memory.is_set)
		return plan_amount_bytes(&policy->base.memory, machine);
	bytes = bytes > BASE_LEAST_BYTES ? bytes : BASE_LEAST_BYTES;
	return bytes - bytes % PAGE_BYTES;
}

static struct hp_loc size_loc(const struct hp_domain_spec *spec)
{
	if (spec->memory.size.loc.line)
		return spec->memory.size.loc;
	return spec->memory.loc.line ? spec->memory.loc : spec->loc;
}

/* "machine 3.8GiB, base reserve 256MiB, alpha 2GiB": what was counted before `domain`. */
static char *describe_use(const struct plan_run *run, uint64_t reserve, size_t domain)
{
	hp_autofree char *machine = plan_size_text(run->inv->memory_bytes);
	hp_autofree char *base = plan_size_text(reserve);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "machine %s, base reserve %s", machine ? machine : "?", base ? base : "?");
	for (size_t i = 0; i < domain; i++) {
		hp_autofree char *bytes = plan_size_text(run->out->domains[i].memory_bytes);

		fprintf(out, ", %s %s", run->out->domains[i].name, bytes ? bytes : "?");
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int refuse_size(struct plan_run *run, size_t domain, uint64_t left, uint64_t reserve)
{
	hp_autofree char *wants = plan_size_text(run->out->domains[domain].memory_bytes);
	hp_autofree char *room = plan_size_text(left);
	hp_autofree char *fits = plan_size_below(left);
	hp_autofree char *use = describe_use(run, reserve, domain);

	if (!wants || !room || !fits || !use)
		return -ENOMEM;
	plan_refuse(run, size_loc(&run->policy->domains[domain]),
		    "%s wants %s of memory; %s is left (%s); at most %s fits",
		    run->out->domains[domain].name, wants, room, use, fits);
	return 0;
}

static int assign_sizes(struct plan_run *run)
{
	uint64_t reserve = base_reserve(run->policy, run->inv->memory_bytes);
	uint64_t left = run->inv->memory_bytes;

	if (reserve >= left) {
		hp_autofree char *wants = plan_size_text(reserve);
		hp_autofree char *have = plan_size_text(left);

		plan_refuse(
			run, run->policy->base.memory.loc,
			"the base reserves %s; this machine has %s, and the domains need some of "
			"it",
			wants ? wants : "?", have ? have : "?");
		return 0;
	}
	left -= reserve;
	for (size_t i = 0; i < run->out->domains_count; i++) {
		const struct hp_amount *size = &run->policy->domains[i].memory.size;
		struct hp_assigned_domain *domain = &run->out->domains[i];

		domain->memory_bytes = plan_amount_bytes(size, run->inv->memory_bytes);
		if (domain->memory_bytes > left)
			return refuse_size(run, i, left, reserve);
		left -= domain->memory_bytes;
	}
	run->out->base_memory_bytes = left + reserve;
	return 0;
}

static int assign_guarantee(struct plan_run *run, size_t index)
{
	const struct hp_amount *amount = &run->policy->domains[index].memory.guarantee;
	struct hp_assigned_domain *domain = &run->out->domains[index];
	hp_autofree char *wants = NULL, *size = NULL;

	domain->guarantee_bytes = domain->memory_bytes;
	if (!amount->is_set)
		return 0;
	domain->guarantee_bytes = plan_amount_bytes(amount, domain->memory_bytes);
	if (domain->guarantee_bytes <= domain->memory_bytes)
		return 0;
	wants = plan_size_text(domain->guarantee_bytes);
	size = hp_size_format(domain->memory_bytes);
	if (!wants || !size)
		return -ENOMEM;
	plan_refuse(run, amount->loc,
		    "%s is guaranteed %s but limited to %s; a guarantee of at most %s fits",
		    domain->name, wants, size, size);
	return 0;
}

static int refuse_swap(struct plan_run *run, size_t index, uint64_t left)
{
	hp_autofree char *wants = plan_size_text(run->out->domains[index].swap_bytes);
	hp_autofree char *have = plan_size_text(run->inv->swap_bytes);
	hp_autofree char *room = plan_size_text(left);
	hp_autofree char *fits = plan_size_below(left);
	struct hp_loc loc = run->policy->domains[index].memory.swap.loc;
	const char *name = run->out->domains[index].name;

	if (!wants || !have || !room || !fits)
		return -ENOMEM;
	if (!run->inv->swap_bytes)
		plan_refuse(run, loc, "%s wants %s of swap; this machine has none, so only 0 fits",
			    name, wants);
	else if (left == run->inv->swap_bytes)
		plan_refuse(run, loc, "%s wants %s of swap; this machine has %s; at most %s fits",
			    name, wants, have, fits);
	else
		plan_refuse(
			run, loc,
			"%s wants %s of swap; the domains before it leave %s of this machine's %s; "
			"at most %s fits",
			name, wants, room, have, fits);
	return 0;
}

static int assign_swap(struct plan_run *run)
{
	uint64_t left = run->inv->swap_bytes;

	for (size_t i = 0; i < run->out->domains_count; i++) {
		const struct hp_amount *swap = &run->policy->domains[i].memory.swap;
		struct hp_assigned_domain *domain = &run->out->domains[i];

		domain->swap_bytes =
			swap->is_set ? plan_amount_bytes(swap, run->inv->swap_bytes) : 0;
		if (domain->swap_bytes > left)
			return refuse_swap(run, i, left);
		left -= domain->swap_bytes;
	}
	return 0;
}

int plan_assign_memory(struct plan_run *run)
{
	int rc = assign_sizes(run);

	for (size_t i = 0; !rc && i < run->out->domains_count; i++)
		rc = assign_guarantee(run, i);
	return rc ? rc : assign_swap(run);
}
