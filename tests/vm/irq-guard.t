#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# irq-guard.t: interrupts of claimed functions stay on their domain's CPUs, all others off them.
# kernels: 6.1 6.12
# boot: guards
# testbed: --cpus 4 --memory 2GiB --append slub_debug=FZPU --append memhp_default_state=offline --qemu -m --qemu 2048M,slots=1,maxmem=4G --qemu -object --qemu memory-backend-ram,id=dimm0,size=256M --qemu -device --qemu pc-dimm,id=plugged,memdev=dimm0,node=0
# timeout: 300
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/pci.sh
. "$(dirname "$0")/pci.sh"

work=$(mktemp -d)
on_exit rm -rf "$work"
on_exit rmmod hostpart
on_exit $kctl release

nic=0000:01:00.0 nic2=0000:02:00.0 disk=0000:03:00.0
# alpha has CPU 2, beta CPU 3, the rest is everybody's.
claims="domain alpha active
cpus alpha 2
pci alpha $nic
pci alpha $disk
domain beta active
cpus beta 3"

mask_of() { cat "/proc/irq/$1/smp_affinity_list"; }
cpu_of() { cat "/proc/irq/$1/effective_affinity_list"; }
ask() { echo "$2" > "/proc/irq/$1/smp_affinity_list"; }	# IRQ CPUS
irqs_of() { ls "$pci/$1/msi_irqs"; }
port_of() { ls "$pci/$1/net"; }
first_used() { local irq; for irq in $(irqs_of "$1"); do grep -q "^ *$irq:" /proc/interrupts && { echo "$irq"; return; }; done; }
is_at() { [ "$(mask_of "$1")" = "$2" ] && [ "$(cpu_of "$1")" = "${3:-$2}" ]; }	# IRQ MASK [CPU]
# The vectors of the list that are not where they may be. Where the chip can move a vector only when it fires next,
# its mask is right at once and the CPU it is on is not: so it is the mask of a movable one that counts here.
strays() { # ALLOWED_CPUS STATE [DOMAIN]
	local irq cpu
	$kctl vectors | grep " state=$2" | if [ -n "${3-}" ]; then grep " domain=$3 "; else grep -v ' domain='; fi |
		sed 's/^irq=\([0-9]*\) .*/\1/' | while read -r irq; do
			if [ "$2" = movable ]; then cpu=$(mask_of "$irq"); else cpu=$(cpu_of "$irq"); fi
			[[ $cpu =~ ^[$1,-]*$ ]] || echo "$irq on $cpu"
		done
}

modprobe -a nvme e1000e
ok "the module loads" modprobe hostpart
is "the interrupt guard is in force" "$(($($kctl info | sed -n 's/^guards=//p') & 16))" 16
# Nobody's vector that fires all the time: the file system that this runs from.
rest=$(grep 'virtio.*-requests' /proc/interrupts | awk '{ print $2 + $3 + $4 + $5, $1 }' | sort -n | tail -n 1 |
	sed 's/.* \([0-9]*\):/\1/')
ask "$rest" 0-3
ip link set "$(port_of $nic)" up
ip link set "$(port_of $nic2)" up
for irq in /proc/irq/[0-9]*; do echo "${irq##*/} $(mask_of "${irq##*/}")"; done | sort > "$work/before"

phase a commit
mark
commit "$claims"
claimed=$(first_used $nic)
is "a claimed function's vector is on its domain's CPU" "$(mask_of "$claimed") $(cpu_of "$claimed")" "2 2"
is "an unclaimed one keeps what is left of its CPUs" "$(mask_of "$rest")" 0-1
is "no movable vector of alpha is elsewhere" "$(strays 2 movable alpha)" ""
is "no movable vector of nobody's is on a claimed CPU" "$(strays 0-1 movable)" ""
is "no managed one is where it says it can be kept from" "$(strays 2 managed alpha)" ""
like "the other managed ones of alpha are listed as unmovable, with the reason" \
	"$($kctl vectors alpha | grep unmovable | head -n 1)" "^irq=[0-9]+ state=unmovable error=EINVAL domain=alpha pci=$disk\$"
like "so is one that is bound to a CPU" "$($kctl vectors)" '^irq=0 state=unmovable error=EPERM$'
is "a commit's own moves are no drift" "$(events_since irq-moved-back)" ""
like "what it could not move is told" "$(events_since irq-unmovable | head -n 1)" "domain=alpha pci=$disk irq=[0-9]+ .*error=EINVAL"
not_ok "vectors of a domain that is not there are refused" $kctl vectors gamma

phase changes from outside
mark
ask "$claimed" 3
eventually 10 "a claimed vector that is moved away comes back" is_at "$claimed" 2
like "that is told with who did it" "$(events_since irq-moved-back)" \
	"pid=[0-9]+ comm=(irq-guard.t|bash|run-tests) .* domain=alpha pci=$nic irq=$claimed "
mark
ask "$rest" 1
eventually 5 "an unclaimed vector can be moved within the rest" is_at "$rest" 1
ask "$rest" 3
eventually 10 "moved to a claimed CPU it comes back to where it was" is_at "$rest" 1
like "that names the domain whose CPU it was" "$(events_since irq-moved-back)" "domain=beta cpu=3 irq=$rest "
is "and there was one such event" "$(events_since irq-moved-back | wc -l)" 1
mark
for ((i = 0; i < 150; i++)); do ask "$claimed" 0-3; done
eventually 10 "after 150 such writes it is back" is_at "$claimed" 2
count=$(events_since irq-moved-back | wc -l)
ok "the events of them are limited ($count)" test "$count" -ge 1 -a "$count" -le 60

phase vectors that come and go
mark
ip link set "$(port_of $nic)" down
ip link set "$(port_of $nic)" up
eventually 5 "a port taken down and up again interrupts its own CPU" is_at "$(first_used $nic)" 2
is "which is no drift" "$(events_since irq-moved-back)" ""
replug $disk
eventually 20 "a claimed disk comes back" namespace_of $disk
is "all its managed vectors got the domain's CPU" "$($kctl vectors alpha | grep -c "state=managed domain=alpha pci=$disk")" \
	"$(grep -cE 'nvme[0-9]+q[1-9]' <(for irq in $(irqs_of $disk); do grep "^ *$irq:" /proc/interrupts; done))"
is "none is unmovable" "$($kctl vectors alpha | grep unmovable)" ""
is "all are there" "$(strays 2 managed alpha)$(strays 2 movable alpha)" ""
block=/dev/$(namespace_of $disk)
eventually 20 "its block device appears" test -b "$block"
for cpu in 0 1 2 3; do
	ok "CPU $cpu reads from it" taskset -c $cpu dd if="$block" of=/dev/null bs=64k count=64 iflag=direct
done
is "and no other CPU was interrupted" "$(for irq in $(irqs_of $disk); do grep "^ *$irq:" /proc/interrupts; done |
	awk '{ sum += $2 + $3 + $5; own += $4 } END { print sum + 0, (own > 0) }')" "0 1"

phase another table
ask "$(first_used $nic)" 2-3	# before the table says so, as an apply does
eventually 5 "what is not allowed yet is undone" is_at "$(first_used $nic)" 2
commit "$(sed 's/^cpus alpha 2$/cpus alpha 2-3/; /beta/d' <<< "$claims")"
is "and done once the table allows it" "$(mask_of "$(first_used $nic)")" 2-3
commit "${claims/cpus alpha 2/cpus alpha 1}"
is "a domain's new CPUs take its vectors over" "$(mask_of "$(first_used $nic)")" 1
is "and lose those of others" "$(mask_of "$rest")" 0,2

phase release
ok "all is released" $kctl release
for irq in /proc/irq/[0-9]*; do echo "${irq##*/} $(mask_of "${irq##*/}")"; done | sort > "$work/after"
# What the test asked for itself stays; the port and the disk have had new vectors since.
own=" $(irqs_of $nic | xargs) $(irqs_of $disk | xargs) $rest "
is "every other vector has the CPUs that it had" "$(join "$work/before" "$work/after" | awk -v own="$own" \
	'$2 != $3 && !index(own, " " $1 " ") { print $1 ": " $2 " is " $3 }')" ""
ok "the module goes" rmmod hostpart
is "the kernel has nothing to complain about" "$(complaints)" ""
