/* SPDX-License-Identifier: GPL-2.0 */
/* hp_spoof.h: how many frames with a false sender were dropped at a domain's port. */
#ifndef HP_SPOOF_H
#define HP_SPOOF_H

#include <stdbool.h>
#include <stdint.h>
#include "apply/hp_backend.h"
#include "plan/hp_setting.h"

struct hp_spoof_counts {
	uint64_t mac, vlan, address;	/* by what was foreign; since the check was last written */
};

/* setting: one of the backend "spoof" that is in force. -errno when its table cannot be read. */
int hp_spoof_read_counts(struct hp_ctx *ctx, const struct hp_setting *setting, struct hp_spoof_counts *counts,
			 struct hp_err *err);

/* Is the check in the base's network namespace? Else it is in the domain's own. */
bool hp_spoof_is_in_base(const struct hp_setting *setting);

#define HP_SPOOF_TABLE_SIZE 64
/* The table of family netdev that holds it. */
void hp_spoof_table(const struct hp_setting *setting, char name[HP_SPOOF_TABLE_SIZE]);

#endif
