#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# witness.t: the kernel tells who wrote to a control file or moved a port.
# kernels: 6.1 6.12
# check: 6.12
# boot: shared
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
tool=/usr/libexec/hostpart/tests/hp-witness
cg=/sys/fs/cgroup

$tool $$ > /tmp/witnessed 2>&1 &
witness=$!
on_exit kill $witness
eventually 20 "the witness loads" grep -q '^ready' /tmp/witnessed
is "this kernel has every hook" "$(head -n 1 /tmp/witnessed)" ready

# A shell of its own does the writing: its pid and name are what is looked for.
cp /bin/dash /tmp/culprit
on_exit rm -f /tmp/culprit
culprit() { # SCRIPT: its pid is left in $pid
	pid=$(/tmp/culprit -c "echo \$\$; { $1; } > /dev/null 2>&1")
}
told() { grep -qE -- "$1" /tmp/witnessed; }
expect() { # WHAT REGEX, with PID for the culprit's pid
	eventually 5 "$1" told "${2//PID/pid=$pid comm=culprit uid=0}"
}

mkdir $cg/intruder
on_exit rmdir $cg/intruder
echo +cpuset +memory +pids > $cg/cgroup.subtree_control
culprit "echo 0-1 > $cg/intruder/cpuset.cpus"
expect "a cpuset, with its path, the writer and what was written" '^cgroup /intruder/cpuset.cpus PID .* value=0-1$'
for file in cpuset.cpus.partition:member cpuset.mems:0 memory.max:max memory.min:0 memory.high:max pids.max:99; do
	culprit "echo ${file#*:} > $cg/intruder/${file%:*}"
	expect "${file%:*}" "^cgroup /intruder/${file%:*} PID .* value=${file#*:}\$"
done
culprit "echo -pids > $cg/cgroup.subtree_control"
expect "a file of the root cgroup" '^cgroup /cgroup.subtree_control PID .* value=-pids$'
echo +pids > $cg/cgroup.subtree_control
mkdir -p $cg/intruder/deep/er
culprit "echo bogus > $cg/intruder/deep/er/cgroup.subtree_control"
expect "a refused write as well" '^cgroup /intruder/deep/er/cgroup.subtree_control PID .* value=bogus$'
culprit "cat > $cg/intruder/pids.max" < <(printf 'max')
culprit "python3 -c 'import os; fd = os.open(\"$cg/intruder/pids.max\", os.O_WRONLY); os.writev(fd, [b\"1\", b\"7\"])'"
eventually 5 "a write in parts, if not its text" told '^cgroup /intruder/pids.max pid=[0-9]+ comm=python3 '
/tmp/culprit -c "echo \$\$ > $cg/intruder/cgroup.procs; echo 64 > $cg/intruder/pids.max"
eventually 5 "the writer's cgroup" told '^cgroup /intruder/pids.max .* comm=culprit .* cgroup=/intruder .* value=64$'
long=$(printf 'x%.0s' {1..100})
culprit "echo $long > $cg/intruder/memory.max"
expect "a long value is cut, not lost" '^cgroup /intruder/memory.max PID .* value=x{60,63}$'
rmdir $cg/intruder/deep/er $cg/intruder/deep

mask=$(cat /sys/devices/virtual/workqueue/cpumask)
culprit "echo $mask > /sys/devices/virtual/workqueue/cpumask"
expect "the workqueue mask" "^sysfs /sys/devices/virtual/workqueue/cpumask PID .* value=$mask\$"
culprit "echo 0 > /sys/devices/system/cpu/cpu7/online; echo 1 > /sys/devices/system/cpu/cpu7/online"
expect "a CPU taken offline" '^sysfs /sys/devices/system/cpu/cpu7/online PID .* value=0$'
bdf=$(basename "$(readlink -f /sys/class/net/eth*/device | grep -v virtio | head -n 1)")
culprit "echo $bdf > /sys/bus/pci/drivers/nosuch/unbind || echo 0000:ff:1f.7 > /sys/bus/pci/drivers/e1000e/unbind"
expect "an unbinding" '^sysfs /sys/bus/pci/drivers/e1000e/unbind PID .* value=0000:ff:1f.7$'

mask=$(cat /proc/irq/default_smp_affinity)
culprit "echo $mask > /proc/irq/default_smp_affinity"
expect "the default interrupt mask" "^proc /proc/irq/default_smp_affinity PID .* value=$mask\$"
culprit "echo 0-7 > /proc/irq/9/smp_affinity_list"
expect "an interrupt's CPUs" '^proc /proc/irq/9/smp_affinity_list PID .* value=0-7$'

ip link add hpw0 type veth peer name hpw1
ip netns add witness
on_exit ip netns del witness
index=$(cat /sys/class/net/hpw0/ifindex)
ip link set hpw0 name hpw2
eventually 5 "a port renamed" told "^netdev hpw0 .* comm=ip .* ifindex=$index .* value=renamed\$"
ip link set hpw2 netns witness
eventually 5 "a port moved" told "^netdev hpw2 .* comm=ip .* ifindex=$index .* value=moved\$"

# What is not a promise is not told.
lines=$(wc -l < /tmp/witnessed)
culprit "echo max > $cg/intruder/cgroup.max.depth; echo 1 > /proc/sys/kernel/printk_delay; echo 0 > /proc/sys/kernel/printk_delay"
echo 65 > $cg/intruder/pids.max
sleep 1
is "other files and the excluded process are not told" "$(wc -l < /tmp/witnessed)" "$lines"
