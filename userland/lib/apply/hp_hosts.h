/* SPDX-License-Identifier: GPL-2.0 */
/* hp_hosts.h: the operating systems of the domains in force. */
#ifndef HP_HOSTS_H
#define HP_HOSTS_H

#include "apply/hp_backend.h"

/*
 * Boots what the policy in force says for the domain; `seconds` as for
 * hp_os_boot(). -ENOENT with the nearest name when there is no such domain.
 */
int hp_hosts_boot(struct hp_ctx *ctx, const char *domain, unsigned int seconds, struct hp_err *err);

/* Tells the operating systems that run which functions their domains have now. */
int hp_hosts_refresh(struct hp_ctx *ctx, struct hp_err *err);

/*
 * After a change: the same, with what fails in *not_told, and then boots every
 * domain with autostart: true that is not booted and was not stopped on
 * purpose, without waiting until they are up. *booted counts them. One that
 * cannot be booted does not keep the others from it: err then has the first
 * failure.
 */
int hp_hosts_start(struct hp_ctx *ctx, struct hp_err *not_told, unsigned int *booted, struct hp_err *err);

#endif
