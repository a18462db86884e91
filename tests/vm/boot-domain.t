#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot-domain.t: both domains boot the machine's own installation at once, each is a host of its own, and goes down again.
# kernels: 6.1 6.12
# image: debian
# timeout: 1200
# long: two operating systems boot in an emulated machine, twice
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh

cg=/sys/fs/cgroup/hostpart.service
policy=policies/two-hosts.yaml
patient=600
partctl() { command partctl --local "$@"; }
leader() { jq .leader "/run/hostpart/os/$1.json"; }
# Joins the cgroup and every namespace of a domain's operating system.
inside() { # DOMAIN COMMAND...
	local pid visit=$cg/$1/os/payload/visit
	pid=$(leader "$1")
	shift
	mkdir -p "$visit"
	(echo "$BASHPID" > "$visit/cgroup.procs" && exec nsenter -t "$pid" -a -- "$@")
}
words() { xargs; }
systemctl start lxcfs || note "no lxcfs: free shows the machine's memory"

exits 1 "nothing boots before there are domains" partctl boot alpha
ok "apply" partctl -q apply $policy
exits 1 "nor does a domain that is none" partctl boot alpah
like "which is said with the nearest name" "$(partctl boot alpah 2>&1)" "did you mean 'alpha'"
exits 1 "what is not booted cannot be stopped" partctl stop alpha
exits 2 "a domain must be named" partctl boot
is "none is booted" "$(partctl status -o json | jq -r '.domains[].system' | words)" "null null"

phase boot
ok "alpha begins to boot" partctl -q boot alpha --no-wait
ok "beta meanwhile, until it has started up" partctl -q boot beta --timeout $patient
eventually $patient "alpha has started up too" \
	bash -c '[ "$(command partctl --local status -o json | jq -r ".domains[0].system")" = running ]'
exits 1 "what is booted is not booted again" partctl boot beta

phase looks
for domain in alpha beta; do
	eventually 120 "$domain: every job of the start is done" \
		bash -c "! nsenter -t $(leader $domain) -a -- systemctl is-system-running | grep -q starting"
	is "$domain: no unit has failed" "$(inside $domain systemctl --failed --plain --no-legend | awk '{ print $1 }' | words)" ""
	is "$domain: its name" "$(inside $domain hostnamectl --static)" $domain
	is "$domain: PID 1 is systemd" "$(inside $domain cat /proc/1/comm)" systemd
	is "$domain: it is in the domain's partition" "$(sed 's,0::/hostpart.service/,,; s,/payload.*,,' "/proc/$(leader $domain)/cgroup")" $domain/os
	is "$domain: its disk and no other" "$(inside $domain lsblk -dno NAME,SERIAL | words)" \
		"$(partctl devices $domain -o json | jq -r '[.[].devices[] | select(.kind == "block")][0] | "\(.name) \(.serial)"')"
	like "$domain: its ports" "$(inside $domain ip -br link | awk '{ sub(/@.*/, "", $1); print $1 }' | sort | words)" '^eth0 hp0 lo$'
	is "$domain: its functions" "$(inside $domain lspci -D | awk '{ print $1 }' | words)" \
		"$(partctl devices $domain -o json | jq -r '.[].bdf' | words)"
	like "$domain: it says that it is ready for logins" "$(partctl console $domain < /dev/null)" 'login:'
done
is "nproc" "$(inside alpha nproc) $(inside beta nproc)" "2 4"
if [ -e /var/lib/lxcfs/proc/meminfo ]; then
	is "free shows the domain's memory" "$(inside alpha free -m | awk '/^Mem/ { print $2 }')" 1024
else
	skip "free shows the domain's memory" "lxcfs does not run"
fi
is "each has an identity of its own" "$( { cat /etc/machine-id; inside alpha cat /etc/machine-id; inside beta cat /etc/machine-id; } | sort -u | wc -l)" 3
is "machinectl shows both" "$(machinectl list --no-legend | awk '{ print $1 }' | sort | words)" "alpha beta"
ok "root inside is nobody outside" test "$(awk '/^Uid:/ { print $2 }' "/proc/$(leader alpha)/status")" -ge 1879048192
ok "verify: every promise holds" partctl -q verify

phase devices
disk=$(partctl devices alpha -o json | jq -r '[.[].devices[] | select(.kind == "block")][0].name')
other=$(partctl devices beta -o json | jq -r '[.[].devices[] | select(.kind == "block")][0].name')
ok "alpha writes to its disk" inside alpha dd if=/dev/zero of="/dev/$disk" bs=4k count=1 conv=notrunc status=none
not_ok "beta's disk is not there" inside alpha test -e "/dev/$other"
ok "a disk is found by its serial number" inside alpha sh -c 'ls /dev/disk/by-id | grep -q hp-nvme-0'
ok "alpha writes to its own root" inside alpha sh -c 'touch /etc/of-alpha'
not_ok "what alpha writes is not seen on the machine" test -e /etc/of-alpha
not_ok "nor in beta" inside beta test -e /etc/of-alpha
like "a port below 1024 can be bound" "$(inside alpha ss -Hlnt 'sport = :22' | words)" ':22'
ok "alpha pings itself" inside alpha ping -c 1 -W 20 10.203.0.2

phase reboot
before=$(leader alpha)
ok "alpha reboots" partctl -q reboot alpha --timeout $patient
ok "another PID 1 runs" test "$(leader alpha)" != "$before"
ok "what was written is still there" inside alpha test -e /etc/of-alpha
ok "with its disk" inside alpha test -b "/dev/$disk"
is "machinectl shows both" "$(machinectl list --no-legend | awk '{ print $1 }' | sort | words)" "alpha beta"

phase stop
# An init that hears nothing: no order reaches it.
kill -STOP "$(leader beta)"
start=$SECONDS
like "one that is stuck is killed" "$(partctl stop beta --timeout 5s)" 'was killed'
ok "soon" test $((SECONDS - start)) -lt 60
is "nothing of it is left" "$(find $cg/beta -mindepth 1 -type d | sed 's,.*/,,' | words)" init
is "machinectl shows one" "$(machinectl list --no-legend | awk '{ print $1 }' | words)" alpha
ok "the domain stays" command partctl exec beta -- true
phase "an end in good order"
ok "alpha stops" partctl -q stop alpha --timeout 300
is "nothing of it is left" "$(find $cg/alpha -mindepth 1 -type d | sed 's,.*/,,' | words)" init
is "no setting differs" "$(partctl diff --exit-code $policy > /dev/null; echo $?)" 0
ok "it boots once more" partctl -q boot alpha --no-wait
ok "teardown ends it" partctl -q teardown
not_ok "nothing is left in /run" test -e /run/hostpart/os
is "machinectl shows none" "$(machinectl list --no-legend)" ""

phase "the unit of a domain"
mkdir -p /etc/hostpart
sed 's/^  alpha:$/&\n    autostart: true/' $policy > /etc/hostpart/policy.yaml
unit=hostpart-domain@alpha.service
ok "the machine is cut" systemctl start hostpart.target
eventually 30 "what partd starts by itself is that unit" bash -c "systemctl is-active $unit | grep -q ^activ"
eventually $patient "which is active when the operating system has started up" systemctl -q is-active $unit
is "it is alpha's" "$(command partctl status -o json | jq -r '.domains[].system' | words)" "running null"
is "nothing of partd's confinement is inherited" "$(awk '$1 == "NoNewPrivs:" { print $2 }' "/proc/$(leader alpha)/status")" 0
ok "its own disk is writable" inside alpha dd if=/dev/zero of="/dev/$disk" bs=4k count=1 conv=notrunc status=none
ok "a unit that asks for it comes after it" systemd-run -q --wait -p Wants=$unit -p After=$unit -- test -e /run/hostpart/os/alpha.json
ok "stopping the unit stops it" systemctl stop $unit
is "in good order" "$(systemctl show -P ActiveState $unit) $(systemctl show -P Result $unit)" "inactive success"
not_ok "it is down" command partctl stop alpha
systemctl start --no-block $unit
eventually $patient "it starts again" systemctl -q is-active $unit
ok "the operating system powers itself off" inside alpha systemctl poweroff
eventually 120 "the unit is no longer active" bash -c "[ \$(systemctl show -P ActiveState $unit) = inactive ]"
is "which is no failure" "$(systemctl show -P Result $unit)" success
ok "teardown" command partctl -q teardown
systemctl stop partd
