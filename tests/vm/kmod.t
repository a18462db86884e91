#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kmod.t: the kernel module: commits, refusals, vetoes, events, unload, leaks.
# kernels: 6.1 6.12
# testbed: --append slub_debug=FZPU
# timeout: 600
. "$(dirname "$0")/lib.sh"

tools=/usr/libexec/hostpart/tests
kctl=$tools/hp-kernelctl
sysfs=/sys/kernel/hostpart
work=$(mktemp -d)
on_exit rm -rf "$work"
on_exit rmmod hostpart
on_exit $kctl release

two_hosts='domain alpha
cpus alpha 2-3
memory alpha 1073741824 nodes 0
pci alpha 0000:7f:00.0
domain beta
cpus beta 4-5
memory beta 536870912'

commit() { printf '%s' "$1" | $kctl commit "${@:2}"; }	# TABLE [GENERATION]
names() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort; }	# of what a directory holds
generation() { $kctl info | sed -n 's/^generation=//p'; }
online() { cat "/sys/devices/system/cpu/cpu$1/online"; }
set_online() { echo "$2" > "/sys/devices/system/cpu/cpu$1/online"; }

# Says why a commit was refused, and that it was.
refusal() {
	if commit "$@" > /dev/null 2> "$work/refusal"; then echo "committed"; else cat "$work/refusal"; fi
}

# ---- without the module ----
not_ok "without the module a client says so" $kctl info
like "and names the remedy" "$($kctl info 2>&1)" 'not loaded.*'
ok "the module loads" modprobe hostpart

phase nothing bad gets in
while IFS= read -r line; do
	case $line in
	"ok "*) ok "${line#ok * - }" true ;;
	"not ok "*) not_ok "${line#not ok * - }" true ;;
	*) note "$line" ;;
	esac
done < <($tools/hp-kernelbad; echo "status $?" > "$work/bad")
is "the bad requests ran to their end" "$(cat "$work/bad")" "status 0"
is "none of them left a trace" "$($kctl info | grep -E '^(generation|domains|claims|event_seq)=' | tr '\n' ' ')" \
	"generation=1 domains=0 claims=0 event_seq=0 "

# ---- events reach a listener ----
coproc listener { exec stdbuf -oL $kctl listen; }
# shellcheck disable=SC2154  # set by coproc
listener_pid=$listener_PID listener_out=${listener[0]}
on_exit kill "$listener_pid"
event=nothing
read -r -t 10 -u "$listener_out" event
is "a listener joins the event group" "$event" listening
next_event() { event=nothing; read -r -t 10 -u "$listener_out" event; }

# ---- a commit ----
like "a table is committed" "$(commit "$two_hosts" 1 2>&1)" 'generation=2 '
is "and read back as it was given" "$($kctl read)" "$two_hosts"
next_event
like "the event names the caller" "$event" 'seq=1 type=commit generation=2 .* pid=[0-9]+ comm=hp-kernelctl .* domains=2 claims=5'
is "the generation moved on" "$(generation)" 2

mkdir /sys/fs/cgroup/hp-test
on_exit rmdir /sys/fs/cgroup/hp-test
(echo "$BASHPID" > /sys/fs/cgroup/hp-test/cgroup.procs; commit "$two_hosts" > /dev/null)
next_event
like "the event tells the caller's cgroup" "$event" "cgroup=$(stat -c %i /sys/fs/cgroup/hp-test) "

# ---- sysfs ----
is "sysfs: ABI" "$(cat $sysfs/abi)" 2
is "sysfs: generation" "$(cat $sysfs/generation)" 3
like "sysfs: version" "$(cat $sysfs/version)" '^[0-9]+\.[0-9]+\.[0-9]+$'
is "sysfs: domains" "$(names $sysfs/domains | tr '\n' ' ')" "alpha beta "
is "sysfs: files of a domain" "$(names $sysfs/domains/alpha | tr '\n' ' ')" \
	"active cgroup_id cpus elastic_cpus elastic_memory memory_bytes netns nodes pci pci_state "
is "sysfs: alpha" "$(cd $sysfs/domains/alpha && cat cpus memory_bytes nodes pci cgroup_id | tr '\n' ' ')" \
	"2-3 1073741824 0 0000:7f:00.0 0 "
is "sysfs: beta" "$(cd $sysfs/domains/beta && cat cpus memory_bytes nodes pci cgroup_id | tr '\n' ' ')" \
	"4-5 536870912  0 "
is "sysfs: nothing can be written" "$(find $sysfs -type f -perm /222)" ""
is "sysfs: what a domain owns only root reads" "$(find $sysfs/domains -type f -perm /077)" ""

# ---- refusals leave everything as it was ----
is "a CPU overlap names both sides" "$(refusal $'domain gamma\ncpus gamma 0-4\ndomain delta\ncpus delta 4')" \
	"Device or resource busy: kernel module: cpu 4: claimed by gamma, wanted by delta"
is "a PCI overlap names both sides" \
	"$(refusal $'domain gamma\npci gamma 0000:7f:00.0\ndomain delta\npci delta 0000:7f:00.0')" \
	"Device or resource busy: kernel module: pci 0000:7f:00.0: claimed by gamma, wanted by delta"
like "a stale generation is refused" "$(refusal "$two_hosts" 2)" \
	'^Stale file handle: kernel module: generation is 3, the request expects 2$'
like "a CPU that the machine lacks is refused" "$(refusal $'domain gamma\ncpus gamma 4000')" \
	'^No such device: kernel module: cpu 4000: wanted by gamma, this machine numbers its CPUs 0 to '
like "more memory than the machine has is refused" "$(refusal $'domain gamma\nmemory gamma 1099511627776')" \
	'^No space left on device: kernel module: memory: the claims add up to 1099511627776 bytes, this machine has '
like "a node without memory is refused" "$(refusal $'domain gamma\nmemory gamma 4096 nodes 0,7')" \
	'^No such device: kernel module: node 7: wanted by gamma, has no memory here$'
is "the table is untouched" "$($kctl read)" "$two_hosts"
is "the generation is untouched" "$(generation)" 3
is "sysfs shows no refused domain" "$(names $sysfs/domains | tr '\n' ' ')" "alpha beta "

phase who may
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
ok "anyone may ask for the version" nobody $kctl info
not_ok "an ordinary user cannot read the table" nobody $kctl read
not_ok "nor the events" nobody $kctl ring
not_ok "nor listen" nobody timeout 5 $kctl listen
like "nor commit" "$(nobody $kctl commit <<< "$two_hosts" 2>&1)" '^Operation not permitted'
like "nor release" "$(nobody $kctl release 2>&1)" '^Operation not permitted'
not_ok "nor read a domain's devices in sysfs" nobody cat $sysfs/domains/alpha/pci
like "root of a user namespace cannot commit" \
	"$(unshare --user --map-root-user $kctl commit <<< "$two_hosts" 2>&1)" '^Operation not permitted'
like "with its own network namespace it sees no family" \
	"$(unshare --user --map-root-user --net $kctl info 2>&1)" '^No such file or directory'
like "nor does real root in another network namespace" "$(unshare --net $kctl release 2>&1)" \
	'^No such file or directory'
for capability in sys_admin net_admin; do
	like "root without CAP_${capability^^} cannot commit" \
		"$(setpriv --bounding-set "-$capability" $kctl commit <<< "$two_hosts" 2>&1)" '^Operation not permitted'
	like "nor release" "$(setpriv --bounding-set "-$capability" $kctl release 2>&1)" '^Operation not permitted'
done
not_ok "root without CAP_SYS_ADMIN cannot listen" setpriv --bounding-set -sys_admin timeout 5 $kctl listen
is "nobody changed anything" "$(generation)" 3

phase CPU offline
before=$($kctl info | sed -n 's/^event_seq=//p')
is "offlining a claimed CPU is EBUSY" "$(LC_ALL=C set_online 3 0 2>&1 | sed 's/.*error: //')" "Device or resource busy"
is "and it stays online" "$(online 3)" 1
next_event
like "the veto is an event that names who asked" "$event" \
	"seq=$((before + 1)) type=cpu-offline-veto generation=3 .* pid=[0-9]+ comm=(kmod.t|bash) .* domain=alpha cpu=3 "
like "the ring holds it too" "$($kctl ring | tail -n 1)" 'type=cpu-offline-veto .* cpu=3 '
# Not through the CPU's own file: here the kernel does not tell who asked, and then nobody is invented.
not_ok "switching SMT off, which takes CPUs offline, is refused too" \
	bash -c 'echo off > /sys/devices/system/cpu/smt/control'
is "its claimed CPU stays online" "$(online 3)" 1
next_event
# Interrupts of the siblings that went before the refusal were moved, and then moved back.
while [[ "$event" == *type=irq-moved-back* ]]; do next_event; done
like "that veto is an event with an unknown actor" "$event" 'type=cpu-offline-veto .* actor=unknown domain=alpha cpu=3 '
unlike "and names nobody" "$event" 'pid=|comm='
echo on > /sys/devices/system/cpu/smt/control
set_online 1 1	# an unclaimed sibling went before the refusal
ok "an unclaimed CPU goes offline" set_online 7 0
is "it is offline" "$(online 7)" 0
like "an offline CPU cannot be claimed" "$(refusal $'domain gamma\ncpus gamma 6-7')" \
	'^No such device: kernel module: cpu 7: wanted by gamma, is not online$'
ok "and comes back" set_online 7 1
like "then it can be claimed" "$(commit "$two_hosts"$'\ndomain gamma\ncpus gamma 6-7' 3 2>&1)" 'generation=4 '
not_ok "and cannot go any more" set_online 7 0
ok "another commit lets it go" commit "$two_hosts"
ok "so that it can go offline" set_online 7 0
ok "and online" set_online 7 1

# A veto comes after the scheduler was told; a partition must come out of it unharmed.
echo +cpuset > /sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/hp-part
on_exit rmdir /sys/fs/cgroup/hp-part
echo 5 > /sys/fs/cgroup/hp-part/cpuset.cpus
echo root > /sys/fs/cgroup/hp-part/cpuset.cpus.partition
sleep 300 &
on_exit kill $!
echo $! > /sys/fs/cgroup/hp-part/cgroup.procs
not_ok "the only CPU of a busy partition cannot go" set_online 5 0
sleep 0.5
is "and the partition is still one" "$(cat /sys/fs/cgroup/hp-part/cpuset.cpus.partition)" root
is "with its CPU" "$(cat /sys/fs/cgroup/hp-part/cpuset.cpus.effective)" 5

phase unload
not_ok "the module cannot go while domains live" rmmod hostpart
like "an empty commit clears the table" "$(commit '' 2>&1)" 'generation='
is "sysfs shows no domain" "$(names $sysfs/domains)" ""
kill "$listener_pid"
ok "then the module can go" rmmod hostpart
not_ok "its sysfs tree went with it" test -e $sysfs
ok "it comes back" modprobe hostpart
is "with a fresh table" "$(generation)" 1

# A transaction that was opened and never committed holds nothing.
coproc holder { exec $tools/hp-kernelbad hold; }
# shellcheck disable=SC2154  # set by coproc
holder_pid=$holder_PID
exec {holder_in}>&"${holder[1]}"
read -r -t 10 -u "${holder[0]}" line
is "a transaction is open" "$line" holding
ok "which claims nothing yet" set_online 1 0
ok "nor afterwards" set_online 1 1
ok "nor keeps the module from going" rmmod hostpart
exec {holder_in}>&-
eval "exec ${holder[1]}>&-" 2>/dev/null
wait "$holder_pid" 2>/dev/null

modprobe hostpart
ok "a table is committed again" commit "$two_hosts"
not_ok "it holds the module again" rmmod hostpart
like "a force release says what it dropped" "$($kctl release)" 'domains=2 claims=5'
like "and is an event with its actor" "$($kctl ring | tail -n 1)" \
	'type=release generation=3 .* comm=hp-kernelctl .* domains=2 claims=5'
ok "then the module can go" rmmod hostpart
modprobe hostpart

phase size
awk 'BEGIN { for (d = 0; d < 64; d++) { print "domain d" d; print "memory d" d " 1048576"
	for (i = 0; i < 63; i++) { n = d * 63 + i
		printf "pci d%d 0001:%02x:%02x.%x\n", d, n / 256, n / 8 % 32, n % 8 } } }' > "$work/big"
like "64 domains with 4096 claims are one commit" "$($kctl commit < "$work/big" 2>&1)" 'generation=2 '
$kctl read > "$work/back"
ok "and come back the same" cmp "$work/big" "$work/back"
like "$(grep -c . "$work/big") lines of them are counted" "$($kctl info | tr '\n' ' ')" 'domains=64 claims=4096 '
is "sysfs shows all domains" "$(names $sysfs/domains | wc -l)" 64
{ echo "domain wide"; grep '^pci' "$work/big" | sed 's/ d[0-9]* / wide /'; } > "$work/wide"
ok "one domain with 4032 functions is a commit" $kctl commit < "$work/wide"
is "sysfs shows them across pages" "$(cat $sysfs/domains/wide/pci)" "$(sed -n 's/^pci wide //p' "$work/wide")"
is "sysfs dropped the others" "$(names $sysfs/domains)" wide

phase many at once
# Each writer either wins or is told why not; readers see whole tables.
printf 'domain even\ncpus even 2,4\nmemory even 4096\n' > "$work/t0"
printf 'domain odd\ncpus odd 3,5\nmemory odd 4096\n' > "$work/t1"
start=$(generation)
for writer in 0 1 2 3; do
	$kctl contend 60 < "$work/t$((writer % 2))" > "$work/won$writer" 2> "$work/lost$writer" &
	writers+=($!)
done
$kctl reads 200 > "$work/reads" 2>&1 &
writers+=($!)
for i in $(seq 10); do for cpu in 2 3 4 5; do set_online $cpu 0; set_online $cpu 1; done; done 2> /dev/null &
writers+=($!)
wait "${writers[@]}"
won=$(cat "$work"/won? | awk '{ sum += $2 } END { print sum }')
is "every win is one generation" "$(generation)" "$((start + won))"
ok "some won" test "$won" -gt 0
is "the losers were told why" "$(cat "$work"/lost? | grep -vE 'generation is|is not online')" ""
is "no reader saw a mixture" "$(awk '$1 == "domain" { d = $2 } $1 ~ /cpus|memory/ && $2 != d { bad++ }
	END { print bad + 0 }' "$work/reads")" 0
is "nor an error" "$(grep -vE '^(domain|cpus|memory|pci) |^--$|^$|changes faster' "$work/reads")" ""
is "the events are numbered without a gap" "$($kctl ring | sed 's/^seq=\([0-9]*\) .*/\1/' |
	awk 'NR > 1 && $1 != last + 1 { gaps++ } { last = $1 } END { print gaps + 0 }')" 0
ok "all is released" $kctl release
for cpu in 2 3 4 5; do set_online $cpu 1; done 2> /dev/null

phase 100 cycles
# Objects in use by slab cache; what a cycle leaks shows as 100 of them somewhere.
objects() {
	local cache
	for cache in /sys/kernel/slab/{kmalloc-*,kernfs_node_cache,radix_tree_node,skbuff_*}; do
		echo 1 > "$cache/shrink"
		read -r count _ < "$cache/objects"
		echo "${cache##*/} $count"
	done
}
module=$(modinfo -n hostpart)
cycles() { $kctl cycles "$1" "$module" /sys/devices/system/cpu/cpu3/online <<< "$two_hosts" 2>&1; }
rmmod hostpart
is "a first few cycles warm the caches" "$(cycles 5)" 5
objects > "$work/objects0"
vmalloc_before=$(wc -l < /proc/vmallocinfo)
is "100 cycles of load, commit, refusal, veto, refused unload, release, unload" "$(cycles 100)" 100
objects > "$work/objects1"
# Other work comes and goes in the same caches; a leak of the module's grows with each round.
is "and 50 more" "$(cycles 50)" 50
objects > "$work/objects2"
join "$work/objects0" "$work/objects1" | join - "$work/objects2" > "$work/objects"
is "no slab cache kept an object for each" \
	"$(awk '$3 - $2 >= 90 && $4 - $3 >= 45 { print $1 ":", $2, "->", $3, "->", $4 }' "$work/objects")" ""
ok "nor did vmalloc" test $(($(wc -l < /proc/vmallocinfo) - vmalloc_before)) -lt 50
note "largest growth: $(awk '{ print $4 - $2, $1 }' "$work/objects" | sort -n | tail -n 3 | tr '\n' ';')"
is "the kernel has nothing to complain about" "$(complaints)" ""
