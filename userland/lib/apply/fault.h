/* SPDX-License-Identifier: GPL-2.0 */
/* fault.h: failures and kills asked for by HOSTPART_FAIL_AT and HOSTPART_KILL_AT. */
#ifndef HP_APPLY_FAULT_H
#define HP_APPLY_FAULT_H

#include "base/hp_err.h"

/* Starts counting anew: once per call of the engine. */
void hp_fault_reset(void);
/* Before a forward write: 0 or -EIO when this one was asked to fail. */
int hp_fault_write(const char *backend, struct hp_err *err);
/* After a journal record is on disk: may not return. */
void hp_fault_record(void);

#endif
