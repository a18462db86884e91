#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# waits.t: waits for a slow disk are those that the kernel counts, and name the one whose requests the disk served.
# kernels: 6.1 6.12
# timeout: 600
# boot: quiet
# testbed: --cpus 2 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
[ "$(id -u)" -eq 0 ] || skip_all "not root"
# One request at a time, 10 ms each. The kernel counts from the making of a request on, we from when it is queued: on an
# emulated machine half a millisecond later, which has to be little beside the wait.
modprobe null_blk nr_devices=1 gb=1 queue_mode=2 irqmode=2 completion_nsec=10000000 submit_queues=1 hw_queue_depth=1 \
	memory_backed=1 2> /dev/null || skip_all "no null_blk here"
on_exit modprobe -r null_blk
# Without a queue of some length they would wait for a free request instead, which is not counted.
echo mq-deadline > /sys/block/nullb0/queue/scheduler
echo 64 > /sys/block/nullb0/queue/nr_requests
. tests/vm/waits.sh
resource=block disk=nullb0

read_disk() { # CGROUP REQUESTS SKIP
	within "$1" dd if=/dev/$disk of=/dev/null iflag=direct bs=4k count="$2" skip="$3" 2> /dev/null
}
# What the kernel counts of the disk: requests read, and how long they took from their making on, in ms.
account() { awk '{ print $1, $4 }' "/sys/block/$disk/stat"; }

# ---- two domains at one disk ----
begin shared
read -r requests_before ticks_before < <(account)
pids=()
for skip in 2000 4000 6000; do read_disk $b 100000 $skip & pids+=($!); done
# All three of them are at it before the other one comes.
has_begun() { [ "$(($(account | cut -d' ' -f1) - requests_before))" -gt 100 ]; }
eventually 60 "shared: $b is at the disk" has_begun
read_disk $a 100 0
echo 1 > "$root/$b/cgroup.kill"
wait "${pids[@]}" 2> /dev/null
read -r requests ticks_ms < <(account)
end
adds_up
is "shared: no event was lost" "$(ask '[resource.lost[]] | add')" 0
requests=$((requests - requests_before)) ticks_ms=$((ticks_ms - ticks_before))
is "shared: every request is a wait" "$(ask '[resource.victims[].phases[] | select(.phase == "device").waits] | add')" "$requests"
is "shared: all waits together are what the kernel says, within 3 %" \
	"$(ask "([resource.victims[].wait_ns] | add / 1e6) as \$ours | (\$ours - $ticks_ms) / $ticks_ms | if fabs < 0.03 then \"same\" else [\$ours, $ticks_ms] end")" same
is "shared: $a waited for $b most of the time" "$(ask "part(\"/$a\"; \"/$b\") / victim(\"/$a\").wait_ns > 0.6")" true
is "shared: for its own requests as long as the disk took for them, within 10 %" \
	"$(ask "part(\"/$a\"; \"/$a\") / phase(\"/$a\"; \"device\").time_ns | if fabs > 0.9 and fabs < 1.1 then \"so\" else . end")" so
is "shared: $b waited for itself more than for $a" "$(ask "part(\"/$b\"; \"/$b\") > 4 * part(\"/$b\"; \"/$a\")")" true
# From the end of one request to the beginning of the next the disk is idle: much of the time on an emulated machine.
is "shared: others had next to nothing of it" \
	"$(ask "victim(\"/$a\").wait_ns as \$all | [cells | select(.victim == \"/$a\" and (.aggressor | test(\"^/|^.idle\") | not)).time_ns] |
		(add // 0) / \$all | if . < 0.05 then \"so\" else . end")" so
is "shared: a request takes the device 10 ms and more" "$(ask "phase(\"/$a\"; \"device\") | .p50_ns > 8000000 and .p50_ns <= .p90_ns and .p90_ns <= .p99_ns")" true
is "shared: and the queue more than that" "$(ask "phase(\"/$a\"; \"queue\").time_ns > phase(\"/$a\"; \"device\").time_ns")" true

# ---- one domain at the disk, the other one idle ----
begin family
pids=()
for skip in 2000 4000 6000; do read_disk $a 100 $skip & pids+=($!); done
wait "${pids[@]}"
end
adds_up
is "family: what it waited is its own, or the disk was idle" \
	"$(ask "(part(\"/$a\"; \"/$a\") + part(\"/$a\"; \"(idle)\")) / victim(\"/$a\").wait_ns | if . > 0.95 then \"so\" else . end")" so
is "family: which it seldom was" "$(ask "part(\"/$a\"; \"(idle)\") / victim(\"/$a\").wait_ns | if . < 0.3 then \"so\" else . end")" so
is "family: nobody blames the idle one" "$(ask "[cells | select(.aggressor == \"/$b\")] | length")" 0
is "family: which did not wait" "$(ask "victim(\"/$b\").wait_ns")" 0

# ---- what a kernel thread writes back is whose pages it writes ----
echo '+io +memory' > "$root/cgroup.subtree_control" 2> "$tap_log"
if grep -qw io "$root/$a/cgroup.controllers" 2> /dev/null && mkfs.ext4 -q /dev/$disk 2> "$tap_log"; then
	mkdir "$work/mnt"
	mount /dev/$disk "$work/mnt"
	begin written
	within $a dd if=/dev/zero of="$work/mnt/file" bs=64k count=16 2> /dev/null
	sync -f "$work/mnt"
	end
	is "written: who wrote the pages waits, not who said sync" "$(ask "phase(\"/$a\"; \"device\").waits > 0")" true
	umount "$work/mnt"
else
	skip "who writes back waits" "no io controller, or no mkfs.ext4"
fi

is "without block nothing of it is said" \
	"$(partctl contention --by "cgroup:/$a" --without block --for 1s -o json | jq '[.waits[] | select(.resource == "block")] | length')" 0
