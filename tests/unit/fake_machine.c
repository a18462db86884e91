// SPDX-License-Identifier: GPL-2.0
/* fake_machine.c: a machine in shared memory behind the backend table. */
#include "fake_machine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

#define ENTRIES_MAX 512

struct entry {
	bool is_used;
	char backend[12], object[48], attr[32], value[96];
};

static struct machine {
	struct entry entries[ENTRIES_MAX];
	unsigned long writes, kill_at;
	char refused[96];
	char broken_by[96];
	struct entry side_effect;
} *machine;

static char run_dir[64];
struct hp_ctx *fake_ctx;

static struct entry *find(const char *backend, const char *object, const char *attr)
{
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		struct entry *e = &machine->entries[i];

		if (e->is_used && !strcmp(e->backend, backend) && !strcmp(e->object, object) && !strcmp(e->attr, attr))
			return e;
	}
	return NULL;
}

void fake_machine_put(const char *backend, const char *object, const char *attr, const char *value)
{
	struct entry *e = find(backend, object, attr);

	if (!value) {
		if (e)
			e->is_used = false;
		return;
	}
	for (size_t i = 0; !e && i < ENTRIES_MAX; i++)
		if (!machine->entries[i].is_used)
			e = &machine->entries[i];
	if (!e)
		abort();
	snprintf(e->backend, sizeof(e->backend), "%s", backend);
	snprintf(e->object, sizeof(e->object), "%s", object);
	snprintf(e->attr, sizeof(e->attr), "%s", attr);
	snprintf(e->value, sizeof(e->value), "%s", value);
	e->is_used = true;
}

const char *fake_machine_get(const char *backend, const char *object, const char *attr)
{
	struct entry *e = find(backend, object, attr);

	return e ? e->value : NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *fake_machine_dump(void)
{
	char *lines[ENTRIES_MAX], *text = NULL;
	size_t count = 0, size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		const struct entry *e = &machine->entries[i];

		if (e->is_used && asprintf(&lines[count], "%s %s %s = %s\n", e->backend, e->object, e->attr, e->value) > 0)
			count++;
	}
	qsort(lines, count, sizeof(*lines), compare);
	for (size_t i = 0; i < count; i++) {
		fputs(lines[i], out);
		free(lines[i]);
	}
	fclose(out);
	return text;
}

/* ---- rules ---- */

static bool is_below(const char *object, const char *above)
{
	size_t len = strlen(above);

	return !strncmp(object, above, len) && object[len] == '/';
}

static bool is_parent(const char *object, const char *above)
{
	return is_below(object, above) && !strchr(object + strlen(above) + 1, '/');
}

static bool is_sibling(const char *a, const char *b)
{
	const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
	size_t len = slash_a ? (size_t)(slash_a - a) : 0;

	return strcmp(a, b) && len == (slash_b ? (size_t)(slash_b - b) : 0) && !strncmp(a, b, len);
}

static int check_cpus(const char *object, const char *value)
{
	hp_autobitmap cpus = hwloc_bitmap_alloc(), other = hwloc_bitmap_alloc();

	if (hp_cpulist_parse(value, cpus))
		return -EINVAL;
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		const struct entry *e = &machine->entries[i];

		if (!e->is_used || strcmp(e->backend, "cgroup") || strcmp(e->attr, "cpuset.cpus"))
			continue;
		if (hp_cpulist_parse(e->value, other))
			return -EINVAL;
		if ((is_sibling(object, e->object) && hwloc_bitmap_intersects(cpus, other)) ||
		    (is_parent(object, e->object) && !hwloc_bitmap_isincluded(cpus, other)) ||
		    (is_parent(e->object, object) && !hwloc_bitmap_isincluded(other, cpus)))
			return -EINVAL;
	}
	return 0;
}

static int remove_object(const char *backend, const char *object)
{
	for (size_t i = 0; i < ENTRIES_MAX; i++)
		if (machine->entries[i].is_used && !strcmp(machine->entries[i].backend, backend) &&
		    is_below(machine->entries[i].object, object))
			return -EBUSY;
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		struct entry *e = &machine->entries[i];

		if (e->is_used && !strcmp(e->backend, backend) && !strcmp(e->object, object))
			e->is_used = false;
		/* The kernel sends the ports of a dying namespace home. */
		if (e->is_used && !strcmp(backend, "netns") && !strcmp(e->backend, "port") &&
		    !strncmp(e->value, "in ", 3) && !strcmp(e->value + 3, object))
			strcpy(e->value, "home");
	}
	return 0;
}

static int write_object(const char *backend, const char *object, const char *attr, const char *value)
{
	const char *slash = strrchr(object, '/');
	hp_autofree char *above = slash ? strndup(object, (size_t)(slash - object)) : NULL;

	if (!*attr && !value)
		return remove_object(backend, object);
	if (!*attr && above && !find(backend, above, ""))
		return -ENOENT;
	if (*attr && !value)
		return 0;
	if (*attr && strcmp(object, "/") && !find(backend, object, ""))
		return -ENOENT;
	if (!strcmp(attr, "cpuset.cpus") && check_cpus(object, value))
		return -EINVAL;
	fake_machine_put(backend, object, attr, value);
	return 0;
}

static int apply_write(const char *backend, const char *object, const char *attr, const char *value)
{
	if (!strcmp(backend, "cgroup") || !strcmp(backend, "netns"))
		return write_object(backend, object, attr, value);
	if (!strcmp(backend, "irq") && !strcmp(object, "13"))
		return -EOPNOTSUPP;
	if (!strcmp(backend, "port") && value && !strncmp(value, "in ", 3) && !find("netns", value + 3, ""))
		return -ENOENT;
	if (strcmp(backend, "sysfile") || value)
		fake_machine_put(backend, object, attr, value);
	return 0;
}

static int fake_write(const char *backend, const char *object, const char *attr, const char *value,
		      struct hp_err *err)
{
	hp_autofree char *key = NULL;
	int ret;

	machine->writes++;
	if (asprintf(&key, "%s %s %s", backend, object, attr) < 0)
		abort();
	ret = value && !strcmp(key, machine->refused) ? -EIO : apply_write(backend, object, attr, value);
	if (!ret && !strcmp(key, machine->broken_by)) {
		const struct entry *e = &machine->side_effect;

		*machine->broken_by = '\0';
		fake_machine_put(e->backend, e->object, e->attr, e->value);
	}
	if (machine->kill_at && !--machine->kill_at)
		raise(SIGKILL);
	return ret ? hp_err_errno(err, -ret, "fake write of %s", key) : 0;
}

static int fake_read(const char *backend, const char *object, const char *attr, char **value)
{
	struct entry *e = find(backend, object, attr);

	*value = e ? strdup(e->value) : NULL;
	return 0;
}

#define FAKE(word) \
static int read_##word(struct hp_ctx *c, const char *object, const char *attr, char **value, struct hp_err *err) \
{ \
	(void)c; \
	(void)err; \
	return fake_read(#word, object, attr, value); \
} \
static int write_##word(struct hp_ctx *c, const char *object, const char *attr, const char *value, \
			struct hp_err *err) \
{ \
	(void)c; \
	return fake_write(#word, object, attr, value, err); \
} \
static const struct hp_backend fake_##word = { .name = #word, .read = read_##word, .write = write_##word }

FAKE(cgroup);
FAKE(netns);
FAKE(port);
FAKE(sysfile);
FAKE(irq);
FAKE(nft);

static int probe_registry(struct hp_ctx *c, struct hp_err *err)
{
	(void)c;
	return hp_err_set(err, EOPNOTSUPP, "no module here");
}

/* Never usable, so never read or written. */
static const struct hp_backend fake_registry = { .name = "registry", .probe = probe_registry };

static const struct hp_backend *const table[] = {
	&fake_cgroup, &fake_netns, &fake_port, &fake_sysfile, &fake_irq, &fake_nft, &fake_registry, NULL,
};

/* ---- set-up ---- */

static void remove_run_dir(void)
{
	hp_autofree char *command = NULL;

	if (asprintf(&command, "rm -rf '%s'", run_dir) < 0 || system(command))
		abort();
}

void fake_machine_reset(void)
{
	memset(machine, 0, sizeof(*machine));
	remove_run_dir();
}

int fake_machine_setup(void **state)
{
	static struct hp_ctx ctx;

	(void)state;
	machine = mmap(NULL, sizeof(*machine), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (machine == MAP_FAILED)
		abort();
	/* Like the real RUN in memory: thousands of fsyncs on a disk take minutes. */
	snprintf(run_dir, sizeof(run_dir), "%s/hp-test-txn-%d", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
		 (int)getpid());
	hp_log_init("test", LOG_EMERG);
	hp_backends_override(table);
	ctx = (struct hp_ctx) { .root = hp_root_open("/", NULL), .run_dir = run_dir };
	fake_ctx = &ctx;
	return 0;
}

int fake_machine_teardown(void **state)
{
	(void)state;
	remove_run_dir();
	hp_root_close(fake_ctx->root);
	fake_ctx = NULL;
	munmap(machine, sizeof(*machine));
	hp_backends_override(NULL);
	return 0;
}

unsigned long fake_machine_writes(void)
{
	return machine->writes;
}

void fake_machine_kill_after_write(unsigned long n)
{
	machine->kill_at = n;
}

void fake_machine_refuse(const char *backend, const char *object, const char *attr)
{
	*machine->refused = '\0';
	if (backend)
		snprintf(machine->refused, sizeof(machine->refused), "%s %s %s", backend, object, attr);
}

void fake_machine_break_after(const char *object, const char *attr, const char *other_object,
			      const char *other_attr, const char *value)
{
	struct entry *e = &machine->side_effect;

	snprintf(machine->broken_by, sizeof(machine->broken_by), "cgroup %s %s", object, attr);
	*e = (struct entry) { .is_used = true, .backend = "cgroup" };
	snprintf(e->object, sizeof(e->object), "%s", other_object);
	snprintf(e->attr, sizeof(e->attr), "%s", other_attr);
	snprintf(e->value, sizeof(e->value), "%s", value);
}
