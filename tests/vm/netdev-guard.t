#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# netdev-guard.t: claimed network ports are put into their domain's namespace under their name, and kept there.
# kernels: 6.1 6.12
# boot: guards
# testbed: --cpus 4 --memory 2GiB --append slub_debug=FZPU --append memhp_default_state=offline --qemu -m --qemu 2048M,slots=1,maxmem=4G --qemu -object --qemu memory-backend-ram,id=dimm0,size=256M --qemu -device --qemu pc-dimm,id=plugged,memdev=dimm0,node=0
# timeout: 300
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/pci.sh
. "$(dirname "$0")/pci.sh"

work=$(mktemp -d)
on_exit rm -rf "$work"
on_exit rmmod hostpart
on_exit $kctl release
on_exit ip netns del alpha
on_exit ip netns del beta

nic=0000:01:00.0 nic2=0000:02:00.0 virtio=0000:00:0a.0
alpha="domain alpha active
pci alpha $nic port lan0"
beta="domain beta active
pci beta $virtio port mgmt0"
# TABLE [DOMAIN]...: with the namespaces of these domains.
commit_in() { local table=$1 name words=(); shift; for name; do words+=("$name=/run/netns/$name"); done; $kctl commit "${words[@]}" <<< "$table" > /dev/null; }
has() { ip -n "$1" -o link show dev "$2"; }		# NAMESPACE PORT
ports() { ip ${1:+-n "$1"} -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | xargs; }	# [NAMESPACE]
mac_of() { ip ${2:+-n "$2"} -o link show dev "$1" | sed 's/.*ether \([^ ]*\).*/\1/'; }
host_port() { basename "$(echo "$pci/$1"/net/*)"; }	# of a function whose port is in the initial namespace

modprobe -a e1000e virtio_net
ok "the module loads" modprobe hostpart
is "the port guard is in force" "$(($($kctl info | sed -n 's/^guards=//p') & 8))" 8
ip netns add alpha
ip netns add beta
was=$(host_port $nic) mac=$(mac_of "$(host_port $nic)")
other=$(host_port $nic2)

phase delivery
mark
commit_in "$alpha" alpha
eventually 10 "a claimed port appears in its domain's namespace under its name" has alpha lan0
is "it is that port" "$(mac_of lan0 alpha)" "$mac"
not_ok "the initial namespace has it no more" ip link show dev "$was"
is "the commit's own doing is no drift" "$(events_since port-moved-back port-renamed-back)" ""
ok "an unclaimed port moves freely" ip link set "$other" netns beta
ok "and back" ip -n beta link set "$other" netns 1
ip -n alpha addr add 10.11.12.13/24 dev lan0
ip -n alpha link set lan0 mtu 1400 up
like "addresses, MTU and state are the domain's business" "$(sleep 1; ip -n alpha -o addr show dev lan0)" '10\.11\.12\.13/24'
is "so far nothing was told" "$(events_since port-moved-back port-renamed-back)" ""

phase breaches
mark
ok "root in the namespace can push the port out" ip -n alpha link set lan0 netns 1
eventually 10 "it comes back under its name" has alpha lan0
like "that is told with who did it" "$(events_since port-moved-back)" \
	"pid=[0-9]+ comm=ip .* domain=alpha pci=$nic port=lan0 "
ip link set "$other" name lan0
ip -n alpha link set lan0 netns beta
eventually 10 "it comes back from a third namespace" has alpha lan0
ip link set lan0 name "$other"
ip -n alpha addr add 10.11.12.13/24 dev lan0
ip -n alpha link set lan0 up
mark
# 6.1 renames no device that is up; there it may have its name again before it is up again.
if ip -n alpha link set lan0 name evil 2> /dev/null; then was_up=1; else
	was_up=''
	printf 'link set lan0 down\nlink set lan0 name evil\nlink set evil up\n' | ip -n alpha -batch - 2> /dev/null && was_up=1
fi
eventually 10 "a renamed port has its name again" has alpha lan0
like "that is told with who did it and what it was called" "$(events_since port-renamed-back)" \
	"comm=ip .* domain=alpha pci=$nic port=lan0 .*reason=was called evil"
like "it kept its address" "$(ip -n alpha -o addr show dev lan0)" '10\.11\.12\.13/24'
[ -n "$was_up" ] || ip -n alpha link set lan0 up
eventually 5 "and is up" eval 'ip -n alpha link show dev lan0 | grep -q ",UP\|<UP"'
mark
for ((i = 0; i < 30; i++)); do
	ip -n alpha link set lan0 netns 1 2> /dev/null
	ip link set lan0 name "gone$i" 2> /dev/null
done
eventually 20 "after 30 rounds of a fight it is where it belongs" has alpha lan0
sleep 1
ok "and stays there" has alpha lan0
not_ok "nothing of it is left outside" eval "ip -o link | grep -q '$mac'"
count=$(events_since port-moved-back port-renamed-back | wc -l)
ok "the events of it are limited ($count)" test "$count" -ge 1 -a "$count" -le 45

phase names that are taken
$kctl release > /dev/null
ip -n alpha link set lan0 netns 1 2> /dev/null
ip link set lan0 name taken0
ip -n alpha link add lan0 type dummy
ip -n alpha link add taken0 type dummy
mark
commit_in "$alpha" alpha
eventually 10 "a port whose names are taken gets another" eval 'ports alpha | grep -q hpport0'
is "it is that port" "$(mac_of hpport0 alpha)" "$mac"
eventually 5 "that is told" eval 'events_since port-renamed-back | grep -q error=EEXIST'
like "with what it cannot be called" "$(events_since port-renamed-back)" "domain=alpha pci=$nic port=hpport0 .*error=EEXIST reason=cannot be called lan0"
sleep 4
is "once" "$(events_since port-renamed-back | wc -l)" 1
ip -n alpha link del lan0
eventually 15 "when the name is free again it gets it" has alpha lan0
ip -n alpha link del taken0

phase other parents
commit_in "$alpha"$'\n'"$beta" alpha beta
eventually 10 "a virtio port, whose parent is no function, is found too" has beta mgmt0
replug $nic
eventually 20 "a port that is plugged in goes straight to its domain" has alpha lan0

phase the end of a namespace
mark
ip netns del alpha
eventually 10 "when the namespace dies, the port's function is parked" driver_is $nic hostpart
is "nothing of it is left in the initial namespace" "$(ip -o link | grep -c "$mac")" 0
eventually 5 "that is told" eval 'events_since port-parked | grep -q .'
like "with the domain" "$(events_since port-parked)" "domain=alpha pci=$nic port="
ip netns add alpha
commit_in "$alpha"$'\n'"$beta" alpha beta
eventually 10 "with a new namespace the port is back" has alpha lan0
is "a port that the guard never took from its driver was not parked" "$(events_since port-parked | grep -c "$virtio")" 0
$kctl release > /dev/null
eventually 10 "after a release a port that was parked is the machine's again" eval 'ip -o link | grep -q "$mac"'
ok "one that never left its driver moves freely" ip -n beta link set mgmt0 netns 1
sleep 1
ok "and stays there" ip link show dev mgmt0
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(complaints)" ""
