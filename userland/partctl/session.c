// SPDX-License-Identifier: GPL-2.0
/* session.c: the time between a joined command's start and its end. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "base/hp_auto.h"

#define END_OF_FILE 0x04	/* what a terminal's reader takes for the end: ^D */

/* Bytes on their way in one direction. */
struct flow {
	int from, to;		/* from -1: ended */
	bool is_ended;
	size_t start, end;
	char bytes[16384];
};

struct session {
	const struct hp_joined *joined;
	int signals;
	bool is_raw;
	struct termios saved;
	struct flow in, out;
};

static void handled_signals(sigset_t *set)
{
	static const int list[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

	sigemptyset(set);
	for (size_t i = 0; i < hp_array_size(list); i++)
		sigaddset(set, list[i]);
}

void session_prepare(void)
{
	sigset_t set;

	handled_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void set_raw(struct session *s)
{
	struct termios raw = s->saved;

	if (!s->is_raw)
		return;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void copy_size(const struct session *s)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(s->joined->terminal, TIOCSWINSZ, &size);
}

/* What a terminal's keys and hang-up send goes where a terminal sends it: to the command and its children. */
static bool is_for_group(int sig)
{
	return sig == SIGINT || sig == SIGQUIT || sig == SIGHUP;
}

static void handle_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGCONT) {
		if (s->joined->terminal >= 0) {
			set_raw(s);
			copy_size(s);
		}
		return;
	}
	/* The child is waited for only at the end, so its pid is still its own. */
	kill(is_for_group((int)info.ssi_signo) ? -s->joined->pid : s->joined->pid, (int)info.ssi_signo);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void fill(struct flow *flow)
{
	ssize_t got;

	if (flow->end > flow->start)
		return;
	got = read(flow->from, flow->bytes, sizeof(flow->bytes));
	if (got > 0) {
		flow->start = 0;
		flow->end = (size_t)got;
	} else if (got == 0 || !would_block()) {
		flow->is_ended = true;	/* a terminal whose other side is closed says EIO */
	}
}

static void drain(struct flow *flow)
{
	ssize_t put = write(flow->to, flow->bytes + flow->start, flow->end - flow->start);

	if (put > 0)
		flow->start += (size_t)put;
	else if (put < 0 && !would_block())
		flow->start = flow->end;	/* nobody reads this any more */
}

/* A pipe that ends says so to a terminal's reader with ^D. */
static void pass_end_of_input(struct flow *in)
{
	if (in->is_ended && in->from >= 0 && in->start == in->end) {
		in->bytes[0] = END_OF_FILE;
		in->start = 0;
		in->end = 1;
		in->from = -1;
	}
}

static short wants_input(const struct flow *flow)
{
	return !flow->is_ended && flow->start == flow->end ? POLLIN : 0;
}

static short wants_output(const struct flow *flow)
{
	return flow->start < flow->end ? POLLOUT : 0;
}

/* One round; true when the command has ended. */
static bool turn(struct session *s)
{
	struct pollfd fds[] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = s->joined->pidfd, .events = POLLIN },
		{ .fd = wants_input(&s->in) ? s->in.from : -1, .events = POLLIN },
		{ .fd = s->joined->terminal, .events = (short)(wants_input(&s->out) | wants_output(&s->in)) },
		{ .fd = wants_output(&s->out) ? s->out.to : -1, .events = POLLOUT },
	};

	/* A closed terminal reports a hang-up for ever: it is done with. */
	if (!fds[3].events)
		fds[3].fd = -1;
	if (poll(fds, hp_array_size(fds), -1) < 0)
		return false;
	if (fds[0].revents)
		handle_signal(s);
	if (fds[2].revents)
		fill(&s->in);
	pass_end_of_input(&s->in);
	if (fds[3].revents & (POLLIN | POLLHUP | POLLERR))
		fill(&s->out);
	if (fds[3].revents & (POLLOUT | POLLHUP | POLLERR) && wants_output(&s->in))
		drain(&s->in);
	if (fds[4].revents)
		drain(&s->out);
	return fds[1].revents != 0;
}

/* What the command wrote before it ended; what its background children write later is lost, as with ssh. */
static void flush_terminal(struct session *s)
{
	do {
		while (s->out.start < s->out.end) {
			struct pollfd ready = { .fd = s->out.to, .events = POLLOUT };

			if (poll(&ready, 1, -1) < 0 && errno != EINTR)
				return;
			drain(&s->out);
		}
		if (!s->out.is_ended)
			fill(&s->out);
	} while (s->out.start < s->out.end);
}

static int collect(const struct hp_joined *joined, struct hp_err *err)
{
	int status;

	while (waitpid(joined->pid, &status, 0) < 0)
		if (errno != EINTR) {
			hp_err_errno(err, errno, "waiting for process %d", joined->pid);
			return -1;
		}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int session_run(const struct hp_joined *joined, struct hp_err *err)
{
	static struct session s;
	sigset_t set;

	s = (struct session){ .joined = joined };
	s.in.from = joined->terminal >= 0 ? STDIN_FILENO : -1;
	s.in.to = s.out.from = joined->terminal;
	s.out.to = STDOUT_FILENO;
	s.in.is_ended = s.out.is_ended = joined->terminal < 0;
	handled_signals(&set);
	s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signals < 0) {
		hp_err_errno(err, errno, "signalfd");
		return -1;
	}
	s.is_raw = joined->terminal >= 0 && tcgetattr(STDIN_FILENO, &s.saved) == 0;
	set_raw(&s);
	while (!turn(&s))
		;
	if (joined->terminal >= 0)
		flush_terminal(&s);
	if (s.is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &s.saved);
	close(s.signals);
	return collect(joined, err);
}
