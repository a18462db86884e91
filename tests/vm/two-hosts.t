#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# two-hosts.t: the main job, end to end: apply two-hosts.yaml, use both hosts, try to break out, undo.
# kernels: 6.1 6.12
# timeout: 900
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh
policy=policies/two-hosts.yaml

snapshot > /tmp/before
ok "the module loads" modprobe hostpart
snapshot > /tmp/before
ok "apply" partctl apply $policy
is "a second apply has nothing to do" "$(partctl apply $policy)" "nothing to do"
is "diff says nothing then" "$(partctl diff $policy -o json | jq '.steps | length')" 0
alpha=$(cpus_of alpha) beta=$(cpus_of beta)
one=${alpha%%[-,]*} other=${beta%%[-,]*}

# 1. Each sees its share and cannot leave it.
is "nproc in alpha is its share" "$(partctl exec alpha -- nproc)" "$(each_cpu "$alpha" | wc -l)"
is "nproc in beta is its share" "$(partctl exec beta -- nproc)" "$(each_cpu "$beta" | wc -l)"
is "alpha's own cgroup root shows its CPUs" "$(partctl exec alpha -- cat /sys/fs/cgroup/cpuset.cpus.effective)" "$alpha"
is "and its memory" "$(partctl exec alpha -- cat /sys/fs/cgroup/memory.max)" $((1 << 30))
is "hostnames" "$(partctl exec alpha -- hostname) $(partctl exec beta -- hostname)" "alpha beta"
not_ok "taskset to a CPU of beta" partctl exec alpha -- taskset -c "$other" true
not_ok "taskset of a running task of alpha to a CPU of beta, from outside" \
	bash -c "partctl exec alpha -- sleep 60 & sleep 3; taskset -cp $other \$(pgrep -n -x sleep) 2>&1 | grep -q 'new affinity list: $other'"
is "no cgroup of beta can be seen from alpha" "$(partctl exec alpha -- find /sys/fs/cgroup -name '*beta*')" ""
ok "the only tree alpha sees is its own" partctl exec alpha -- test ! -e /sys/fs/cgroup/hostpart -a ! -e /sys/fs/cgroup/beta
not_ok "alpha cannot raise its own memory limit" partctl exec alpha -- sh -c 'echo max > /sys/fs/cgroup/memory.max'
not_ok "nor change its own CPUs" partctl exec alpha -- sh -c "echo 0-7 > /sys/fs/cgroup/cpuset.cpus"
not_ok "nor take a process of the machine in" partctl exec alpha -- sh -c "echo $$ > /sys/fs/cgroup/cgroup.procs"

ran() { # CPULIST: milliseconds that tasks ran on these CPUs, by the scheduler's own count
	local cpu sum=0 ns
	for cpu in $(each_cpu "$1"); do
		ns=$(awk -v cpu="cpu$cpu" '$1 == cpu { print $8 }' /proc/schedstat)
		sum=$((sum + ns / 1000000))
	done
	echo $sum
}
partctl exec beta -- stress-ng --quiet --cpu 16 --timeout 90s > /dev/null 2>&1 &
eventually 60 "16 hogs start in beta" bash -c 'pgrep -c stress-ng | grep -qE "^1[67]$"'
start=$(ran "$alpha") startb=$(ran "$beta")
seen=''
for _ in $(seq 6); do
	# Field 39 is the processor; a name may hold blanks, so count from behind it.
	seen+=$(for p in $(pgrep stress-ng); do sed 's/.*) //' "/proc/$p/stat" | cut -d' ' -f37; done 2> /dev/null | sort -un | xargs)' '
	sleep 0.3
done
end=$(ran "$alpha") endb=$(ran "$beta")
note "in the meantime: tasks ran $((end - start)) ms on alpha's CPUs, $((endb - startb)) ms on beta's"
seen=$(tr ' ' '\n' <<< "$seen" | grep . | sort -un)
ok "the hogs were seen running" test -n "$seen"
is "and never on a CPU outside beta" "$(comm -23 <(sort <<< "$seen") <(each_cpu "$beta" | sort))" ""
ok "beta's CPUs were busy meanwhile" test $((endb - startb)) -gt 1000
# What is left on alpha's CPUs are the kernel's own threads there.
ok "alpha's CPUs ran next to nothing" test $((end - start)) -lt $(((endb - startb) / 20))
pkill stress-ng

# 2. Out of memory stays at home.
partctl exec alpha -- python3 -c 'import time; kept = bytearray(b"x") * (300 << 20); time.sleep(1000)' > /dev/null 2>&1 &
eventually 60 "alpha holds 300 MiB" bash -c 'test $(cat /sys/fs/cgroup/hostpart*/alpha/memory.current) -gt $((290 << 20))'
held=$(cat /sys/fs/cgroup/hostpart*/alpha/memory.current)
not_ok "a process of beta that wants 1.5 GiB ends" partctl exec beta -- python3 -c 'bytearray(b"x") * (1536 << 20)'
ok "beta was over its limit and killed" bash -c "awk '\$1 == \"oom_kill\" { exit \$2 == 0 }' /sys/fs/cgroup/hostpart*/beta/memory.events"
is "alpha's memory events stay zero" "$(awk '{ s += $2 } END { print s }' /sys/fs/cgroup/hostpart*/alpha/memory.events)" 0
ok "alpha's memory was not reclaimed" test "$(cat /sys/fs/cgroup/hostpart*/alpha/memory.current)" -ge $((held - (4 << 20)))
pkill python3

# 3. Devices.
node=$(lsblk -ndo NAME,SERIAL | awk '$2 == "hp-nvme-1" { print $1 }')
own=$(lsblk -ndo NAME,SERIAL | awk '$2 == "hp-nvme-0" { print $1 }')
read -r major minor < <(stat -c '%Hr %Lr' "/dev/$node")
ok "alpha reads its own disk" partctl exec alpha -- head -c 512 "/dev/$own"
like "beta's disk cannot be opened from alpha" "$(partctl exec alpha -- head -c 1 "/dev/$node" 2>&1)" 'not permitted'
like "nor after mknod" "$(partctl exec alpha -- sh -c "mknod /tmp/n b $major $minor; head -c 1 /tmp/n" 2>&1)" 'not permitted'
rm -f /tmp/n
ok "beta reads it" partctl exec beta -- head -c 512 "/dev/$node"
like "the base does not" "$(head -c 1 "/dev/$node" 2>&1)" 'not permitted'

# 4. Network: silence without links (links.t shows one).
addr() { partctl status -o json | jq -r ".domains[] | select(.name == \"$1\") .address"; }
not_ok "alpha does not reach beta by TCP" partctl exec alpha -- timeout 2 bash -c "echo > /dev/tcp/$(addr beta)/22"
not_ok "nor by ping" partctl exec alpha -- ping -c 1 -W 2 "$(addr beta)"
not_ok "nor beta alpha" partctl exec beta -- ping -c 1 -W 2 "$(addr alpha)"
is "the port of alpha is inside under its name" "$(partctl exec alpha -- cat /sys/class/net/eth0/address)" 52:54:00:10:00:01

# 6. A claimed CPU cannot be taken offline.
like "taking a claimed CPU offline is refused" "$(bash -c "echo 0 > /sys/devices/system/cpu/cpu$one/online" 2>&1)" 'busy'
is "it is still online" "$(cat "/sys/devices/system/cpu/cpu$one/online")" 1

is "verify: no promise is broken" "$(partctl verify -q)" ""
partctl verify | sed 's/^/# /'
note "$(partctl status)"
not_ok "the module cannot be unloaded meanwhile" rmmod hostpart
ok "teardown" partctl teardown
snapshot > /tmp/after
is "every value is as found" "$(changed /tmp/before /tmp/after)" ""
ok "the module goes" rmmod hostpart

# Without the module it works as well, and says what is missing.
ok "apply without the module" partctl apply $policy
like "status says what is missing without the module" "$(partctl status)" 'offline'
ok "verify passes with a gap for it" partctl verify
like "and names the gap" "$(partctl verify)" '^gap .*hostpart.ko'
ok "teardown again" partctl teardown
