/* SPDX-License-Identifier: GPL-2.0 */
/* contention_latency.h: how long waits took, as fields of an object. */
#ifndef CONTENTION_LATENCY_H
#define CONTENTION_LATENCY_H

#include "bpf/hp_blame.h"
#include "partctl.h"

/* Adds p50_ns, p90_ns, p99_ns and the histogram without its empty buckets. */
void contention_add_latency(struct json_object *object, const uint64_t latency[HP_LATENCY_BUCKETS]);

#endif
