/* SPDX-License-Identifier: GPL-2.0 */
/* kernel.h: as much of the kernel's interior as the module's parser and the kernel's nlattr.c need, on top of libc. */
#ifndef HP_FUZZ_KERNEL_H
#define HP_FUZZ_KERNEL_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef unsigned int gfp_t;

#define U8_MAX UINT8_MAX
#define U16_MAX UINT16_MAX
#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX
#define S8_MAX INT8_MAX
#define S8_MIN INT8_MIN
#define S16_MAX INT16_MAX
#define S16_MIN INT16_MIN
#define S32_MAX INT32_MAX
#define S32_MIN INT32_MIN
#define S64_MAX INT64_MAX
#define S64_MIN INT64_MIN

#define __init
#define __exit
#define __rcu
#define __force
#define __ro_after_init
#define __always_unused __attribute__((unused))
#define __must_check __attribute__((warn_unused_result))
#define __printf(fmt, first) __attribute__((format(printf, fmt, first)))
#ifndef __packed
#define __packed __attribute__((packed))
#endif
#define fallthrough __attribute__((fallthrough))
#define EXPORT_SYMBOL(symbol) extern int hp_fuzz_exported_##symbol
#define THIS_MODULE NULL
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define BUILD_BUG_ON_MSG(condition, text) _Static_assert(!(condition), text)
#define BUILD_BUG_ON_ZERO(condition) ((int)sizeof(struct { int : (-!!(condition)); }))
#define __same_type(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (1UL << (n))
#define BITS_PER_LONG 64
#define ALIGN(x, to) (((x) + (to) - 1) & ~((__typeof__(x))(to) - 1))
#define IS_ALIGNED(x, to) (((x) & ((__typeof__(x))(to) - 1)) == 0)
#define round_down(x, to) ((x) & ~((__typeof__(x))(to) - 1))
#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define struct_size(p, member, count) (sizeof(*(p)) + sizeof(*(p)->member) * (size_t)(count))
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define array_index_nospec(index, size) ((index) < (size) ? (index) : 0)
#define CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS 1

/* A warning in the kernel is a finding here. */
#define WARN_ON(condition) ({ bool is_bad = (condition); if (is_bad) hp_fuzz_die(__FILE__, __LINE__, #condition); is_bad; })
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define BUG_ON(condition) ((void)WARN_ON(condition))
#define pr_warn_ratelimited(...) ((void)0)
#define lockdep_assert_held(lock) ((void)0)
#define lockdep_is_held(lock) 1
void hp_fuzz_die(const char *file, int line, const char *what) __attribute__((noreturn));

#define le32_to_cpu(value) (value)

static inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

/* ---- errors in pointers ---- */

#define MAX_ERRNO 4095
#define ERR_PTR(error) ((void *)(intptr_t)(error))
#define PTR_ERR(pointer) ((long)(intptr_t)(pointer))
#define IS_ERR(pointer) ((uintptr_t)(pointer) >= (uintptr_t)-MAX_ERRNO)
#define IS_ERR_OR_NULL(pointer) (!(pointer) || IS_ERR(pointer))

/* ---- memory: the n-th allocation of an input can be made to fail ---- */

#define GFP_KERNEL 0u
#define GFP_KERNEL_ACCOUNT 0u
#define GFP_ATOMIC 0u
void *hp_fuzz_alloc(size_t bytes);
/* Counted from now; 0 = none. */
void hp_fuzz_fail_allocation(unsigned int nth);
#define kmalloc(bytes, gfp) hp_fuzz_alloc(bytes)
#define kzalloc(bytes, gfp) hp_fuzz_alloc(bytes)
#define kvzalloc(bytes, gfp) hp_fuzz_alloc(bytes)
#define kcalloc(n, bytes, gfp) hp_fuzz_alloc((size_t)(n) * (bytes))
#define kvcalloc(n, bytes, gfp) hp_fuzz_alloc((size_t)(n) * (bytes))
#define kfree(pointer) free((void *)(uintptr_t)(pointer))
#define kvfree(pointer) free((void *)(uintptr_t)(pointer))
void *kmemdup(const void *data, size_t bytes, gfp_t gfp);
#define kmemdup_noprof kmemdup

/* ---- text ---- */

#define vscnprintf hp_fuzz_vscnprintf
#define scnprintf hp_fuzz_scnprintf
int hp_fuzz_vscnprintf(char *text, size_t size, const char *fmt, va_list args);
int hp_fuzz_scnprintf(char *text, size_t size, const char *fmt, ...) __printf(3, 4);
int hex_to_bin(unsigned char digit);
ssize_t hp_fuzz_strscpy(char *to, const char *from, size_t size);
#define strscpy(to, from, size) hp_fuzz_strscpy(to, from, size)

/* ---- the machine: some CPUs, some of them offline, two nodes ---- */

#define nr_cpu_ids 16u
#define NR_CPUS 16
#define MAX_NUMNODES 64
#define N_MEMORY 0
#define PAGE_SHIFT 12
struct cpumask { u64 bits; };
static inline void cpumask_clear(struct cpumask *mask) { mask->bits = 0; }
static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *mask) { mask->bits |= 1ull << cpu; }
static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *mask) { return mask->bits >> cpu & 1; }
static inline bool cpu_online(unsigned int cpu) { return cpu != 13; }
static inline bool node_state(unsigned int node, int state) { return state == N_MEMORY && node < 2; }
static inline unsigned long totalram_pages(void) { return 1ul << 20; }

/* ---- an xarray that is a list: it is not what is under test ---- */

struct xarray { struct hp_fuzz_entry *entries; };
#define XA_FLAGS_ACCOUNT 0u
void xa_init_flags(struct xarray *xa, unsigned int flags);
void *xa_load(struct xarray *xa, unsigned long index);
int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void xa_destroy(struct xarray *xa);

/* Any mixing will do: what collides must be told apart by comparing. Few values, so that much does. */
u32 jhash(const void *key, u32 length, u32 start);
u32 jhash_2words(u32 a, u32 b, u32 start);

/* ---- what only has to be declared ---- */

struct mutex { int unused; };
struct module;
struct net;
struct task_struct;
struct pci_dev;
struct list_head { struct list_head *next, *prev; };
struct sk_buff { unsigned char *data; unsigned int len; };
typedef struct { int unused; } possible_net_t;

#endif
