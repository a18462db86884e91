// SPDX-License-Identifier: GPL-2.0
/* utf8.c: finds what a text file cannot contain: broken UTF-8, control characters. */
#include "policy/utf8.h"

#include <stdint.h>

/*
 * Length of the character at `pos` and its code point; 0 when it is not UTF-8 (RFC 3629: shortest
 * form, no surrogates).
 */
static unsigned int decode(const unsigned char *pos, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int length;

	if (*pos < 0x80) {
		*code = *pos;
		return 1;
	}
	if (*pos < 0xc2 || *pos > 0xf4)
		return 0;
	length = *pos < 0xe0 ? 2 : *pos < 0xf0 ? 3 : 4;
	*code = *pos & (0x7f >> length);
	for (unsigned int i = 1; i < length; i++) {
		if ((pos[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (pos[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

static bool is_control(uint32_t code)
{
	return (code < ' ' && code != '\t' && code != '\n' && code != '\r') ||
	       (code >= 0x7f && code < 0xa0);
}

bool hp_utf8_check(const char *text, struct hp_complaints *bad)
{
	const unsigned char *pos = (const unsigned char *)text;
	struct hp_loc loc = { 1, 1 };

	while (*pos) {
		uint32_t code;
		unsigned int length = decode(pos, &code);

		if (!length) {
			hp_complain(bad, loc,
				    "byte 0x%02x is not UTF-8; a policy is plain text in UTF-8",
				    *pos);
			return false;
		}
		if (is_control(code)) {
			hp_complain(bad, loc, "control character 0x%02x; a policy is plain text",
				    code);
			return false;
		}
		if (code == '\n' || (code == '\r' && pos[1] != '\n'))
			loc = (struct hp_loc){ loc.line + 1, 1 };
		else
			loc.column++;
		pos += length;
	}
	return true;
}
