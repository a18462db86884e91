#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot-devices.t: devices of a boot policy wait for their domain, go to it with an apply, and wait again after a teardown.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 600
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
ok "no promise is broken" partctl verify

# The disks change places, and alpha's port goes to beta, which has one already.
cat > "$firmware/moved.yaml" <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 1GiB}
domains:
  alpha: {cpus: 1, memory: 1GiB, devices: [serial: hp-nvme-1]}
  beta:
    cpus: 2
    memory: 1GiB
    devices:
      - serial: hp-nvme-0
      - {mac: "52:54:00:10:00:02", port: {name: eth0, addresses: [192.0.2.2/24]}}
      - {mac: "52:54:00:10:00:01", port: {name: eth1, addresses: [192.0.2.1/24]}}
END
disk_of() { partctl exec "$1" -- sh -c 'for disk in /sys/class/nvme/*; do
	head -c 4096 "/dev/$(basename "$(echo "$disk"/nvme*n1)")" > /dev/null 2>&1 && cat "$disk/serial"; done' | xargs; }
is "each reads its own disk only" "$(disk_of alpha), $(disk_of beta)" "hp-nvme-0, hp-nvme-1"
marked=$($kctl info | sed -n 's/^event_seq=//p')
disk=/dev/$(basename /sys/bus/pci/devices/0000:03:00.0/nvme/nvme*/nvme*n1)
partctl exec alpha -- sh -c "exec sleep 4321 < $disk" &
eventually 20 "a process of alpha has its disk open" pgrep -x -f 'sleep 4321'
like "a disk in use is not taken from its domain" "$(partctl apply "$firmware/moved.yaml" 2>&1)" "its disk ${disk#/dev/} is in use"
pkill -x -f 'sleep 4321'
wait
is "and nothing has changed" "$(disk_of alpha), $(disk_of beta)" "hp-nvme-0, hp-nvme-1"
ok "a change of hands" partctl apply "$firmware/moved.yaml"
is "leaves each function with its driver" "$(drivers)" "e1000e e1000e nvme nvme"
is "after a reset" "$($kctl ring | awk -F '[= ]' -v marked="$marked" '$2 > marked' | sed -n 's/.*type=pci-handed .*domain=\(alpha\|beta\) pci=\([^ ]*\) .*reason=/\2 \1: /p' | sort)" \
	$'0000:01:00.0 beta: reset, driver e1000e\n0000:03:00.0 beta: reset, driver nvme\n0000:04:00.0 alpha: reset, driver nvme'
is "each reads the other's disk" "$(disk_of alpha), $(disk_of beta)" "hp-nvme-1, hp-nvme-0"
like "beta has both ports" "$(partctl exec beta -- ip -br address | xargs)" 'eth0 .*192\.0\.2\.2/24.* eth1 .*192\.0\.2\.1/24'
unlike "and alpha none" "$(partctl exec alpha -- ip -br link)" '^eth'
is "a second apply has nothing to do" "$(partctl apply "$firmware/moved.yaml")" "nothing to do"
ok "no promise is broken" partctl verify
ok "teardown" partctl teardown
eventually 30 "parks them again" are "hostpart hostpart hostpart hostpart"
is "the boot policy is in force as before" "$($kctl read)" "$before"

ok "a release" $kctl release
eventually 30 "gives them back" are "e1000e e1000e nvme nvme"
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(dmesg | grep -E 'WARNING|BUG|Oops|Call Trace')" ""
