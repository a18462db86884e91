#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# caps.t: only root of the machine, outside of every domain, reads or changes the registry; the spec alone reads it too.
# kernels: 6.1 6.12
# check: 6.1
# timeout: 300
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
kctl=/usr/libexec/hostpart/tests/hp-kernelctl
sysfs=/sys/kernel/hostpart
work=$(mktemp -d)
on_exit partctl -q teardown

cat > "$work/policy.yaml" <<'END'
apiVersion: hostpart/v1
domains:
  alpha: {cpus: 1, memory: 256MiB}
  beta: {cpus: 1, memory: 256MiB, elastic: {memory: {min: 128MiB, max: 512MiB}}}
END
modprobe hostpart
ok "apply" partctl apply "$work/policy.yaml"
$kctl read > "$work/table"

# ---- from inside a domain, as its root ----
inside() { partctl exec alpha -- "$@"; }
is "root of alpha is uid 0" "$(inside id -u)" 0
for verb in info read commit release seal ring listen state; do
	like "root of alpha cannot: $verb" "$(inside timeout 10 $kctl $verb < /dev/null 2>&1)" 'not loaded|No such file'
done
for file in cpus pci pci_state memory_bytes nodes cgroup_id active netns elastic_cpus elastic_memory; do
	for domain in alpha beta; do
		not_ok "nor read $domain/$file in sysfs" inside cat $sysfs/domains/$domain/$file
		ok "which root of the machine reads" cat $sysfs/domains/$domain/$file
	done
done
not_ok "nor unload the module" inside rmmod hostpart
like "nor load one" "$(inside insmod "$(modinfo -n hostpart)" 2>&1)" 'not permitted'

# ---- over a socket of root of the machine that got into other hands ----
for way in net user cap; do
	python3 tests/vm/caps.py $way > "$work/$way" 2>&1
	is "with less ($way), every command but get-info is refused" "$(grep -vE ' (EPERM|ENOTSUP|EOPNOTSUPP)$' "$work/$way" | xargs)" "get-info do done"
	ok "and all were tried ($way)" test "$(grep -c ' EPERM$' "$work/$way")" -ge 10
done
is "nothing changed" "$($kctl read)" "$(cat "$work/table")"

# ---- the spec describes what is on the wire ----
is "the table, decoded by the spec, is what lib/kernel reads" "$(python3 tests/vm/ynl-table.py table)" "$(cat "$work/table")"
printf '%s\n' 'domain alpha base cgroup 42 active' 'cpus alpha 1,3-4' 'memory alpha 4096 nodes 0' \
	'pci alpha 0000:03:00.0 driver nvme' 'pci alpha 8086:10d3/7 driver e1000e port lan shared-group' \
	'pci alpha 0000:00:1c.0/00.0/1f.7' 'domain beta elastic-cpus 2,5-6 elastic-memory 0-8192' 'memory beta 4096' > "$work/other"
partctl -q teardown
ok "a table with everything in it" bash -c "$kctl commit < $work/other"
is "too" "$(python3 tests/vm/ynl-table.py table)" "$(cat "$work/other")"
is "and by lib/kernel" "$($kctl read)" "$(cat "$work/other")"
is "the numbers, too" "$(python3 tests/vm/ynl-table.py info | grep -E '^(abi|domain-count|claim-count|domain-limit)=' | xargs)" \
	"abi=2 domain-count=2 claim-count=6 domain-limit=128"
is "guards have the same names as in sysfs" "$(python3 tests/vm/ynl-table.py info | sed -n 's/^guards=//p')" "$(xargs < $sysfs/guards)"
is "and the events" "$(python3 tests/vm/ynl-table.py events | sed -E 's/ (comm|domain)=.*//')" \
	"$($kctl ring | sed -E 's/ time_ns=[0-9]+//; s/ (comm|domain)=.*//')"
ok "release" $kctl release
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(dmesg | grep -E 'WARNING|BUG|Oops|Call Trace')" ""
