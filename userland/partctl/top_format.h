/* SPDX-License-Identifier: GPL-2.0 */
/* top_format.h: numbers in few columns. */
#ifndef TOP_FORMAT_H
#define TOP_FORMAT_H

#include <stdint.h>

/* All give "-" for what is unknown (NAN, HP_USAGE_UNKNOWN) and return their first argument. */
typedef char top_text[24];

/* Of 1024, at most 5 columns: "17", "1.20K", "512M"; HP_USAGE_UNLIMITED is "max". */
const char *top_format_bytes(top_text text, uint64_t bytes);
/* The same of a rate. */
const char *top_format_byte_rate(top_text text, double bytes);
/* Of 100, at most 4 columns: "0.3", "42", "100"; above that as it is. */
const char *top_format_percent(top_text text, double share);
/* At most 6 columns: "812ns", "1.20ms", "33.4ms", "12.0s". */
const char *top_format_time(top_text text, double ns);
/* Two decimals while they fit in 5 columns: "0.07", "12.30", "128.0". */
const char *top_format_number(top_text text, double number);
const char *top_format_count(top_text text, uint64_t count);

#endif
