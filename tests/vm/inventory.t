#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# inventory.t: the inventory agrees with what other programs and the kernel itself say of the machine.
# check: 6.12
# timeout: 300
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
work=$(mktemp -d)
on_exit rm -rf "$work"

inventory() { partctl inventory -o json > "$work/json"; }
ask() { jq -r "$1" "$work/json"; }
roles() { ask ".pci[] | select(.bdf == \"$1\") | .roles | join(\",\")"; }

ok "the inventory can be read" inventory
ok "there is something to compare" test "$(ask '"\(.cpus.cores | length)\(.pci | length > 15)\(.irqs | length > 40)"')" = 4truetrue

# lscpu numbers cores its own way, so cores are compared by their CPUs: "package node cpus".
cores_by_lscpu() {
	lscpu -p=CPU,CORE,SOCKET,NODE | grep -v '^#' | sort -t, -n |
		awk -F, '{ cpus[$2] = cpus[$2] sep[$2] $1; sep[$2] = " "; rest[$2] = $3 " " $4 }
			END { for (core in cpus) print rest[core], cpus[core] }' | sort
}
expand() { # "0-1,4" -> "0 1 4", on each line's last field
	awk '{ line = $1 " " $2; n = split($3, parts, ",")
		for (i = 1; i <= n; i++) { m = split(parts[i], ends, "-"); for (c = ends[1]; c <= ends[m]; c++) line = line " " c }
		print line }'
}
is "cores as lscpu has them" "$(ask '.cpus.cores[] | "\(.package) \(.node) \(.cpus)"' | expand | sort)" "$(cores_by_lscpu)"
is "nodes as numactl has them" "$(ask '.memory.nodes[] | "\(.node) \(.total_bytes / 1048576 | floor)"')" \
	"$(numactl -H | sed -n 's/^node \([0-9]*\) size: \([0-9]*\) MB/\1 \2/p')"
is "memory as free has it" "$(ask '.memory | "\(.total_bytes) \(.swap_bytes)"')" \
	"$(free -b | awk '{ size[$1] = $2 } END { print size["Mem:"], size["Swap:"] }')"
is "the kernel" "$(ask .kernel)" "$(uname -r)"

is "functions, classes and ids as lspci has them" \
	"$(ask '.pci[] | "\(.bdf) \(.class_code[2:6]): \(.vendor_id[2:]):\(.device_id[2:])"')" \
	"$(lspci -Dn | awk '{ print $1, $2, $3 }')"
is "names as lspci has them" "$(ask '.pci[] | "\(.bdf) \(.vendor_name) \(.device_name)"')" \
	"$(lspci -Dvmm | awk -F'\t' '/^Slot:/ { slot = $2 } /^Vendor:/ { vendor = $2 } /^Device:/ { print slot, vendor, $2 }')"
is "drivers as lspci has them" "$(ask '.pci[] | select(.driver) | "\(.bdf) \(.driver)"')" \
	"$(lspci -Dk | awk '/^[0-9a-f]/ { slot = $1 } /driver in use:/ { print slot, $NF }')"
is "IOMMU groups as the kernel lists their members" "$(ask '.pci[] | "\(.iommu_group) \(.bdf)"' | sort)" \
	"$(cd /sys/kernel/iommu_groups && printf '%s\n' [0-9]*/devices/* | sed 's|/devices/| |' | sort)"
is "one group has three functions" "$(ask '.pci[].iommu_group' | sort | uniq -c | awk '$1 == 3' | wc -l)" 1

is "disks as lsblk has them" \
	"$(ask '.pci[].devices[] | select(.kind == "block") | "\(.node) \(.major):\(.minor) \(.size_bytes)"' | sort)" \
	"$(lsblk -bnrpo NAME,MAJ:MIN,SIZE | grep -E '^/dev/(nvme|vd)' | sort)"
is "disks' serial numbers" \
	"$(ask '.pci[].devices[] | select(.name == "nvme0n1" or .name == "nvme1n1" or .name == "vda") | .serial' | sort)" \
	"$(cat /sys/class/nvme/nvme?/serial /sys/block/vda/serial <(echo) | sed 's/ *$//; /^$/d' | sort)"
is "ports as ip has them" "$(ask '.pci[].devices[] | select(.kind == "net") | "\(.ifindex) \(.name) \(.mac)"' | sort -n)" \
	"$(ip -j link show | jq -r '.[] | select(.link_type == "ether") | "\(.ifindex) \(.ifname) \(.address)"' | sort -n)"
# Every node whose sysfs path goes through a function, found by walking instead of by /sys/dev.
is "character nodes as a walk finds them" \
	"$(ask '.pci[].devices[] | select(.kind != "block" and .kind != "net") | "\(.major):\(.minor)"' | sort)" \
	"$(find /sys/devices/pci* -name dev -type f -not -path '*/block/*' -not -path '*/nvme*n[0-9]/dev' -exec cat {} + |
		cat - <(cat /sys/class/nvme-generic/*/dev 2> /dev/null) | sort -u)"

# ---- interrupts ----

is "interrupts in use, and whose, as /proc/interrupts has them" \
	"$(ask '.irqs[] | select(.action) | "\(.irq) \(.action)"' | tr -d ' ')" \
	"$(awk 'NR == 1 { cpus = NF; next } /^ *[0-9]+:/ {
		irq = $1; line = $0; for (i = 0; i < cpus + 1; i++) sub(/^ *[^ ]+/, "", line)
		sub(/^ +/, "", line); n = split(line, parts, /  +/); print irq, parts[n] }' /proc/interrupts |
		sed 's/: */ /; s/ [0-9]*-edge */ /; s/ [0-9]*-fasteoi */ /; s/, /,/g' | tr -d ' ')"

# Writing back what is there moves nothing, but the kernel refuses where it would refuse a move.
try_to_move() {
	local dir
	for dir in /proc/irq/[0-9]*; do
		if cat "$dir/smp_affinity" 2> /dev/null > "$work/mask" && cp "$work/mask" "$dir/smp_affinity" 2> /dev/null; then
			echo "${dir##*/} true"
		else
			echo "${dir##*/} false"
		fi
	done | sort -n
}
is "who can move what, as the kernel answers an attempt" "$(ask '.irqs[] | "\(.irq) \(.is_movable)"' | sort -n)" \
	"$(try_to_move)"
is "every NVMe queue but the administrator's is managed" \
	"$(ask '.irqs[] | select(.action // "" | test("^nvme")) | "\(.action[5:]) \(.is_managed)"' | sort -u)" \
	"$(echo q0 false; nproc | xargs seq | sed 's/.*/q& true/')"
is "interrupts' functions as msi_irqs has them" \
	"$(ask '.irqs[] | select(.pci and (.action // "" | test("nvme|eth|virtio"))) | "\(.pci) \(.irq)"' | sort)" \
	"$(cd /sys/bus/pci/devices && for irq in */msi_irqs/*; do
		actions=$(cat "/sys/kernel/irq/${irq##*/}/actions")
		[[ $actions =~ nvme|eth|virtio ]] && echo "${irq%%/*} ${irq##*/}"; done | sort)"

# ---- roles ----

disk=$(basename "$(readlink -f /sys/class/nvme/nvme1/device)")
is "the swap disk has its role" "$(roles "$(ask '.pci[] | select(.devices[].name == "vda") | .bdf')")" swap
is "an unused disk has none" "$(roles "$disk")" ''
mkfs.ext4 -q /dev/nvme1n1
mkdir "$work/mnt"
mount /dev/nvme1n1 "$work/mnt"
on_exit umount "$work/mnt"
inventory
is "a mounted disk says so" "$(roles "$disk")" mounted
dd if=/dev/zero of="$work/mnt/swap" bs=1M count=8 status=none
chmod 600 "$work/mnt/swap"
mkswap -q "$work/mnt/swap"
swapon "$work/mnt/swap"
on_exit swapoff "$work/mnt/swap"
inventory
is "a swap file makes its disk a swap disk" "$(roles "$disk")" mounted,swap
swapoff "$work/mnt/swap"
umount "$work/mnt"
inventory
is "roles end with their cause" "$(roles "$disk")" ''

port=$(basename "$(readlink -f /sys/class/net/eth1/device)")
ip link set eth1 up
ip addr add 198.51.100.2/24 dev eth1
on_exit ip addr del 198.51.100.2/24 dev eth1
inventory
is "a port with an address is not yet for management" "$(roles "$port")" ''
like "its network is in use" "$(ask '.local_subnets[]')" '^198\.51\.100\.0/24$'
SSH_CONNECTION="198.51.100.9 40000 198.51.100.2 22" inventory
is "the port of the caller's ssh session is" "$(roles "$port")" management
# sudo clears the variable, and the session is still there.
SSH_CONNECTION="198.51.100.9 40000 198.51.100.2 22" bash -c "env -u SSH_CONNECTION partctl inventory -o json > $work/json; true"
is "also under sudo" "$(roles "$port")" management
ip link add link eth1 name eth1.7 type vlan id 7
on_exit ip link del eth1.7
ip link set eth1.7 up
ip route add default dev eth1.7
inventory
is "the port below the default route's VLAN is" "$(roles "$port")" management
ip link del eth1.7
ip addr flush dev eth1

# ---- a port that was moved away is still its function's ----

mac=$(cat /sys/class/net/eth2/address)
port=$(basename "$(readlink -f /sys/class/net/eth2/device)")
moved() { ask ".pci[] | select(.bdf == \"$port\") | .devices[] | select(.kind == \"net\") | \"\(.name) \(.mac) \(.netns)\""; }
is "a port at home" "$(moved)" "eth2 $mac null"
ip netns add elsewhere
on_exit ip netns del elsewhere
ip link set eth2 netns elsewhere name lan0
ip link set eth0 netns elsewhere
inventory
is "a port in a named namespace, under its new name" "$(moved)" "lan0 $mac elsewhere"
like "also one on virtio" "$(ask '.pci[].devices[] | select(.kind == "net") | "\(.name) \(.netns)"')" '^eth0 elsewhere$'
ip netns attach twin $$ && on_exit ip netns del twin
ln -s elsewhere /run/netns/later && on_exit rm /run/netns/later
inventory
is "each port once, however often its namespace is pinned" \
	"$(ask '[.pci[].devices[] | select(.kind == "net")] | length')" 3
like "the table says where it is" "$(partctl inventory)" 'lan0@elsewhere'
ip netns exec elsewhere ip link set lan0 netns 1 name eth2
ip netns exec elsewhere ip link set eth0 netns 1

# ---- where we stand must not matter ----

mkdir /sys/fs/cgroup/narrow
on_exit rmdir /sys/fs/cgroup/narrow
echo +cpuset > /sys/fs/cgroup/cgroup.subtree_control
echo 0-1 > /sys/fs/cgroup/narrow/cpuset.cpus
echo 0 > /sys/fs/cgroup/narrow/cpuset.mems
bash -c "echo \$\$ > /sys/fs/cgroup/narrow/cgroup.procs; nproc > $work/nproc; partctl inventory -o json > $work/json"
is "a cgroup hides CPUs from its tasks" "$(cat "$work/nproc")" 2
is "and not from the inventory" "$(ask '.cpus.online + " " + (.memory.nodes | length | tostring)')" "0-7 2"

echo 0 > /sys/devices/system/cpu/cpu7/online
on_exit eval 'echo 1 > /sys/devices/system/cpu/cpu7/online'
inventory
is "an offline CPU is no part of its core" "$(ask '.cpus | "\(.online) \(.offline) \(.cores[3].cpus)"')" "0-6 7 6"
echo 1 > /sys/devices/system/cpu/cpu7/online

# ---- recording ----

inventory
cp "$work/json" "$work/live"
ok "the machine can be recorded" scripts/record-machine "$work/tree"
ok "a recording can be read" eval "partctl --root $work/tree inventory -o json > $work/json"
plain() { jq 'del(.. | .serial?, .mac?)' "$1"; }
is "the recording says what the machine says" "$(plain "$work/json")" "$(plain "$work/live")"
not_ok "no serial number is in it" grep -raqE 'hp-nvme|hp-swap' "$work/tree"
not_ok "no address is in it" grep -raqi '52:54:00' "$work/tree"

# ---- for people ----

partctl inventory --all --irqs > "$work/table"
is "no line is longer than 100 columns" "$(awk 'length > 100' "$work/table")" ''
like "it names disks" "$(cat "$work/table")" 'nvme +QEMU.* nvme +[0-9]+ .*nvme0n1'
exits 2 "an unknown option is bad usage" partctl inventory --irq-s
exits 1 "a directory without a machine is refused" partctl --root "$work/mnt" inventory
