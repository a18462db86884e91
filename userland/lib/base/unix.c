// SPDX-License-Identifier: GPL-2.0
/* unix.c: makes the address of a Unix socket. */
#include "base/hp_unix.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

int hp_unix_address(struct sockaddr_un *address, struct hp_err *err, const char *fmt, ...)
{
	hp_autofree char *path = NULL;
	va_list ap;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	va_start(ap, fmt);
	path = hp_vformat(fmt, ap);
	va_end(ap);
	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (strlen(path) >= sizeof(address->sun_path))
		return hp_err_set(err, ENAMETOOLONG, "%s: too long for a socket, which takes %zu letters at most", path,
				  sizeof(address->sun_path) - 1);
	strcpy(address->sun_path, path);
	return 0;
}
