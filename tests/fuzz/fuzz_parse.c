// SPDX-License-Identifier: GPL-2.0
/* fuzz_parse.c: feeds the module's parser, and the kernel's nlattr.c below it, with what libFuzzer makes up. */
#include "kernel.h"
#include "hostpart.h"
#include "attr_gen.h"

/*
 * An input is two bytes and a stream of attributes. The first byte makes that
 * allocation fail (0 = none). The second says which way the stream takes: that
 * of HP_CMD_TXN_STAGE, or that of a policy file, whose header is then made to
 * fit or is the beginning of the stream, with or without a signature.
 */
#define HEADER_BYTES 2
#define WAY_FILE 1		/* else netlink */
#define WAY_SIGNED 2		/* the last 8 bytes are the signature */
#define WAY_OWN_HEADER 4	/* the stream begins with it */
#define SIGNATURE_BYTES 8
#define INPUT_BYTES_MAX (1 << 16)

static const struct nla_policy stage_policy[] = {
	[HP_A_DOMAIN]	= NLA_POLICY_NESTED(hp_domain_policy),
	[HP_A_CLAIM]	= NLA_POLICY_NESTED(hp_claim_policy),
};

#define REQUIRE(condition) do { if (!(condition)) hp_fuzz_die(__FILE__, __LINE__, #condition); } while (0)

/* What a table promises whatever was put in, counted the plain way. */
static void check_table(const struct hp_table *table)
{
	u32 claims[HP_DOMAIN_LIMIT] = { 0 }, cpus = 0, owned = 0, i, j, cpu;
	u64 memory_bytes = 0;

	REQUIRE(table->domain_count <= HP_DOMAIN_LIMIT && table->claim_count <= HP_CLAIM_LIMIT);
	for (i = 0; i < table->claim_count; i++) {
		const struct hp_claim *claim = table->claims[i];

		REQUIRE(claim->domain == table->domains[claim->domain->index]);
		claims[claim->domain->index]++;
		for (j = 0; j < claim->range_count; j++) {
			REQUIRE(claim->ranges[j].first <= claim->ranges[j].last);
			REQUIRE(!j || claim->ranges[j].first > claim->ranges[j - 1].last);
		}
		if (claim->type == HP_CLAIM_MEMORY)
			memory_bytes += claim->memory_bytes;
		for (j = 0; claim->type == HP_CLAIM_CPU && j < claim->range_count; j++)
			for (cpu = claim->ranges[j].first; cpu <= claim->ranges[j].last; cpu++, cpus++)
				REQUIRE(hp_table_cpu_owner(table, cpu) == claim->domain);
	}
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		owned += hp_table_cpu_owner(table, cpu) != NULL;
	REQUIRE(owned == cpus && memory_bytes == table->memory_bytes);
	for (i = 0; i < table->domain_count; i++) {
		REQUIRE(claims[i] == table->domains[i]->claim_count);
		REQUIRE(hp_table_find_domain(table, table->domains[i]->name) == table->domains[i]);
	}
}

/* A refusal says why, unless the allocator or the kernel's own validation said it. */
static void check_refusal(int err, const struct hp_refusal *why, const struct netlink_ext_ack *ack)
{
	REQUIRE(err < 0 && err >= -MAX_ERRNO);
	REQUIRE(err == -ENOMEM || why->text[0] || ack->_msg || ack->bad_attr);
	REQUIRE(strnlen(why->text, sizeof(why->text)) < sizeof(why->text));
}

static int parse_netlink(const void *stream, int bytes, struct hp_table *table, struct hp_refusal *why,
			 struct netlink_ext_ack *ack)
{
	const struct nlattr *attr;
	int rem, err;

	err = __nla_validate(stream, bytes, ARRAY_SIZE(stage_policy) - 1, stage_policy, NL_VALIDATE_STRICT, ack);
	if (err)
		return err;
	nla_for_each_attr(attr, stream, bytes, rem) {
		err = hp_parse_entry(attr, HP_FROM_TASK, table, why, ack);
		if (err)
			return err;
	}
	return 0;
}

static int parse_file(const void *file, size_t bytes, struct hp_table *table, struct hp_refusal *why)
{
	struct hp_blob blob;
	int err = hp_blob_open(file, bytes, &blob, why);

	if (err)
		return err;
	REQUIRE(blob.signed_bytes + blob.signature_bytes == bytes && !blob.signature == !blob.signature_bytes);
	return hp_blob_parse(&blob, table, why);
}

/* The input as it goes in: of the exact size, so that a read past the end is seen. */
static void *make_stream(const u8 *data, size_t size, u8 way, size_t *bytes)
{
	struct hp_policy_header header = { .version = HP_POLICY_VERSION };
	size_t front = way & WAY_FILE && !(way & WAY_OWN_HEADER) ? sizeof(header) : 0;
	u8 *stream;

	*bytes = front + size;
	stream = malloc(*bytes);
	REQUIRE(stream || !*bytes);
	memcpy(header.magic, HP_POLICY_MAGIC, sizeof(header.magic));
	header.flags = way & WAY_SIGNED && size > SIGNATURE_BYTES ? HP_POLICY_F_SIGNED : 0;
	header.bytes = (u32)*bytes - (header.flags ? SIGNATURE_BYTES : 0);
	memcpy(stream, &header, front);
	memcpy(stream + front, data, size);
	return stream;
}

static void check_whole(const struct hp_table *table)
{
	struct hp_refusal why = { 0 };

	check_table(table);
	if (hp_table_check_elastic(table, &why))
		REQUIRE(why.text[0]);
	why.text[0] = '\0';
	if (hp_table_check_machine(table, &why))
		REQUIRE(why.text[0]);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct netlink_ext_ack ack = { 0 };
	struct hp_refusal why = { 0 };
	struct hp_table *table;
	size_t bytes;
	void *stream;
	int err;

	if (size < HEADER_BYTES || size > INPUT_BYTES_MAX)
		return -1;
	stream = make_stream(data + HEADER_BYTES, size - HEADER_BYTES, data[1], &bytes);
	hp_fuzz_fail_allocation(data[0]);
	table = hp_table_new();
	if (table) {
		if (data[1] & WAY_FILE)
			err = parse_file(stream, bytes, table, &why);
		else
			err = parse_netlink(stream, (int)bytes, table, &why, &ack);
		hp_fuzz_fail_allocation(0);
		if (err)
			check_refusal(err, &why, &ack);
		else
			check_whole(table);
	}
	hp_table_free(table);
	free(stream);
	return 0;
}

/* Half of the time libFuzzer's own bytes, half of the time a change that knows what an attribute is. */
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed)
{
	struct hp_rng rng;
	u32 rounds;

	hp_rng_seed(&rng, seed);
	if (max_size < 64 || hp_rng_below(&rng, 4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	if (size < HEADER_BYTES) {
		data[0] = data[1] = 0;
		size = HEADER_BYTES;
	}
	if (hp_rng_below(&rng, 8) == 0)
		data[0] = hp_rng_below(&rng, 3) ? 0 : hp_rng_below(&rng, 24);
	if (hp_rng_below(&rng, 8) == 0)
		data[1] ^= 1u << hp_rng_below(&rng, 3);
	for (rounds = 1 + hp_rng_below(&rng, 4); rounds; rounds--)
		size = HEADER_BYTES + hp_attrs_mutate(&rng, data + HEADER_BYTES, size - HEADER_BYTES,
						       max_size - HEADER_BYTES);
	return size;
}
