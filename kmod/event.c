// SPDX-License-Identifier: GPL-2.0
/* event.c: keeps the last events in a ring while it multicasts each. */
#include <linux/cgroup.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "hostpart.h"

static DEFINE_SPINLOCK(ring_lock);
static struct hp_event ring[HP_EVENT_RING];	/* ring_lock; event n is at (n - 1) % size */
static u64 last_seq;				/* ring_lock */
static u64 unsent_count;			/* ring_lock */
static bool multicast_is_on;			/* ring_lock */

#define EVENT_BYTES	(nla_total_size(0) +			/* HP_A_EVENT */ \
			 4 * nla_total_size_64bit(sizeof(u64)) +		 \
			 14 * nla_total_size(sizeof(u32)) +			 \
			 nla_total_size(HP_COMM_MAX) +				 \
			 nla_total_size(HP_DOMAIN_NAME_MAX + 1) +		 \
			 nla_total_size(IFNAMSIZ) +				 \
			 nla_total_size(HP_REASON_MAX + 1))

/* A kernel thread acts for somebody who is not known here. */
void hp_actor_set_current(struct hp_actor_info *actor)
{
	memset(actor, 0, sizeof(*actor));
	if (current->flags & PF_KTHREAD)
		return;
	actor->kind = HP_ACTOR_TASK;
	actor->pid = task_tgid_nr(current);
	strscpy(actor->comm, current->comm, sizeof(actor->comm));
#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	actor->cgroup_id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
}

static int put_actor(struct sk_buff *skb, const struct hp_actor_info *actor)
{
	if (nla_put_u32(skb, HP_EVENT_A_ACTOR, actor->kind))
		return -EMSGSIZE;
	if (actor->kind != HP_ACTOR_TASK)
		return 0;
	if (nla_put_u32(skb, HP_EVENT_A_PID, actor->pid) ||
	    nla_put_string(skb, HP_EVENT_A_COMM, actor->comm) ||
	    nla_put_u64_64bit(skb, HP_EVENT_A_CGROUP_ID, actor->cgroup_id, HP_EVENT_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_pci(struct sk_buff *skb, const struct hp_event *event)
{
	return nla_put_u32(skb, HP_EVENT_A_PCI_SEGMENT, event->pci.segment) ||
	       nla_put_u32(skb, HP_EVENT_A_PCI_BUS, event->pci.bus) ||
	       nla_put_u32(skb, HP_EVENT_A_PCI_DEVICE, event->pci.device) ||
	       nla_put_u32(skb, HP_EVENT_A_PCI_FUNCTION, event->pci.function);
}

static bool is_about_irq(const struct hp_event *event)
{
	return event->type == HP_EVENT_IRQ_MOVED_BACK || event->type == HP_EVENT_IRQ_UNMOVABLE;
}

/* What the guards tell beside the claim. */
static int put_details(struct sk_buff *skb, const struct hp_event *event)
{
	if (is_about_irq(event) && nla_put_u32(skb, HP_EVENT_A_IRQ, event->irq))
		return -EMSGSIZE;
	if (event->port[0] && nla_put_string(skb, HP_EVENT_A_PORT, event->port))
		return -EMSGSIZE;
	if (event->type == HP_EVENT_MEMORY_OFFLINE_VETO &&
	    nla_put_u32(skb, HP_EVENT_A_NODE, event->node))
		return -EMSGSIZE;
	if (event->error && nla_put_u32(skb, HP_EVENT_A_ERROR, event->error))
		return -EMSGSIZE;
	if (event->reason[0] && nla_put_string(skb, HP_EVENT_A_REASON, event->reason))
		return -EMSGSIZE;
	return 0;
}

/* These tell of a whole table. */
static bool has_counts(const struct hp_event *event)
{
	return event->type == HP_EVENT_COMMIT || event->type == HP_EVENT_RELEASE ||
	       event->type == HP_EVENT_SEAL || event->type == HP_EVENT_BOOT_POLICY;
}

static int put_subject(struct sk_buff *skb, const struct hp_event *event)
{
	if (event->domain[0] && nla_put_string(skb, HP_EVENT_A_DOMAIN, event->domain))
		return -EMSGSIZE;
	if (event->resource && nla_put_u32(skb, HP_EVENT_A_RESOURCE, event->resource))
		return -EMSGSIZE;
	if (event->resource == HP_CLAIM_CPU && nla_put_u32(skb, HP_EVENT_A_CPU, event->cpu))
		return -EMSGSIZE;
	if (event->resource == HP_CLAIM_PCI && put_pci(skb, event))
		return -EMSGSIZE;
	if (!has_counts(event))
		return 0;
	if (nla_put_u32(skb, HP_EVENT_A_DOMAIN_COUNT, event->domain_count) ||
	    nla_put_u32(skb, HP_EVENT_A_CLAIM_COUNT, event->claim_count))
		return -EMSGSIZE;
	return 0;
}

int hp_event_put(struct sk_buff *skb, const struct hp_event *event)
{
	struct nlattr *nest = nla_nest_start(skb, HP_A_EVENT);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, HP_EVENT_A_SEQ, event->seq, HP_EVENT_A_PAD) ||
	    nla_put_u64_64bit(skb, HP_EVENT_A_TIME_NS, event->time_ns, HP_EVENT_A_PAD) ||
	    nla_put_u32(skb, HP_EVENT_A_TYPE, event->type) ||
	    nla_put_u64_64bit(skb, HP_EVENT_A_GENERATION, event->generation, HP_EVENT_A_PAD) ||
	    put_actor(skb, &event->actor) || put_subject(skb, event) ||
	    put_details(skb, event)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fill(struct sk_buff *skb, const struct hp_event *event)
{
	void *hdr = genlmsg_put(skb, 0, 0, &hp_genl_family, 0, HP_CMD_EVENT);

	if (!hdr || hp_event_put(skb, event))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/* Sent under the lock, so that listeners see the order of the numbers. */
static void multicast(struct sk_buff *skb, const struct hp_event *event)
{
	lockdep_assert_held(&ring_lock);
	if (!multicast_is_on) {
		nlmsg_free(skb);
		return;
	}
	if (!skb || WARN_ON_ONCE(fill(skb, event))) {
		nlmsg_free(skb);
		unsent_count++;
		return;
	}
	/* Nobody listening is fine; a listener too slow is told so by its own socket. */
	genlmsg_multicast(&hp_genl_family, skb, 0, 0, GFP_ATOMIC);
}

void hp_event_emit(const struct hp_event *event, gfp_t gfp)
{
	struct sk_buff *skb = genlmsg_new(EVENT_BYTES, gfp);
	struct hp_event *kept;

	spin_lock_bh(&ring_lock);
	kept = &ring[last_seq % HP_EVENT_RING];
	*kept = *event;
	kept->seq = ++last_seq;
	kept->time_ns = ktime_get_boottime_ns();
	multicast(skb, kept);
	spin_unlock_bh(&ring_lock);
}

bool hp_event_get(u64 seq, struct hp_event *event)
{
	bool found = false;
	u64 oldest;

	spin_lock_bh(&ring_lock);
	oldest = last_seq > HP_EVENT_RING ? last_seq - HP_EVENT_RING + 1 : 1;
	seq = max(seq, oldest);
	if (seq <= last_seq) {
		*event = ring[(seq - 1) % HP_EVENT_RING];
		found = true;
	}
	spin_unlock_bh(&ring_lock);
	return found;
}

void hp_event_counts(u64 *seq, u64 *unsent)
{
	spin_lock_bh(&ring_lock);
	*seq = last_seq;
	*unsent = unsent_count;
	spin_unlock_bh(&ring_lock);
}

void hp_event_set_multicast(bool is_on)
{
	spin_lock_bh(&ring_lock);
	multicast_is_on = is_on;
	spin_unlock_bh(&ring_lock);
}
