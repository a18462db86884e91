#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# trace-waits.t: long waits for locks, disks, memory and ports are told one by one, with who caused them.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 300
# boot: quiet
# testbed: --cpus 2 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
[ "$(id -u)" -eq 0 ] || skip_all "not root"
[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
[ "$root" ] || skip_all "no cgroup v2 is mounted"
work=$(mktemp -d /dev/shm/hp-trace.XXXXXX)
on_exit rm -rf "$work"
a=hp-test-a b=hp-test-b
pids=()

within() { # CGROUP COMMAND... : there, in the background
	mkdir -p "$root/$1"
	bash -c 'echo 0 > "$1"; shift; exec "$@"' within "$root/$1/cgroup.procs" "${@:2}" > /dev/null 2>&1 &
	pids+=($!)
}
end_all() {
	kill -CONT "${pids[@]}" 2> /dev/null
	kill -KILL "${pids[@]}" 2> /dev/null
	wait "${pids[@]}" 2> /dev/null
	pids=()
	sleep 0.2
	rmdir "$root/$a" "$root/$b" 2> /dev/null
	return 0
}
on_exit end_all
has_told() { [ "$(grep -c "\"phase\":\"$2\".*\"victim\":{[^}]*\"domain\":\"/$a\"" "$work/$1")" -ge "$3" ]; }
# Until some such waits of the first cgroup have been told: how long that takes depends on the machine.
trace() { # NAME PHASE COUNT ARGUMENT...
	local tracer
	partctl trace --by cgroup:$a --by cgroup:$b -o json --for 600s "${@:4}" > "$work/$1" &
	tracer=$!
	eventually 120 "$1: long waits are told" has_told "$1" "$2" "$3"
	kill -INT $tracer
	wait $tracer
	is "$1: an interrupt ends it well" $? 0
	note "$1: $(tail -n 1 "$work/$1")"
	note "$(grep "\"domain\":\"/$a\"" "$work/$1" | head -n 1)"
}
# All that is asked of a report, in one go: jq takes seconds to start where the machine is slow.
# An emulated processor may be put aside while it holds a spinlock: those waits are nobody's fault here.
ask() { # NAME FACTS [JQ-ARGUMENT...]: facts about $all; $own are the waits of the first cgroup but for spinlocks
	jq -s -r --arg a "/$a" --arg b "/$b" "${@:3}" '
		def most(f): (map(select(f)) | length) > length * 0.7;
		.[-1].summary as $summary | .[:-1] as $all | ($all | map(select(.victim.domain == $a and .phase != "spinlock"))) as $own |
		{ sums: all($all[]; ([.aggressors[].time_ns] | add // 0) + .unknown_ns == .waited_ns),
		  nulls: all($all[]; (.holder == null) == ([.aggressors[] | select(.domain != "(idle)")] == [])),
		  counted: ($summary.told == ($all | length) and $summary.lost == 0), '"$2"' } | to_entries[] | "\(.key) \(.value)"' \
		"$work/$1" > "$work/facts"
	fact "$1" sums "the parts of each add up"
	fact "$1" nulls "whoever is not known is null"
	fact "$1" counted "each is counted, and none was lost"
}
fact() { is "$1: $3" "$(grep "^$2 " "$work/facts")" "$2 true"; } # NAME KEY WHAT

# ---- two domains write to one file: a write locks its inode ----
within $a python3 tests/vm/contend.py write "$work/file" 1
victim=$!
within $b python3 tests/vm/contend.py write "$work/file" 32
hog=$!
eventually 60 "lock: both have begun" bash -c "[ \"\$(cat /proc/{$victim,$hog}/comm | uniq)\" = python3 ]"
trace lock rwsem 10 --resource cpu,lock --above cpu=60s --above lock=5ms
partctl trace --by cgroup:$a --for 3s --resource lock --above 5ms --stacks > "$work/text"
end_all
ask lock 'names: all($own[]; [.victim.pid, .victim.comm, .resource] == [$victim, "python3", "lock"]),
	long: all($all[]; .waited_ns >= 5000000),
	hog: ($own | most(.holder.pid == $hog and .holder.comm == "python3" and .holder.domain == $b)),
	kind: ($own | most(.phase == "rwsem")), one: ($own | most(.lock.address == $own[0].lock.address)),
	site: ($own | most(.lock.site | test("(write|file)[a-z_]*(\\.[a-z0-9.]+)?\\+0x"))),
	resources: ($summary.resources | map(.resource) == ["cpu", "lock"] and all(.traced))' \
	--argjson victim $victim --argjson hog $hog
fact lock names "its name and its process"
fact lock hog "the one who writes much held it, by name, process and domain"
fact lock kind "the kind of lock"
fact lock one "it is one lock"
fact lock site "the function that asked for it"
fact lock long "nothing shorter is told"
fact lock resources "two resources are watched at once, each by its own bound"
like "a line names both" "$(cat "$work/text")" \
	"^20[0-9-]+T[0-9:.]+Z +[0-9.]+ m?s +lock +python3\[$victim\] of /$a  rwsem asked for in [a-z_0-9.]+\+0x[0-9a-f]+, held by  .*python3\[$hog\] of base [0-9.]+ m?s"
like "stacks are of kernel functions" "$(cat "$work/text")" '^        (ksys|vfs)_p?write.*\+0x[0-9a-f]+$'

# ---- a disk that takes 12 ms for each request, and one at a time: much longer than an emulated machine takes beside it ----
if modprobe null_blk nr_devices=1 gb=1 queue_mode=2 irqmode=2 completion_nsec=12000000 submit_queues=1 hw_queue_depth=1 2> "$tap_log"; then
	on_exit modprobe -r null_blk
	echo mq-deadline > /sys/block/nullb0/queue/scheduler
	echo 64 > /sys/block/nullb0/queue/nr_requests
	for skip in 2000 4000 6000; do
		within $b dd if=/dev/nullb0 of=/dev/null iflag=direct bs=8k count=100000 skip=$skip
	done
	sleep 1
	within $a dd if=/dev/nullb0 of=/dev/null iflag=direct bs=4k count=100000
	victim=$!
	trace block device 10 --resource block --above 24ms
	end_all
	ask block 'names: all($own[]; [.victim.pid, .victim.comm] == [$victim, "dd"]),
		what: all($own[]; .block | [.device, .operation, .bytes, .sector % 8] == ["nullb0", "read", 4096, 0]),
		phases: all($all[]; .block.queue_ns + .block.device_ns == .waited_ns),
		hog: ($own | most(.holder == { comm: null, pid: null, domain: $b }))' --argjson victim $victim
	fact block names "whose they are"
	fact block what "disk, operation, size and sector"
	fact block phases "the time in the queue and at the device"
	fact block hog "and for whom the disk was busy"
else
	skip "block" "no null_blk here"
fi

# ---- a limit of its own ----
if grep -qw memory "$root/cgroup.controllers"; then
	echo +memory > "$root/cgroup.subtree_control"
	mkdir -p "$root/$a" "$root/$b"
	echo 48M > "$root/$a/memory.max"
	within $a python3 tests/vm/contend.py read "$(lsblk -ndo PATH,SERIAL | awk '/hp-nvme-0/ { print $1 }')" 128
	victim=$!
	sleep 1
	trace memory limit 10 --resource memory --above 100us --stacks
	ask memory 'names: all($own[]; [.victim.pid, .victim.comm] == [$victim, "python3"]),
		limit: ($own | any(.phase == "limit")), own: all($own[] | select(.phase == "limit"); .holder.domain == $a and .unknown_ns == 0),
		stack: ($own | map(select(.phase == "limit")) | most(.victim.stack | any(test("try_to_free_mem_cgroup_pages|try_charge")))),
		refault: all($own[] | select(.phase == "refault"); .holder == null)' --argjson victim $victim
	fact memory names "whose they are"
	fact memory limit "and that it is a limit"
	fact memory own "which is nobody else's fault"
	fact memory stack "where memory was asked for"
	fact memory refault "who evicted a page is not guessed at"
	end_all
else
	skip "memory" "cgroup v2 does not have the memory controller here"
fi

# ---- a slow port ----
if ip netns add hp-trace 2> "$tap_log" && ip link add hpw0 type veth peer name hpw1 netns hp-trace; then
	on_exit ip netns del hp-trace
	on_exit ip link del hpw0
	ip addr add 10.99.79.1/24 dev hpw0
	ip link set hpw0 up
	ip -n hp-trace addr add 10.99.79.2/24 dev hpw1
	ip -n hp-trace link set hpw1 up
	tc qdisc replace dev hpw0 root tbf rate 400kbit burst 8k limit 60k
	send='import socket, sys, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(sys.argv[3]))
while True:
    try:
        sender.sendto(bytes(int(sys.argv[1])), ("10.99.79.2", 9))
    except OSError:
        pass  # no room
    time.sleep(float(sys.argv[2]))'
	ok "the peer is known" ping -c 1 -W 5 10.99.79.2
	within $b python3 -c "$send" 1200 0 20000
	eventually 60 "the port is busy" bash -c '[ "$(tc -s -j qdisc show dev hpw0 | jq ".[0].backlog")" -gt 0 ]'
	within $a python3 -c "$send" 100 0.02 212992
	victim=$!
	# What the queue held before the watching is nobody's: enough, so that this is little beside the rest.
	trace network queue 40 --resource network --above 30ms
	end_all
	ask network 'names: all($own[]; .victim.pid == null or .victim.pid == $victim),
		known: ($own | most(.victim.pid == $victim and .victim.comm == "python3")),
		what: all($own[]; .network.port == "hpw0" and .network.bytes == 142), hog: ($own | most(.holder.domain == $b))' \
		--argjson victim $victim
	fact network names "nobody else is named"
	fact network known "whose they are"
	fact network what "port and size"
	fact network hog "and whose traffic held them up"
else
	skip "network" "no network namespaces here"
fi

# ---- as many domains as can be told apart: the programs are the larger for it ----
many=()
for i in {1..66}; do
	mkdir -p "$root/$a/$i"
	many+=(--by "cgroup:$a/$i")
done
is "66 domains are watched, whatever they wait for" "$(partctl trace "${many[@]}" --resource cpu,lock,block,memory,network --for 1s -o json |
	jq -c '[.summary.resources[] | select(.traced | not).missing | select(startswith("kernels older") | not)]')" '[]'
rmdir "$root/$a"/[0-9]* "$root/$a"

# ---- the command ----
exits 2 "a resource that is none" partctl trace --resource lock,disk
like "says which there are" "$(partctl trace --resource lokc 2>&1)" "'lokc' is not cpu, block, memory, lock or network; did you mean 'lock'"
exits 2 "a bound for what is not traced" partctl trace --above lock=5ms
eventually 30 "no program stays behind" bash -c '! bpftool prog show | grep -qE "hp_contention_lock|hp_block_|hp_memory_|hp_network_"'
