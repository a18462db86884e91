#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# txn-systemd.t: the same under systemd: a delegated unit for the domains, everybody else confined, nothing left behind.
# kernels: 6.1 6.12
# check: 6.12
# image: debian
# timeout: 600
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/txn.sh
cg=/sys/fs/cgroup

# The kernels (6.1 and 6.12) let nobody clear the CPU set of a cgroup that has tasks (ENOSPC): all CPUs are as good.
# It has one to clear where something asks for delegation, as lxcfs does.
find_out() { dump | sed -E 's,(/(init.scope|system.slice)/cpuset.cpus:)$,\10-7,' > /tmp/txn-found; }
find_out
as_found() { dump > /tmp/txn-now; diff /tmp/txn-found /tmp/txn-now; }
valid() { grep -H . $cg/hostpart.service/cpuset.cpus.partition $cg/hostpart.service/*/cpuset.cpus.partition | grep -v ':root$'; }

ok "apply" partctl -q apply policies/two-hosts.yaml
nothing_to_do policies/two-hosts.yaml
is "the domains live in a delegated unit" "$(systemctl show -P ActiveState -P Delegate hostpart.service | xargs)" "yes active"
is "with no process in its inner cgroup" "$(cat $cg/hostpart.service/cgroup.procs)" ""
is "all partitions are valid" "$(valid)" ""
base=$(cat $cg/cpuset.cpus.effective)
for unit in system.slice user.slice init.scope; do
	is "$unit is confined to the base" "$(cat $cg/$unit/cpuset.cpus.effective)" "$base"
done
is "and so is a slice that comes later" "$(systemd-run -q --slice=machine.slice --pipe --wait grep Cpus_allowed_list /proc/self/status | awk '{ print $2 }')" "$base"
systemctl stop machine.slice

dump > /tmp/txn-applied
unchanged() { dump > /tmp/txn-now; diff /tmp/txn-applied /tmp/txn-now; }
systemctl daemon-reload
ok "daemon-reload changes nothing" unchanged
systemctl daemon-reexec
sleep 2
ok "nor does daemon-reexec" unchanged
systemctl set-property --runtime hostpart.service CPUWeight=90
is "nor a property that somebody sets: partitions are valid" "$(valid)" ""
is "and the CPUs there" "$(cat $cg/hostpart.service/cpuset.cpus)" 2-7
like "no setting differs" "$(partctl diff policies/two-hosts.yaml 2>&1 | head -40)" '^nothing to do'

ok "another policy" partctl -q apply policies/three-hosts.yaml
is "all partitions are valid" "$(valid)" ""
ok "and back" partctl -q apply policies/two-hosts.yaml
ok "teardown" partctl -q teardown
ok "byte for byte as found" as_found
is "systemd asks for no reload" "$(systemctl show -P NeedDaemonReload system.slice user.slice init.scope | sort -u | xargs)" no
is "no unit of ours is left" "$(systemctl list-units --all --plain --no-legend hostpart.service hostpart-holder.scope)" ""

# Somebody kills the process that holds the unit: the domains do not need it.
ok "apply" partctl -q apply policies/two-hosts.yaml
kill -KILL "$(systemctl show -P MainPID hostpart.service)"
eventually 30 "the unit has failed" systemctl is-failed hostpart.service
systemctl daemon-reload
is "all partitions stay valid" "$(valid)" ""
nothing_to_do policies/two-hosts.yaml
like "a policy that would end them all is refused" "$(partctl apply policies/three-hosts.yaml 2>&1)" 'partctl teardown'
is "with nothing changed" "$(valid)" ""
systemctl reset-failed
is "nor does it matter that systemd forgets the unit" "$(valid)" ""
ok "teardown" partctl -q teardown
ok "byte for byte as found" as_found

# A value that was there before, set the same way, is put back the same way.
systemctl set-property --runtime user.slice AllowedCPUs=0-5
find_out
ok "apply over somebody's own AllowedCPUs=" partctl -q apply policies/two-hosts.yaml
ok "teardown" partctl -q teardown
ok "byte for byte as found" as_found
