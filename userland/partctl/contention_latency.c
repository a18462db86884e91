// SPDX-License-Identifier: GPL-2.0
/* contention_latency.c: how long waits took, as fields of an object. */
#include "contention_latency.h"

void contention_add_latency(struct json_object *object, const uint64_t latency[HP_LATENCY_BUCKETS])
{
	static const struct {
		const char *key;
		unsigned int permille;
	} points[] = { { "p50_ns", 500 }, { "p90_ns", 900 }, { "p99_ns", 990 } };
	struct json_object *buckets = json_object_new_array();

	for (size_t i = 0; i < hp_array_size(points); i++)
		out_add_number(object, points[i].key, hp_latency_percentile_ns(latency, points[i].permille));
	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++) {
		struct json_object *bucket;

		if (!latency[i])
			continue;
		bucket = json_object_new_object();
		/* The last bucket has no end. */
		json_object_object_add(bucket, "below_ns", i + 1 < HP_LATENCY_BUCKETS ? json_object_new_int64(1ll << i) : NULL);
		out_add_number(bucket, "waits", latency[i]);
		json_object_array_add(buckets, bucket);
	}
	json_object_object_add(object, "histogram", buckets);
}
