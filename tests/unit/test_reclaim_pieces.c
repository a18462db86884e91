// SPDX-License-Identifier: GPL-2.0
/* test_reclaim_pieces.c: what is read of a process's memory, from a made-up /proc and from our own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_free.h"
#include "reclaim/hp_smaps.h"

#define PAGE UINT64_C(4096)
#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)

static char tree[] = "/tmp/hp-pieces-XXXXXX";

static void put(const char *name, const void *bytes, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/77/%s", tree, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static const char maps[] =
	"00010000-00014000 rw-p 00000000 00:00 0 \n"
	"00014000-00018000 rw-p 00000000 00:00 0                                  [heap]\n"
	"00020000-00024000 r-xp 00000000 08:01 1234                               /usr/bin/x y\n"
	"00024000-00028000 rw-s 00000000 00:01 99                                 /dev/zero (deleted)\n"
	"00028000-0002c000 rw-s 00000000 00:00 0 \n"
	"00030000-00034000 rw-p 00000000 00:00 0                                  [anon:jit]\n"
	"7ffc0000-7ffe0000 rw-p 00000000 00:00 0                                  [stack]\n"
	"7fff0000-7fff2000 r--p 00000000 00:00 0                                  [vvar]\n";

static int make_tree(void **state)
{
	uint64_t pagemap[0x40] = { 0 };
	char path[128];

	(void)state;
	if (!mkdtemp(tree))
		return -1;
	snprintf(path, sizeof(path), "%s/proc", tree);
	mkdir(path, 0755);
	strcat(path, "/77");
	mkdir(path, 0755);
	put("maps", maps, sizeof(maps) - 1);
	for (size_t page = 0x10; page < 0x18; page += 2)
		pagemap[page] = PRESENT;
	pagemap[0x11] = SWAPPED;
	pagemap[0x20] = pagemap[0x21] = PRESENT;	/* of a file: not ours to free */
	for (size_t page = 0x30; page < 0x34; page++)
		pagemap[page] = PRESENT;
	put("pagemap", pagemap, sizeof(pagemap));
	return 0;
}

static int remove_tree(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", tree);
	return system(command);
}

static void only_own_memory_counts(void **state)
{
	hp_autoroot *root = hp_root_open(tree, NULL);
	struct hp_anons anons;

	(void)state;
	assert_int_equal(hp_anons_read(root, 77, &anons), 0);
	assert_int_equal(anons.count, 2);
	assert_int_equal(anons.items[0].start, 0x10000);
	assert_int_equal(anons.items[0].end, 0x18000);
	assert_int_equal(anons.items[1].start, 0x30000);
	assert_int_equal(anons.items[1].end, 0x34000);
	hp_anons_clear(&anons);
	assert_true(hp_anons_read(root, 78, &anons) < 0);
}

static void pieces_are_cut_where_there_is_enough(void **state)
{
	hp_autoroot *root = hp_root_open(tree, NULL);
	struct hp_anons anons;
	struct hp_piece piece;

	(void)state;
	assert_int_equal(hp_anons_read(root, 77, &anons), 0);
	assert_int_equal(hp_piece_find(root, 77, &anons, 0x10000, 0x40000, 2 * PAGE, &piece), 0);
	assert_int_equal(piece.end, 0x13000);
	assert_int_equal(piece.resident_bytes, 2 * PAGE);
	assert_int_equal(piece.looked_bytes, 3 * PAGE);
	/* Over a gap and a file, whose pages do not count. */
	assert_int_equal(hp_piece_find(root, 77, &anons, 0x13000, 0x40000, 4 * PAGE, &piece), 0);
	assert_int_equal(piece.end, 0x32000);
	assert_int_equal(piece.resident_bytes, 4 * PAGE);
	assert_int_equal(hp_piece_find(root, 77, &anons, 0x18000, 0x30000, PAGE, &piece), 0);
	assert_int_equal(piece.end, 0x30000);
	assert_int_equal(piece.resident_bytes, 0);
	assert_int_equal(hp_resident_estimate(root, 77, 0x10000, 0x18000, 100), 4 * PAGE);
	assert_int_equal(hp_resident_estimate(root, 77, 0x30000, 0x34000, 2), 4 * PAGE);
	hp_anons_clear(&anons);
}

static void mappings_that_were_referenced_are_used(void **state)
{
	static const char smaps[] =
		"00010000-00014000 rw-p 00000000 00:00 0 \nSize: 16 kB\nReferenced:            8 kB\nVmFlags: rd wr\n"
		"00020000-00024000 r-xp 00000000 08:01 1234 /usr/bin/x\nReferenced:           16 kB\n"
		"00030000-00034000 rw-p 00000000 00:00 0 \nReferenced:            0 kB\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\nReferenced:            0 kB\n";
	hp_autoroot *root = hp_root_open(tree, NULL);
	struct hp_window *windows = NULL;

	(void)state;
	put("smaps", smaps, sizeof(smaps) - 1);
	/* A recorded machine is not written to: without clearing the marks there is nothing to go by. */
	assert_int_equal(hp_smaps_look(root, 77, &windows), -EROFS);
	assert_null(windows);
}

/* On this machine: a page that is touched is used, then no more. */
static void marks_are_cleared(void **state)
{
	hp_autoroot *root = hp_root_open("/", NULL);
	const size_t bytes = 64 * PAGE;
	volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool used[2] = { false, true };

	(void)state;
	assert_true(memory != MAP_FAILED);
	madvise((void *)memory, bytes, MADV_NOHUGEPAGE);
	memset((void *)memory, 1, bytes);
	for (int turn = 0; turn < 2; turn++) {
		hp_autofree struct hp_window *windows = NULL;
		ssize_t count = hp_smaps_look(root, getpid(), &windows);

		assert_true(count > 0);
		for (ssize_t i = 0; i < count; i++)
			if (windows[i].start <= (uintptr_t)memory && (uintptr_t)memory < windows[i].end)
				used[turn] = windows[i].is_used;
	}
	assert_true(used[0]);
	assert_false(used[1]);
	munmap((void *)memory, bytes);
}

static void advice_reaches_the_mappings(void **state)
{
	hp_autofd int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	char *memory = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start = (uintptr_t)memory;
	struct hp_anon items[] = { { start, start + 2 * PAGE }, { start + 4 * PAGE, start + 8 * PAGE } };
	const struct hp_anons anons = { items, 2 };

	(void)state;
	if (geteuid() != 0)
		skip();		/* process_madvise() is not for everybody */
	assert_true(pidfd >= 0 && memory != MAP_FAILED);
	memset(memory, 1, 8 * PAGE);
	assert_int_equal(hp_free_pages(pidfd, &anons, start + PAGE, start + 6 * PAGE, HP_FREE_COLD), 3 * PAGE);
	assert_int_equal(hp_free_pages(pidfd, &anons, start + 2 * PAGE, start + 4 * PAGE, HP_FREE_COLD), 0);
	assert_int_equal(memory[5 * PAGE], 1);
	munmap(memory, 8 * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_own_memory_counts),
		cmocka_unit_test(pieces_are_cut_where_there_is_enough),
		cmocka_unit_test(mappings_that_were_referenced_are_used),
		cmocka_unit_test(marks_are_cleared),
		cmocka_unit_test(advice_reaches_the_mappings),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
