// SPDX-License-Identifier: GPL-2.0
/* pins.c: keeps the maps and programs of a skeleton in bpffs, and finds them again. */
#include "bpf/hp_pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "base/hp_tree.h"
#include "bpf/hp_bpf.h"

/* FNV-1a of the object file. Programs of another build may count otherwise, so they are not taken over. */
static uint64_t build_of(const struct bpf_object_skeleton *skeleton)
{
	const unsigned char *data = skeleton->data;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < skeleton->data_sz; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	return hash;
}

static char *pin_path(const struct bpf_object_skeleton *skeleton, const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%016" PRIx64 "/%s", dir, build_of(skeleton), name) < 0 ? NULL : path;
}

/* The pin of a program that is not attached, but called by another. */
static char *called_path(const struct bpf_object_skeleton *skeleton, const char *dir, const char *name)
{
	hp_autofree char *path = pin_path(skeleton, dir, name);

	return path ? hp_format("%s_called", path) : NULL;
}

/* An iterator has run when all is loaded; nobody needs it again. */
static bool is_called(const struct bpf_program *program)
{
	return bpf_program__fd(program) >= 0 && bpf_program__expected_attach_type(program) != BPF_TRACE_ITER;
}

static int pin_program(const struct bpf_object_skeleton *skeleton, int index, const char *dir, struct hp_err *err)
{
	const struct bpf_prog_skeleton *entry = &skeleton->progs[index];
	const struct bpf_link *link = *entry->link;
	hp_autofree char *path = NULL;
	int ret;

	if (!link && !is_called(*entry->prog))
		return 0;
	path = link ? pin_path(skeleton, dir, entry->name) : called_path(skeleton, dir, entry->name);
	ret = path ? bpf_obj_pin(link ? bpf_link__fd(link) : bpf_program__fd(*entry->prog), path) : -ENOMEM;
	return ret ? hp_bpf_error(err, -ret, "pinning %s", path ? path : dir) : 0;
}

static int pin_programs(const struct bpf_object_skeleton *skeleton, const char *dir, struct hp_err *err)
{
	int ret = 0;

	for (int i = 0; ret == 0 && i < skeleton->prog_cnt; i++)
		ret = pin_program(skeleton, i, dir, err);
	return ret;
}

static int pin_maps(const struct bpf_object_skeleton *skeleton, const char *dir, struct hp_err *err)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, *skeleton->obj) {
		hp_autofree char *path = NULL;
		int ret;

		if (bpf_map__is_internal(map) || !bpf_map__autocreate(map))
			continue;
		path = pin_path(skeleton, dir, bpf_map__name(map));
		ret = path ? bpf_obj_pin(bpf_map__fd(map), path) : -ENOMEM;
		if (ret)
			return hp_bpf_error(err, -ret, "pinning %s", path ? path : dir);
	}
	return 0;
}

int hp_pins_save(const struct bpf_object_skeleton *skeleton, const char *dir, struct hp_err *err)
{
	hp_autofree char *path = pin_path(skeleton, dir, "x");
	int ret = hp_pins_remove(dir, err);

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (!ret)
		ret = hp_bpf_pin_prepare(path, err);
	if (!ret)
		ret = pin_programs(skeleton, dir, err);
	if (!ret)
		ret = pin_maps(skeleton, dir, err);
	if (ret)
		hp_pins_remove(dir, NULL);
	return ret;
}

int hp_pins_take(const struct bpf_object_skeleton *skeleton, const char *dir, struct hp_err *err)
{
	hp_autofree char *build = pin_path(skeleton, dir, "");
	struct bpf_map *map;

	if (!build || access(dir, F_OK) < 0)
		return hp_err_set(err, ENOENT, "nothing is pinned below %s", dir);
	if (access(build, F_OK) < 0)
		return hp_err_set(err, ESTALE, "what is pinned below %s is of another build, which may count otherwise", dir);
	bpf_object__for_each_map(map, *skeleton->obj) {
		hp_autofree char *path = NULL;
		hp_autofd int fd = -1;

		if (bpf_map__is_internal(map) || !bpf_map__autocreate(map))
			continue;
		path = pin_path(skeleton, dir, bpf_map__name(map));
		fd = path ? bpf_obj_get(path) : -ENOMEM;
		if (fd < 0 || bpf_map__reuse_fd(map, fd))
			return hp_err_set(err, ESTALE, "what is pinned below %s is not whole: %s is missing", dir, bpf_map__name(map));
	}
	return 0;
}

int hp_pins_program(const struct bpf_object_skeleton *skeleton, const char *dir, const char *name)
{
	hp_autofree char *path = pin_path(skeleton, dir, name);
	hp_autofd int link = path ? bpf_obj_get(path) : -ENOMEM;
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	int program;

	if (link < 0) {
		hp_autofree char *called = called_path(skeleton, dir, name);

		program = called ? bpf_obj_get(called) : -ENOMEM;
		return program < 0 ? -ENOENT : program;
	}
	if (bpf_obj_get_info_by_fd(link, &info, &size))
		return -ENOENT;
	program = bpf_prog_get_fd_by_id(info.prog_id);
	return program < 0 ? -ENOENT : program;
}

int hp_pins_remove(const char *dir, struct hp_err *err)
{
	int ret = hp_tree_remove(dir, err);

	if (!ret)
		hp_bpf_pin_sweep(dir);
	return ret;
}
