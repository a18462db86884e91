// SPDX-License-Identifier: GPL-2.0
/* attr_gen.c: makes and mutates attribute streams of domains and claims. */
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include "attr_gen.h"
#include "hostpart.h"

#define ALIGNED(n) (((n) + 3u) & ~3u)
#define HEADER ((size_t)NLA_HDRLEN)

void hp_rng_seed(struct hp_rng *rng, uint64_t seed)
{
	rng->state = seed * 0x9e3779b97f4a7c15u | 1;
}

static uint64_t draw(struct hp_rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 0x2545f4914f6cdd1du;
}

uint32_t hp_rng_below(struct hp_rng *rng, uint32_t limit)
{
	return limit ? (uint32_t)((draw(rng) >> 32) % limit) : 0;
}

/* ---- values ---- */

static uint64_t odd_number(struct hp_rng *rng)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 4096, 65535, 65536,
		INT32_MAX, (uint64_t)INT32_MAX + 1, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX, UINT64_MAX,
	};

	return hp_rng_below(rng, 8) ? odd[hp_rng_below(rng, sizeof(odd) / sizeof(odd[0]))] : draw(rng);
}

static const char *const names[] = {
	"alpha", "beta", "gamma", "a", "b0", "host-1", "x-", "-x", "Alpha", "", "a b",
	"abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrstuvwxyz0123456",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *name(struct hp_rng *rng)
{
	return names[hp_rng_below(rng, hp_rng_below(rng, 8) ? 4 : NAMES)];
}

static const char *const words[] = {
	"nvme", "e1000e", "vfio-pci", "hp0", "eth0", "0000:00:1c.0/00.0", "0000:00:1c.0/00.0/1f.7", "10000:e1:00.0/00.0",
	"0000:00:1c.0", "0000:00:1c.0/", "0000:00:20.0/00.0", "0000:00:1c.8/00.0", "/", "..", "a/b",
	"0000:00:1c.0/00.0/00.0/00.0/00.0/00.0/00.0/00.0/00.0", "0000:00:1c.0/00.0/00.0/00.0/00.0/00.0/00.0/00.0",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* ---- writing; what does not fit any more is left out ---- */

struct out {
	unsigned char *bytes;
	size_t used, size;
};

static bool put(struct out *out, uint16_t type, const void *data, size_t bytes)
{
	struct nlattr attr = { (uint16_t)(HEADER + bytes), type };

	if (HEADER + bytes > UINT16_MAX || out->size - out->used < HEADER + ALIGNED(bytes))
		return false;
	memset(out->bytes + out->used, 0, HEADER + ALIGNED(bytes));
	memcpy(out->bytes + out->used, &attr, sizeof(attr));
	if (bytes)
		memcpy(out->bytes + out->used + HEADER, data, bytes);
	out->used += HEADER + ALIGNED(bytes);
	return true;
}

static void put_u32(struct out *out, uint16_t type, uint32_t value) { put(out, type, &value, sizeof(value)); }
static void put_u64(struct out *out, uint16_t type, uint64_t value) { put(out, type, &value, sizeof(value)); }
static void put_text(struct out *out, uint16_t type, const char *text) { put(out, type, text, strlen(text) + 1); }

static size_t start_nest(struct out *out, uint16_t type)
{
	size_t at = out->used;

	return put(out, type | NLA_F_NESTED, NULL, 0) ? at : SIZE_MAX;
}

static void end_nest(struct out *out, size_t at)
{
	struct nlattr attr;

	if (at == SIZE_MAX)
		return;
	memcpy(&attr, out->bytes + at, sizeof(attr));
	attr.nla_len = out->used - at > UINT16_MAX ? UINT16_MAX : (uint16_t)(out->used - at);
	memcpy(out->bytes + at, &attr, sizeof(attr));
}

static void put_ranges(struct hp_rng *rng, struct out *out, uint16_t type, uint32_t limit)
{
	uint32_t pairs[16], count = 1 + hp_rng_below(rng, hp_rng_below(rng, 4) ? 2 : 8), next = hp_rng_below(rng, limit);

	for (uint32_t i = 0; i < count; i++) {
		pairs[2 * i] = next;
		pairs[2 * i + 1] = next + hp_rng_below(rng, 3);
		next = pairs[2 * i + 1] + hp_rng_below(rng, 4);
	}
	if (!hp_rng_below(rng, 16))
		pairs[hp_rng_below(rng, 2 * count)] = (uint32_t)odd_number(rng);
	put(out, type, pairs, 8 * count - (hp_rng_below(rng, 32) ? 0 : hp_rng_below(rng, 8)));
}

static void put_domain(struct hp_rng *rng, struct out *out)
{
	size_t nest = start_nest(out, HP_A_DOMAIN);

	put_text(out, HP_DOMAIN_A_NAME, name(rng));
	if (!hp_rng_below(rng, 3))
		put_u64(out, HP_DOMAIN_A_CGROUP_ID, 1 + hp_rng_below(rng, 4));
	if (!hp_rng_below(rng, 3))
		put_u32(out, HP_DOMAIN_A_FLAGS, hp_rng_below(rng, 5));
	if (!hp_rng_below(rng, 4))
		put_u32(out, HP_DOMAIN_A_NETNS_FD, hp_rng_below(rng, 12));
	if (!hp_rng_below(rng, 4))
		put_ranges(rng, out, HP_DOMAIN_A_ELASTIC_CPUS, 8);
	if (!hp_rng_below(rng, 4)) {
		put_u64(out, HP_DOMAIN_A_ELASTIC_MEM_MIN, 4096u * hp_rng_below(rng, 8));
		put_u64(out, HP_DOMAIN_A_ELASTIC_MEM_MAX, 4096u * hp_rng_below(rng, 16));
	}
	end_nest(out, nest);
}

static void put_pci(struct hp_rng *rng, struct out *out)
{
	switch (hp_rng_below(rng, 3)) {
	case 0:
		put_u32(out, HP_CLAIM_A_PCI_SEGMENT, hp_rng_below(rng, 2));
		/* No bus of the machine: in a kernel each claim would bind and unbind drivers, for seconds. */
		put_u32(out, HP_CLAIM_A_PCI_BUS, 0xe0 + hp_rng_below(rng, 4));
		put_u32(out, HP_CLAIM_A_PCI_DEVICE, hp_rng_below(rng, 4));
		put_u32(out, HP_CLAIM_A_PCI_FUNCTION, hp_rng_below(rng, 2));
		break;
	case 1:
		put_u32(out, HP_CLAIM_A_PCI_VENDOR, hp_rng_below(rng, 3));
		put_u32(out, HP_CLAIM_A_PCI_DEVICE_ID, hp_rng_below(rng, 3));
		put_u32(out, HP_CLAIM_A_PCI_INDEX, hp_rng_below(rng, 3));
		break;
	default:
		put_text(out, HP_CLAIM_A_PCI_PATH, words[hp_rng_below(rng, WORDS)]);
	}
	if (!hp_rng_below(rng, 4))
		put_text(out, HP_CLAIM_A_PCI_DRIVER, words[hp_rng_below(rng, WORDS)]);
	if (!hp_rng_below(rng, 4))
		put_text(out, HP_CLAIM_A_PORT_NAME, words[hp_rng_below(rng, WORDS)]);
	if (!hp_rng_below(rng, 4))
		put_u32(out, HP_CLAIM_A_PCI_FLAGS, hp_rng_below(rng, 3));
}

static void put_claim(struct hp_rng *rng, struct out *out)
{
	size_t nest = start_nest(out, HP_A_CLAIM);
	uint32_t type = hp_rng_below(rng, 16) ? HP_CLAIM_CPU + hp_rng_below(rng, 3) : (uint32_t)odd_number(rng);

	put_text(out, HP_CLAIM_A_DOMAIN, name(rng));
	put_u32(out, HP_CLAIM_A_TYPE, type);
	if (type == HP_CLAIM_CPU)
		put_ranges(rng, out, HP_CLAIM_A_CPUS, 16);
	if (type == HP_CLAIM_MEMORY) {
		put_u64(out, HP_CLAIM_A_MEM_BYTES, hp_rng_below(rng, 4) ? 4096u * hp_rng_below(rng, 16) : odd_number(rng));
		if (!hp_rng_below(rng, 2))
			put_ranges(rng, out, HP_CLAIM_A_MEM_NODES, 2);
	}
	if (type == HP_CLAIM_PCI)
		put_pci(rng, out);
	end_nest(out, nest);
}

size_t hp_attrs_generate(struct hp_rng *rng, void *stream, size_t size)
{
	struct out out = { stream, 0, size & ~(size_t)3 };
	uint32_t domains = 1 + hp_rng_below(rng, 3), claims = hp_rng_below(rng, 8);

	while (domains--)
		put_domain(rng, &out);
	while (claims--)
		put_claim(rng, &out);
	return out.used;
}

/* ---- mutating: one attribute of the tree is chosen, with the nest around it ---- */

struct place {
	size_t at, len;		/* of the attribute, with its header and padding */
	size_t outer;		/* offset of the nest around it, SIZE_MAX = top */
};

static bool attr_at(const unsigned char *bytes, size_t end, size_t at, struct nlattr *attr)
{
	if (end < at || end - at < HEADER)
		return false;
	memcpy(attr, bytes + at, sizeof(*attr));
	return attr->nla_len >= HEADER && attr->nla_len <= end - at;
}

/* Chooses evenly among all attributes of both levels, as far as the stream can be followed. */
static bool choose(struct hp_rng *rng, const unsigned char *bytes, size_t size, struct place *place)
{
	struct nlattr attr, inner;
	uint32_t seen = 0;
	size_t at, in, end;

	for (at = 0; attr_at(bytes, size, at, &attr); at += ALIGNED(attr.nla_len)) {
		end = at + attr.nla_len;
		if (!hp_rng_below(rng, ++seen))
			*place = (struct place){ at, end - at, SIZE_MAX };
		for (in = at + HEADER; attr.nla_type & NLA_F_NESTED && attr_at(bytes, end, in, &inner);
		     in += ALIGNED(inner.nla_len))
			if (!hp_rng_below(rng, ++seen))
				*place = (struct place){ in, inner.nla_len, at };
	}
	return seen;
}

/* Replaces `old` bytes at `at` by `new` ones of `with`, and keeps the nest around in step. */
static size_t splice(unsigned char *bytes, size_t used, size_t size, const struct place *place, size_t old, const void *with,
		     size_t new)
{
	struct nlattr outer;
	size_t tail = place->at + old;

	if (tail > used || used - old + new > size)
		return used;
	memmove(bytes + place->at + new, bytes + tail, used - tail);
	if (new)
		memcpy(bytes + place->at, with, new);
	if (place->outer != SIZE_MAX) {
		memcpy(&outer, bytes + place->outer, sizeof(outer));
		outer.nla_len = (uint16_t)(outer.nla_len - old + new);
		memcpy(bytes + place->outer, &outer, sizeof(outer));
	}
	return used - old + new;
}

static void mutate_value(struct hp_rng *rng, unsigned char *bytes, const struct place *place)
{
	size_t payload = place->len - HEADER, width = hp_rng_below(rng, 2) ? 4 : 8;
	uint64_t number = odd_number(rng);

	if (!payload)
		return;
	if (payload >= width && hp_rng_below(rng, 2))
		memcpy(bytes + place->at + HEADER + (hp_rng_below(rng, (uint32_t)(payload / width)) * width), &number, width);
	else
		bytes[place->at + HEADER + hp_rng_below(rng, (uint32_t)payload)] = (unsigned char)number;
}

/* The attribute with another payload: a text or some number of another size. */
static size_t replace(struct hp_rng *rng, unsigned char *bytes, size_t used, size_t size, const struct place *place)
{
	unsigned char fresh[80];
	struct out out = { fresh, 0, sizeof(fresh) };
	uint64_t number = odd_number(rng);
	struct nlattr attr;

	memcpy(&attr, bytes + place->at, sizeof(attr));
	if (hp_rng_below(rng, 2))
		put_text(&out, attr.nla_type, hp_rng_below(rng, 2) ? words[hp_rng_below(rng, WORDS)] : name(rng));
	else
		put(&out, attr.nla_type, &number, hp_rng_below(rng, 9));
	if (place->at + ALIGNED(place->len) > used)
		return used;
	return splice(bytes, used, size, place, ALIGNED(place->len), fresh, out.used);
}

static size_t insert_copy(struct hp_rng *rng, unsigned char *bytes, size_t used, size_t size, const struct place *place)
{
	unsigned char copy[512];
	size_t length = ALIGNED(place->len);
	struct place other;

	if (length > sizeof(copy) || place->at + length > used || !choose(rng, bytes, used, &other))
		return used;
	memcpy(copy, bytes + place->at, length);
	return splice(bytes, used, size, &other, 0, copy, length);
}

static size_t insert_fresh(struct hp_rng *rng, unsigned char *bytes, size_t used, size_t size)
{
	struct out out = { bytes, used, size & ~(size_t)3 };

	if (used % 4)
		return used;
	if (hp_rng_below(rng, 3))
		put_claim(rng, &out);
	else
		put_domain(rng, &out);
	return out.used;
}

size_t hp_attrs_mutate(struct hp_rng *rng, void *stream, size_t used, size_t size)
{
	unsigned char *bytes = stream;
	struct place place;
	struct nlattr attr;

	if (!choose(rng, bytes, used, &place))
		return hp_attrs_generate(rng, stream, size);
	memcpy(&attr, bytes + place.at, sizeof(attr));
	switch (hp_rng_below(rng, 10)) {
	case 0: case 1: case 2:
		mutate_value(rng, bytes, &place);
		return used;
	case 3:
		attr.nla_type = (uint16_t)((attr.nla_type & NLA_F_NESTED) | hp_rng_below(rng, 24));
		break;
	case 4:
		attr.nla_len = (uint16_t)(hp_rng_below(rng, 2) ? odd_number(rng) : attr.nla_len + hp_rng_below(rng, 9) - 4u);
		break;
	case 5:
		attr.nla_type ^= hp_rng_below(rng, 2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
		break;
	case 6:
		return replace(rng, bytes, used, size, &place);
	case 7:
		return place.at + ALIGNED(place.len) > used ? used :
		       splice(bytes, used, size, &place, ALIGNED(place.len), NULL, 0);
	case 8:
		return insert_copy(rng, bytes, used, size, &place);
	default:
		return insert_fresh(rng, bytes, used, size);
	}
	memcpy(bytes + place.at, &attr, sizeof(attr));
	return used;
}
