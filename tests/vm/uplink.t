#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# uplink.t: uplinks of every kind, and a bound port, carry what is true, drop what is a lie, heal, and go without a trace.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 900
# testbed: --cpus 4 --memory 2GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/partd.sh
on_exit partctl -q teardown
frame=$PWD/tests/vm/frame.py

# The network outside: a router at the other end of cables that are the base's ports. Nothing else of the base changes:
# one of them has no IPv4 address and is down, one cannot put VLAN tags in by itself.
ip netns add far
for n in 0 1 2; do
	ip link add wan$n type veth peer name far$n netns far
	ip -n far link set far$n up
done
ethtool -K wan2 tx-vlan-hw-insert off > /dev/null
ip addr add 192.0.2.1/24 dev wan0
ip link set wan0 up
ip -n far addr add 192.0.2.254/24 dev far0
ip -n far addr add 2001:db8::fe/64 dev far0 nodad
ip -n far addr add 203.0.113.254/24 dev far1
for n in 0 2; do
	ip -n far link add link far$n name tag$n type vlan id 20
	ip -n far addr add 198.51.10$n.254/24 dev tag$n
	ip -n far link set tag$n up
done
# Somebody else in the base, who forwards without being told to the whole machine.
ip netns add box
ip link add box0 type veth peer name eth0 netns box
ip addr add 10.88.0.1/24 dev box0
ip link set box0 up
ip -n box addr add 10.88.0.2/24 dev eth0
ip -n box link set eth0 up
ip -n box route add default via 10.88.0.1
ip -n far route add 10.88.0.0/24 via 192.0.2.1
echo 1 > /proc/sys/net/ipv4/conf/box0/forwarding
nft -f - <<'END'
table ip theirs {
	chain forward { type filter hook forward priority 0; counter; }
	chain nat { type nat hook postrouting priority 100; ip saddr 203.0.113.77 masquerade; }
}
END
theirs() { nft -s list table ip theirs; }

# What arrives outside, by the UDP port that frame.py uses and by the sender's MAC, before anything could refuse it.
ip netns exec far nft -f - <<'END'
table netdev seen {
	chain in0 { type filter hook ingress device far0 priority 0; jump count; }
	chain in1 { type filter hook ingress device far1 priority 0; jump count; }
	chain in2 { type filter hook ingress device far2 priority 0; jump count; }
	chain count {
		ether saddr 02:66:66:66:66:66 counter comment "liar"
		udp dport 4242 counter comment "udp"
		arp operation request arp saddr ip { 192.0.2.66, 198.51.100.66, 198.51.102.66 } counter comment "arp"
	}
}
END
seen() { # WHAT
	ip netns exec far nft -j list table netdev seen |
		jq "[.nftables[].rule // empty | select(.comment == \"$1\") | .expr[] | .counter.packets? // empty] | add"
}
has_seen() { seen "$1"; [ "$(seen "$1")" = "$2" ]; }
# Each port with what was dropped there: by MAC, VLAN, address.
drops() { partctl status -o json | jq -r '.ports[] | "\(.port) \(.foreign_mac) \(.foreign_vlan) \(.foreign_address)"' | sort; }
has_dropped() { local now; now=$(drops | xargs); echo "$now"; grep -qE "^$1$" <<< "$now"; }
nat_dropped() { # WHY
	nft -j list table ip hostpart-nat |
		jq "[.nftables[].rule // empty | select(.comment == \"$1\") | .expr[] | .counter.packets? // empty] | add"
}
send() { partctl exec alpha -- "$frame"; }
pings() { partctl exec alpha -- sh -c 'for to; do ping -c 1 -W 10 -q "$to" > /dev/null || { echo "no answer from $to"; exit 1; }; done' sh "$@"; }
steps() { partctl plan "$1" -o json | jq '.steps | length'; }
is_done() { [ "$(steps "$1")" = 0 ]; }

# All of the base that an uplink could touch.
base() {
	grep -H . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/{forwarding,rp_filter}
	grep -H . /proc/sys/net/ipv6/conf/*/{forwarding,accept_ra,disable_ipv6}
	ip -j addr | jq -c '.[] | [.ifname, .address, .mtu, (.flags | index("UP") != null), [.addr_info[] | select(.scope == "global") | .local]]'
	ip -4 route show table all
	nft -s list ruleset
}
base > /tmp/base.before
as_found() { base > /tmp/base.now; diff /tmp/base.before /tmp/base.now; }

cat > /tmp/uplink.yaml <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 512MiB}
domains:
  alpha:
    cpus: 1
    memory: 512MiB
    devices:
      - {mac: "52:54:00:10:00:01", port: {name: lan0, addresses: [198.51.103.7/24], bind: true}}
    network:
      uplinks:
        - {name: eth0, kind: macvlan, parent: wan0, mac: "02:11:22:33:44:55", mtu: 1400,
           addresses: [192.0.2.7/24, "2001:db8::7/64"], gateway: 192.0.2.254}
        - {name: tagged, kind: vlan, parent: wan0, vlan: 20, addresses: [198.51.100.7/24]}
        - {name: plain, kind: vlan, parent: wan2, vlan: 20, addresses: [198.51.102.7/24]}
        - {name: nat, kind: veth, parent: wan0, addresses: [10.77.0.2/30], gateway: 10.77.0.1}
        - {name: auto, kind: macvlan, parent: wan0, dhcp: true, slaac: true}
        - {name: shared, kind: ipvlan, parent: wan9, addresses: [203.0.113.7/24]}
END
like "a parent that is not there is refused, with those that are" "$(partctl plan /tmp/uplink.yaml 2>&1)" \
	'parent wan9 is no port of the base; there are: .*wan1.*; did you mean "wan'
sed -i 's/wan9/wan1/' /tmp/uplink.yaml

phase "failures on the way"
wrong=''
for at in nat:1 spoof:4; do
	HOSTPART_FAIL_AT=$at partctl --local -q apply /tmp/uplink.yaml > /tmp/out 2>&1 && wrong+="$at did not fail; "
	as_found > /tmp/diff || wrong+="$at: $(head -n 5 /tmp/diff) $(tail -n 3 /tmp/out); "
done
is "a failing step leaves the base as found" "$wrong" ""

phase "apply"
ok "apply" partctl apply /tmp/uplink.yaml
is "nothing is left to do" "$(steps /tmp/uplink.yaml)" 0
is "status finds nothing drifted" "$(partctl status -o json | jq .drifted)" 0
mac_of() { jq -r ".[] | select(.ifname == \"$1\") | .address" /tmp/inside; }
partctl exec alpha -- ip -j link > /tmp/inside
is "its MAC and its MTU" "$(jq -r '.[] | select(.ifname == "eth0") | .address + " " + (.mtu | tostring)' /tmp/inside)" \
	"02:11:22:33:44:55 1400"
tagged=$(mac_of tagged) plain=$(mac_of plain) nat=$(mac_of nat) shared=$(mac_of shared) auto=$(mac_of auto)
like "a MAC that was made is locally administered" "$tagged" '^02:'
is "advertisements are heeded only where they shall be" \
	"$(partctl exec alpha -- sh -c 'cd /proc/sys/net/ipv6/conf; cat eth0/accept_ra auto/accept_ra' | xargs)" "0 2"
is "the machine is no router" "$(cat /proc/sys/net/ipv4/ip_forward)" 0

phase "what is true arrives"
eventually 120 "ping through macvlan, by IPv6, vlan, vlan without help from its parent, ipvlan" \
	pings 192.0.2.254 2001:db8::fe 198.51.100.254 198.51.102.254 203.0.113.254
send > /dev/null <<END
eth0 02:11:22:33:44:55 udp 192.0.2.7 192.0.2.254
tagged $tagged udp 198.51.100.7 198.51.100.254
plain $plain udp 198.51.102.7 198.51.102.254
shared $shared udp 203.0.113.7 203.0.113.254
END
eventually 30 "true frames are seen outside" has_seen udp 4
is "nothing was dropped" "$(drops | xargs)" "auto 0 0 0 eth0 0 0 0 lan0 0 0 0 nat 0 0 0 plain 0 0 0 shared 0 0 0 tagged 0 0 0"

phase "what is a lie does not"
send > /tmp/sent <<END
eth0 02:66:66:66:66:66 udp 192.0.2.7 192.0.2.254
eth0 02:11:22:33:44:55 udp 192.0.2.66 192.0.2.254
eth0 02:11:22:33:44:55 arp 192.0.2.66 192.0.2.254
eth0 02:11:22:33:44:55 arp 192.0.2.66 192.0.2.254 --short
eth0 02:11:22:33:44:55 arp 192.0.2.7 192.0.2.254 --arp-mac 02:66:66:66:66:66
eth0 02:11:22:33:44:55 udp 2001:db8::66 2001:db8::fe
eth0 02:11:22:33:44:55 udp 192.0.2.7 192.0.2.254 --tag 20
tagged 02:66:66:66:66:66 udp 198.51.100.7 198.51.100.254
tagged $tagged udp 198.51.100.66 198.51.100.254
tagged $tagged udp 198.51.100.7 198.51.100.254 --tag 21
tagged $tagged udp 198.51.100.7 198.51.100.254 --tag 21 --claim 0x8100
tagged $tagged udp 198.51.100.66 198.51.100.254 --claim 0x1234
tagged $tagged udp 198.51.100.66 198.51.100.254 --claim 0x86dd
tagged $tagged arp 198.51.100.66 198.51.100.254 --claim 0x0800
plain 02:66:66:66:66:66 udp 198.51.102.7 198.51.102.254
plain 02:66:66:66:66:66 arp 198.51.102.7 198.51.102.254 --short
plain $plain udp 198.51.102.66 198.51.102.254
plain $plain udp 198.51.102.7 198.51.102.254 --tag 21
nat 02:66:66:66:66:66 udp 10.77.0.2 192.0.2.254
nat $nat udp 10.77.0.3 192.0.2.254
nat $nat udp 10.77.0.2 192.0.2.254 --tag 20
shared $shared udp 203.0.113.66 203.0.113.254
auto 02:66:66:66:66:66 udp 192.0.2.7 192.0.2.254
lan0 02:66:66:66:66:66 udp 198.51.103.7 198.51.103.254
lan0 52:54:00:10:00:01 udp 198.51.103.66 198.51.103.254
END
note "$(grep -c ^dropped /tmp/sent) of $(wc -l < /tmp/sent) were refused at once"
# Of a tag behind a tag the kernel takes the type behind it for the first one's, unless the sender says what it is: it
# counts as a false address then.
eventually 60 "all of them are dropped and counted, by MAC, VLAN and address" \
	has_dropped "auto 1 0 0 eth0 2 1 4 lan0 1 0 1 nat 1 1 1 plain 2 (1 1|0 2) shared 0 0 1 tagged 1 (1 5|2 4)"
# What is true now comes behind all of it on the same ways.
send > /dev/null <<END
auto $auto udp 192.0.2.99 192.0.2.254
tagged $tagged udp 198.51.100.7 198.51.100.254
plain $plain udp 198.51.102.7 198.51.102.254
shared $shared udp 203.0.113.7 203.0.113.254
END
eventually 30 "what is true is seen behind it; with dhcp from any address" has_seen udp 8
is "nothing of the lies was seen outside" "$(seen liar) $(seen arp)" "0 0"
like "status shows it to people" "$(partctl status)" 'alpha +eth0 +02:11:22:33:44:55 +2 +1 +4'

phase "NAT"
through_nat() { partctl exec alpha -- sh -c 'ip route replace 192.0.2.254/32 via 10.77.0.1 dev nat src 10.77.0.2 && ping -c 1 -W 10 -q 192.0.2.254'; }
eventually 60 "veth: ping through the base's address" through_nat
ip -n far route add 10.77.0.0/30 via 192.0.2.1
not_ok "nobody outside opens a connection to it" ip netns exec far ping -c 1 -W 1 -q 10.77.0.2
ok "which is counted" test "$(nat_dropped 'nothing else to it')" -gt 0
not_ok "nor reaches the base's other networks through the port" ip netns exec far ping -c 1 -W 1 -q 10.88.0.2
ok "which is counted, too" test "$(nat_dropped 'no other way in')" -gt 0
not_ok "the base is out of its reach" partctl exec alpha -- ping -c 1 -W 1 -q 10.77.0.1
ok "this is counted as well" test "$(nat_dropped 'not to the base')" -gt 0
eventually 60 "answers to somebody else in the base come back" ip netns exec box ping -c 1 -W 10 -q 192.0.2.254
partctl exec alpha -- ip route del 192.0.2.254/32
partctl exec alpha -- ip route del default via 192.0.2.254 dev eth0
like "a lost gateway is seen" "$(partctl plan /tmp/uplink.yaml -o json | jq -r '.steps[] | .object + " " + .attr')" 'alpha/eth0 up'

phase "drift and healing"
nsenter --net=/run/hostpart/netns/alpha nft flush ruleset
ip link del "$(ip -br link | sed -n 's/^\(hu-[^@ ]*\).*/\1/p')"
nft flush chain ip hostpart-nat forward
echo 0 > /proc/sys/net/ipv4/conf/wan0/forwarding
like "verify says what is broken" "$(partctl verify 2> /dev/null)" 'broken +alpha +network +eth0: not so: frames'
start_partd
on_exit kill $partd_pid
eventually 60 "partd mends all of it" is_done /tmp/uplink.yaml
events() { partctl events -o json | jq -r 'select(.type == "drift") | .what + " by " + (.actor.comm? // "nobody")'; }
has_event() { events; [ "$(events | grep -c "^$1")" -ge "$2" ]; }
eventually 60 "and tells all of it" has_event '' 8
told=$(events | grep -c '^spoof alpha/eth0')
ok "a check is taken away" nsenter --net=/run/hostpart/netns/alpha nft delete table netdev hostpart-alpha-eth0
eventually 60 "it is put back, which is told with whoever did it" has_event 'spoof alpha/eth0.* by nft' 1
is "and is told once" "$(events | grep -c '^spoof alpha/eth0')" $((told + 1))
ok "nothing is left to do" is_done /tmp/uplink.yaml
send > /dev/null <<< "eth0 02:66:66:66:66:66 udp 192.0.2.7 192.0.2.254"
like "it counts again" "$(drops)" '^eth0 1 0 0$'
like "as a metric" "$(curl -s --unix-socket /run/hostpart/metrics.sock http://localhost/metrics)" \
	'hostpart_foreign_frames_total\{domain="alpha",port="eth0",foreign="mac"\} 1'
unlike "verify: no promise is broken" "$(partctl verify)" '^broken'
kill "$partd_pid"
wait "$partd_pid" 2> /dev/null

phase "another policy"
grep -v 'name: \(auto\|shared\|plain\)' /tmp/uplink.yaml |
	sed 's/02:11:22:33:44:55/02:11:22:33:44:77/; s,192.0.2.7/24,192.0.2.8/24,; s/name: nat, kind: veth/name: net, kind: veth/' > /tmp/other.yaml
ok "apply" partctl apply /tmp/other.yaml
is "nothing is left to do" "$(steps /tmp/other.yaml)" 0
partctl exec alpha -- ip -j link > /tmp/inside
is "only its links are there" "$(jq -r '.[].ifname' /tmp/inside | sort | xargs)" "eth0 hp0 lan0 lo net tagged"
is "with the new MAC" "$(mac_of eth0)" 02:11:22:33:44:77
eventually 60 "the new address is let out" pings 192.0.2.254
send > /dev/null <<END
eth0 02:11:22:33:44:77 udp 192.0.2.7 192.0.2.254
END
like "the old one is not" "$(drops)" '^eth0 0 0 1$'
ok "rollback" partctl rollback
is "nothing is left to do" "$(steps /tmp/uplink.yaml)" 0

phase "teardown"
ip -n far route del 10.77.0.0/30
ip link del wan2
ok "teardown, with a parent that is gone" partctl teardown
grep -v wan2 /tmp/base.before > /tmp/base.want
as_found_but() { base > /tmp/base.now; diff /tmp/base.want /tmp/base.now; }
eventually 20 "the base is as found, but for that" as_found_but
like "somebody else's table is as it was" "$(theirs)" 'saddr 203.0.113.77 masquerade'
ip netns del far
ip netns del box
nft delete table ip theirs
