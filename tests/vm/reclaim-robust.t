#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# reclaim-robust.t: the reclaim tuner survives what domains, swap, others who use DAMON and its own death do to it.
# kernels: 6.1 6.12
# timeout: 2400
# long: a thousand processes, and swap that has to fill up, take minutes on an emulated machine
# testbed: --cpus 4 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/reclaim.sh
module=/sys/module/damon_reclaim/parameters

cat > "$work/policy.yaml" <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 192MiB}
domains:
  alpha:
    cpus: 1
    memory: {size: 600MiB, guarantee: 16MiB, swap: 48MiB}
    reclaim: {mode: on, crp: 1s, distance: 4s, budget: 50%, pressure: 30%}
END

grows() { local was; was=$(of "$1"); for ((i = 0; i < 300; i++)); do [ "$(of "$1")" -gt "$was" ] && return; sleep 0.1; done; return 1; }
says() { of "$1" | tee /dev/stderr | grep -qE "$2"; }
swapped_at_least() { local got; got=$(swapped_kib "$1"); echo "VmSwap is $got kB"; [ "$got" -ge "$2" ]; }
end_load() { kill -KILL "$pid"; wait $load_job; } 2> /dev/null
is_same_partd() { kill -0 $partd_pid; }
one_kdamond() { [ "$(pgrep -c '^kdamond')" -eq 1 ] && [ "$(cat $admin/nr_kdamonds)" -eq 1 ]; }

start_partd
ok "a policy with reclaim is applied" partctl apply "$work/policy.yaml"
[ "$tap_failed" -eq 0 ] || exit 1

phase "processes end while they are looked at"
for pause in 0.3 1.1 0.7 2.3 1.7 0.1 1.3 2.9; do
	start_load --mib 24 --hot 8
	sleep $pause
	end_load
done
ok "partd lives" is_same_partd
start_load --mib 24 --hot 24
ok "and goes on looking" grows windows
[ -z "$has_damon" ] || ok "with one kdamond" one_kdamond
end_load

phase "a process becomes another program"
partctl exec alpha -- python3 -c "
import os, sys, time
memory = bytearray(os.urandom(1 << 20)) * 40
time.sleep(9)
os.execv('$load', ['$load', '--mib', '24', '--hot', '24', '--period', '20'])" > "$work/load.out" 2>&1 &
load_job=$!
eventually 90 "it does" grep -q ready "$work/load.out"
pid=$(pgrep -n -x hp-memload)
eventually 30 "what is known of its process is the new one's" \
	bash -c "partctl reclaim explain $pid -o json | jq -e '.regions | length > 0 and all(.comm == \"hp-memload\")'"
swapped=$(swapped_kib "$pid")
sleep 8
note "VmSwap $swapped kB, 8 s later $(swapped_kib "$pid") kB"
ok "and what the old one left unused is not held against it" test $(($(swapped_kib "$pid") - swapped)) -le 1024
end_load

phase "a thousand children"
# shellcheck disable=SC2016  # the shell in the domain expands it
partctl exec alpha -C "$work" -- sh -c '
	children=; i=0; while [ $i -lt 1000 ]; do sleep 1000 & children="$children $!" i=$((i + 1)); done
	echo forked > forked; until [ -e over ]; do sleep 1; done; kill $children; wait' > "$work/crowd" 2>&1 &
crowd_job=$!
eventually 900 "are forked" test -e "$work/forked"
eventually 120 "all are seen" at_least processes 1000
ok "the largest are watched" at_most watched 32
note "$(partctl reclaim)"
start_load --mib 24 --hot 8
eventually 60 "a larger one that comes is among them" bash -c "partctl reclaim explain $pid | grep -q hp-memload"
touch "$work/over"
eventually 400 "they end" at_most processes 40
wait $crowd_job 2> /dev/null
ok "partd lives" is_same_partd
end_load

phase "swap fills up"
start_load --mib 160 --hot 8
eventually 120 "the domain's swap is used up" says limit 'no swap left'
swapped=$(swapped_kib "$pid")
note "VmSwap $swapped kB; $(partctl reclaim)"
ok "by no more than it may have" test "$swapped" -le $((48 << 10))
eventually 30 "and what is in it has left memory" at_most leaving_bytes $((1 << 20))
is "nobody was killed for it" "$(awk '$1 == "oom_kill" { print $2 }' /sys/fs/cgroup/hostpart*/alpha/memory.events)" 0
ok "it goes on looking" grows windows
ok "the machine's swap is taken away" timeout 120 swapoff -a
eventually 10 "all is back" bash -c "[ \$(awk '/^VmSwap:/ { print \$2 }' /proc/$pid/status) -eq 0 ]"
eventually 10 "it says so" says limit 'no swap left'
swap=$(lsblk -dno NAME,SERIAL | awk '$2 == "hp-swap" { print "/dev/" $1 }')
ok "and comes again" swapon "$swap"
eventually 120 "what is unused is freed again" swapped_at_least "$pid" $((24 << 10))
end_load

phase "partd is killed while it works"
start_load --mib 64 --hot 8
for pause in 0.2 1.5 3.1; do
	sleep $pause
	kill -KILL $partd_pid; wait $partd_pid 2> /dev/null
	start_partd
	eventually 20 "the tuner knows the domain again" at_least regions 1
	[ -z "$has_damon" ] || eventually 10 "with one kdamond, no more" one_kdamond
done
eventually 90 "it frees again" at_least freed_bytes $((8 << 20))

if [ -n "$has_damon" ]; then
	phase "others use DAMON"
	kdamond=$(of kdamond)
	echo off > $admin/0/state
	eventually 30 "a kdamond that somebody turned off is replaced" \
		bash -c "k=\$(partctl reclaim -o json | jq .domains[0].kdamond); [ \$k -gt 0 ] && [ \$k != $kdamond ]"
	ok "by one" one_kdamond
	partctl -q reclaim set alpha off
	eventually 10 "off lets DAMON go" bash -c "[ \$(cat $admin/nr_kdamonds) = 0 ]"
	echo Y > $module/enabled
	eventually 10 "the kernel's own reclaim by DAMON runs" bash -c "[ \$(cat $module/kdamond_pid) -gt 0 ]"
	theirs=$(cat $module/kdamond_pid)
	partctl -q reclaim set alpha on
	eventually 20 "it is seen" says problem "in use by the kernel's own damon_reclaim"
	is "and left alone" "$(cat $module/enabled $module/kdamond_pid | xargs)" "Y $theirs"
	echo N > $module/enabled
	eventually 60 "when it is gone, ours comes" at_least kdamond 1
fi

end_load
ok "teardown" partctl teardown
[ -z "$has_damon" ] || is "no kdamond is left" "$(cat $admin/nr_kdamonds; pgrep '^kdamond')" 0
kill -TERM $partd_pid
ok "partd ends" wait $partd_pid
