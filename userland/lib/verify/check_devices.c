// SPDX-License-Identifier: GPL-2.0
/* check_devices.c: each node of a claimed function opens in its domain and nowhere else (tried, not read). */
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/hp_auto.h"

/* Tries every node of one function from where it runs; prints "name errno" for each. */
static void try_nodes(const void *arg, FILE *out)
{
	const struct hp_inv_pci *pci = arg;

	for (size_t i = 0; i < pci->devs_count; i++) {
		const struct hp_inv_dev *dev = &pci->devs[i];
		char path[] = "/tmp/.hostpart-verify-XXXXXX";
		hp_autofd int fd = -1;
		mode_t type = dev->kind == HP_DEV_BLOCK ? S_IFBLK : S_IFCHR;
		int result;

		if (dev->major < 0)
			continue;
		/* A node of our own: what /dev shows is not what guards. */
		close(mkstemp(path));
		unlink(path);
		if (mknod(path, type | 0600, makedev((unsigned int)dev->major, (unsigned int)dev->minor)) < 0) {
			fprintf(out, "%s mknod %d\n", dev->name, errno);
			continue;
		}
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		result = fd < 0 ? errno : 0;
		unlink(path);
		fprintf(out, "%s open %d\n", dev->name, result);
	}
	fprintf(out, "end 0\n");
}

struct verdicts {
	unsigned int opened, refused, other;
	char last[64];		/* name of the node that decided */
};

static bool read_verdicts(char *answer, struct verdicts *verdicts)
{
	char *save = NULL;
	bool ended = false;

	*verdicts = (struct verdicts){ 0 };
	for (char *line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[64], how[16];
		int result;

		if (strcmp(line, "end 0") == 0) {
			ended = true;
			continue;
		}
		if (sscanf(line, "%63s %15s %d", name, how, &result) != 3)
			continue;
		if (result == EPERM)
			verdicts->refused++;
		else if (result == 0 || strcmp(how, "open") == 0)
			verdicts->opened++;	/* the guard let it through: ENXIO or ENOMEDIUM are the driver's answer */
		else
			verdicts->other++;
		snprintf(verdicts->last, sizeof(verdicts->last), "%s", name);
	}
	return ended;
}

static bool has_nodes(const struct hp_inv_pci *pci)
{
	for (size_t i = 0; i < pci->devs_count; i++)
		if (pci->devs[i].major >= 0)
			return true;
	return false;
}

static void check_from(struct verify *verify, int owner, const struct hp_inv_pci *pci, int from)
{
	hp_autofree char *answer = NULL;
	struct verdicts verdicts;
	const char *who = verify_name(verify, from);

	if (verify_probe(verify, from, try_nodes, pci, &answer) < 0 || !answer || !read_verdicts(answer, &verdicts)) {
		verify_say(verify, owner, "device", HP_BROKEN, "%s: could not be tried from %s: %s", pci->bdf, who,
			   verify_why(answer));
		return;
	}
	if (from == owner) {
		bool opens = verdicts.opened && !verdicts.refused && !verdicts.other;

		verify_say(verify, owner, "device", opens ? HP_KEPT : HP_BROKEN, "%s: %u of %u nodes open in %s", pci->bdf,
			   verdicts.opened, verdicts.opened + verdicts.refused + verdicts.other, who);
	} else if (verdicts.opened || verdicts.other) {
		verify_say(verify, owner, "device", HP_BROKEN, "%s: %s can be opened from %s", pci->bdf, verdicts.last, who);
	} else {
		verify_say(verify, owner, "device", HP_KEPT, "%s: every node refused to %s, own mknod included", pci->bdf, who);
	}
}

void verify_devices(struct verify *verify)
{
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		const struct hp_assigned_domain *domain = &verify->assignment->domains[i];

		for (size_t p = 0; verify_wants(verify, i) && p < domain->pci_count; p++) {
			const struct hp_inv_pci *pci = &verify->inv->pci[domain->pci[p]];

			if (!has_nodes(pci))
				continue;
			for (int from = -1; from < (int)verify->policy->domains_count; from++)
				check_from(verify, (int)i, pci, from);
		}
	}
}
