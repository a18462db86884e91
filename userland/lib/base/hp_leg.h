/* SPDX-License-Identifier: GPL-2.0 */
/* hp_leg.h: the names by which planner, backends and monitors know a domain's leg of the star. */
#ifndef HP_LEG_H
#define HP_LEG_H

#include <stdint.h>

#define HP_LEG_NAME_SIZE 16		/* IFNAMSIZ */
#define HP_LEG_INSIDE_NAME "hp0"	/* the leg's name inside the domain */

/* 32-bit FNV-1a (Fowler, Noll, Vo): offset basis 2166136261, prime 16777619. */
uint32_t hp_fnv1a(const void *bytes, unsigned long size);

/*
 * Base-side name of a domain's veth leg: "hp-" + domain; for names longer than
 * 12 characters "hp-" + the first 7 + "-" + 4 hex digits (the low 16 bits of
 * the name's FNV-1a hash).
 */
void hp_leg_name(const char *domain, char name[HP_LEG_NAME_SIZE]);

/*
 * Base-side name of a veth uplink "DOMAIN/NAME": "hu-" + the first 7 characters
 * of the domain + "-" + 4 hex digits (as above, of the whole "DOMAIN/NAME").
 */
#define HP_UPLINK_PREFIX "hu-"
void hp_uplink_base_name(const char *object, char name[HP_LEG_NAME_SIZE]);

#endif
