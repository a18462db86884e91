#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# net.t: shows that namespaces, ports, the star and the firewall hold, heal and go away without a trace.
# check: 6.12
# timeout: 900
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
tools=/usr/libexec/hostpart/tests
pins=/run/hostpart/netns
work=$(mktemp -d)
on_exit rm -rf "$work"
mkdir -p /run/hostpart

get() { "$tools/hp-settingctl" read "$1" "$2" ""; }
put() { "$tools/hp-settingctl" write "$1" "$2" "" "$3"; }
drop() { "$tools/hp-settingctl" write "$1" "$2" ""; }
holds() { "$tools/hp-settingctl" satisfies "$1" "$2" "" "$3"; }
in_domain() { nsenter --net="$pins/$1" "${@:2}"; }
at() { if [ "$1" = base ]; then "${@:2}"; else in_domain "$@"; fi; }	# base or a domain

# Counts in a domain whatever IP packet comes in through its leg, before anything there could refuse it.
count_packets() { in_domain "$1" nft 'table inet count { chain c { type filter hook prerouting priority -400; iifname hp0 counter; }; }'; }
received() { in_domain "$1" nft -j list table inet count | jq '.nftables[].rule.expr[]?.counter.packets // empty'; }
dropped() { # by all rules whose comment ends so
	nft -j list table inet hostpart |
		jq "[.nftables[].rule // empty | select((.comment // \"\") | endswith(\"$1\")) | .expr[].counter.packets? // 0] | add"
}
pings() { at "$1" ping -c 1 -W "$patience" -q "$2"; }
# Whether a text sent from one end arrives at the other: tcp|udp FROM TO ADDRESS PORT, within $patience seconds
patience=5
arrives() {
	local udp='' got=$work/got listener status=1 seconds=$patience
	# A sender of datagrams cannot tell when it is done, so it waits to the end.
	[ "$1" = tcp ] || udp=-u seconds=1
	: > "$got"
	# shellcheck disable=SC2086
	at "$3" timeout 15 nc $udp -l "$5" > "$got" 2> /dev/null < /dev/null & listener=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(at "$3" ss -Hln ${udp:--t} "sport = :$5")" ] && break
		sleep 0.1
	done
	# shellcheck disable=SC2086
	echo hello | at "$2" timeout 10 nc $udp -N -w $seconds "$4" "$5" > /dev/null 2>&1
	for _ in 1 2 3 4 5; do
		[ "$(cat "$got")" = hello ] && status=0 && break
		sleep 0.1
	done
	kill $listener 2> /dev/null
	wait $listener 2> /dev/null
	return $status
}

# ---- namespaces ----
namespaces() { lsns -t net -n -o NS | wc -l; }
before=$(namespaces)
exits 3 "no namespace before" get netns alpha
ok "a namespace is made" put netns alpha present
is "it reads as present" "$(get netns alpha)" present
ok "making it again is no mistake" put netns alpha present
like "its loopback is up" "$(in_domain alpha ip -br link show lo)" 'LOOPBACK,UP'
in_domain alpha ip link set lo down
is "a loopback taken down is seen" "$(get netns alpha)" "present, loopback down"
put netns alpha present
is "and brought up again" "$(get netns alpha)" present
umount "$pins/alpha"
like "a pin that lost its mount is seen" "$(get netns alpha)" '^damaged: '
ok "and repaired" put netns alpha present
ok "a service with its own mounts makes a namespace" \
	unshare --mount --propagation slave "$tools/hp-settingctl" write netns gamma "" present
ok "the machine sees it" in_domain gamma true
is "a service sees it too" \
	"$(unshare --mount --propagation slave "$tools/hp-settingctl" read netns gamma "")" present
ok "it is removed" drop netns gamma
ok "removing what is not there is no mistake" drop netns gamma
exits 3 "gone" get netns gamma
ok "a second domain" put netns beta present

# ---- the star, without a firewall: what the firewall has to stop ----
alpha='inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24'
beta='inside=10.203.0.3 hub=10.203.0.1 subnet=10.203.0.0/24'
forward=$(cat /proc/sys/net/ipv4/ip_forward)
exits 3 "no leg before" get star alpha
ok "a leg is made" put star alpha "$alpha"
is "it reads as it was written" "$(get star alpha)" "$alpha"
ok "another" put star beta "$beta"
is "the machine's ip_forward is what it was" "$(cat /proc/sys/net/ipv4/ip_forward)" "$forward"
is "no IPv6 address on the legs" "$(ip -6 -o addr show dev hp-alpha; in_domain alpha ip -6 -o addr show dev hp0)" ""
mac=$(cat /sys/class/net/hp-alpha/address)
ok "without a firewall alpha reaches beta" pings alpha 10.203.0.3
ok "over tcp" arrives tcp alpha beta 10.203.0.3 8080
ok "over udp" arrives udp alpha beta 10.203.0.3 8080

ip route flush dev hp-alpha
like "a lost route is seen" "$(get star alpha)" '0 routes'
in_domain alpha ip addr flush dev hp0
echo 0 > /proc/sys/net/ipv4/conf/hp-alpha/forwarding
ip link set hp-alpha down
like "everything else too" "$(get star alpha)" 'hp-alpha is down.*forwarding is 0'
put star alpha "$alpha"
is "and healed" "$(get star alpha)" "$alpha"
moved=${alpha/inside=10.203.0.2/inside=10.203.0.9}
ok "a leg with another address is made anew" put star alpha "$moved"
is "it has that address" "$(get star alpha)" "$moved"
put star alpha "$alpha"
is "the hardware address is always the same" "$(cat /sys/class/net/hp-alpha/address)" "$mac"
exits 1 "an address outside of the subnet is refused" put star alpha "${alpha/inside=10.203.0/inside=10.203.1}"
ip link add hp-theirs type dummy
like "somebody else's link is seen as foreign" "$(get star theirs)" '^foreign'
put netns theirs present
exits 1 "and not taken" put star theirs "$beta"
drop netns theirs
ip link del hp-theirs

# ---- the firewall ----
nft -f - <<'END'
table ip theirs {
	chain input { type filter hook input priority 0; ip saddr 203.0.113.1 counter drop; }
}
table inet theirs {
	set s {
		type ipv4_addr
		elements = { 192.0.2.1 }
	}
}
END
theirs() { nft -j list ruleset | jq -c '[.nftables[] | select([.. | .table? // empty] != ["hostpart"]) | select(.table.name? != "hostpart")]'; }
theirs_before=$(theirs)
legs=$'leg alpha hp-alpha 10.203.0.2\nleg beta hp-beta 10.203.0.3'
ok "this kernel has a firewall" "$tools/hp-settingctl" probe nft
exits 3 "no table before" get nft hostpart
ok "a table without links" put nft hostpart "$legs"
is "it reads as it was written" "$(get nft hostpart)" "$legs"
count_packets alpha
count_packets beta
patience=1
for way in "alpha beta 10.203.0.3" "beta alpha 10.203.0.2" "alpha base 10.203.0.1" "base beta 10.203.0.3"; do
	read -r from to address <<< "$way"
	not_ok "no ping from $from to $to" pings "$from" "$address"
	not_ok "no tcp from $from to $to" arrives tcp "$from" "$to" "$address" 8080
	not_ok "no udp from $from to $to" arrives udp "$from" "$to" "$address" 8080
done
patience=5
is "not one packet arrived in either domain" "$(received alpha) $(received beta)" "0 0"

# IPv6 although the legs have it switched off: somebody inside and somebody in the base switch it on.
in_domain alpha sh -c 'echo 0 > /proc/sys/net/ipv6/conf/hp0/disable_ipv6; ip addr add fd00:1::2/64 dev hp0 nodad'
echo 0 > /proc/sys/net/ipv6/conf/hp-alpha/disable_ipv6
ip addr add fd00:1::1/64 dev hp-alpha nodad
not_ok "no IPv6 from alpha to the base" pings alpha fd00:1::1
ok "it was counted as dropped" test "$(dropped 'no IPv6 from it')" -gt 0
like "IPv6 on a leg is seen" "$(get star alpha)" 'disable_ipv6 is 0'
put star alpha "$alpha"
is "and switched off again" "$(get star alpha)" "$alpha"

policy=$legs$'\nallow base alpha icmp\nallow alpha beta tcp 8080-8081\nallow beta base udp 5300'
ok "a table with links" put nft hostpart "$policy"
is "it reads as it was written" "$(get nft hostpart)" "$policy"
ok "the allowed tcp port passes" arrives tcp alpha beta 10.203.0.3 8080
ok "its packets were counted on their way in" test "$(received beta)" -gt 0
ok "so does the range's end" arrives tcp alpha beta 10.203.0.3 8081
patience=1
not_ok "the next port does not" arrives tcp alpha beta 10.203.0.3 8082
not_ok "nor the port before" arrives tcp alpha beta 10.203.0.3 8079
not_ok "nor the same port by udp" arrives udp alpha beta 10.203.0.3 8080
not_ok "nor the other direction" arrives tcp beta alpha 10.203.0.2 8080
not_ok "nor from an allowed source port" bash -c "echo | timeout 3 nsenter --net=$pins/beta nc -p 8080 -w 2 10.203.0.2 22"
not_ok "nor a ping" pings alpha 10.203.0.3
patience=5
ok "base pings alpha" pings base 10.203.0.2
patience=1
not_ok "alpha does not ping the base" pings alpha 10.203.0.1
patience=5
ok "beta sends udp to the base" arrives udp beta base 10.203.0.1 5300
patience=1
not_ok "on that port only" arrives udp beta base 10.203.0.1 5301

# A false sender, with the kernel's own filter out of the way.
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 0 > /proc/sys/net/ipv4/conf/hp-alpha/rp_filter
in_domain alpha ip addr add 10.203.0.77/32 dev hp0
b=$(received beta) drops=$(dropped 'false sender')
echo spoof | in_domain alpha timeout 3 nc -s 10.203.0.77 -w 1 10.203.0.3 8080
is "a packet with a false sender does not arrive" "$(received beta)" "$b"
ok "it was counted as dropped" test "$(dropped 'false sender')" -gt "$drops"
in_domain alpha ip addr del 10.203.0.77/32 dev hp0
put star alpha "$alpha"

sees() { # WHAT COMMAND...
	"${@:2}"
	like "seen: $1" "$(get nft hostpart)" '^altered: '
	put nft hostpart "$policy"
	is "healed: $1" "$(get nft hostpart)" "$policy"
}
handle() { nft -a list chain inet hostpart "$1" | sed -n "s/.*$2.*handle \([0-9]*\)\$/\1/p" | head -n 1; }
sees "a rule was added" nft insert rule inet hostpart forward accept
sees "a rule was removed" nft delete rule inet hostpart forward handle "$(handle forward 'false sender')"
sees "a verdict was changed" nft replace rule inet hostpart forward handle "$(handle forward 'nothing else from it')" \
	iifname hp-alpha counter accept comment '"leg alpha hp-alpha 10.203.0.2: nothing else from it"'
sees "a chain was flushed" nft flush chain inet hostpart input
sees "a chain was added" nft add chain inet hostpart early '{ type filter hook prerouting priority -300; }'
sees "a chain's policy was changed" nft add chain inet hostpart output '{ policy drop; }'
sees "the table was put to sleep" nft add table inet hostpart '{ flags dormant; }'
nft delete table inet hostpart
exits 3 "seen: the table was removed" get nft hostpart
put nft hostpart "$policy"
not_ok "and it blocks again" pings alpha 10.203.0.3
counters() { nft -j list table inet hostpart | jq -c '[.. | .handle? // empty]'; }
handles=$(counters)
put nft hostpart "$policy"
is "writing what is there replaces nothing" "$(counters)" "$handles"
exits 1 "a line that means nothing is refused" put nft hostpart "$legs"$'\nallow alpha gamma tcp 1'
is "and nothing was changed" "$(get nft hostpart)" "$policy"
is "other people's tables are untouched" "$(theirs)" "$theirs_before"

# ---- who did it ----
"$tools/hp-netwatch" table hostpart >> "$work/events" & watcher=$!
on_exit kill $watcher
eventually 5 "a watch is on" grep -q watching "$work/events"
bash -c "echo \$\$ > $work/pid; exec nft delete table inet hostpart"
eventually 5 "the removal is told with its actor" \
	grep -q "^table removed hostpart .*pid=$(cat "$work/pid") comm=nft" "$work/events"
put nft hostpart "$policy"
: > "$work/events"
bash -c "echo \$\$ > $work/pid; exec nft flush chain inet hostpart forward"
eventually 5 "removed rules too" grep -q "^rule removed hostpart forward pid=$(cat "$work/pid") comm=nft" "$work/events"
: > "$work/events"
nft add table inet unrelated && nft delete table inet unrelated
put nft hostpart "$policy"
eventually 5 "our own commit is told as ours" grep -q "^table added hostpart .*comm=hp-settingctl" "$work/events"
unlike "other tables are not told" "$(cat "$work/events")" unrelated

# ---- a port ----
function=0000:01:00.0
port=$(ls /sys/bus/pci/devices/$function/net)
note "port $port"
ip addr add 192.0.2.10/24 brd + dev "$port"
ip addr add 192.0.2.11/24 dev "$port" label "$port:second"
ip addr add 2001:db8::10/64 dev "$port" nodad
ip link set "$port" mtu 1400 up
linked() { [ "$(cat "/sys/class/net/$port/operstate")" = up ]; }
settled() { linked && ip -6 -o addr show dev "$port" scope link | grep -qv tentative; }
eventually 20 "the port has a link" settled
ip route add 198.51.100.0/24 via 192.0.2.254 dev "$port" metric 50 src 192.0.2.11
ip route add default via 192.0.2.1 dev "$port" metric 300 table 100
ip route add 203.0.113.0/24 dev "$port" mtu 1300
ip -6 route add 2001:db8:1::/48 via 2001:db8::1 dev "$port"
echo 2 > "/proc/sys/net/ipv4/conf/$port/rp_filter"
echo 0 > "/proc/sys/net/ipv6/conf/$port/accept_ra"
echo 77 > "/proc/sys/net/ipv4/neigh/$port/base_reachable_time"
sysctls() { (cd /proc/sys/net && grep -r . ipv{4,6}/{conf,neigh}/"$port" 2> /dev/null | sort); }
snapshot() { sysctls; ip -j addr show dev "$port"; ip -j -4 route show table all; ip -j -6 route show table all; }
snapshot > "$work/before"
original=$(get port $function)
like "a port in the base" "$original" "^\\{\"netns\":\"\",\"name\":\"$port\",\"mtu\":1400,\"addresses\":\\[\"192.0.2.10/24\","
want='{"netns":"alpha","name":"lan0","addresses":["192.0.2.20/24","2001:db8::20/64"],"gateway":"192.0.2.1","up":true}'
not_ok "it is not where the policy wants it" holds port $function "$want"
ok "it moves into a domain" put port $function "$want"
ok "there it is as wanted" holds port $function "$want"
not_ok "the base has it no more" ip link show dev "$port"
like "its name inside" "$(in_domain alpha ip -br link show lan0)" 'UP'
like "its gateway inside" "$(in_domain alpha ip route show default)" 'via 192.0.2.1 dev lan0'
ok "putting it there again is no mistake" put port $function "$want"
in_domain alpha ip link set lan0 down
not_ok "a port taken down is seen" holds port $function "$want"
in_domain alpha ip addr add 192.0.2.99/24 dev lan0
ok "and brought up, without the strange address" put port $function "$want"
ok "as wanted again" holds port $function "$want"

"$tools/hp-netwatch" links "$pins/alpha" >> "$work/links" & watcher=$!
on_exit kill $watcher
eventually 5 "a watch is on in the domain" grep -q watching "$work/links"
ip netns add thief
in_domain alpha ip link set lan0 netns thief
eventually 5 "the leaving port is told" grep -q '^link gone lan0 .*moved' "$work/links"
like "where it is now" "$(get port $function)" '"netns":"/run/netns/thief"'
ok "it is fetched back" put port $function "$want"
ok "and is as wanted" holds port $function "$want"
ip netns del thief
unshare --net sleep 60 & thief=$!
on_exit kill $thief
eventually 5 "a process has its own namespace" \
	bash -c "[ \$(readlink /proc/$thief/ns/net) != \$(readlink /proc/self/ns/net) ]"
in_domain alpha ip link set lan0 netns $thief
like "a port in a process' namespace is found" "$(get port $function)" "\"netns\":\"pid $thief\""
put port $function "$want"
ok "and fetched back" holds port $function "$want"

ok "it goes back to the base" put port $function "$original"
eventually 20 "it has its link there" settled
snapshot > "$work/after"
ok "addresses, routes and sysctls are byte for byte what they were" diff "$work/before" "$work/after"
is "and so is the value" "$(get port $function)" "$original"

ip link add "$port.7" link "$port" type vlan id 7
exits 1 "a port with a VLAN on it is not torn away" put port $function "$want"
ip link del "$port.7"
ip link add br0 type bridge
ip link set "$port" master br0
exits 1 "nor one in a bridge" put port $function "$want"
ip link set "$port" nomaster
ip link del br0
in_domain alpha ip link add lan0 type dummy
exits 1 "nor is a name taken twice" put port $function "$want"
is "the port stayed in the base" "$(get port $function | cut -c 1-12)" '{"netns":"",'
in_domain alpha ip link del lan0
exits 1 "a function that is not there" put port 0000:77:00.0 "$want"
exits 3 "reads as absent" get port 0000:77:00.0
exits 1 "a function without a port" put port 0000:03:00.0 "$want"
exits 1 "a namespace that is not there" put port $function "${want/alpha/nowhere}"
exits 1 "a gateway that nobody reaches" put port $function "${want/192.0.2.1\"/198.18.0.1\"}"
put port $function "$original"
is "undone" "$(get port $function)" "$original"

# ---- nothing is left ----
cycle() {
	put netns alpha present && put nft hostpart "$policy" && put star alpha "$alpha" && drop star alpha &&
		drop nft hostpart && drop netns alpha
}
drop star alpha; drop star beta; drop nft hostpart; drop netns alpha; drop netns beta
kill $thief; wait $thief 2> /dev/null
is "no namespace is left" "$(namespaces)" "$before"
is "no mount is left" "$(grep -c "$pins" /proc/self/mountinfo)" 0
not_ok "nor the directory of the pins" test -e "$pins"
is "no leg is left" "$(ip -br link | grep -c ^hp-)" 0
for _ in 1 2 3 4 5 6 7 8 9 10; do cycle || break; done
is "ten cycles later still nothing" "$(namespaces) $(grep -c "$pins" /proc/self/mountinfo) $(ip -br link | grep -c ^hp-)" \
	"$before 0 0"
is "and other people's tables are untouched" "$(theirs)" "$theirs_before"
