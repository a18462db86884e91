// SPDX-License-Identifier: GPL-2.0
/* format.c: formatted and cut text on the heap. */
#include "base/hp_text.h"

#include <stdio.h>
#include <string.h>

char *hp_vformat(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

char *hp_format(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = hp_vformat(fmt, ap);
	va_end(ap);
	return text;
}

char *hp_text_before(const char *text, const char *mark)
{
	const char *end = strstr(text, mark);

	return end ? strndup(text, (size_t)(end - text)) : strdup(text);
}
