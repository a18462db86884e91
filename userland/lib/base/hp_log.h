/* SPDX-License-Identifier: GPL-2.0 */
/* hp_log.h: log lines to stderr with the journal's <N> priority prefixes under systemd. */
#ifndef HP_LOG_H
#define HP_LOG_H

#include <syslog.h>

/* level: LOG_ERR … LOG_DEBUG. The program name is the prefix on a terminal. */
__attribute__((format(printf, 2, 3)))
void hp_log(int level, const char *fmt, ...);
void hp_log_init(const char *program, int max_level);

#endif
