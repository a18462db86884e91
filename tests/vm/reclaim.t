#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# reclaim.t: memory that a domain does not use is freed, what it uses stays, and DAMON of others is left alone.
# kernels: 6.1 6.12
# timeout: 600
# long: waits again and again until memory has become cold
# testbed: --cpus 4 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/reclaim.sh

cat > "$work/policy.yaml" <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 256MiB}
domains:
  alpha:
    cpus: 1
    memory: {size: 400MiB, guarantee: 16MiB, swap: 512MiB}
    reclaim: {mode: observe, crp: 1s, distance: 6s, budget: 50%, pressure: 30%}
END

current() { cat /sys/fs/cgroup/hostpart*/alpha/memory.current; }
# What is told to be freed must be what memory.current fell by; page cache and slab of the domain may move a little.
freed_is_real() { # WAS
	local told fell
	told=$(($(of freed_bytes) + $(of freed_cache_bytes))) fell=$(($1 - $(current)))
	echo "told $told, memory.current fell by $fell, leaving $(of leaving_bytes)"
	grep -E '^(anon|file|swapcached|file_writeback|workingset_refault_anon|pgscan|pgsteal) ' /sys/fs/cgroup/hostpart*/alpha/memory.stat
	[ $((told > fell ? told - fell : fell - told)) -le $((8 << 20)) ]
}

start_partd
ok "a policy with reclaim is applied" partctl apply "$work/policy.yaml"
[ "$tap_failed" -eq 0 ] || exit 1
start_load --mib 96 --hot 16
ok "the load is ready" grep -q ready "$work/load.out"
note "hot and cold: $(cat "$work/load.out")"

# ---- observe changes nothing ----
eventually 60 "observe finds memory that it would free" at_least would_free_bytes $((32 << 20))
is "but frees nothing" "$(of freed_bytes) $(swapped_kib "$pid")" "0 0"
if [ -n "$has_damon" ]; then
	like "the source is named" "$(of source)" '^DAMON$'
	eventually 20 "with its kdamond" bash -c 'grep -q ^kdamond /proc/$(partctl reclaim -o json | jq .domains[0].kdamond)/comm'
	is "which is the only one, and on" "$(cat $admin/nr_kdamonds $admin/0/state | xargs)" "1 on"
else
	like "the source is named" "$(of source)" 'referenced marks.*no DAMON'
fi
note "$(partctl reclaim)"
note "$(partctl reclaim regions)"
like "the hot part is explained" "$(partctl reclaim explain "$pid:$(cut -d' ' -f3 "$work/load.out")")" 'used within|not far enough'
exits 1 "an address that is nowhere" partctl reclaim explain "$pid:0x10"
exits 1 "a process of no domain" partctl reclaim explain $$
exits 2 "a domain that does not exist" partctl reclaim set alhpa on
like "and what was meant" "$(partctl reclaim set alhpa on 2>&1)" "did you mean 'alpha'"

# ---- on frees what is cold, and leaves what is hot ----
was=$(current)
like "the mode is set at once" "$(partctl reclaim set alpha on)" '^alpha: on \(was observe\)'
if [ -n "$has_damon" ]; then
	eventually 90 "the idle part is freed" bash -c "[ \$(awk '/^VmSwap:/ { print \$2 }' /proc/$pid/status) -ge $((56 << 10)) ]"
	hot_faults=$(cut -d' ' -f12 "/proc/$pid/stat")
	sleep 5
	note "major faults of the load: $hot_faults, 5 s later $(cut -d' ' -f12 "/proc/$pid/stat")"
	ok "the hot set stays" test $(($(cut -d' ' -f12 "/proc/$pid/stat") - hot_faults)) -le 64
	eventually 20 "what was freed is counted" at_least freed_bytes $((48 << 20))
	eventually 20 "and is what has left memory" freed_is_real "$was"
	# Nothing was used but the hot set: what was read back was of it.
	ok "hardly any of it was hot" at_most refaulted_anon_bytes $((4 << 20))
	note "$(freed_is_real "$was")"
	kill -USR1 "$pid"
	eventually 60 "the service wakes" grep -q woke "$work/load.out"
	eventually 20 "what came back is counted" at_least returned_bytes $((48 << 20))
	eventually 10 "the kernel counts refaults too" at_least refaulted_anon_bytes $((32 << 20))
	note "$(freed_is_real "$was")"
else
	# One mapping with a hot part is hot: the source sees no closer. An idle process is freed.
	sleep 10
	is "a mapping with a hot part stays" "$(swapped_kib "$pid")" 0
	was=$(current)
	partctl exec alpha -- $load --mib 64 > "$work/idle.out" 2>&1 &
	eventually 30 "an idle process is ready" grep -q ready "$work/idle.out"
	idle=$(pgrep -n -x hp-memload)
	eventually 90 "an idle process is freed" bash -c "[ \$(awk '/^VmSwap:/ { print \$2 }' /proc/$idle/status) -ge $((40 << 10)) ]"
	eventually 30 "what was freed is counted" at_least freed_bytes $((32 << 20))
	ok "and has left memory" test $(($(current) - was)) -le $((40 << 20))
	note "$(freed_is_real "$was")"
	kill "$idle"
fi
note "$(partctl reclaim)"
metrics=$(curl -sf -m 20 --unix-socket /run/hostpart/metrics.sock http://localhost/metrics)
like "Prometheus is told" "$metrics" '^hostpart_reclaim_freed_bytes_total\{domain="alpha",kind="anon"\} [1-9]'
like "in which mode" "$metrics" '^hostpart_reclaim_mode\{domain="alpha",mode="on"\} 1'
like "at what cost" "$metrics" '^hostpart_reclaim_cpu_seconds_total\{domain="alpha"\} [0-9.]*[1-9]'

# ---- partd dies: nothing is leaked, the mode that was set stays ----
kdamond=$(of kdamond)
kill -KILL $partd_pid; wait $partd_pid 2> /dev/null
start_partd
is "the mode that was set by hand survives partd" "$(of mode)" on
if [ -n "$has_damon" ]; then
	eventually 20 "a new kdamond looks" at_least kdamond 1
	is "the old one is gone" "$([ "$(of kdamond)" != "$kdamond" ] && [ -e "/proc/$kdamond" ] && cat "/proc/$kdamond/comm")" ""
	is "there is one kdamond" "$(pgrep -c '^kdamond')" 1
fi

# ---- off lets go; others are left alone ----
ok "off" partctl reclaim set alpha off
if [ -n "$has_damon" ]; then
	eventually 10 "off lets DAMON go" bash -c "[ \$(cat $admin/nr_kdamonds) = 0 ] && ! pgrep '^kdamond'"
	echo 1 > $admin/nr_kdamonds
	echo 1 > $admin/0/contexts/nr_contexts
	echo vaddr > $admin/0/contexts/0/operations
	echo 1 > $admin/0/contexts/0/targets/nr_targets
	echo $$ > $admin/0/contexts/0/targets/0/pid_target
	echo on > $admin/0/state
	other=$(cat $admin/0/pid)
	ok "on, while somebody else uses DAMON" partctl reclaim set alpha on
	eventually 20 "it says so" bash -c "partctl reclaim | grep -q 'in use by somebody else'"
	is "and leaves it alone" "$(cat $admin/0/state $admin/0/pid | xargs)" "on $other"
	kill -KILL $partd_pid; wait $partd_pid 2> /dev/null
	start_partd
	sleep 2
	is "also after partd was killed" "$(cat $admin/0/state $admin/0/pid | xargs)" "on $other"
	echo off > $admin/0/state
	echo 0 > $admin/nr_kdamonds
else
	ok "on again" partctl reclaim set alpha on
fi

# ---- processes that come, go, and become others ----
kill "$pid"; wait $load_job 2> /dev/null
ok "children by the hundred" timeout 120 partctl exec alpha -- sh -c 'i=0; while [ $i -lt 100 ]; do sleep 0.2 & i=$((i + 1)); done; wait'
start_load --mib 48
ok "the load is ready" grep -q ready "$work/load.out"
ok "one that becomes another program" timeout 60 partctl exec alpha -- sh -c "timeout 3 $load --mib 40 --hot 40; exec $load --mib 1 & sleep 3; kill \$!; true"
kill -KILL "$pid"; wait $load_job 2> /dev/null
ok "partd goes on" partctl reclaim status
ok "teardown" partctl teardown
like "no domain, no tuner" "$(partctl reclaim)" 'no domains'
[ -z "$has_damon" ] || is "and no kdamond" "$(cat $admin/nr_kdamonds; pgrep '^kdamond')" 0
kill -TERM $partd_pid
ok "partd ends" wait $partd_pid
