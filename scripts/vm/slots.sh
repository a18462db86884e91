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

# Takes a slot and leaves its lock open in slot_fd; the kernel gives it back when this process ends, however it ends.
slot_take() {
	local n i file waited=
	n=$(slot_count)
	while :; do
		for ((i = 0; i < n; i++)); do
			file=$slot_dir/hostpart-vm-slot.$i
			[ -e "$file" ] || (umask 0; set -C; : > "$file") 2>/dev/null || true
			exec {slot_fd}< "$file"
			flock -n "$slot_fd" && return
			# Block on the last one for a while: whichever slot frees first, this comes round again.
			[ $((i + 1)) -lt "$n" ] || [ -z "$waited" ] || ! flock -w 5 "$slot_fd" || return 0
			exec {slot_fd}<&-
		done
		[ -n "$waited" ] || echo "testbed: all $n VM slots are taken, waiting (HOSTPART_VM_SLOTS changes the bound)" >&2
		waited=1
	done
}
