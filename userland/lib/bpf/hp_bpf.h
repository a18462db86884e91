/* SPDX-License-Identifier: GPL-2.0 */
/* hp_bpf.h: keeps libbpf's messages for our errors, and finds a place for pins. */
#ifndef HP_BPF_H
#define HP_BPF_H

#include "base/hp_err.h"

/* Collects what libbpf says on this thread from now on, instead of printing it. */
void hp_bpf_log_begin(void);
/* Sets err to "WHAT: strerror", with libbpf's last warnings as a hint; returns -errnum. */
__attribute__((format(printf, 3, 4)))
int hp_bpf_error(struct hp_err *err, int errnum, const char *fmt, ...);

/* Makes the directory of a pin; bpffs is mounted on /sys/fs/bpf when it is not. */
int hp_bpf_pin_prepare(const char *pin, struct hp_err *err);
/* Removes the directories that held a pin, upwards, while they are empty. */
void hp_bpf_pin_sweep(const char *pin);

#endif
