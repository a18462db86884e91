#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# testbed.t: shows that scripts/testbed gives the machine it promises and never takes trouble for success.
# check: 6.12
# where: host
# timeout: 1200
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
kernel=${KERNEL:-6.12}
work=$(mktemp -d)
on_exit rm -rf "$work"

testbed() { scripts/testbed --kernel "$kernel" "$@"; }
small() { testbed --cpus 2 --memory 1GiB "$@"; }
fact() { cat "$work/out/$1" 2> /dev/null; }

# One boot of the default machine answers most questions; it listens to nothing and must reach nothing.
echo carried > "$work/note"
printf 'reached\n' | nc -l -s 127.0.0.1 -p 0 > /dev/null 2> "$work/nc" -v & listener=$!
on_exit kill "$listener"
sleep 0.5
export HP_PORT
HP_PORT=$(sed -n 's/.*[^0-9]\([0-9][0-9]*\)$/\1/p' "$work/nc" | head -n 1)
cat > "$work/facts" <<'END'
cd /out
uname -r > release
nproc > nproc
lscpu -p=CPU,SOCKET,CORE,NODE | grep -v '^#' > cpus
cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list > siblings
numactl -H | sed -n 's/^node \([0-9]\) size: \([0-9]*\) MB/\2/p' > node_mib
cat /sys/class/nvme/*/serial | sed 's/ *$//' | sort > serials
grep -l 52:54:00:10:00:0[12] /sys/class/net/*/address | while read -r f; do
	d=${f%/address}; echo "$(basename "$(readlink -f "$d/device")") $(cat "$f")"; done | sort > ports
for d in 01:00.0 02:00.0 03:00.0 04:00.0; do
	p=/sys/bus/pci/devices/0000:$d
	up=$(basename "$(dirname "$(readlink -f $p)")")
	echo "$d $(basename "$(readlink -f $p/driver)") $(basename "$(readlink -f /sys/bus/pci/devices/$up/driver)") $(ls $p/iommu_group/devices | wc -l)"
done > functions
swapon --show=NAME,SIZE --noheadings > swap
cat /in/note > in
ls /hostpart/scripts/testbed > repo
touch /hostpart/written 2> /dev/null && echo writable > repo_write
one=$(ls /sys/bus/pci/devices/0000:01:00.0/net) two=$(ls /sys/bus/pci/devices/0000:02:00.0/net)
ip netns add far && ip link set "$two" netns far
ip -n far addr add 192.0.2.2/24 dev "$two" && ip -n far link set "$two" up
ip addr add 192.0.2.1/24 dev "$one" && ip link set "$one" up
try() { for _ in $(seq "$1"); do ping -c 1 -W 1 192.0.2.2 > /dev/null 2>&1 && return; done; return 1; }
try 5; echo $? > crossed
PORT=$(cat /in/port)
ip route add default via 10.0.2.2 2> /dev/null
timeout 5 bash -c "exec 3<> /dev/tcp/10.0.2.2/$PORT && cat <&3" > reached 2> /dev/null
timeout 5 ping -c 1 -w 3 198.51.100.1 > /dev/null 2>&1; echo $? > outside
command -v partctl > partctl
modprobe -n hostpart; echo $? > module
awk '$2 == "/sys/fs/cgroup" { print $3 }' /proc/mounts > cgroup
echo to-stderr >&2
exit 37
END
echo "${HP_PORT:-0}" > "$work/port"
exits 37 "the command's exit status comes back" \
	testbed --copy-in "$work/note" --copy-in "$work/port" --copy-in "$work/facts" --out "$work/out" -- bash /in/facts
like "the kernel is the one asked for" "$(fact release)" "^$kernel\\."
is "8 processors" "$(fact nproc)" 8
is "2 sockets, 4 cores, 2 nodes" \
	"$(for c in 2 3 4; do fact cpus | cut -d, -f $c | sort -u | wc -l; done | xargs)" "2 4 2"
is "siblings share a core" "$(fact siblings)" 0-1
is "nodes of about 2 GiB" "$(fact node_mib | awk '$1 > 1900 && $1 <= 2048' | wc -l)" 2
is "both NVMe serials" "$(fact serials | xargs)" "hp-nvme-0 hp-nvme-1"
is "port addresses stay with their slots" "$(fact ports | xargs)" \
	"0000:01:00.0 52:54:00:10:00:01 0000:02:00.0 52:54:00:10:00:02"
is "each function behind its own root port and in its own IOMMU group" "$(fact functions | xargs)" \
	"01:00.0 e1000e pcieport 1 02:00.0 e1000e pcieport 1 03:00.0 nvme pcieport 1 04:00.0 nvme pcieport 1"
like "swap" "$(fact swap)" '1024M|1G'
is "--copy-in arrives under /in" "$(fact in)" carried
is "the repository is at /hostpart" "$(fact repo)" /hostpart/scripts/testbed
is "and cannot be written" "$(fact repo_write)" ""
is "no frame crosses from port 1 to port 2" "$(fact crossed)" 1
like "a listener waits on this machine's loopback" "$HP_PORT" '^[0-9]+$'
is "the guest cannot reach it" "$(fact reached)" ""
is "nor anything outside" "$(fact outside)" 1
is "partctl is on PATH" "$(fact partctl)" /usr/sbin/partctl
is "modprobe finds hostpart" "$(fact module)" 0
is "cgroup version 2" "$(fact cgroup)" cgroup2

cat > "$work/cross" <<'END'
one=$(ls /sys/bus/pci/devices/0000:01:00.0/net) two=$(ls /sys/bus/pci/devices/0000:02:00.0/net)
ip netns add far && ip link set "$two" netns far
ip -n far addr add 192.0.2.2/24 dev "$two" && ip -n far link set "$two" up
ip addr add 192.0.2.1/24 dev "$one" && ip link set "$one" up
# A port takes its time until it has a carrier, and ping gives up at the first "unreachable".
for _ in $(seq 60); do ping -c 1 -W 1 192.0.2.2 > /dev/null 2>&1 && exit 0; sleep 1; done
exit 1
END
ok "with --wire one does" small --wire --timeout 300 --copy-in "$work/cross" -- bash /in/cross

exits 125 "a warning from the kernel is never success" \
	small --timeout 300 -- bash -c 'echo "WARNING: CPU: 0 PID: 1 at testbed.t" > /dev/kmsg'
exits 125 "nor is a panic" small --timeout 300 -- bash -c 'echo c > /proc/sysrq-trigger; sleep 60'
if [ "$kernel" = 6.12 ]; then
	exits 125 "nor is a guest that goes away without a word" small --timeout 300 -- busybox poweroff -f
	exits 125 "nor is a command that never ends" small --timeout 30 -- sleep 1000
	# Something that the command leaves behind holds the output open; what it wrote itself still arrives, to the last line.
	is "all output arrives, and what is left running does not hold the VM up" \
		"$(small --timeout 300 -- bash -c 'sleep 250 & seq 200000' 2> /dev/null | sha256sum)" "$(seq 200000 | sha256sum)"
	small --timeout 300 -- bash -c 'echo first; sleep 6; echo second' 2> /dev/null |
		while read -r line; do echo "$line $SECONDS"; done > "$work/stream"
	like "output comes as it is printed" "$(awk 'NR == 1 { t = $2 } END { print $2 - t }' "$work/stream")" '^([3-9]|[1-9][0-9])$'
	exits 2 "an unknown option is a usage error" scripts/testbed --no-such-option 1 -- true
	exits 2 "so is a kernel that does not exist" scripts/testbed --kernel 5.10 -- true
	exits 2 "and no command" scripts/testbed --cpus 2
fi
