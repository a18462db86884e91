/* SPDX-License-Identifier: GPL-2.0 */
/* nomem.h: an allocator that fails once and counts what lives; for one test program, not with ASan. */
#ifndef TEST_NOMEM_H
#define TEST_NOMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *pointer);
extern char __executable_start, etext;

/* Only our own calls fail, not those of libraries or the C library inside. */
static unsigned int countdown;	/* the number of the allocation that fails, 0 = none */
static long living;
static bool has_failed;

static bool fails_for(const void *caller)
{
	bool is_ours = (const char *)caller >= &__executable_start && (const char *)caller < &etext;

	if (!is_ours || !countdown || --countdown)
		return false;
	has_failed = true;
	return true;
}

static void *counted(void *pointer)
{
	living += pointer != NULL;
	return pointer;
}

void *malloc(size_t size)
{
	return fails_for(__builtin_return_address(0)) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails_for(__builtin_return_address(0)) ? NULL : counted(__libc_calloc(count, size));
}

static void *resize(void *old, size_t size)
{
	void *fresh = __libc_realloc(old, size);

	return old ? fresh : counted(fresh);
}

void *realloc(void *old, size_t size)
{
	return fails_for(__builtin_return_address(0)) ? NULL : resize(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (fails_for(__builtin_return_address(0)) || __builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return resize(old, bytes);
}

void free(void *pointer)
{
	living -= pointer != NULL;
	__libc_free(pointer);
}

static char *copy(const char *text, size_t length)
{
	char *fresh = counted(__libc_malloc(length + 1));

	if (fresh) {
		memcpy(fresh, text, length);
		fresh[length] = 0;
	}
	return fresh;
}

char *strdup(const char *text)
{
	return fails_for(__builtin_return_address(0)) ? NULL : copy(text, strlen(text));
}

char *strndup(const char *text, size_t max)
{
	return fails_for(__builtin_return_address(0)) ? NULL : copy(text, strnlen(text, max));
}

#endif
