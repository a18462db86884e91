#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# veto.t: refusing to take a claimed CPU offline leaves its partition whole, without any agent, and names who asked;
# the module stays as long as it holds domains, and teardown --force makes it let go of those that nobody remembers.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 600
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
. tests/vm/partd.sh
on_exit partctl -q teardown

cat > /tmp/veto.yaml <<'END'
apiVersion: hostpart/v1
base: {cpus: 2, memory: 1GiB}
domains:
  alpha: {cpus: 1, memory: 512MiB}
  beta: {cpus: 1, memory: 512MiB}
END
offline() { echo "$2" > "/sys/devices/system/cpu/cpu$1/online"; }
types() { cat /sys/fs/cgroup/hostpart*/cpuset.cpus.partition /sys/fs/cgroup/hostpart*/{alpha,beta}/cpuset.cpus.partition | xargs; }

ok "the module loads" modprobe hostpart
ok "apply" partctl apply /tmp/veto.yaml
is "no claimed CPU is without its pin" "$(find /sys/bus/hostpart/devices/ -type l | wc -l)" 4
refusals() { partctl events -o json | grep -c '"type":"refused"'; }
start_partd
kill -STOP $partd_pid	# it may hear, but it may not mend
for domain in alpha beta; do
	before=$(cpus_of $domain)
	for cpu in $(each_cpu "$before"); do
		like "cpu $cpu of $domain stays online" "$(offline "$cpu" 0 2>&1)" busy
	done
	is "it is online" "$(cat "/sys/devices/system/cpu/cpu$cpu/online")" 1
	is "all three partitions are valid" "$(types)" "root root root"
	is "$domain has its CPUs" "$(cpus_of $domain)" "$before"
done
bash -c "echo \$\$ > /tmp/asker; echo 0 > /sys/devices/system/cpu/cpu$cpu/online" 2> /dev/null
kill -CONT $partd_pid
eventually 10 "the refusal is an event with its actor" \
	bash -c "partctl events -o json | grep refused | grep -q '\"pid\":$(cat /tmp/asker),'"
note "$(partctl events --last 5)"
told=$(refusals)
kill $partd_pid
wait $partd_pid
bash -c "echo \$\$ > /tmp/asker; echo 0 > /sys/devices/system/cpu/cpu$cpu/online" 2> /dev/null
is "without partd nothing is logged" "$(refusals)" "$told"
start_partd
eventually 10 "what the module refused meanwhile is told afterwards, with its actor" \
	bash -c "partctl events -o json | tail -n 3 | grep refused | grep -q '\"pid\":$(cat /tmp/asker),'"
is "once, and nothing else again" "$(refusals)" $((told + 1))
note "$(partctl events --last 3)"
free=$(each_cpu "$(cat /sys/fs/cgroup/cpuset.cpus.effective)" | tail -n 1)
ok "cpu $free of the base goes offline" offline "$free" 0
ok "and comes back" offline "$free" 1
is "all three partitions are still valid" "$(types)" "root root root"
ok "teardown" partctl teardown
ok "cpu $cpu, no longer claimed, goes offline" offline "$cpu" 0
ok "and comes back" offline "$cpu" 1
is "no pin is left" "$(find /sys/bus/hostpart/devices/ -type l | wc -l)" 0
kill $partd_pid
wait $partd_pid
ok "the module goes" rmmod hostpart

# Without its record hostpart knows of nothing to tear down, but the module still holds.
ok "the module loads again" modprobe hostpart
ok "apply" partctl apply /tmp/veto.yaml
mv /run/hostpart/state.json /tmp/state.json
is "teardown without a record has nothing to do" "$(partctl teardown 2>&1)" "nothing to do"
like "so the module stays" "$(rmmod hostpart 2>&1)" 'in use'
is "and holds its claims" "$(find /sys/bus/hostpart/devices/ -type l | wc -l)" 4
like "with --force it lets go of them" "$(partctl teardown --force 2>&1)" 'the module let go of 2 domains'
is "all of them" "$(find /sys/bus/hostpart/devices/ -type l | wc -l)" 0
ok "and goes" rmmod hostpart
mv /tmp/state.json /run/hostpart/state.json
is "the domains themselves still run" "$(types)" "root root root"
ok "until the record is back and teardown ends them" partctl teardown
is "for good" "$(find /sys/fs/cgroup -name 'hostpart*' | wc -l)" 0
