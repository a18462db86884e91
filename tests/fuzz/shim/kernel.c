// SPDX-License-Identifier: GPL-2.0
/* kernel.c: the bodies of what shim/kernel.h declares. */
#include "kernel.h"
#include "hostpart.h"

/* ---- findings ---- */

void hp_fuzz_die(const char *file, int line, const char *what)
{
	fprintf(stderr, "finding: %s:%d: %s\n", file, line, what);
	abort();
}

/* ---- memory ---- */

static unsigned int allocations_left;	/* until one fails; 0 = none does */

void hp_fuzz_fail_allocation(unsigned int nth)
{
	allocations_left = nth;
}

void *hp_fuzz_alloc(size_t bytes)
{
	void *memory;

	if (allocations_left && !--allocations_left)
		return NULL;
	memory = calloc(1, bytes);
	if (!memory)
		hp_fuzz_die(__FILE__, __LINE__, "out of memory");
	return memory;
}

void *kmemdup(const void *data, size_t bytes, gfp_t gfp)
{
	void *copy = hp_fuzz_alloc(bytes);

	(void)gfp;
	if (copy)
		memcpy(copy, data, bytes);
	return copy;
}

/* ---- text ---- */

int hp_fuzz_vscnprintf(char *text, size_t size, const char *fmt, va_list args)
{
	int length = vsnprintf(text, size, fmt, args);

	if (!size || length < 0)
		return 0;
	return (size_t)length < size ? length : (int)size - 1;
}

int hp_fuzz_scnprintf(char *text, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = hp_fuzz_vscnprintf(text, size, fmt, args);
	va_end(args);
	return length;
}

int hex_to_bin(unsigned char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

ssize_t hp_fuzz_strscpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (!size)
		return -E2BIG;
	if (length == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(to, from, length + 1);
	return (ssize_t)length;
}

/* ---- xarray ---- */

struct hp_fuzz_entry {
	struct hp_fuzz_entry *next;
	unsigned long index;
	void *entry;
};

void xa_init_flags(struct xarray *xa, unsigned int flags)
{
	(void)flags;
	xa->entries = NULL;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	const struct hp_fuzz_entry *entry;

	for (entry = xa->entries; entry; entry = entry->next)
		if (entry->index == index)
			return entry->entry;
	return NULL;
}

int xa_insert(struct xarray *xa, unsigned long index, void *value, gfp_t gfp)
{
	struct hp_fuzz_entry *entry;

	(void)gfp;
	if (xa_load(xa, index))
		return -EBUSY;
	entry = hp_fuzz_alloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = (struct hp_fuzz_entry){ xa->entries, index, value };
	xa->entries = entry;
	return 0;
}

void xa_destroy(struct xarray *xa)
{
	struct hp_fuzz_entry *entry, *next;

	for (entry = xa->entries; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	xa->entries = NULL;
}

u32 jhash(const void *key, u32 length, u32 start)
{
	const u8 *bytes = key;

	while (length--)
		start += *bytes++;
	return start % 7;
}

u32 jhash_2words(u32 a, u32 b, u32 start)
{
	return (a + b + start) % 7;
}

/* ---- a domain's namespace: descriptors below 8 name one ---- */

struct hp_netns {
	u32 refs;
};

struct hp_netns *hp_netns_from_fd(u32 fd, struct hp_refusal *why)
{
	struct hp_netns *netns;

	if (fd >= 8) {
		hp_refuse(why, -EINVAL, "descriptor %u is no network namespace", fd);
		return ERR_PTR(-EINVAL);
	}
	netns = hp_fuzz_alloc(sizeof(*netns));
	if (!netns)
		return ERR_PTR(-ENOMEM);
	netns->refs = 1;
	return netns;
}

struct hp_netns *hp_netns_get(struct hp_netns *netns)
{
	if (netns)
		netns->refs++;
	return netns;
}

void hp_netns_put(struct hp_netns *netns)
{
	if (netns && !--netns->refs)
		free(netns);
}

int hp_refuse(struct hp_refusal *why, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return error;
}

/* ---- nlattr.c has the writing side too, which nothing here calls ---- */

#define NOT_CALLED hp_fuzz_die(__FILE__, __LINE__, __func__)
int skb_tailroom(const struct sk_buff *skb) { (void)skb; NOT_CALLED; }
unsigned char *skb_tail_pointer(const struct sk_buff *skb) { (void)skb; NOT_CALLED; }
void *skb_put(struct sk_buff *skb, unsigned int n) { (void)skb; (void)n; NOT_CALLED; }
void *skb_put_zero(struct sk_buff *skb, unsigned int n) { (void)skb; (void)n; NOT_CALLED; }
void *skb_put_data(struct sk_buff *skb, const void *d, unsigned int n) { (void)skb; (void)d; (void)n; NOT_CALLED; }
