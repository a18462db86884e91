#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# trace.t: long waits are told one by one, with those who had the processor; short ones are not. Runs natively too.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 240
# boot: quiet
# testbed: --cpus 2 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
[ "$(id -u)" -eq 0 ] || skip_all "not root"
[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
[ "$root" ] || skip_all "no cgroup v2 is mounted"
work=$(mktemp -d)
on_exit rm -rf "$work"
a=hp-test-a b=hp-test-b
pids=()

in_cgroup() { # CGROUP COMMAND... : starts it there, in the background
	mkdir -p "$root/$1"
	bash -c 'echo 0 > "$1"; shift; exec "$@"' in-cgroup "$root/$1/cgroup.procs" "${@:2}" > /dev/null 2>&1 &
	pids+=($!)
}
end_all() {
	kill -CONT "${pids[@]}" 2> /dev/null
	kill -KILL "${pids[@]}" 2> /dev/null
	wait "${pids[@]}" 2> /dev/null
	for cgroup in "$root/$a" "$root/$b"; do [ ! -d "$cgroup" ] || echo 1 > "$cgroup/cgroup.kill"; done
	sleep 0.2
	rmdir "$root/$a" "$root/$b" 2> /dev/null
	return 0
}
on_exit end_all
# A real-time hog has the processor for 80 ms of every 100; the victim on the same one can do nothing about it.
cat > "$work/hog.py" << 'END'
import os, time
with open("/proc/self/comm", "w") as comm:
    comm.write("greedy")
os.sched_setaffinity(0, {1})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
while True:
    end = time.monotonic() + 0.08
    while time.monotonic() < end:
        pass
    time.sleep(0.02)
END
in_cgroup $b python3 "$work/hog.py"
hog=$!
in_cgroup $a taskset -c 1 sh -c 'while :; do :; done'
victim=$!
sleep 1
partctl trace --above 30ms --by cgroup:$a --by cgroup:$b --for 4s -o json > "$work/told"
partctl trace --above 30ms --by cgroup:$a --for 2s --stacks > "$work/text"
partctl trace --above 30ms --for 2s > "$work/all"
kill -STOP "$hog" "$victim"
note "$(tail -n 1 "$work/told")"
# All that is asked of the report, in one go: jq takes seconds to start where the machine is slow.
jq -s -r --argjson victim $victim --argjson hog $hog --arg a "/$a" --arg b "/$b" '
	.[-1].summary as $summary | .[:-1] as $all | ($all | map(select(.victim.pid == $victim))) as $own |
	{ many: (($own | length) > 5),
	  names: ($own | map([.victim.comm, .victim.domain]) | unique == [["sh", $a]]),
	  hog: (([$own[].aggressors[] | select([.pid, .comm, .domain, .foreign] == [$hog, "greedy", $b, true]) .time_ns] | add) >
		($own | map(.waited_ns) | add) / 2),
	  preempted: ($own | map(select(.preempted)) | length > ($own | length) / 2),
	  cpu: ($own | map(.cpu) | unique == [1]),
	  long: all($all[]; .waited_ns >= 30000000),
	  sums: all($all[]; ([.aggressors[].time_ns] | add // 0) + .others_ns + .elsewhere_ns + .unknown_ns == .waited_ns),
	  domains: all($all[]; .victim.domain == $a or .victim.domain == $b),
	  counted: ($summary.told == ($all | length) and $summary.lost == 0) } | to_entries[] | "\(.key) \(.value)"' \
	"$work/told" > "$work/facts"
fact() { is "$2" "$(grep "^$1 " "$work/facts")" "$1 true"; } # KEY WHAT
fact many "long waits of the victim are told"
fact names "its name and its domain"
fact hog "the hog had the processor, by name, process and domain, for most of the time"
fact preempted "the hog took the processor away"
fact cpu "on the CPU that they share"
fact long "nothing shorter is told"
fact sums "the parts of each add up"
fact domains "nobody else's are told"
fact counted "each is counted, and none was lost"

like "a line names both" "$(cat "$work/text")" "^20[0-9-]+T[0-9:.]+Z +[0-9.]+ ms +CPU 1 +sh\[$victim\] of /$a  .*greedy\[$hog\] of base [0-9.]+ ms"
like "stacks are of kernel functions" "$(cat "$work/text")" '^        [a-z_][a-zA-Z0-9_.]*\+0x[0-9a-f]+$'
like "where the hog went to sleep" "$(cat "$work/text")" '^        .*nanosleep.*\+0x'
unlike "without the frames of our own program" "$(cat "$work/text")" 'bpf_trace_run|traceiter'
is "the last line counts" "$(tail -n 1 "$work/text" | grep -c '^[0-9]* long waits, 0 more were lost')" 1

is "a bound that no wait reaches tells none" "$(partctl trace --above 60s --by cgroup:$a --for 1s -o json | wc -l)" 1
like "without a cgroup all tasks are watched" "$(cat "$work/all")" "\] of base  (preempted|waited)"

# ---- more than the buffer holds: what is lost is counted ----
for _ in 1 2; do in_cgroup $a taskset -c 0-1 sh -c 'while :; do echo; done | while read -r line; do :; done'; done
partctl trace --above 1us --by cgroup:$a --for 600s --stacks -o json > "$work/flood" &
tracer=$!
pids+=("$tracer")
eventually 60 "it has begun" test -s "$work/flood"
kill -STOP $tracer
eventually 60 "the buffer runs over" bash -c 'bpftool -j map dump name hp_outlier_lost | jq -e "[.. | .value? | numbers] | add > 0"'
kill -CONT $tracer
kill -INT $tracer
wait $tracer
is "an interrupt ends it well" $? 0
is "a reader that stands still loses some, and is told how many" "$(jq "select(has(\"summary\")).summary.lost > 0" "$work/flood")" true
is "all others arrived whole" "$(jq -s '(map(select(has("summary") | not)) | length) == (.[-1].summary.told)' "$work/flood")" true
end_all

# ---- the command ----
exits 2 "a time without its unit" partctl trace --above 5
exits 2 "a negative one" partctl trace --above -5ms
exits 2 "another resource" partctl trace --resource disk
like "says which there is" "$(partctl trace --resource cpo 2>&1)" "did you mean 'cpu'"
exits 1 "a cgroup that is not there" partctl trace --by cgroup:no/such
exits 2 "a recorded machine" partctl trace --root "$work"
eventually 10 "no program stays behind" bash -c '! bpftool prog show | grep -q hp_outlier'
