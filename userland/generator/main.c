// SPDX-License-Identifier: GPL-2.0
/*
 * main.c: hostpart-generator: systemd's generator that makes hostpart.target want the unit of each autostarted domain.
 *
 * usage: hostpart-generator NORMAL-DIR EARLY-DIR LATE-DIR
 *
 * systemd.generator(7) says when it runs: so early that nothing can be asked but
 * the policy's text. A policy that is missing or bad is partd's to report.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "policy/hp_policy.h"

#define POLICY_FILE "/etc/hostpart/policy.yaml"
#define UNIT "hostpart-domain@"

static int want(const char *dir, const char *domain, struct hp_err *err)
{
	hp_autofree char *link = hp_format("%s/" UNIT "%s.service", dir, domain);

	if (!link)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (symlink("../" UNIT ".service", link) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "%s", link);
	return 0;
}

static int want_autostarted(const struct hp_policy *policy, const char *dir, struct hp_err *err)
{
	int ret = 0;

	for (size_t i = 0; i < policy->domains_count && !ret; i++) {
		if (!policy->domains[i].autostart)
			continue;
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return hp_err_errno(err, errno, "%s", dir);
		ret = want(dir, policy->domains[i].name, err);
	}
	return ret;
}

int main(int argc, char **argv)
{
	hp_autopolicy *policy = NULL;
	hp_autofree char *dir = NULL;
	hp_autofree char *text = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (argc != 4) {
		fprintf(stderr, "hostpart-generator is started by systemd, not by hand\n");
		return HP_EXIT_USAGE;
	}
	dir = hp_format("%s/hostpart.target.wants", argv[1]);
	if (!dir)
		return HP_EXIT_FAIL;
	if (hp_policy_read(POLICY_FILE, &text, NULL) || hp_policy_parse(POLICY_FILE, text, &policy, NULL))
		return HP_EXIT_OK;
	if (want_autostarted(policy, dir, &err) == 0)
		return HP_EXIT_OK;
	fprintf(stderr, "hostpart-generator: %s\n", err.text ? err.text : "out of memory");
	return HP_EXIT_FAIL;
}
