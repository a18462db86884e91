#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# crowd.t: ten thousand cgroups with a task in each: every wait is counted, and nothing is lost in silence.
# kernels: 6.1 6.12
# timeout: 900
# long: 10,000 cgroups and tasks take minutes to come and go on an emulated machine
# testbed: --cpus 2 --memory 3GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
[ "$(id -u)" -eq 0 ] || skip_all "not root"
crowd=$(command -v /usr/libexec/hostpart/tests/hp-crowd "${B:-build}/tests/hp-crowd" | head -n 1)
[ -n "$crowd" ] || skip_all "hp-crowd is not built"
count=${COUNT:-10000}
root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
work=$(mktemp -d)
on_exit rm -rf "$work"
mkdir "$root/hp-crowd"
on_exit rmdir "$root/hp-crowd"

coproc "$crowd" "$root/hp-crowd" "$count" 5
read -r -t 600 -u "${COPROC[0]}" word
is "$count cgroups, a task in each" "$word" ready
partctl contention --by cgroup:hp-crowd --for 600s -o json > "$work/report" &
partctl=$!
# Counting begins when the programs are attached, and on each CPU with its first switch.
eventually 60 "it is counted" bash -c "[ \$(grep -l link_type: /proc/$partctl/fdinfo/* 2> /dev/null | wc -l) -ge 6 ]"
sleep 1
echo go >&"${COPROC[1]}"
read -r -t 600 -u "${COPROC[0]}" delay
kill -INT $partctl
ok "counted" wait $partctl
echo end >&"${COPROC[1]}"

note "the kernel says $delay ns; $(jq -c '[.victims[] | select(.name == "/hp-crowd") | .wait_ns, .waits, .latency.p99_ns], .lost' "$work/report" | paste -sd' ')"
is "they waited what the kernel says, within 1 %" \
	"$(jq --argjson kernel "$delay" '.victims[] | select(.name == "/hp-crowd").wait_ns | (. - $kernel) / $kernel | if fabs < 0.01 then "same" else . end' \
		"$work/report" | tr -d '"')" same
ok "each task waited more than once" \
	jq -e --argjson count "$count" '.victims[] | select(.name == "/hp-crowd").waits >= 2 * $count' "$work/report"
is "nothing was lost but, at most, the owner of an interrupt in the midst of a softirq" \
	"$(jq '.lost | del(.nested) | add' "$work/report")" 0
is "the memory is what it is with one cgroup" "$(jq .memory_bytes "$work/report")" \
	"$(partctl contention --by cgroup:hp-crowd --for 1s -o json | jq .memory_bytes)"
eventually 120 "and all is gone again" bash -c "! ls -d $root/hp-crowd/*/ 2> /dev/null"
