#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# locks.t: waits for kernel locks and for memory name who held the one and who took the other.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 600
# boot: quiet
# testbed: --cpus 2 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
[ "$(id -u)" -eq 0 ] || skip_all "not root"
[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
[ "$root" ] || skip_all "no cgroup v2 is mounted"
work=$(mktemp -d /dev/shm/hp-locks.XXXXXX)
on_exit rm -rf "$work"
a=hp-test-a b=hp-test-b
pids=()

within() { # CGROUP ARGUMENT... : contend.py there, in the background
	mkdir -p "$root/$1"
	bash -c 'echo 0 > "$1"; shift; exec python3 tests/vm/contend.py "$@"' within "$root/$1/cgroup.procs" "${@:2}" &
	pids+=($!)
}
end_all() {
	kill -KILL "${pids[@]}" 2> /dev/null
	wait "${pids[@]}" 2> /dev/null
	pids=()
	sleep 0.2
	rmdir "$root/$a" "$root/$b" 2> /dev/null
	return 0
}
on_exit end_all
count() { # NAME SECONDS
	partctl contention --by cgroup:$a --by cgroup:$b --for "$2s" --locks -o json > "$work/$1"
}
ask() { # NAME FILTER: with a victim and a phase of a resource, and the matrix's cells
	jq -r --arg a "/$a" --arg b "/$b" "def resource(\$word): .waits[] | select(.resource == \$word);
		def victim(\$word; \$name): resource(\$word).victims[] | select(.name == \$name);
		def phase(\$word; \$name; \$phase): [victim(\$word; \$name).phases[] | select(.phase == \$phase).time_ns] | add // 0;
		def cells(\$word; \$victim): .blame[] | select(.resource == \$word and .victim == \$victim);
		def part(\$word; \$victim; \$aggressor): [cells(\$word; \$victim) | select(.aggressor == \$aggressor).time_ns] | add // 0;
		$2" "$work/$1"
}

# ---- two domains write to one file: a write locks its inode ----
within $a write "$work/file" 1
within $b write "$work/file" 16
sleep 1
count locks 4
end_all
note "$(ask locks '[resource("lock").victims[] | {name, wait_ns}]' | jq -c .)"
facts=$(ask locks '[part("lock"; $a; $b) > 200000000, part("lock"; $b; $a) > 0,
	part("lock"; $a; $b) > victim("lock"; $a).wait_ns * 0.8, part("lock"; $a; $b) > phase("lock"; $a; "rwsem") * 0.8,
	victim("lock"; $a).wait_ns == ([cells("lock"; $a).time_ns] | add),
	victim("lock"; $a).wait_ns == ([victim("lock"; $a).phases[].time_ns] | add)] | join(" ")')
is "the one who writes little waits for the one who writes much, and the other way round; by the inode's lock; the sums are right" \
	"$facts" "true true true true true true"
like "the function that asked for the lock is named" \
	"$(ask locks '.lock_sites | map(select(.victim == $a and .aggressor == $b)) | max_by(.time_ns).site')" '(write|file)[a-z_]*(\.[a-z0-9.]+)?\+0x'
is "nothing was lost" "$(ask locks '[resource("lock").lost[]] | add')" 0

is "the counters of the cache count, or it is said why not" \
	"$(ask locks '.cache | if .missing then (.missing | test("not available on this machine|kernel")) and .domains == []
		else all(.domains[]; .references > 0) end')" true

# ---- one alone ----
within $a write "$work/file" 4
mkdir -p "$root/$b"
sleep 0.5
count alone 1
end_all
is "who is alone waits for no other's lock" "$(ask alone 'part("lock"; $a; $b)')" 0

# ---- memory: a limit of its own ----
if ! grep -qw memory "$root/cgroup.controllers"; then
	skip "memory" "cgroup v2 does not have the memory controller here"
	exit 0
fi
echo +memory > "$root/cgroup.subtree_control"
disk=$(lsblk -ndo PATH,SERIAL | awk '/hp-nvme-0/ { print $1 }')
mkdir -p "$root/$a" "$root/$b"
echo 48M > "$root/$a/memory.max"
within $a read "$disk" 128
sleep 1
count limit 3
note "$(ask limit '[resource("memory").victims[] | select(.wait_ns > 0)]' | jq -c .)"
is "reclaim within a limit is counted" "$(ask limit 'phase("memory"; $a; "limit") > 1000000')" true
is "and nobody else's fault" "$(ask limit 'part("memory"; $a; $b)')" 0
is "all of it is its own" "$(ask limit 'part("memory"; $a; $a) >= phase("memory"; $a; "limit")')" true
end_all

# ---- memory: all is needed again and again, and a little more than fits ----
if [ -e /proc/pressure/memory ]; then
	mkdir -p "$root/$a" "$root/$b"
	echo 48M > "$root/$a/memory.max"
	exec 9< "$disk"	# the pages of a disk that nobody has open are given up, not evicted
	within $a pick "$disk" 60
	sleep 2
	count thrash 4
	exec 9<&-
	note "$(ask thrash '[resource("memory").victims[] | select(.wait_ns > 0)]' | jq -c .)"
	note "$(paste -sd' ' "$root/$a/memory.pressure"), $(grep refault_file "$root/$a/memory.stat")"
	is "waits for pages that had been evicted are counted" "$(ask thrash 'phase("memory"; $a; "refault") > 1000000')" true
	is "nobody knows who evicted them" "$(ask thrash 'part("memory"; $a; "(unknown)") >= phase("memory"; $a; "refault")')" true
	end_all
else
	like "without PSI it is said that waits for evicted pages are not counted" \
		"$(partctl contention --by "cgroup:/$a" --for 1s 2>&1)" 'no PSI'
fi

# ---- memory: a neighbour takes all there is ----
old=$(cat /proc/sys/vm/min_free_kbytes)
on_exit sh -c "echo $old > /proc/sys/vm/min_free_kbytes"
echo 1024 > /proc/sys/vm/min_free_kbytes
available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
within $a read "$disk" 128 0.01
within $b churn $((available * 6 / 10))
within $b churn $((available * 6 / 10))
within $b read "$(lsblk -ndo PATH,SERIAL | awk '/hp-nvme-1/ { print $1 }')" 128
sleep 2
count pressure 8
end_all
note "$(ask pressure '[resource("memory").victims[] | select(.wait_ns > 0)]' | jq -c .)"
note "$(ask pressure '[cells("memory"; $a)]' | jq -c .)"
is "stalls of the machine's reclaim are counted" "$(ask pressure 'phase("memory"; $a; "reclaim") + phase("memory"; $b; "reclaim") > 0')" true
is "the neighbour, who allocates more, has the larger part of them" \
	"$(ask pressure '. as $all | [$a, $b] | map(. as $v | $all | phase("memory"; $v; "reclaim") == 0 or
		part("memory"; $v; $b) > part("memory"; $v; $a)) | all')" true
