// SPDX-License-Identifier: GPL-2.0
/* seed.c: what tells a domain's layer from the machine that it lies over. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static const char *const dirs[] = {
	"etc", "etc/ssh", "etc/systemd", "etc/systemd/system", "var", "var/lib", "var/log",
};

/* Begun empty: what is in there is of the machine and of nobody else. */
static const struct {
	const char *dir;
	mode_t mode;
} hidden[] = { { "var/lib/hostpart", 0700 }, { "var/log/journal", 0755 } };

/*
 * hostpart itself, and what would arrange the network or the clock: ports,
 * addresses and routes of a domain are the policy's.
 */
static const char *const masked[] = {
	"partd.service", "hostpart.target", "hostpart-textfile.timer", "lxcfs.service",
	"networking.service", "ifupdown-pre.service", "NetworkManager.service", "NetworkManager-wait-online.service", "systemd-networkd.service",
	"systemd-networkd.socket", "systemd-networkd-wait-online.service", "dhcpcd.service",
};

/* Rules of the machine's firewall; a user namespace could not load them anyway. */
static const char *const masked_unprivileged[] = {
	"nftables.service", "ufw.service", "firewalld.service", "netfilter-persistent.service",
};

/* Root inside may have put a link in the way since: none is followed. */
static int put_file(int layer, const char *path, const char *text, mode_t mode, struct hp_err *err)
{
	struct open_how how = { .flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, .mode = mode,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	hp_autofd int fd = (int)syscall(SYS_openat2, layer, path, &how, sizeof(how));

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return hp_err_errno(err, errno, "writing %s of the domain's layer", path);
	return 0;
}

static int mask(int layer, const char *unit, struct hp_err *err)
{
	hp_autofree char *path = hp_format("etc/systemd/system/%s", unit);

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (symlinkat("/dev/null", layer, path) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "masking %s", unit);
	return 0;
}

static int hide(int layer, const char *dir, mode_t mode, struct hp_err *err)
{
	hp_autofd int fd = -1;

	if (mkdirat(layer, dir, mode) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "mkdir %s in the domain's layer", dir);
	fd = openat(layer, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0)
		return hp_err_errno(err, errno, "hiding %s from the domain", dir);
	return 0;
}

static int put_machine_id(int layer, struct hp_err *err)
{
	unsigned char bytes[16];
	char text[34];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return hp_err_errno(err, errno, "random numbers");
	bytes[6] = (bytes[6] & 0x0f) | 0x40;	/* a version 4 UUID, as systemd makes them */
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	text[32] = '\n';
	text[33] = '\0';
	return put_file(layer, "etc/machine-id", text, 0444, err);
}

/* A host of its own has host keys of its own. Without an ssh server there are none to make. */
static int put_host_keys(const char *upper, struct hp_err *err)
{
	int status, null;
	pid_t pid;

	if (access("/usr/sbin/sshd", X_OK) < 0 || access("/usr/bin/ssh-keygen", X_OK) < 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		execl("/usr/bin/ssh-keygen", "ssh-keygen", "-A", "-f", upper, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		return hp_err_set(err, EIO, "making ssh host keys for the domain");
	return 0;
}

/* Its own name means itself; the machine's file says the machine's. */
static int put_hosts(int layer, const char *hostname, struct hp_err *err)
{
	hp_autofree char *text =
		hp_format("127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost ip6-loopback\n", hostname);

	if (!text)
		return hp_err_set(err, ENOMEM, "out of memory");
	return put_file(layer, "etc/hosts", text, 0644, err);
}

static int plant(int layer, const char *upper, const char *hostname, bool is_privileged, struct hp_err *err)
{
	int ret = 0;

	for (size_t i = 0; i < hp_array_size(dirs) && !ret; i++)
		if (mkdirat(layer, dirs[i], 0755) < 0 && errno != EEXIST)
			ret = hp_err_errno(err, errno, "mkdir %s in the domain's layer", dirs[i]);
	for (size_t i = 0; i < hp_array_size(hidden) && !ret; i++)
		ret = hide(layer, hidden[i].dir, hidden[i].mode, err);
	for (size_t i = 0; i < hp_array_size(masked) && !ret; i++)
		ret = mask(layer, masked[i], err);
	for (size_t i = 0; i < hp_array_size(masked_unprivileged) && !ret && !is_privileged; i++)
		ret = mask(layer, masked_unprivileged[i], err);
	if (!ret)
		ret = put_file(layer, "etc/fstab", "# The machine mounts the root of this domain.\n", 0644, err);
	if (!ret)
		ret = put_hosts(layer, hostname, err);
	if (!ret)
		ret = put_host_keys(upper, err);
	return ret ? ret : put_machine_id(layer, err);
}

/* Out of reach from inside: what is planted is planted into a layer that nobody has used yet. */
static int plant_once(int layer, const char *upper, const char *marker, const char *hostname,
		      bool is_privileged, struct hp_err *err)
{
	hp_autofd int fd = -1;
	int ret;

	if (access(marker, F_OK) == 0)
		return 0;
	ret = plant(layer, upper, hostname, is_privileged, err);
	if (ret)
		return ret;
	fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? hp_err_errno(err, errno, "%s", marker) : 0;
}

int seed_layer(const char *disk, const char *hostname, bool is_privileged, struct hp_err *err)
{
	hp_autofree char *upper = NULL, *marker = NULL, *line = NULL;
	hp_autofd int layer = -1;
	int ret;

	if (asprintf(&upper, "%s/upper", disk) < 0 || asprintf(&marker, "%s/planted", disk) < 0)
		return hp_err_set(err, ENOMEM, "out of memory");
	layer = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layer < 0)
		return hp_err_errno(err, errno, "%s", upper);
	ret = plant_once(layer, upper, marker, hostname, is_privileged, err);
	if (ret)
		return ret;
	line = hp_format("%s\n", hostname);
	if (!line)
		return hp_err_set(err, ENOMEM, "out of memory");
	return put_file(layer, "etc/hostname", line, 0644, err);
}
