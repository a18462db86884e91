// SPDX-License-Identifier: GPL-2.0
/* hwloc_load.c: loads an hwloc topology of a root, whatever the environment says. */
#include "inventory/hwloc_load.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"

/* Everything in the environment that makes hwloc look at another machine than the one asked for. */
static const char *const steering[] = {
	"HWLOC_FSROOT", "HWLOC_THISSYSTEM", "HWLOC_XMLFILE", "HWLOC_SYNTHETIC", "HWLOC_COMPONENTS",
	"HWLOC_CPUID_PATH", "HWLOC_DUMPED_HWDATA_DIR", "HWLOC_ALLOW", "HWLOC_HIDE_ERRORS",
};

struct saved_env {
	char *values[hp_array_size(steering)];
};

static int save_env(struct saved_env *saved)
{
	for (size_t i = 0; i < hp_array_size(steering); i++) {
		const char *value = getenv(steering[i]);

		if (!value)
			continue;
		saved->values[i] = strdup(value);
		if (!saved->values[i])
			return -ENOMEM;
	}
	return 0;
}

static void restore_env(struct saved_env *saved)
{
	for (size_t i = 0; i < hp_array_size(steering); i++) {
		if (saved->values[i])
			setenv(steering[i], saved->values[i], 1);
		else
			unsetenv(steering[i]);
		free(saved->values[i]);
	}
}

static void free_env(struct saved_env *saved)
{
	for (size_t i = 0; i < hp_array_size(steering); i++)
		free(saved->values[i]);
}

static int steer_env(const struct hp_root *root)
{
	for (size_t i = 0; i < hp_array_size(steering); i++)
		unsetenv(steering[i]);
	if (setenv("HWLOC_HIDE_ERRORS", "2", 1))
		return -ENOMEM;
	if (!root || hp_root_is_live(root))
		return 0;
	return setenv("HWLOC_FSROOT", hp_root_path(root), 1) ? -ENOMEM : 0;
}

/* The x86 component hops over every CPU to ask it for its cpuid; we must not disturb anyone. */
static void keep_to_sysfs(hwloc_topology_t topology)
{
	static const char *const unwanted[] = {
		"x86", "pci", "opencl", "cuda", "nvml", "rsmi", "levelzero", "gl",
	};

	/* One that this hwloc does not have cannot run either, so a failure needs no handling. */
	for (size_t i = 0; i < hp_array_size(unwanted); i++)
		hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
					      unwanted[i]);
}

static int load(hwloc_topology_t topology, const char *description, struct hp_err *err)
{
	unsigned long flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED |
			      HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING |
			      HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS;

	if (description && hwloc_topology_set_synthetic(topology, description))
		return hp_err_usage(err, "\"%s\" is no hwloc synthetic description; "
				    "a valid one is \"pack:2 l3:1 core:4 pu:2\"", description);
	keep_to_sysfs(topology);
	if (hwloc_topology_set_flags(topology, flags) ||
	    hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE))
		return hp_err_errno(err, errno, "prepare the CPU topology");
	if (hwloc_topology_load(topology))
		return hp_err_errno(err, errno, "read the CPU topology");
	return 0;
}

static int load_steered(struct hp_root *root, const char *description, hwloc_topology_t *topology,
			struct hp_err *err)
{
	hwloc_topology_t loaded;
	int ret;

	if (steer_env(root))
		return hp_err_set(err, ENOMEM, "out of memory");
	if (hwloc_topology_init(&loaded))
		return hp_err_errno(err, errno, "start hwloc");
	ret = load(loaded, description, err);
	if (ret)
		hwloc_topology_destroy(loaded);
	else
		*topology = loaded;
	return ret;
}

static int load_with_env(struct hp_root *root, const char *description, hwloc_topology_t *topology,
			 struct hp_err *err)
{
	struct saved_env saved = { 0 };
	int ret;

	if (save_env(&saved)) {
		free_env(&saved);
		return hp_err_set(err, ENOMEM, "out of memory");
	}
	ret = load_steered(root, description, topology, err);
	restore_env(&saved);
	return ret;
}

int inv_hwloc_load(struct hp_root *root, hwloc_topology_t *topology, struct hp_err *err)
{
	return load_with_env(root, NULL, topology, err);
}

int inv_hwloc_load_synthetic(const char *description, hwloc_topology_t *topology,
			     struct hp_err *err)
{
	return load_with_env(NULL, description, topology, err);
}
