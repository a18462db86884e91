// SPDX-License-Identifier: GPL-2.0
/* registry_txn.c: the transactions open now, each owned by one netlink socket. */
#include <linux/list.h>
#include <linux/slab.h>

#include "hostpart.h"

struct hp_txn {
	struct list_head node;
	u32 portid;
	struct hp_table *table;
};

static LIST_HEAD(open_txns);		/* hp_registry_lock */
static unsigned int open_count;		/* hp_registry_lock */

static struct hp_txn *find(u32 portid)
{
	struct hp_txn *txn;

	lockdep_assert_held(&hp_registry_lock);
	list_for_each_entry(txn, &open_txns, node)
		if (txn->portid == portid)
			return txn;
	return NULL;
}

int hp_txn_begin(u32 portid, struct hp_refusal *why)
{
	struct hp_txn *txn;

	if (find(portid))
		return hp_refuse(why, -EBUSY, "a transaction is already open on this socket");
	if (open_count >= HP_TXN_LIMIT)
		return hp_refuse(why, -ENOSPC, "%u transactions are open, no more fit", open_count);
	txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);
	if (!txn)
		return -ENOMEM;
	txn->table = hp_table_new();
	if (!txn->table) {
		kfree(txn);
		return -ENOMEM;
	}
	txn->portid = portid;
	list_add(&txn->node, &open_txns);
	WRITE_ONCE(open_count, open_count + 1);
	return 0;
}

struct hp_table *hp_txn_table(u32 portid)
{
	struct hp_txn *txn = find(portid);

	return txn ? txn->table : NULL;
}

struct hp_table *hp_txn_close(u32 portid)
{
	struct hp_txn *txn = find(portid);
	struct hp_table *table;

	if (!txn)
		return NULL;
	table = txn->table;
	list_del(&txn->node);
	WRITE_ONCE(open_count, open_count - 1);
	kfree(txn);
	return table;
}

void hp_txn_forget(u32 portid)
{
	/*
	 * Every closing generic netlink socket of the machine comes by: do not
	 * make it wait for a commit.  A socket's own transaction is visible to it.
	 */
	if (!READ_ONCE(open_count))
		return;
	mutex_lock(&hp_registry_lock);
	hp_table_free(hp_txn_close(portid));
	mutex_unlock(&hp_registry_lock);
}

void hp_txn_exit(void)
{
	struct hp_txn *txn, *next;

	mutex_lock(&hp_registry_lock);
	list_for_each_entry_safe(txn, next, &open_txns, node)
		hp_table_free(hp_txn_close(txn->portid));
	mutex_unlock(&hp_registry_lock);
}
