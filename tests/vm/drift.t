#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# drift.t: partd mends what others break, says who did it, and may die without anyone noticing.
# kernels: 6.1 6.12
# timeout: 900
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
. tests/vm/partd.sh
policy=policies/two-hosts.yaml

modprobe hostpart
events() { partctl events -o json | jq -c "select(.type == \"$1\")"; }
drift_of() { events drift | jq -c "select(.what | test(\"$1\"))"; }
start_partd
ok "apply through partd" partctl apply $policy
not_ok "--local is refused while partd runs" partctl apply --local $policy
alpha=$(cpus_of alpha)
top=$(echo /sys/fs/cgroup/hostpart*)
base_cpu=$(each_cpu "$(cat /sys/fs/cgroup/cpuset.cpus.effective)" | head -n 1)
sleep 1
is "nothing drifted by itself" "$(events drift | head -n 3)" ""

# 5. An overlapping sibling, made by hand.
mkdir /sys/fs/cgroup/intruder
bash -c "echo $alpha > /sys/fs/cgroup/intruder/cpuset.cpus; echo \$\$ > /tmp/intruder.pid"
eventually 1 "the partitions are valid again within a second" \
	bash -c "[ \$(cat $top/cpuset.cpus.partition) = root ] && [ \$(cat $top/alpha/cpuset.cpus.partition) = root ] &&
		[ \"\$(cat $top/alpha/cpuset.cpus.effective)\" = $alpha ] && partctl events | grep -q drift"
note "$(partctl events --last 4)"
like "the event names the process that did it" "$(events drift)" "\"pid\":$(cat /tmp/intruder.pid),\"comm\":\"bash\""
rmdir /sys/fs/cgroup/intruder
count=$(events drift | wc -l)
sleep 2
is "each drift is told once" "$(events drift | wc -l)" "$count"

bash -c "echo 100000000 > $top/alpha/memory.max; echo \$\$ > /tmp/actor.pid"
eventually 2 "a limit edited by hand is put back" bash -c "[ \$(cat $top/alpha/memory.max) = $((1 << 30)) ]"
eventually 2 "with its actor" bash -c "partctl events -o json | grep memory.max | grep -q '\"pid\":$(cat /tmp/actor.pid)'"

nft delete table inet hostpart
eventually 2 "a removed nft table is put back" nft list table inet hostpart
eventually 2 "with its actor" bash -c "partctl events -o json | grep '\"nft' | grep -q '\"comm\":\"nft\"'"

irq=$(awk '/nvme0q0|nvme1q0/ { sub(":", "", $1); print $1; exit }' /proc/interrupts)
want=$(cat "/proc/irq/$irq/smp_affinity_list")
bash -c "echo $base_cpu > /proc/irq/$irq/smp_affinity_list; echo \$\$ > /tmp/actor.pid"
eventually 2 "a moved interrupt is put back" bash -c "[ \"\$(cat /proc/irq/$irq/smp_affinity_list)\" = '$want' ]"
eventually 2 "with its actor" bash -c "partctl events -o json | grep -E '\"(irq|interrupt) ${irq}[ \"]' | grep -q '\"pid\":$(cat /tmp/actor.pid)'"
is "told once, by the module or by partd" "$(events drift | grep -cE "\"(irq|interrupt) ${irq}[ \"]")" 1

ok "root in the domain sends its port away" partctl exec alpha -- ip link set eth0 down
eventually 3 "a port that was taken down is up again" bash -c "partctl exec alpha -- ip -o link show eth0 | grep -q '[<,]UP'"
ok "somebody takes a port out of its namespace" nsenter --net=/run/hostpart/netns/alpha ip link set eth0 netns 1 name stolen
eventually 5 "and it is back" partctl exec alpha -- test -e /sys/class/net/eth0
like "with an event" "$(drift_of port)" 'drift'

like "a refused CPU offline is refused" "$(bash -c "echo 0 > /sys/devices/system/cpu/cpu${alpha%%[-,]*}/online" 2>&1)" busy
eventually 2 "and told" bash -c "partctl events -o json | grep -q '\"type\":\"refused\"'"
note "$(partctl events --last 12)"

# The agent may die: nothing changes, and a new one adopts what runs.
partctl exec beta -- sleep 1000 &
sleep 3
victim=$(pgrep -n -x sleep)
start_time=$(cut -d' ' -f22 "/proc/$victim/stat")
init=$(cat "$top"/beta/init/cgroup.procs)
kill -KILL $partd_pid; wait $partd_pid 2> /dev/null
ok "the domains hold after SIGKILL of partd" partctl verify
start_partd
sleep 2
is "the task in beta was not touched" "$(cut -d' ' -f22 "/proc/$victim/stat")" "$start_time"
is "nor was beta's init" "$(cat "$top"/beta/init/cgroup.procs)" "$init"
like "and partd adopted the domains" "$(partctl status)" 'running'
bash -c "echo 90000000 > $top/beta/memory.max"
eventually 2 "it mends drift again" bash -c "[ \$(cat $top/beta/memory.max) = $((1 << 30)) ]"
kill "$victim"
ok "teardown through partd" partctl teardown
sleep 1
is "teardown is no drift" "$(partctl events -o json | tail -n 1 | jq -r .type)" torn-down
kill $partd_pid; wait $partd_pid
is "partd ends cleanly on SIGTERM" $? 0
unlike "and logged no error" "$(cat "$partd_log")" '<3>|error'
sed 's/^/# /' "$partd_log" | tail -n 40
