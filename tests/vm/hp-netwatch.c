// SPDX-License-Identifier: GPL-2.0
/* hp-netwatch.c: prints network events, one a line, for tests. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <linux/netfilter.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"
#include "net/hp_netwatch.h"

static void print(const struct hp_net_event *e)
{
	printf("%s", hp_net_event_words[e->kind]);
	if (e->kind == HP_NET_LINK_CHANGED || e->kind == HP_NET_LINK_GONE)
		printf(" %s parent=%s %s%s", e->link.name, e->link.parent, e->link.flags & IFF_UP ? "up" : "down",
		       e->has_moved ? " moved" : "");
	else
		printf(" %s %s pid=%d comm=%s", e->table, e->chain, e->pid, e->comm);
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autonetwatch *watch = NULL;
	hp_autofd int fd = HP_NETNS_OWN;
	struct hp_net_event event;
	int rc = 0;

	if (argc < 3 || (strcmp(argv[1], "table") && strcmp(argv[1], "links"))) {
		fputs("usage: hp-netwatch table NAME | hp-netwatch links own|NETNS_FILE\n", stderr);
		return 2;
	}
	if (!strcmp(argv[1], "links") && strcmp(argv[2], "own"))
		fd = hp_netns_open(argv[2], &err);
	if (!hp_err_is_set(&err))
		watch = !strcmp(argv[1], "links") ? hp_netwatch_links(fd, &err)
						  : hp_netwatch_table(HP_NETNS_OWN, NFPROTO_INET, argv[2], &err);
	if (watch)
		puts("watching");
	fflush(stdout);
	while (watch && rc >= 0) {
		struct pollfd pfd = { .fd = hp_netwatch_fd(watch), .events = POLLIN };

		poll(&pfd, 1, -1);
		while ((rc = hp_netwatch_read(watch, &event, &err)) > 0)
			print(&event);
	}
	fprintf(stderr, "hp-netwatch: %s\n", err.text ? err.text : "failed without a reason");
	return 1;
}
