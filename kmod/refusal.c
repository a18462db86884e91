// SPDX-License-Identifier: GPL-2.0
/* refusal.c: keeps the text of a refusal alive until its ack has been sent. */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hostpart.h"

/*
 * An extended ack only points at its text, and netlink copies it after our
 * handler has returned; 6.1 has no buffer in the ack itself and the one of 6.12
 * cuts a text with two domain names short.  A task handles one netlink message
 * at a time, so a buffer that belongs to (socket, task) is free again when the
 * same task comes back on the same socket.  It goes with the socket.
 */
struct kept_text {
	struct list_head node;
	u32 portid;
	const struct task_struct *task;	/* compared, never followed */
	char text[HP_REFUSAL_LEN];
};

#define KEPT_LIMIT	256

static DEFINE_MUTEX(kept_lock);
static LIST_HEAD(kept_texts);		/* kept_lock */
static unsigned int kept_count;		/* kept_lock */

int hp_refuse(struct hp_refusal *why, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return error;
}

static struct kept_text *find_or_add(u32 portid)
{
	struct kept_text *kept;

	lockdep_assert_held(&kept_lock);
	list_for_each_entry(kept, &kept_texts, node)
		if (kept->portid == portid && kept->task == current)
			return kept;
	if (kept_count >= KEPT_LIMIT)
		return NULL;
	kept = kzalloc(sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return NULL;
	kept->portid = portid;
	kept->task = current;
	list_add(&kept->node, &kept_texts);
	kept_count++;
	return kept;
}

void hp_refusal_report(const struct hp_refusal *why, struct genl_info *info)
{
	struct kept_text *kept;

	if (!info->extack)
		return;
	if (why->attr)
		NL_SET_BAD_ATTR(info->extack, why->attr);
	if (!why->text[0])
		return;
	mutex_lock(&kept_lock);
	kept = find_or_add(info->snd_portid);
	if (kept)
		strscpy(kept->text, why->text, sizeof(kept->text));
	mutex_unlock(&kept_lock);
	if (kept)
		info->extack->_msg = kept->text;
	else
		NL_SET_ERR_MSG(info->extack, "refused, no memory left to say why");
}

static void drop_texts(u32 portid, bool all)
{
	struct kept_text *kept, *next;

	mutex_lock(&kept_lock);
	list_for_each_entry_safe(kept, next, &kept_texts, node) {
		if (!all && kept->portid != portid)
			continue;
		list_del(&kept->node);
		kfree(kept);
		kept_count--;
	}
	mutex_unlock(&kept_lock);
}

void hp_refusal_forget(u32 portid)
{
	drop_texts(portid, false);
}

void hp_refusal_exit(void)
{
	drop_texts(0, true);
}
