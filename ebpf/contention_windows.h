/* SPDX-License-Identifier: GPL-2.0 */
/* contention_windows.h: how lost time is dealt to the windows of the contention rate; pure, for BPF and user space. */
#ifndef CONTENTION_WINDOWS_H
#define CONTENTION_WINDOWS_H

#include "contention_math.h"

#define HP_WINDOW_TRIES 8	/* other processors may write the same word */

/* What became of one share of a loss; 0 = it was added. Bits, so that sums of them cost the verifier nothing. */
#define HP_WINDOW_CROSSED 1u	/* and now more than the limit is lost in that window */
#define HP_WINDOW_LOST 2u	/* a newer window has taken its word, or others were always faster */

hp_global int hp_window_add(struct hp_windows *windows, __u64 window, __u64 lost_ns)
{
	__u64 before, was, sum, *word;

	if (!windows)
		return HP_WINDOW_LOST;
	word = &windows->words[window & (HP_WINDOWS - 1)];
	for (int i = 0; i < HP_WINDOW_TRIES; i++) {
		before = *(volatile __u64 *)word;
		if (before && (__s32)((__u32)window - (__u32)(before >> 32)) < 0)
			return HP_WINDOW_LOST;
		was = (before >> 32) == (window & 0xffffffff) ? before & 0xffffffff : 0;
		sum = was + lost_ns > 0xffffffff ? 0xffffffff : was + lost_ns;
		if (__sync_val_compare_and_swap(word, before, window << 32 | sum) == before)
			return was <= windows->limit_ns && sum > windows->limit_ns ? HP_WINDOW_CROSSED : 0;
	}
	return HP_WINDOW_LOST;
}

/* A loss on its way back through the windows. */
struct hp_deal {
	const struct hp_history *history;
	struct hp_windows *windows;
	__u64 victim;
	__u64 window;		/* the one to deal to next */
	__u64 first;		/* the one in which the wait began */
	__u64 end_ns;		/* dealt is what comes after it */
	__u64 row;		/* who had the processor until end_ns */
	__u64 taken_ns;		/* by others than the victim, until end_ns */
	__u64 left_ns;
	__u64 crossed;		/* windows that were taken over the limit */
	__u64 lost;		/* not 0 when a share could not be dealt */
};

static __always_inline void hp_deal_share(struct hp_deal *deal, __u64 share_ns)
{
	__u64 result;

	if (!share_ns)
		return;
	result = (__u32)hp_window_add(deal->windows, deal->window, share_ns);
	deal->crossed += result & HP_WINDOW_CROSSED;
	deal->lost += result & HP_WINDOW_LOST;
	deal->left_ns -= share_ns;
}

/* Deals to one window. 1 = stop. For bpf_loop(). */
static long hp_deal_step(__u32 step, void *context)
{
	struct hp_deal *deal = context;
	const struct hp_border *border = &deal->history->borders[deal->window & (HP_WINDOWS - 1)];
	__u64 begin_ns = deal->window * HP_WINDOW_NS, share = 0, taken;

	(void)step;
	if (deal->window <= deal->first) {
		hp_deal_share(deal, deal->left_ns);
		return 1;
	}
	if (border->window == deal->window) {
		taken = hp_taken(border->domains_ns, border->used_ns, deal->victim);
		share = deal->taken_ns - taken;
		deal->taken_ns = taken;
		deal->row = border->row;
	} else if (deal->row != deal->victim && hp_row_is_domain(deal->row)) {
		/* Nobody came or went in it. */
		share = deal->end_ns - begin_ns;
		deal->taken_ns -= share;
	}
	hp_deal_share(deal, share < deal->left_ns ? share : deal->left_ns);
	deal->end_ns = begin_ns;
	deal->window--;
	return 0;
}

/*
 * Deals wait->lost_ns to the windows in which it was lost: from the newest
 * back, each gets what others took of the processor from its border on, the
 * first what is left. The shares add up to lost_ns unless deal->lost is set.
 * deal is filled in here. To be called before the history goes on.
 */
static __always_inline void hp_windows_deal(const struct hp_history *history, const struct hp_wait *wait,
					    struct hp_windows *windows, struct hp_deal *deal)
{
	__u64 row = history->row;

	*deal = (struct hp_deal){
		.history = history, .windows = windows, .victim = wait->victim, .row = row,
		.window = (wait->until_ns - 1) / HP_WINDOW_NS, .first = wait->from_ns / HP_WINDOW_NS,
		.end_ns = wait->until_ns, .left_ns = wait->lost_ns,
		.taken_ns = hp_taken(history->domains_ns, history->used_ns, wait->victim),
	};
	if (deal->window == deal->first) {
		hp_deal_share(deal, wait->lost_ns);
		return;
	}
	/* The stretch that lasts has not been added up yet. */
	if (row != wait->victim && hp_row_is_domain(row) && wait->until_ns > history->since_ns)
		deal->taken_ns += wait->until_ns - history->since_ns;
	hp_loop(HP_WINDOWS - 1, hp_deal_step, deal);
	deal->lost |= deal->left_ns;
}

#endif
