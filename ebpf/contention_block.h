/* SPDX-License-Identifier: GPL-2.0 */
/* contention_block.h: what the programs about disks keep of a request, and how many they follow. */
#ifndef CONTENTION_BLOCK_H
#define CONTENTION_BLOCK_H

#include "contention_station.h"

#define HP_REQUESTS_MAX 16384u
#define HP_DISKS_MAX 256u

enum hp_block_phase { HP_BLOCK_QUEUE, HP_BLOCK_DEVICE };

enum hp_request_state {
	HP_REQUEST_NEW,
	HP_REQUEST_QUEUED,	/* the scheduler has it */
	HP_REQUEST_ISSUED,	/* the device has it */
	HP_REQUEST_RETURNED,	/* the device gave it back: it is queued again */
};

/* Of the last field only as many places are there as there are rows. */
struct hp_request {
	__u64 row;		/* whose it is */
	__u64 state;		/* enum hp_request_state */
	__u64 since_ns;		/* of the state, in the station's time */
	__u64 phase_ns[2];	/* of the phases that ended, enum hp_block_phase */
	__u64 used_ns[HP_ROWS_MAX];	/* what each had of the device when the wait began */
};

#endif
