/* SPDX-License-Identifier: GPL-2.0 */
/* genetlink.h: the names that the module's own header mentions; nothing behind them runs here. */
#ifndef HP_FUZZ_GENETLINK_H
#define HP_FUZZ_GENETLINK_H

#include <net/netlink.h>

struct genl_family;
struct genl_info {
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
	u32 snd_portid;
};
const struct genl_info *genl_info_dump(struct netlink_callback *cb);

#endif
