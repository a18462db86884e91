#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hotplug.t: a claimed disk and a claimed port are pulled from the VM and put back under load, again and again.
# long: 100 rounds on each kernel (CYCLES sets another number)
# where: host
# timeout: 3600
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
kernel=${KERNEL:-6.12}
rounds=${CYCLES:-100}
work=$(mktemp -d)
on_exit rm -rf "$work"

# A disk and a port of their own, on block and network back ends that outlive the devices.
truncate -s 64M "$work/disk"
devices=(
	--qemu "-blockdev driver=file,filename=$work/disk,node-name=hotdisk -device pcie-root-port,id=hot0,chassis=20,slot=20,addr=0x1a"
	--qemu "-netdev hubport,id=hotwire,hubid=0 -device pcie-root-port,id=hot1,chassis=21,slot=21,addr=0x1b"
	--qemu "-device nvme,id=disk,drive=hotdisk,serial=hp-hot,bus=hot0"
	--qemu "-device e1000e,id=nic,netdev=hotwire,mac=52:54:00:10:00:09,bus=hot1"
)
add_disk='{"driver": "nvme", "id": "disk", "drive": "hotdisk", "serial": "hp-hot", "bus": "hot0"}'
add_nic='{"driver": "e1000e", "id": "nic", "netdev": "hotwire", "mac": "52:54:00:10:00:09", "bus": "hot1"}'

scripts/testbed --kernel "$kernel" --cpus 2 --memory 1GiB --append slub_debug=FZPU --timeout 3500 --qmp "$work/qmp" \
	"${devices[@]}" -- tests/vm/guest/hotplug "$rounds" > "$work/guest" 2>&1 &
vm=$!
on_exit kill $vm

# The guest says a line when it is ready for the next step; a VM that ended says no more.
await() { # LINE
	local deadline=$((SECONDS + 120))
	until grep -qxF "# $1" "$work/guest"; do
		kill -0 $vm 2> /dev/null && [ $SECONDS -lt $deadline ] || return 1
		sleep 0.1
	done
}
pull() { tests/vm/qmp.py "$work/qmp" device_del "{\"id\": \"$1\"}" DEVICE_DELETED "$1"; }
put() { tests/vm/qmp.py "$work/qmp" device_add "$1"; }

one_round() { # NUMBER
	pull disk && put "$add_disk" && await "disk is back $1" && pull nic && put "$add_nic" && await "nic is back $1"
}

# It may have to wait for a place among the VMs of this machine.
until await ready; do kill -0 $vm 2> /dev/null || break; done
failed=0
for round in $(seq "$rounds"); do
	one_round "$round" || { failed=$round; break; }
done
is "every pull and every return was seen in the guest" "$failed" 0
[ "$failed" -eq 0 ] || kill $vm
wait $vm
status=$?
is "the guest found nothing lost and nothing leaked" "$status" 0
grep -E '^(not )?ok |^#   ' "$work/guest" | sed 's/^/# guest: /'
[ $status -eq 0 ] || tail -n 60 "$work/guest" | sed 's/^/# /'
