#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cycles.t: apply and teardown again and again: nothing leaks. CYCLES=200 for the long run (make soak).
# kernels: 6.1 6.12
# check: 6.12
# timeout: 900
# boot: loops
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
policy=policies/two-hosts.yaml
cycles=${CYCLES:-4}
through=$(((cycles + 3) / 4))	# of them once more through partd

modprobe hostpart
cycle() { partctl -q apply $policy && partctl -q teardown; }
dying() { awk '$1 == "nr_dying_descendants" { print $2 }' /sys/fs/cgroup/cgroup.stat; }
count_all() {
	sync
	echo 3 > /proc/sys/vm/drop_caches
	sleep 2
	echo "cgroups $(find /sys/fs/cgroup -type d | wc -l)"
	echo "netns $(lsns -t net -n 2> /dev/null | wc -l)"
	echo "programs $(bpftool prog show -j | jq length)"
	echo "maps $(bpftool map show -j | jq length)"
	echo "links $(bpftool link show -j | jq length)"
	echo "tables $(nft list tables | wc -l)"
	echo "interfaces $(ip -o link | wc -l)"
	echo "mounts $(wc -l < /proc/mounts)"
	echo "partctl $(pgrep -c partctl) domain-init $(pgrep -c domain-init)"
	echo "files $(find /run/hostpart -type f ! -name 'events*' | wc -l)"
}
# Kernel memory that is not given back under pressure, in KiB, without what the allocator keeps at hand on each CPU:
# that alone grows by megabytes before it levels off.
unreclaimable() {
	local cache
	for cache in /sys/kernel/slab/*/shrink; do echo 1 > "$cache"; done 2> /dev/null
	awk '/^SUnreclaim/ { print $2 }' /proc/meminfo
}

ok "a first cycle" cycle
ok "a second" cycle
for ((i = 8; i < cycles; i += 8)); do cycle; done	# kernel threads and caches find their size
count_all > /tmp/before
slab=$(unreclaimable)
failed=0
for ((i = 0; i < cycles; i++)); do cycle || failed=$((failed + 1)); done
is "all $cycles cycles worked" $failed 0
count_all > /tmp/after
grown=$(($(unreclaimable) - slab))
is "no cgroup, namespace, BPF object, nft table, link, mount, process or file is left" "$(diff /tmp/before /tmp/after)" ""
note "unreclaimable slab grew by $grown KiB over $cycles cycles; dying cgroups: $(dying)"
# What vmalloc has freed but not yet purged grows by 6 KiB a cycle for the first 90 or so (vmap_area, 64 bytes each);
# a leak of one larger object per cycle and CPU shows above that in the long run.
ok "slab does not grow with the cycles" test $grown -lt $((2048 + cycles * 8))
partd --policy /nonexistent > /tmp/partd.log 2>&1 &
partd_pid=$!
eventually 20 "partd listens" test -S /run/hostpart/partd.sock
cycle
fds=$(find /proc/$partd_pid/fd -mindepth 1 | wc -l) rss=$(awk '/VmRSS/ { print $2 }' /proc/$partd_pid/status)
for ((i = 0; i < through; i++)); do cycle || failed=$((failed + 1)); done
is "all $through cycles through partd worked" $failed 0
is "partd holds no more descriptors" "$(find /proc/$partd_pid/fd -mindepth 1 | wc -l)" "$fds"
now=$(awk '/VmRSS/ { print $2 }' /proc/$partd_pid/status)
note "partd's resident set: $rss KiB after 1 cycle, $now KiB after $((through + 1))"
ok "partd does not grow" test $((now - rss)) -lt $((1024 + through * 16))
kill $partd_pid
ok "the module goes" rmmod hostpart
