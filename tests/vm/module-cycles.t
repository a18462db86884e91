#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# module-cycles.t: the module is loaded and unloaded again and again, with claims and guards in between.
# kernels: 6.1 6.12
# testbed: --cpus 2 --memory 1GiB --append slub_debug=FZPU
# long: 500 cycles on each kernel (CYCLES sets another number)
# timeout: 3600
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/pci.sh
. "$(dirname "$0")/pci.sh"

cycles=${CYCLES:-500}
work=$(mktemp -d)
on_exit rm -rf "$work"
on_exit rmmod hostpart
on_exit $kctl release
nic=0000:01:00.0 disk=0000:03:00.0
modprobe -a nvme e1000e

held() { ! rmmod hostpart 2> /dev/null && ! (echo 0 > /sys/devices/system/cpu/cpu1/online) 2> /dev/null; }
where_is() { echo "$(driver_of $nic) $(driver_of $disk)"; }

# What a module goes through in its life: each step once, in turns what differs.
cycle() { # NUMBER
	modprobe hostpart || return
	case $(($1 % 3)) in
	0)	# parked, started, stopped
		commit $'domain alpha\ncpus alpha 1\npci alpha '$nic$'\npci alpha '$disk || return
		[ "$(where_is)" = "hostpart hostpart" ] || return
		commit $'domain alpha active\ncpus alpha 1\npci alpha '$nic$'\npci alpha '$disk || return
		[ "$(where_is)" = "e1000e nvme" ] || return ;;
	1)	# adopted, replugged
		commit $'domain alpha active\ncpus alpha 1\npci alpha '$nic$' driver e1000e\npci alpha '$disk || return
		replug $nic || return ;;
	2)	# parked when it ends
		commit $'domain alpha\ncpus alpha 1\npci alpha '$nic || return ;;
	esac
	held || return
	$kctl release > /dev/null || return
	rmmod hostpart || return
	[ "$(where_is)" = "e1000e nvme" ] && [ "$(override_of $nic) $(override_of $disk)" = "(null) (null)" ]
}

third=$((cycles / 3)) done=0
for number in $(seq "$cycles"); do
	cycle "$number" || break
	done=$number
	case $number in
	6) slab_objects > "$work/objects0" ;;
	"$third") slab_objects > "$work/objects1" ;;
	esac
done
is "$cycles times loaded, used and unloaded" "$done" "$cycles"
if [ "$cycles" -ge 60 ]; then
	slab_objects > "$work/objects2"
	is "no slab cache keeps an object for each" \
		"$(slab_growth "$work/objects0" "$work/objects1" "$work/objects2" $((third - 6)) $((cycles - third)))" ""
else
	skip "no slab cache keeps an object for each" "$cycles cycles are too few to tell"
fi
is "the kernel has nothing to complain about" "$(complaints)" ""
