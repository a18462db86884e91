/* SPDX-License-Identifier: GPL-2.0 */
/* hp_auto.h: locals that start empty and clean themselves; handing one off blanks it. */
#ifndef HP_AUTO_H
#define HP_AUTO_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void hp_free_ptr(void *slot)
{
	free(*(void **)slot);
}

static inline void hp_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void hp_close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void hp_close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define hp_autofree __attribute__((cleanup(hp_free_ptr)))
#define hp_autofd __attribute__((cleanup(hp_close_fd)))
#define hp_autofile __attribute__((cleanup(hp_close_file)))
#define hp_autodir __attribute__((cleanup(hp_close_dir)))

/* Returns the pointer (or descriptor) and blanks the local that held it. */
#define hp_take(ptr) ({ __typeof__(ptr) taken_ = (ptr); (ptr) = NULL; taken_; })
#define hp_take_fd(fd) ({ int taken_ = (fd); (fd) = -1; taken_; })

#define hp_array_size(a) (sizeof(a) / sizeof((a)[0]))

#endif
