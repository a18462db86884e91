// SPDX-License-Identifier: GPL-2.0
/* load.c: reads a policy from a file. */
#include "policy/hp_policy.h"

#include <errno.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "policy/yaml.h"

/* Where a NUL byte stands, in the same terms as every other complaint. */
static int refuse_nul(const char *file, const char *text, size_t length, struct hp_err *err)
{
	struct hp_loc loc = { 1, 1 };

	for (size_t i = 0; i < length && text[i]; i++) {
		if (text[i] == '\n')
			loc = (struct hp_loc){ loc.line + 1, 1 };
		else
			loc.column += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return hp_err_usage(err, "%s:%u:%u: a NUL byte; a policy is plain text in UTF-8", file,
			    loc.line, loc.column);
}

int hp_policy_read(const char *file, char **text, struct hp_err *err)
{
	hp_autofree char *read = NULL;
	size_t length;
	int ret;

	ret = hp_file_read(file, HP_YAML_BYTES_MAX, &read, &length, err);
	if (ret == -EFBIG)
		return hp_err_usage(
			err, "%s:1:1: the policy is larger than 1 MiB; at most 1 MiB is read",
			file);
	if (ret)
		return ret;
	if (strlen(read) != length)
		return refuse_nul(file, read, length, err);
	*text = hp_take(read);
	return 0;
}

int hp_policy_load(const char *file, struct hp_policy **policy, struct hp_err *err)
{
	hp_autofree char *text = NULL;
	int ret = hp_policy_read(file, &text, err);

	return ret ? ret : hp_policy_parse(file, text, policy, err);
}
