// SPDX-License-Identifier: GPL-2.0
/* join_user.c: who a joined command runs as, and the environment that goes with it. */
#include "domain/join_internal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define ROOT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define USER_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

static const struct passwd *look_up(const char *name)
{
	const struct passwd *entry = getpwnam(name);
	unsigned long uid;
	char *end;

	if (entry)
		return entry;
	uid = strtoul(name, &end, 10);
	return *name && !*end ? getpwuid((uid_t)uid) : NULL;
}

static int find_groups(struct join_user *user)
{
	user->groups_count = 16;
	for (;;) {
		int room = user->groups_count;
		gid_t *grown = reallocarray(user->groups, (size_t)room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		user->groups = grown;
		if (getgrouplist(user->name, user->gid, user->groups, &user->groups_count) >= 0)
			return 0;
		if (user->groups_count <= room)
			user->groups_count = 2 * room;
	}
}

int join_user_find(const char *name, struct join_user *user, struct hp_err *err)
{
	const struct passwd *entry;

	errno = 0;
	entry = look_up(name ? name : "root");
	if (!entry && errno && errno != ENOENT && errno != ESRCH)
		return hp_err_errno(err, errno, "looking up user '%s'", name ? name : "root");
	if (!entry)
		return hp_err_usage(err, "no user '%s'", name ? name : "root");
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->name = strdup(entry->pw_name);
	user->home = strdup(entry->pw_dir && *entry->pw_dir ? entry->pw_dir : "/");
	user->shell = strdup(entry->pw_shell && *entry->pw_shell ? entry->pw_shell : "/bin/sh");
	if (!user->name || !user->home || !user->shell || find_groups(user))
		return hp_err_set(err, ENOMEM, "out of memory");
	return 0;
}

void join_user_clear(struct join_user *user)
{
	free(user->name);
	free(user->home);
	free(user->shell);
	free(user->groups);
	*user = (struct join_user){ 0 };
}

/* Grows a list of "VAR=VALUE"; a later value of the same variable replaces the earlier one. */
static bool set_variable(char ***env, size_t *count, const char *name, size_t name_len, const char *value)
{
	char **grown, *text;

	text = hp_format("%.*s=%s", (int)name_len, name, value);
	if (!text)
		return false;
	for (size_t i = 0; i < *count; i++) {
		if (strncmp((*env)[i], text, name_len + 1) == 0) {
			free((*env)[i]);
			(*env)[i] = text;
			return true;
		}
	}
	grown = reallocarray(*env, *count + 2, sizeof(**env));
	if (!grown) {
		free(text);
		return false;
	}
	*env = grown;
	grown[(*count)++] = text;
	grown[*count] = NULL;
	return true;
}

static bool is_passed_on(const char *variable)
{
	return strncmp(variable, "TERM=", 5) == 0 || strncmp(variable, "LANG=", 5) == 0 ||
	       strncmp(variable, "LC_", 3) == 0 || strncmp(variable, "TZ=", 3) == 0 ||
	       strncmp(variable, "COLORTERM=", 10) == 0;
}

static bool add_variables(char ***env, size_t *count, char *const *variables, bool only_passed_on)
{
	for (; variables && *variables; variables++) {
		const char *equals = strchr(*variables, '=');

		if (!equals || (only_passed_on && !is_passed_on(*variables)))
			continue;
		if (!set_variable(env, count, *variables, (size_t)(equals - *variables), equals + 1))
			return false;
	}
	return true;
}

char **join_env(const struct hp_join *join, const struct join_user *user)
{
	const struct { const char *name, *value; } own[] = {
		{ "HOME", user->home }, { "USER", user->name }, { "LOGNAME", user->name },
		{ "SHELL", user->shell }, { "PATH", user->uid == 0 ? ROOT_PATH : USER_PATH },
		{ "HOSTPART_DOMAIN", join->domain },
	};
	char **env = NULL;
	size_t count = 0;
	bool is_complete = true;

	for (size_t i = 0; i < hp_array_size(own) && is_complete; i++)
		is_complete = set_variable(&env, &count, own[i].name, strlen(own[i].name), own[i].value);
	if (is_complete && add_variables(&env, &count, environ, true) && add_variables(&env, &count, join->env, false))
		return env;
	join_env_free(env);
	return NULL;
}

void join_env_free(char **env)
{
	for (size_t i = 0; env && env[i]; i++)
		free(env[i]);
	free(env);
}
