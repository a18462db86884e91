// SPDX-License-Identifier: GPL-2.0
/* trace_print_wait.c: one long wait for a lock, disk, memory or port as a line, or as an object. */
#include "trace_print.h"

#include <inttypes.h>
#include <string.h>
#include "bpf/hp_lock_sites.h"
#include "contention_memory.h"

/* The function that asked for the lock. */
static const char *format_site(const struct trace_printer *printer, const struct hp_outlier_wait *wait, char text[160])
{
	uint64_t address;

	_Static_assert(HP_OUTLIER_FRAMES >= HP_LOCK_SITE_FRAMES, "a stack is long enough to look for the site in it");
	address = hp_lock_site_of(printer->ksyms, (const uint64_t *)wait->stack);
	if (!address)
		return NULL;
	hp_ksyms_format(printer->ksyms, address, text, 160);
	return text;
}

/* NULL when there is none. */
static const char *format_name(char text[HP_OUTLIER_NAME + 1], const char name[HP_OUTLIER_NAME])
{
	return *name ? trace_clean_name(text, name, HP_OUTLIER_NAME) : NULL;
}

/* ---- JSON and YAML ---- */

static void add_null_or_number(struct json_object *object, const char *key, bool is_known, uint64_t number)
{
	if (is_known)
		out_add_number(object, key, number);
	else
		json_object_object_add(object, key, NULL);
}

static struct json_object *lock_json(const struct trace_printer *printer, const struct hp_outlier_wait *wait)
{
	struct json_object *object = json_object_new_object();
	char text[160];

	snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)wait->lock.address);
	out_add_text(object, "address", text);
	out_add_text(object, "site", format_site(printer, wait, text));
	return object;
}

static struct json_object *block_json(const struct hp_outlier_block *block)
{
	struct json_object *object = json_object_new_object();
	char name[HP_OUTLIER_NAME + 1], number[32];

	snprintf(number, sizeof(number), "%u:%u", block->major, block->minor);
	out_add_text(object, "device", format_name(name, block->name));
	out_add_text(object, "number", *block->name ? number : NULL);
	out_add_text(object, "operation", hp_outlier_block_operation(block->operation));
	add_null_or_number(object, "sector", block->sector != UINT64_MAX, block->sector);
	out_add_number(object, "bytes", block->bytes);
	out_add_number(object, "queue_ns", block->phase_ns[HP_BLOCK_QUEUE]);
	out_add_number(object, "device_ns", block->phase_ns[HP_BLOCK_DEVICE]);
	return object;
}

static struct json_object *network_json(const struct hp_outlier_network *network)
{
	struct json_object *object = json_object_new_object();
	char name[HP_OUTLIER_NAME + 1];

	out_add_text(object, "port", format_name(name, network->name));
	add_null_or_number(object, "index", network->port, network->port);
	out_add_number(object, "bytes", network->bytes);
	return object;
}

/* Who had most of it; nobody when it was idle or unknown all the time. */
static struct json_object *holder_json(const struct trace_printer *printer, const struct hp_outlier_task *blamed, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (blamed[i].row != HP_ROW_IDLE)
			return trace_task_json(printer, &blamed[i]);
	return NULL;
}

static void print_object(const struct trace_printer *printer, enum hp_wait_kind kind, const struct hp_outlier_wait *wait,
			 const struct hp_outlier_task *blamed, size_t count, uint64_t unknown_ns)
{
	struct json_object *object = json_object_new_object(), *victim = trace_task_json(printer, &wait->victim);
	char clock[40];

	out_add_text(object, "time", trace_format_clock(clock, wait->end_ns));
	out_add_text(object, "resource", hp_wait_resource(kind));
	out_add_number(object, "waited_ns", wait->wait_ns);
	out_add_text(object, "phase", hp_wait_phase(kind, wait->phase));
	if (kind == HP_WAIT_LOCK)
		json_object_object_add(object, "lock", lock_json(printer, wait));
	else if (kind == HP_WAIT_BLOCK)
		json_object_object_add(object, "block", block_json(&wait->block));
	else if (kind == HP_WAIT_NETWORK)
		json_object_object_add(object, "network", network_json(&wait->network));
	if (printer->wants_stacks)
		json_object_object_add(victim, "stack", wait->stack[0] ? trace_stack_json(printer, wait->stack) : NULL);
	json_object_object_add(object, "victim", victim);
	json_object_object_add(object, "holder", holder_json(printer, blamed, count));
	json_object_object_add(object, "aggressors", trace_blamed_json(printer, wait->victim.row, blamed, count));
	out_add_number(object, "unknown_ns", unknown_ns);
	trace_print_object(printer->run, object);
}

/* ---- lines ---- */

static void print_lock(const struct trace_printer *printer, const struct hp_outlier_wait *wait)
{
	const char *phase = hp_wait_phase(HP_WAIT_LOCK, wait->phase), *site;
	char text[160];

	site = format_site(printer, wait, text);
	printf("%s asked for in %s, held by", phase && wait->phase != HP_LOCK_OTHER ? phase : "lock", site ? site : "(unknown)");
}

static void print_block(const struct hp_outlier_block *block)
{
	const char *operation = hp_outlier_block_operation(block->operation);
	char name[HP_OUTLIER_NAME + 1], queue[16], device[16];

	printf("%s of %u bytes", operation ? operation : "request", block->bytes);
	if (block->sector != UINT64_MAX)
		printf(" at sector %" PRIu64, (uint64_t)block->sector);
	printf(" of %s (queue %s, device %s), which served", format_name(name, block->name) ? name : "(unknown)",
	       out_time(queue, block->phase_ns[HP_BLOCK_QUEUE]), out_time(device, block->phase_ns[HP_BLOCK_DEVICE]));
}

static void print_memory(unsigned int phase)
{
	static const char *const words[HP_WAIT_PHASES] = {
		[HP_MEMORY_RECLAIM] = "reclaim, as memory was taken by",
		[HP_MEMORY_LIMIT] = "reclaim within a limit, which is of",
		[HP_MEMORY_COMPACTION] = "compaction, as memory was taken by",
		[HP_MEMORY_REFAULT] = "a page that had been evicted, because of",
	};

	printf("%s", phase < HP_WAIT_PHASES && words[phase] ? words[phase] : "memory, because of");
}

static void print_network(const struct hp_outlier_network *network)
{
	char name[HP_OUTLIER_NAME + 1];

	printf("a packet of %u bytes in the queue of %s, which sent", network->bytes,
	       format_name(name, network->name) ? name : "(unknown)");
}

static void print_line(const struct trace_printer *printer, enum hp_wait_kind kind, const struct hp_outlier_wait *wait,
		       const struct hp_outlier_task *blamed, size_t count, uint64_t unknown_ns)
{
	const char *separator;
	char clock[40], time[16];

	printf("%s  %7s  %-7s  ", trace_format_clock(clock, wait->end_ns), out_time(time, wait->wait_ns), hp_wait_resource(kind));
	if (!wait->victim.pid)
		printf("(unknown) of ");
	trace_print_task(printer, &wait->victim);
	printf("  ");
	if (kind == HP_WAIT_LOCK)
		print_lock(printer, wait);
	else if (kind == HP_WAIT_BLOCK)
		print_block(&wait->block);
	else if (kind == HP_WAIT_MEMORY)
		print_memory(wait->phase);
	else
		print_network(&wait->network);
	separator = trace_print_blamed(printer, wait->victim.row, blamed, count);
	trace_print_rest("(unknown)", unknown_ns, &separator);
	putchar('\n');
	if (!printer->wants_stacks || !wait->stack[0])
		return;
	printf("    ");
	trace_print_task(printer, &wait->victim);
	printf(" waited in\n");
	trace_print_stack(printer, wait->stack);
}

bool trace_print_wait(void *arg, enum hp_wait_kind kind, const struct hp_outlier_wait *wait)
{
	struct trace_printer *printer = arg;
	struct hp_outlier_task blamed[HP_ROWS_MAX];
	uint64_t unknown_ns;
	size_t count = hp_outlier_wait_blamed(wait, blamed, &unknown_ns);

	printer->counts[HP_OUTLIER_WAITS + kind]++;
	if (printer->run->format == OUT_TABLE)
		print_line(printer, kind, wait, blamed, count, unknown_ns);
	else
		print_object(printer, kind, wait, blamed, count, unknown_ns);
	return fflush(stdout) != 0;
}
