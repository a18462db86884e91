#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot-devices.t: devices of a boot policy wait for their domain, go to it with an apply, and wait again after a teardown.
# kernels: 6.1 6.12
# timeout: 400
# long: not seen whole yet with the guard for PCI functions
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
kctl=/usr/libexec/hostpart/tests/hp-kernelctl
policy=policies/two-hosts.yaml
firmware=$(mktemp -d)
mkdir "$firmware/hostpart"
echo -n "$firmware" > /sys/module/firmware_class/parameters/path

like "compile" "$(partctl compile $policy -o "$firmware/hostpart/policy.bin")" '2 domains, 8 claims'
mapfile -t functions < <(partctl compile --show "$firmware/hostpart/policy.bin" | sed -n 's/^pci [a-z]* \([^ ]*\).*/\1/p')
is "of two disks and two ports" "${#functions[@]}" 4
is "whose names are kept" "$(grep -c . /var/lib/hostpart/parked)" 4
drivers() {
	local function
	for function in "${functions[@]}"; do
		basename "$(readlink "/sys/bus/pci/devices/$function/driver")"
	done | sort | xargs
}
are() { [ "$(drivers)" = "$1" ]; }
is "they have drivers" "$(drivers)" "e1000e e1000e nvme nvme"

ok "the module loads" modprobe hostpart
grep -qx pci /sys/kernel/hostpart/guards || skip_all "this module has no guard for PCI functions"
eventually 30 "the module parks all four" are "hostpart hostpart hostpart hostpart"
is "sysfs says so" "$(cut -d' ' -f2 /sys/kernel/hostpart/domains/*/pci_state | sort -u)" parked
is "their disks are gone" "$(lsblk -no SERIAL | grep -c hp-nvme)" 0
ok "the policy still finds them" partctl plan $policy
before=$($kctl read)

ok "apply" partctl apply $policy
is "hands them to their drivers" "$(drivers)" "e1000e e1000e nvme nvme"
is "a second apply has nothing to do" "$(partctl apply $policy)" "nothing to do"
like "alpha has its port, name and address" "$(partctl exec alpha -- ip -br address show dev eth0)" '192\.0\.2\.1/24'
ok "and its disk" partctl exec alpha -- sh -c 'head -c 4096 /dev/disk/by-id/*hp-nvme-0 > /dev/null || head -c 4096 /dev/nvme*n1 > /dev/null'
ok "no promise is broken" partctl verify
ok "teardown" partctl teardown
eventually 30 "parks them again" are "hostpart hostpart hostpart hostpart"
is "the boot policy is in force as before" "$($kctl read)" "$before"

ok "a release" $kctl release
eventually 30 "gives them back" are "e1000e e1000e nvme nvme"
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(dmesg | grep -E 'WARNING|BUG|Oops|Call Trace')" ""
