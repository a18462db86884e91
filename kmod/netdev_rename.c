// SPDX-License-Identifier: GPL-2.0
/* netdev_rename.c: gives a network device a name, by the kernel's own rtnetlink interface. */
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include "netdev_guard.h"

/*
 * dev_change_name() is not for modules, and __dev_change_net_namespace() renames
 * only on a clash.  A request like that of "ip link set" is handled at once, in
 * the sender's context, and keeps the device's addresses.
 */
struct rename_request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct nlattr attr;
	char name[IFNAMSIZ];
};

struct rename_reply {
	struct nlmsghdr head;
	struct nlmsgerr error;
};

static int send_request(struct socket *sock, int ifindex, const char *name)
{
	size_t length = strlen(name) + 1;
	struct rename_request request = {
		.head = {
			.nlmsg_len = offsetof(struct rename_request, name) + NLA_ALIGN(length),
			.nlmsg_type = RTM_SETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex },
		.attr = { .nla_len = NLA_HDRLEN + length, .nla_type = IFLA_IFNAME },
	};
	struct kvec part = { .iov_base = &request, .iov_len = request.head.nlmsg_len };
	/* With an address the sender's own capabilities count, not those of a file it has not. */
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr message = { .msg_name = &kernel, .msg_namelen = sizeof(kernel) };
	int sent;

	strscpy(request.name, name, sizeof(request.name));
	sent = kernel_sendmsg(sock, &message, &part, 1, part.iov_len);
	return min(sent, 0);
}

/* The answer is there when the request has been sent. */
static int read_reply(struct socket *sock)
{
	struct rename_reply reply;
	struct kvec part = { .iov_base = &reply, .iov_len = sizeof(reply) };
	struct msghdr message = {};
	int got = kernel_recvmsg(sock, &message, &part, 1, sizeof(reply), MSG_DONTWAIT);

	if (got < 0)
		return got;
	if (got < (int)sizeof(reply) || reply.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return reply.error.error;
}

static int request_name(struct net *net, int ifindex, const char *name)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(net, PF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock);
	if (err)
		return err;
	err = send_request(sock, ifindex, name);
	if (!err)
		err = read_reply(sock);
	sock_release(sock);
	return err;
}

/* Whether it was up. */
static bool take_down(struct net *net, int ifindex)
{
	struct net_device *dev;
	bool was_up;

	rtnl_lock();
	dev = __dev_get_by_index(net, ifindex);
	was_up = dev && dev->flags & IFF_UP;
	if (was_up)
		dev_close(dev);
	rtnl_unlock();
	return was_up;
}

static void take_up(struct net *net, int ifindex)
{
	struct net_device *dev;

	rtnl_lock();
	dev = __dev_get_by_index(net, ifindex);
	if (dev && dev_open(dev, NULL))
		pr_notice("hostpart: %s stays down after its renaming\n", dev->name);
	rtnl_unlock();
}

/* Before 6.2 a device that is up cannot be renamed. */
int hp_netdev_rename(struct net *net, int ifindex, const char *name)
{
	int err = request_name(net, ifindex, name);
	bool was_up;

	if (err != -EBUSY)
		return err;
	was_up = take_down(net, ifindex);
	err = request_name(net, ifindex, name);
	if (was_up)
		take_up(net, ifindex);
	return err;
}
