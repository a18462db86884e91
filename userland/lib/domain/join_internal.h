/* SPDX-License-Identifier: GPL-2.0 */
/* join_internal.h: what the two sides of a join tell each other. */
#ifndef JOIN_INTERNAL_H
#define JOIN_INTERNAL_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>
#include "base/hp_err.h"
#include "domain/hp_domain.h"
#include "domain/hp_join.h"

/* Who the command runs as; looked up before anything is entered. */
struct join_user {
	char *name, *home, *shell;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int groups_count;
};

int join_user_find(const char *name, struct join_user *user, struct hp_err *err);
void join_user_clear(struct join_user *user);
/* The command's environment, NULL-terminated; free with join_env_free(). */
char **join_env(const struct hp_join *join, const struct join_user *user);
void join_env_free(char **env);

/* Everything the joining process needs, gathered before it is forked. */
struct join_plan {
	const struct hp_join *join;
	const struct hp_domain *domain;
	const struct join_user *user;
	const char *leaf;
	char **env;
	char **argv;		/* argv[0] may differ from program: a login shell */
	const char *program;
	bool has_modes;		/* the caller has a terminal: modes and size are its */
	struct termios modes;
	struct winsize size;
};

/* Messages on the socket, one per packet. */
enum join_word {
	JOIN_STARTED,		/* pid; the terminal's master side comes along */
	JOIN_FAILED,		/* status and text */
};

struct join_message {
	enum join_word word;
	pid_t pid;
	int status;
	char text[1024];
};

/* The forked process: joins, starts the command as its own sibling, leaves. */
__attribute__((noreturn)) void join_child(const struct join_plan *plan, int socket);

#endif
