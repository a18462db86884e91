// SPDX-License-Identifier: GPL-2.0
/*
 * main.c: domain-os keeps the operating system of one domain.
 *
 * usage: domain-os NAME HOSTNAME CGROUP RUN_DIR LIB_DIR ROOT UID_SHIFT
 *
 * Started by hp_os_boot() in the domain's leaf "keeper", with a pipe as
 * descriptor 3. It is the child of nobody and needs nobody; hp_os.h says what it
 * leaves in RUN/os.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "base/hp_unix.h"
#include "domain/hp_domain.h"

#define LOOKS 3
#define LOOK_MS 700
#define REBOOT_PAUSE_MS 500

__attribute__((format(printf, 2, 3)))
static void tell(struct keeper *keeper, const char *fmt, ...)
{
	va_list args;

	if (keeper->status < 0)
		return;
	va_start(args, fmt);
	vdprintf(keeper->status, fmt, args);
	va_end(args);
}

static void stop_telling(struct keeper *keeper)
{
	if (keeper->status >= 0)
		close(keeper->status);
	keeper->status = -1;
}

static int hold_lock(const struct keeper *keeper, struct hp_err *err)
{
	hp_autofree char *path = hp_os_path(keeper->run_dir, keeper->name, ".lock");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return hp_err_errno(err, errno, "the lock of %s", keeper->name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return hp_err_errno(err, errno, "%s is locked: another keeper runs", path);
	return 0;	/* held until this process ends */
}

static int catch_signals(struct keeper *keeper, struct hp_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	keeper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signals < 0 ? hp_err_errno(err, errno, "signalfd") : 0;
}

/* The kernel tells of devices in the machine's own network namespace only, so this comes before the domain's. */
static int hear_uevents(struct keeper *keeper, struct hp_err *err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };

	keeper->uevents = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (keeper->uevents < 0 || bind(keeper->uevents, (struct sockaddr *)&address, sizeof(address)) < 0)
		return hp_err_errno(err, errno, "listening to the kernel's events");
	return 0;
}

static int hear_nspawn(struct keeper *keeper, struct hp_err *err)
{
	struct sockaddr_un address;
	int ret = hp_unix_address(&address, err, "%s/notify", keeper->dir);

	if (ret)
		return ret;
	unlink(address.sun_path);
	keeper->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (keeper->notify < 0 || bind(keeper->notify, (struct sockaddr *)&address, sizeof(address)) < 0)
		return hp_err_errno(err, errno, "socket %s", address.sun_path);
	return 0;
}

/*
 * The namespace belongs to the machine's user namespace: root of another one
 * may not even bind port 22 in it, unless everybody in there may.
 */
static int enter_network(const struct keeper *keeper, struct hp_err *err)
{
	hp_autofree char *path = hp_format("%s/netns/%s", keeper->run_dir, keeper->name);
	hp_autofd int fd = -1;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return hp_err_errno(err, errno, "network namespace %s", path);
	if (!keeper->os.uid_shift)
		return 0;
	if (hp_root_write(keeper->machine, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", err) < 0)
		return -err->errnum;
	return hp_root_write(keeper->machine, "/proc/sys/net/ipv4/ping_group_range", "0 2147483647", err);
}

static int prepare(struct keeper *keeper, struct hp_err *err)
{
	int ret = hold_lock(keeper, err);

	if (!ret && (asprintf(&keeper->dir, "%s/os/%s", keeper->run_dir, keeper->name) < 0 ||
		     asprintf(&keeper->root_dir, "%s/root", keeper->dir) < 0))
		ret = hp_err_set(err, ENOMEM, "out of memory");
	if (!ret)
		ret = catch_signals(keeper, err);
	/* A slave: what the machine unmounts goes here as well, and nothing of ours is seen there. */
	if (!ret && (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0))
		ret = hp_err_errno(err, errno, "new mount namespace");
	keeper->machine = hp_root_open("/", ret ? NULL : err);
	if (!ret && !keeper->machine)
		ret = -err->errnum;
	if (!ret)
		ret = root_mount(keeper, err);
	if (!ret)
		ret = console_open(keeper->dir, err);
	if (!ret)
		ret = hear_nspawn(keeper, err);
	if (!ret)
		ret = hear_uevents(keeper, err);
	return ret ? ret : enter_network(keeper, err);
}

static void record(struct keeper *keeper)
{
	hp_autoerr err = HP_ERR_INIT;

	if (hp_os_record(keeper->run_dir, keeper->name, &keeper->os, &err) < 0)
		tell(keeper, "failed %s\n", err.text ? err.text : "out of memory");
}

/* Compares the domain's devices with what its operating system sees of them. */
static void look_at_devices(struct keeper *keeper)
{
	struct devices now = { 0 };
	hp_autoerr err = HP_ERR_INIT;

	if (keeper->looks_left)
		keeper->looks_left--;
	if (!keeper->os.leader)
		return;
	if (devices_find(keeper, &now, &err) == 0 &&
	    inside_arrange(keeper, &now, &keeper->made, !keeper->is_arranged, &err) == 0) {
		struct devices old = keeper->made;

		keeper->made = now;
		keeper->is_arranged = true;
		devices_clear(&old);
		return;
	}
	devices_clear(&now);
	dprintf(console_terminal(), "hostpart: %s\r\n", err.text ? err.text : "out of memory");
}

static int boot(struct keeper *keeper, struct hp_err *err)
{
	keeper->os.boots++;
	keeper->os.leader = 0;
	keeper->os.phase = HP_OS_STARTING;
	keeper->os.since = time(NULL);
	keeper->is_arranged = false;
	devices_clear(&keeper->made);
	record(keeper);
	/* One that died without a word would keep its name for ever. */
	if (keeper->is_registered)
		hp_os_unregister(keeper->name);
	return nspawn_start(keeper, console_terminal(), err);
}

static void hear(struct keeper *keeper)
{
	char text[4096];
	ssize_t got;

	while ((got = recv(keeper->notify, text, sizeof(text) - 1, 0)) > 0) {
		const char *leader;

		text[got] = '\0';
		leader = strstr(text, "X_NSPAWN_LEADER_PID=");
		if (leader && !keeper->os.leader) {
			keeper->os.leader = (pid_t)strtol(leader + 20, NULL, 10);
			look_at_devices(keeper);
			record(keeper);
			tell(keeper, "started\n");
		}
		if (strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1")) {
			keeper->os.phase = HP_OS_RUNNING;
			record(keeper);
			tell(keeper, "ready\n");
			stop_telling(keeper);
		}
	}
}

/* True when it is over. */
static bool handle_end(struct keeper *keeper, int status)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autofree char *tail = NULL;

	keeper->nspawn = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NSPAWN_REBOOT && keeper->os.phase != HP_OS_STOPPING) {
		poll(NULL, 0, REBOOT_PAUSE_MS);
		if (boot(keeper, &err) == 0)
			return false;
		tell(keeper, "failed %s\n", err.text ? err.text : "out of memory");
		return true;
	}
	tail = console_tail();
	tell(keeper, "failed systemd-nspawn ended (wait status %#x)%s%s\n", status, tail && *tail ? ": " : "", tail ? tail : "");
	return true;
}

static bool handle_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;
	bool is_over = false;
	int status;

	while (read(keeper->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			keeper->looks_left = 1;
		} else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
			/* The machine goes down. */
			keeper->os.phase = HP_OS_STOPPING;
			if (keeper->os.leader)
				kill(keeper->os.leader, SIGRTMIN + 4);
			else if (keeper->nspawn)
				kill(keeper->nspawn, SIGTERM);
		}
		/* Nothing else is its child: what goes inside has been waited for. */
		if (keeper->nspawn && waitpid(keeper->nspawn, &status, WNOHANG) == keeper->nspawn)
			is_over = handle_end(keeper, status);
	}
	return is_over;
}

static void drain_uevents(struct keeper *keeper)
{
	char text[8192];

	while (recv(keeper->uevents, text, sizeof(text), 0) > 0)
		keeper->looks_left = LOOKS;
	if (errno == ENOBUFS)
		keeper->looks_left = LOOKS;
}

static void run(struct keeper *keeper)
{
	for (;;) {
		struct pollfd fds[3 + CONSOLE_FDS] = {
			{ .fd = keeper->signals, .events = POLLIN },
			{ .fd = keeper->notify, .events = POLLIN },
			{ .fd = keeper->uevents, .events = POLLIN },
		};
		size_t count = console_poll(fds + 3);
		int ready = poll(fds, 3 + count, keeper->looks_left ? LOOK_MS : -1);

		if (ready == 0)
			look_at_devices(keeper);
		if (ready <= 0)
			continue;
		console_serve(fds + 3, count);
		if (fds[1].revents)
			hear(keeper);
		if (fds[2].revents)
			drain_uevents(keeper);
		if (fds[0].revents && handle_signals(keeper))
			return;
	}
}

static void tidy(const struct keeper *keeper)
{
	static const char *const left[] = { ".json", "/console", "/notify" };

	for (size_t i = 0; i < hp_array_size(left); i++) {
		hp_autofree char *path = hp_os_path(keeper->run_dir, keeper->name, left[i]);

		if (path)
			unlink(path);
	}
	hp_leaf_sweep(keeper->cgroup, HP_OS_LEAF);
}

static int keep(struct keeper *keeper)
{
	hp_autoerr err = HP_ERR_INIT;
	int ret = prepare(keeper, &err);

	if (!ret)
		ret = boot(keeper, &err);
	if (ret) {
		tell(keeper, "failed %s\n", err.text ? err.text : "out of memory");
		return HP_EXIT_FAIL;
	}
	run(keeper);
	tidy(keeper);
	return HP_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct keeper keeper = { .status = HP_OS_STATUS_FD };

	if (argc != 8 || fcntl(HP_OS_STATUS_FD, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "domain-os is started by hostpart, not by hand\n");
		return HP_EXIT_USAGE;
	}
	/* Whoever booted waits for the first process only. */
	if (fork() != 0)
		_exit(0);
	prctl(PR_SET_NAME, "domain-os");
	umask(022);
	if (chdir("/") < 0)
		return HP_EXIT_FAIL;
	keeper.name = argv[1];
	keeper.hostname = argv[2];
	keeper.cgroup = argv[3];
	keeper.run_dir = argv[4];
	keeper.lib_dir = argv[5];
	keeper.os.root = argv[6];
	keeper.os.uid_shift = (uint32_t)strtoul(argv[7], NULL, 10);
	keeper.os.keeper = getpid();
	keeper.is_registered = hp_os_has_machined();
	return keep(&keeper);
}
