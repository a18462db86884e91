# SPDX-License-Identifier: GPL-2.0
# machine.sh: describes the test machine as a qemu command line. Sourced.
# shellcheck shell=bash disable=SC2034,SC2054
# Every slot is given by hand so that the addresses tests rely on never move:
#   management virtio-net 00:0a.0, e1000e 01:00.0 and 02:00.0, NVMe 03:00.0 and 04:00.0.

# One host thread per virtual processor (multi), or one that serves them in turn (single). Without real processors to spare
# the first is no faster, and it now and then loses a race: a thread that qemu's translator is interrupted in,
# between throwing away the translation of an instruction and writing the new one, lets another translate the old again,
# which then stays. Linux, which patches its own code, dies of that ("Oops: int3"). HOSTPART_TCG sets one or the other.
machine_threads() { # CPUS
	echo "${HOSTPART_TCG:-$([ "$(nproc)" -lt $((2 * $1)) ] && echo single || echo multi)}"
}

machine_base() { # CPUS MEMORY_MIB
	local cpus=$1 mib=$2 sockets cores threads nodes node per
	read -r sockets cores threads nodes < <(size_topology "$cpus")
	qemu+=(-nodefaults -no-user-config -no-reboot -display none
		-machine q35,kernel-irqchip=split -accel "tcg,thread=$(machine_threads "$cpus")" -cpu max,la57=off,vendor=GenuineIntel
		-device intel-iommu,intremap=on
		-smp "$cpus,sockets=$sockets,cores=$cores,threads=$threads" -m "${mib}M"
		-device virtio-rng-pci,addr=0x02)
	per=$((cpus / nodes))
	for ((node = 0; node < nodes; node++)); do
		qemu+=(-object "memory-backend-ram,id=mem$node,size=$((mib / nodes))M"
			-numa "node,nodeid=$node,memdev=mem$node,cpus=$((node * per))-$(((node + 1) * per - 1))")
	done
}

machine_port() { # INDEX DEVICE   a PCIe root port of its own; bus number INDEX+1
	local addr
	addr=$(printf '0x%02x' $((0x10 + $1)))
	qemu+=(-device "pcie-root-port,id=port$1,chassis=$(($1 + 1)),slot=$(($1 + 1)),addr=$addr"
		-device "$2,bus=port$1")
}

# Each e1000e port has a wire with nothing at its other end; joined, the two are back to back, and a frame can cross from
# one to the other and go nowhere else.
machine_network() { # apart|joined [FORWARD]...   each HOST_PORT:GUEST_PORT on loopback
	local user=user,id=mgmt,restrict=on,ipv6=off hub=1 forward
	[ "$1" = apart ] || hub=0
	shift
	for forward; do user+=,hostfwd=tcp:127.0.0.1:${forward%%:*}-:${forward##*:}; done
	qemu+=(-netdev "$user" -device virtio-net-pci,netdev=mgmt,id=mgmt0,mac=52:54:00:10:00:00,addr=0x0a
		-netdev hubport,id=wire0,hubid=0 -netdev "hubport,id=wire1,hubid=$hub")
	machine_port 0 e1000e,id=nic0,netdev=wire0,mac=52:54:00:10:00:01
	machine_port 1 e1000e,id=nic1,netdev=wire1,mac=52:54:00:10:00:02
}

machine_disks() { # RUN_DIR
	local i
	for i in 0 1; do
		truncate -s 1G "$1/nvme$i.img"
		qemu+=(-drive "file=$1/nvme$i.img,format=raw,if=none,id=nvme$i-disk,discard=unmap")
		machine_port $((i + 2)) "nvme,id=nvme$i,drive=nvme$i-disk,serial=hp-nvme-$i"
	done
	truncate -s 1G "$1/swap.img"
	chmod 600 "$1/swap.img"
	/sbin/mkswap -q "$1/swap.img"
	qemu+=(-drive "file=$1/swap.img,format=raw,if=none,id=swap-disk"
		-device virtio-blk-pci,drive=swap-disk,serial=hp-swap,addr=0x03)
}

machine_root_disk() { # IMAGE   shared by many VMs; writes go to a private temporary file
	qemu+=(-drive "file=$1,format=raw,if=none,id=root-disk,snapshot=on"
		-device virtio-blk-pci,drive=root-disk,serial=hp-root,addr=0x04)
}

share_slot=0x14
machine_share() { # TAG PATH ro|rw
	local mode=
	[ "$3" = rw ] || mode=,readonly=on
	qemu+=(-fsdev "local,id=$1,path=$2,security_model=none,multidevs=remap$mode"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1,addr=$share_slot")
	share_slot=$(printf '0x%02x' $((share_slot + 1)))
}

# Named pipes and files on this side; in the guest, virtio ports of the same names carry the command's output and verdict.
machine_ports() { # RUN_DIR
	local name
	qemu+=(-serial "file:$1/console" -device virtio-serial-pci,id=serial,addr=0x05)
	for name in stdout stderr status; do
		qemu+=(-chardev "file,id=$name,path=$1/$name"
			-device "virtserialport,bus=serial.0,chardev=$name,name=hostpart.$name")
	done
}

machine_terminal() {
	qemu+=(-chardev stdio,id=terminal,signal=off -device virtconsole,bus=serial.0,chardev=terminal)
}
