/* SPDX-License-Identifier: GPL-2.0 */
/* resctrl_fixture.h: machines that can divide caches, for the tests of planner and backend. */
#ifndef RESCTRL_FIXTURE_H
#define RESCTRL_FIXTURE_H

#include "inventory/hp_inventory.h"

/* Directories for machine_put() and resctrl_finish(). Two L3 caches, CPUs 0-3 and 4-7; resctrl is not there. */
char *resctrl_two(const char *second_id);
char *resctrl_xeon(void);	/* 11 ways, two of them also for devices; percentages; two L3 caches */
char *resctrl_one_l3(void);	/* the same with one L3 for 16 CPUs, the first eight in pairs */
char *resctrl_cdp(void);	/* 20 ways, code and data apart; nothing limits bandwidth or counts */
/* 16 ways, amounts, holes in masks and in the L3 caches' numbers (0 and 16). */
struct hp_inventory *resctrl_epyc(void);
/* Reads the directory and removes it. */
struct hp_inventory *resctrl_finish(char *dir);

#endif
