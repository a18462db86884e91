#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vetoes.t: memory that claims need stays online, no suspend while domains run, refused unloads are told.
# kernels: 6.1 6.12
# boot: guards
# testbed: --cpus 4 --memory 2GiB --append slub_debug=FZPU --append memhp_default_state=offline --qemu -m --qemu 2048M,slots=1,maxmem=4G --qemu -object --qemu memory-backend-ram,id=dimm0,size=256M --qemu -device --qemu pc-dimm,id=plugged,memdev=dimm0,node=0
# timeout: 200
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/pci.sh
. "$(dirname "$0")/pci.sh"

on_exit rmmod hostpart
on_exit $kctl release
guard() { echo $(($($kctl info | sed -n 's/^guards=//p') & $1)); }
writes() { LC_ALL=C bash -c 'echo "$1" > "$2"' - "$1" "$2" 2>&1 | sed 's/.*error: //'; }	# VALUE FILE: the refusal

ok "the module loads" modprobe hostpart
is "the memory guard is in force" "$(guard 32)" 32
is "so is the suspend guard" "$(guard 64)" 64

# --- memory ---
memory=/sys/devices/system/memory
block_bytes=$((16#$(cat $memory/block_size_bytes)))
# The two blocks of the plugged module, which lies above 4 GiB and holds nothing but what comes to it by and by.
plugged() {
	local block
	for block in "$memory"/memory*/; do
		[ $((16#$(cat "$block/phys_index") * block_bytes)) -ge $((4 << 30)) ] || continue
		[ "$(cat "$block/state")" = online ] || echo online_movable > "$block/state"
		echo "${block%/}"
	done
}
# Pages that are in use just then make the kernel give up before it asks anybody: try again.
try_offline() { # BLOCK: until it is offline, or the module has refused it; the last refusal
	local try refusal
	for try in $(seq 20); do
		refusal=$(writes offline "$1/state")
		if [ -z "$refusal" ] || events_since memory-offline-veto | grep -q .; then break; fi
		echo "# try $try: $refusal" >&2
		sleep 0.5
	done
	echo "$refusal"
}
one='' two=''
{ read -r one; read -r two; } <<< "$(plugged)"
total_bytes=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) * 1024))
if [ -z "$two" ]; then
	skip "memory that claims need stays online" "this VM has no memory that can be unplugged"
else
	mark
	commit $'domain alpha\nmemory alpha 268435456'
	is "memory that no claim needs can go" "$(try_offline "$one")" ""
	is "it went" "$(cat "$one/state")" offline
	writes online_movable "$one/state"
	mark
	commit "domain alpha
memory alpha $((total_bytes - block_bytes / 2)) nodes 0"
	is "memory that a claim needs cannot" "$(try_offline "$two")" "Device or resource busy"
	is "it stays" "$(cat "$two/state")" online
	like "that is told with who asked" "$(events_since memory-offline-veto)" 'pid=[0-9]+ comm=bash .* domain=alpha node=0 '
	mark
	commit "domain alpha
memory alpha $((total_bytes / 2))
domain beta
memory beta $((total_bytes / 2 - block_bytes / 2))"
	is "nor can what only all claims together need" "$(try_offline "$two")" "Device or resource busy"
	like "then no domain is blamed" "$(events_since memory-offline-veto | tail -n 1)" 'comm=bash cgroup=[0-9]+ node=0 '
	$kctl release > /dev/null
	mark
	is "after a release it can" "$(try_offline "$two")" ""
	writes online_movable "$two/state"
fi

# --- suspend ---
commit $'domain base base active\ncpus base 0-1\ndomain alpha\ncpus alpha 2'
echo freezer > /sys/power/pm_test	# as far as freezing the tasks, then back
is "with no domain active the machine can suspend" "$(writes freeze /sys/power/state)" ""
mark
commit $'domain base base active\ncpus base 0-1\ndomain alpha active\ncpus alpha 2'
is "with one active it cannot" "$(writes freeze /sys/power/state)" "Device or resource busy"
like "that is told with who asked" "$(events_since suspend-veto)" 'pid=[0-9]+ comm=bash .* domain=alpha '
is "nor hibernate" "$(writes disk /sys/power/state)" "Device or resource busy"
is "that is told as well" "$(events_since suspend-veto | wc -l)" 2
echo none > /sys/power/pm_test

# --- unload ---
# rmmod looks at the use count first and asks the kernel only when it is 0.
mark
is "the module cannot go while domains live" "$(LC_ALL=C $kctl unload hostpart 2>&1)" "hostpart: Resource temporarily unavailable"
eventually 5 "that is told" eval 'events_since unload-veto | grep -q .'
like "with who tried" "$(events_since unload-veto)" 'pid=[0-9]+ comm=hp-kernelctl '
mark
is "who may not unload modules is refused" "$(LC_ALL=C setpriv --bounding-set -sys_module $kctl unload hostpart 2>&1)" \
	"hostpart: Operation not permitted"
not_ok "another module that is in use is refused" $kctl unload overlay
not_ok "so is one that is not there" $kctl unload no_such_module
sleep 1
is "neither is told" "$(events_since unload-veto)" ""
$kctl release > /dev/null
ok "without domains it goes" rmmod hostpart

ok "it comes with suspend allowed" modprobe hostpart allow_suspend=1
is "then that guard says that it is not in force" "$(guard 64)" 0
commit $'domain alpha active\ncpus alpha 2'
echo freezer > /sys/power/pm_test
is "and a machine with an active domain suspends" "$(writes freeze /sys/power/state)" ""
echo none > /sys/power/pm_test
$kctl release > /dev/null
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(complaints)" ""
