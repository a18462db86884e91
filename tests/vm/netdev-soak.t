#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# netdev-soak.t: a claimed port renamed, moved and its namespace killed again and again: nothing lost, nothing leaked.
# kernels: 6.1 6.12
# testbed: --cpus 2 --memory 1GiB --append slub_debug=FZPU
# timeout: 5400
# long: 1,000 rounds of three breaches each (CYCLES changes that)
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/pci.sh
. "$(dirname "$0")/pci.sh"

work=$(mktemp -d)
on_exit rm -rf "$work"
on_exit rmmod hostpart
on_exit $kctl release
on_exit ip netns del alpha
rounds=${CYCLES:-1000}
nic=0000:01:00.0

has() { ip -n alpha -o link show dev lan0 > /dev/null 2>&1; }
within() { # TENTHS COMMAND...
	local left=$1
	shift
	until "$@"; do [ $((left--)) -gt 0 ] || return 1; sleep 0.1; done
}
start_domain() {
	ip netns add alpha
	$kctl commit alpha=/run/netns/alpha <<< "domain alpha active
pci alpha $nic port lan0" > /dev/null && within 300 has
}
parked() { driver_is $nic hostpart; }
# One round: renamed, pushed out, its namespace ended; each time back where it belongs. Says what was lost.
one_round() {
	ip -n alpha link set lan0 name evil 2> /dev/null
	within 300 has || { echo "round $1: not renamed back"; return 1; }
	ip -n alpha link set lan0 netns 1 2> /dev/null
	within 300 has || { echo "round $1: not moved back"; return 1; }
	ip netns del alpha
	within 300 parked || { echo "round $1: not parked"; return 1; }
	! ip -o link | grep -qF "$mac" || { echo "round $1: leaked into the initial namespace"; return 1; }
	start_domain || { echo "round $1: not back in a new namespace"; return 1; }
}
run_rounds() { # COUNT: how many were survived
	local i
	for ((i = 0; i < $1; i++)); do one_round $i >> "$work/lost" || break; done
	echo $i
}

modprobe -a e1000e
ok "the module loads" modprobe hostpart
mac=$(cat $pci/$nic/net/*/address)
ok "the port is delivered" start_domain
is "a few rounds warm the caches" "$(run_rounds 10)" 10
slab_objects > "$work/objects0"
is "$rounds rounds" "$(run_rounds "$rounds")" "$rounds"
is "nothing was lost" "$(cat "$work/lost")" ""
slab_objects > "$work/objects1"
more=$((rounds / 2 + 1))
is "$more more" "$(run_rounds $more)" $more
slab_objects > "$work/objects2"
is "no slab cache kept an object for each" \
	"$(slab_growth "$work/objects0" "$work/objects1" "$work/objects2" "$rounds" $more)" ""
is "the events are numbered without a gap" "$($kctl ring | sed 's/^seq=\([0-9]*\) .*/\1/' |
	awk 'NR > 1 && $1 != last + 1 { gaps++ } { last = $1 } END { print gaps + 0 }')" 0
$kctl release > /dev/null
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(complaints)" ""
