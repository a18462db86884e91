# SPDX-License-Identifier: GPL-2.0
# slots.sh: a machine-wide semaphore that bounds how many test VMs run at once. Sourced.
# shellcheck shell=bash
# HOSTPART_VM_SLOTS sets the bound; by default one VM per 5 GiB of memory, at most 3.

slot_dir=${HOSTPART_SLOT_DIR:-/run/lock}
[ -w "$slot_dir" ] || slot_dir=/tmp

slot_count() {
	local mem_kib count
	mem_kib=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
	count=$((mem_kib / (5 * 1024 * 1024)))
	count=$((count > 3 ? 3 : count < 1 ? 1 : count))
	echo "${HOSTPART_VM_SLOTS:-$count}"
}

slot_file() { # NAME -> path; anybody on the machine may lock it
	local file=$slot_dir/hostpart-vm-slot.$1
	[ -e "$file" ] || (umask 0; set -C; : > "$file") 2>/dev/null || true
	echo "$file"
}

slot_try() { # COUNT   takes a free slot if there is one
	local i
	for ((i = 0; i < $1; i++)); do
		exec {slot_fd}< "$(slot_file $i)"
		flock -n "$slot_fd" && return
		exec {slot_fd}<&-
	done
	return 1
}

slot_waiting() { echo "testbed: all $1 VM slots are taken, waiting (HOSTPART_VM_SLOTS changes the bound)" >&2; }

# Takes a slot and leaves its lock open in slot_fd; the kernel gives it back when this process ends, however it ends.
# Whoever waits holds the turnstile or queues for it, so slots go in the order of arrival and only one process polls.
slot_take() {
	local n turn told=
	n=$(slot_count)
	exec {turn}< "$(slot_file turn)"
	flock -n "$turn" || { slot_waiting "$n"; told=1; flock "$turn"; }
	while ! slot_try "$n"; do
		[ -n "$told" ] || slot_waiting "$n"
		told=1
		sleep 0.5
	done
	exec {turn}<&-
}
