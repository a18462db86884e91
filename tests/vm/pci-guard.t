#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pci-guard.t: claimed PCI functions are parked, handed over, kept from other drivers and given back.
# kernels: 6.1 6.12
# testbed: --cpus 2 --memory 1GiB --append slub_debug=FZPU
# timeout: 600
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/pci.sh
. "$(dirname "$0")/pci.sh"

on_exit rmmod hostpart
on_exit $kctl release

nic=0000:01:00.0 nic2=0000:02:00.0 disk=0000:03:00.0 disk2=0000:04:00.0
modprobe -a nvme e1000e pci-stub ahci i2c_i801
ok "the module loads" modprobe hostpart
is "the PCI guard is in force" "$(($($kctl info | sed -n 's/^guards=//p') & 4))" 4
is "nobody else's function has moved" "$(driver_of $nic) $(driver_of $disk)" "e1000e nvme"

phase parking
mark
commit $'domain alpha\npci alpha '$nic$'\npci alpha '$disk
is "claimed functions of a domain that is not active go to the stub" "$(driver_of $nic) $(driver_of $disk)" \
	"hostpart hostpart"
is "by their override" "$(override_of $nic) $(override_of $disk)" "hostpart hostpart"
not_ok "the port is gone" test -e $pci/$nic/net
not_ok "so is the disk" test -e $pci/$disk/nvme
for function in $nic $disk; do
	like "${function#*:} decodes nothing and starts no DMA" "$(control_of "$function")" 'I/O- Mem- BusMaster-.*DisINTx\+'
done
like "a function with power management sleeps" "$(LC_ALL=C lspci -s $disk -vv)" 'Status: D3 '
is "each is told" "$(told pci-parked)" "$nic alpha $disk alpha"
like "the registry says so" "$($kctl state)" "^alpha pci parked $nic\$"
is "others are left alone" "$(driver_of $nic2) $(driver_of $disk2)" "e1000e nvme"
not_ok "nobody can unbind from the stub" test -e /sys/bus/pci/drivers/hostpart/unbind
echo e1000e > $pci/$nic/driver_override
not_ok "another driver cannot have it by hand" bind e1000e $nic
is "and it stays parked" "$(driver_of $nic)" hostpart

phase arriving
mark
replug $nic
eventually 10 "a claimed function that arrives is parked" driver_is $nic hostpart
is "no driver has seen it" "$(dmesg_since | grep -c "e1000e $nic")" 0
is "that is told once" "$(told pci-parked)" "$nic alpha"

phase handing over
mark
commit $'domain alpha active\npci alpha '$nic$'\npci alpha '$disk' driver nvme'
is "functions of an active domain have their drivers when the commit returns" "$(driver_of $nic) $(driver_of $disk)" \
	"e1000e nvme"
is "the override is the driver's name, or none" "$(override_of $nic) $(override_of $disk)" "(null) nvme"
is "each is told" "$(told pci-handed)" "$nic alpha $disk alpha"
like "a disk that the machine used before was reset" "$(events_since pci-handed | grep $disk)" 'reason=reset, driver nvme'
like "it decodes again" "$(control_of $disk)" 'Mem\+ BusMaster\+'
eventually 20 "and works" test -b "/dev/$(namespace_of $disk)"
ok "as a disk that can be read" dd if="/dev/$(namespace_of $disk)" of=/dev/null bs=1M count=8
like "the registry says so" "$($kctl state)" "^alpha pci active $disk\$"
mark
replug $disk

is_handed() { [ -n "$(told pci-handed)" ]; }
eventually 20 "a disk that comes back is handed over again" is_handed
is "to its driver" "$(driver_of $disk)" nvme
is "which is told once, and reset, as nobody can tell who had it" \
	"$(events_since pci-handed pci-parked | grep -o 'type=[^ ]*\|reason=.*' | paste -sd' ')" \
	"type=pci-handed reason=reset, driver nvme"
mark
commit $'domain alpha active\npci alpha '$nic$'\npci alpha '$disk' driver nvme'
is "the same table again moves nothing" "$(told pci-parked pci-handed pci-released)" ""

phase other drivers
mark
unbind $disk
echo pci-stub > $pci/$disk/driver_override
not_ok "a driver that is not its own does not get to probe it" bind pci-stub $disk
unlike "it has not seen the function" "$(dmesg_since)" 'pci-stub .*claimed by'
like "the attempt is told with who made it" "$(events_since pci-driver-veto)" \
	"pid=[0-9]+ comm=(bash|pci-guard.t) .*domain=alpha .*pci=$disk .*reason=driver_override was \"pci-stub\""
eventually 20 "and the function goes back to its driver" driver_is $disk nvme
is "with the override it had" "$(override_of $disk)" nvme
mark
echo pci-stub > $pci/$nic/driver_override
unbind $nic
eventually 20 "an override written before an unbind is undone as well" driver_is $nic e1000e
is "with none in its place" "$(override_of $nic)" "(null)"
like "and told" "$(events_since pci-driver-veto)" "pci=$nic "

phase changing hands
# The kernel's own word on who is reset: each return of pci_reset_function() with its result.
echo 'r:hp_reset pci_reset_function result=$retval:s64' > /sys/kernel/tracing/kprobe_events
echo 1 > /sys/kernel/tracing/events/kprobes/hp_reset/enable
resets() { sed -n 's/.*hp_reset: .* result=\(-*[0-9]*\)$/\1/p' /sys/kernel/tracing/trace | paste -sd' '; }
sides() { events_since pci-released pci-parked pci-handed | grep "pci=$disk" | sed 's/.* type=\([^ ]*\) .* domain=\([^ ]*\) .*reason=/\1 \2: /; s/.* type=\([^ ]*\) .* domain=\([^ ]*\) .*/\1 \2/'; }
identity_of() { stat -c '%n %i' $pci/"$1"/{nvme,net} 2> /dev/null; }	# the driver's own: new when it started anew
alphas=$'domain alpha active\npci alpha '$nic$'\npci alpha '$disk
betas=$'domain alpha active\npci alpha '$nic$'\ndomain beta active\npci beta '$disk
bases=$'domain alpha active\npci alpha '$nic$'\ndomain beta active\ndomain base base\npci base '$disk
commit "$alphas"
mark
before=$(identity_of $nic) disks_before=$(identity_of $disk)
exec 9< "/dev/$(namespace_of $disk)"
like "a disk that somebody has open does not change hands" "$(refusal "$betas")" \
	"Device or resource busy: .*pci $disk: wanted by beta, but its disk $(namespace_of $disk) is in use"
like "nor goes to the base on its way" "$(refusal "$bases")" "pci $disk: wanted by base, but its disk .* is in use"
exec 9<&-
is "and works on" "$(identity_of $disk) $(told pci-released pci-parked pci-handed)" "$disks_before "
eventually 10 "closed, it does" commit "$betas"
is "it has its driver again when the commit returns" "$(driver_of $disk)" nvme
is "started anew" "$([ "$(identity_of $disk)" != "$disks_before" ] && echo anew)" anew
is "after one reset, which succeeded" "$(resets)" 0
is "both sides are told, and the stub between them" "$(sides)" \
	$'pci-released alpha: goes to beta\npci-parked beta\npci-handed beta: reset, driver nvme'
like "the registry has it for its new owner" "$($kctl state)" "^beta pci active $disk\$"
eventually 20 "as a disk" test -b "/dev/$(namespace_of $disk)"
ok "which can be read" dd if="/dev/$(namespace_of $disk)" of=/dev/null bs=1M count=8
is "who keeps his is not disturbed" "$(identity_of $nic) $(told pci-handed)" "$before $disk beta"

mark
disks_before=$(identity_of $disk)
eventually 10 "the base may have it" commit "$bases"
is "running on" "$(identity_of $disk)" "$disks_before"
is "which is told" "$(sides)" $'pci-released beta: goes to base\npci-handed base: stays with driver nvme, to be reset for the next domain'
ok "back with the one who had it" commit "$betas"
is "nothing has happened to it" "$(identity_of $disk) $(resets)" "$disks_before 0"
eventually 10 "by way of the base" commit "$bases"
mark
ok "it goes to another domain" commit "$alphas"
is "reset for that" "$(sides)" $'pci-released base: goes to alpha\npci-parked alpha\npci-handed alpha: reset, driver nvme'
is "and only then" "$(resets)" "0 0"

mark
eventually 20 "a domain that has not started" commit $'domain alpha active\npci alpha '$nic$'\ndomain beta\npci beta '$disk
is "has its function parked" "$(driver_of $disk) $(driver_of $nic)" "hostpart e1000e"
commit "$alphas"
is "and it can go to another from there" "$(driver_of $disk)" nvme
is "without a reset when that one had it last" "$(resets)" "0 0"
is "the function that stayed has seen nothing of all this" "$(identity_of $nic)" "$before"
echo 0 > /sys/kernel/tracing/events/kprobes/hp_reset/enable
echo > /sys/kernel/tracing/kprobe_events

phase disks in use
mkswap "/dev/$(namespace_of $disk2)" > /dev/null
swapon "/dev/$(namespace_of $disk2)"
like "a disk that the machine uses is not parked" "$(refusal "$alphas"$'\ndomain beta\npci beta '$disk2)" \
	"pci $disk2: wanted by beta, but its disk $(namespace_of $disk2) is in use"
is "and nothing else has changed" "$(drivers_of $disk2 $disk $nic)" "nvme nvme e1000e"
swapoff "/dev/$(namespace_of $disk2)"

phase giving back
unbind $disk2
echo pci-stub > $pci/$disk2/driver_override
echo e1000e > $pci/$nic2/driver_override
mark
commit $'domain alpha\npci alpha '$nic$'\npci alpha '$disk$'\npci alpha '$nic2$'\npci alpha '$disk2
is "all four are parked" "$(drivers_of $nic $disk $nic2 $disk2)" "hostpart hostpart hostpart hostpart"
commit $'domain alpha active\npci alpha '$nic2$'\npci alpha '$disk2
is "two are handed over, two given back" "$(drivers_of $nic2 $disk2 $nic $disk)" \
	"e1000e nvme e1000e nvme"
is "overrides are the claims' or as before" "$(overrides_of $nic2 $disk2 $nic $disk)" \
	"(null) (null) (null) (null)"
$kctl release > /dev/null
is "released: the driver that each had, or none" "$(driver_of $nic2) $(driver_of $disk2)" "e1000e none"
is "released: the override that each had" "$(override_of $nic2) $(override_of $disk2)" "e1000e pci-stub"
is "each is told once" "$(told pci-released)" "$nic alpha $nic2 alpha $disk alpha $disk2 alpha"
echo > $pci/$disk2/driver_override
echo > $pci/$nic2/driver_override
bind nvme $disk2

phase adopting
before=$(stat -c %i $pci/$disk/nvme $pci/$nic/net)
mark
commit $'domain alpha active\npci alpha '$nic$'\npci alpha '$disk' driver nvme'
is "a function that has its driver already is adopted as it is" "$(stat -c %i $pci/$disk/nvme $pci/$nic/net)" "$before"
is "with the override for the next time" "$(override_of $disk)" nvme
like "and told so" "$(events_since pci-handed | grep $disk)" 'stays with driver nvme'
$kctl release > /dev/null
is "a release does not disturb it either" "$(stat -c %i $pci/$disk/nvme $pci/$nic/net)" "$before"
is "and its override is as before" "$(override_of $disk)" "(null)"
commit $'domain alpha active\npci alpha '$disk' driver pci-stub'
is "a driver that the claim does not name has to go" "$(driver_of $disk)" pci-stub
$kctl release > /dev/null
is "and has it back afterwards" "$(driver_of $disk) $(override_of $disk)" "nvme (null)"
like "a driver that is not there is told of" "$(mark; commit $'domain alpha active\npci alpha '$disk' driver nosuch'
	events_since pci-handed)" "error=ENODEV reason=.*no driver took it"
$kctl release > /dev/null
is "then the old one has it again" "$(driver_of $disk)" nvme

phase groups and bridges
group=$(readlink -f $pci/0000:00:1f.2/iommu_group)
is "two functions of this machine share an IOMMU group" "$group" "$(readlink -f $pci/0000:00:1f.3/iommu_group)"
like "they do not go to two domains" \
	"$(refusal $'domain alpha\npci alpha 0000:00:1f.2\ndomain beta\npci beta 0000:00:1f.3')" \
	'Device or resource busy: .*pci 0000:00:1f.2 of alpha and 0000:00:1f.3 of beta share an IOMMU group'
if [ "$(driver_of 0000:00:1f.3)" = none ]; then
	skip "nor one while the machine uses the other" "0000:00:1f.3 has no driver here"
else
	like "nor one while the machine uses the other" "$(refusal $'domain alpha\npci alpha 0000:00:1f.2')" \
		'0000:00:1f.2 of alpha shares an IOMMU group with 0000:00:1f.3, which the machine uses'
fi
was=$(driver_of 0000:00:1f.2)
ok "unless both claims allow it" commit \
	$'domain alpha\npci alpha 0000:00:1f.2 shared-group\ndomain beta\npci beta 0000:00:1f.3 shared-group'
ok "both go to one domain" commit $'domain alpha\npci alpha 0000:00:1f.2\npci alpha 0000:00:1f.3'
is "and are parked there" "$(driver_of 0000:00:1f.2) $(driver_of 0000:00:1f.3)" "hostpart hostpart"
$kctl release > /dev/null
is "and given back" "$(driver_of 0000:00:1f.2)" "$was"
like "a bridge is nobody's" "$(refusal $'domain alpha\npci alpha 0000:00:1f.0')" \
	'pci 0000:00:1f.0: wanted by alpha, is a bridge'
is "the refusals moved nothing" "$(driver_of $nic) $(driver_of $disk)" "e1000e nvme"

phase by id and by path
id=$(cat $pci/$nic/vendor):$(cat $pci/$nic/device) id=${id//0x/}
root=$(basename "$(dirname "$(readlink -f $pci/$nic)")")
commit $'domain alpha\npci alpha '"$id"'/1'
is "the second function with an id is meant" "$(driver_of $nic) $(driver_of $nic2)" "e1000e hostpart"
like "the registry knows where it is" "$($kctl state)" "^alpha pci parked $id/1\$"
mark
echo 1 > $pci/$nic/remove
commit $'domain alpha\npci alpha '"$id"$'/1\ndomain beta'
echo 1 > /sys/bus/pci/rescan
eventually 10 "the first may go and come" driver_is $nic e1000e
is "and the second stays the one that is claimed" "$(driver_of $nic2)" hostpart
like "two names of one function are refused" "$(refusal $'domain alpha\npci alpha '"$id"$'/1\ndomain beta\npci beta '$nic2)" \
	"pci $nic2: claimed by beta, wanted by alpha as $id/1"
commit $'domain alpha\npci alpha '"$root"'/00.0'
is "a function below a root port is meant" "$(driver_of $nic) $(driver_of $nic2)" "hostpart e1000e"
$kctl release > /dev/null
is "all is given back" "$(driver_of $nic) $(driver_of $nic2)" "e1000e e1000e"
echo 1 > $pci/$nic/remove
commit $'domain alpha\npci alpha '"$root"$'/00.0\ndomain beta\npci beta '"$id"'/1'
like "what is not there is absent" "$($kctl state | grep pci | paste -sd' ')" \
	"alpha pci absent $root/00.0 beta pci absent $id/1"
mark
echo 1 > /sys/bus/pci/rescan
eventually 10 "a function that arrives is found by its path" driver_is $nic hostpart
is "and told" "$(told pci-parked)" "$nic alpha"

phase end
ok "released" $kctl release
eventually 10 "the module goes" rmmod hostpart
is "and everything is as it was" "$(drivers_of $nic $nic2 $disk $disk2) $(overrides_of $nic $nic2 $disk $disk2)" \
	"e1000e e1000e nvme nvme (null) (null) (null) (null)"
not_ok "the stub went with it" test -e /sys/bus/pci/drivers/hostpart
is "the kernel has nothing to complain about" "$(complaints)" ""
