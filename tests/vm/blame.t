#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# blame.t: in a hard partition a noisy domain costs the other no waits; in plain cgroups the matrix names the culprit.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 600
# boot: blame
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh
work=$(mktemp -d)
on_exit rm -rf "$work"
on_exit pkill -KILL -f hp-load
root=/sys/fs/cgroup

# Loads are shells named hp-load, so that they can be found and ended.
cat > "$work/hp-load" <<'END_LOAD'
case $1 in
hog) for _ in $(seq 16); do while :; do :; done & done ;;
fork) for _ in $(seq 4); do while :; do /bin/true; done & done ;;
net) for _ in 1 2; do while :; do echo flood > /dev/udp/192.0.2.77/9; done & done 2> /dev/null ;;
disk) for _ in 1 2; do while :; do dd if=/dev/nvme1n1 of=/dev/null iflag=direct bs=64k count=1000; done & done 2> /dev/null ;;
# Something that waits: more tasks than CPUs, woken and preempted all the time.
work) for _ in 1 2 3; do while :; do echo; done | while read -r _; do :; done & done ;;
esac
wait
END_LOAD

mean() { # FILE FILTER
	jq -r "def time(\$victim; f): [.blame[] | select(.resource == \"cpu\" and .victim == \$victim and (.aggressor | f)) .time_ns] | add // 0;
		def by_domains(\$victim): time(\$victim; . == \"base\" or (. != \$victim and . != \"kernel\" and . != \"irq\" and . != \"softirq\" and
			. != \"(idle)\" and . != \"(unknown)\"));
		$2" "$1"
}

# The programs go in and out while the machine is idle: emulated processors that are busy now and then run stale code
# when the kernel patches it (see scripts/vm/verdict.sh).
counted() { # NAME LOAD COMMAND... : partctl's report while COMMAND lets the loads run, for 4 s at least
	local name=$1 load=$2 partctl
	shift 2
	partctl contention "${by[@]}" --for 600s -o json > "$work/$name" &
	partctl=$!
	until [ "$(cat /proc/$partctl/fdinfo/* 2> /dev/null | grep -c link_type:)" -ge 6 ]; do sleep 0.2; done
	"$@" "$load"
	until [ "$(pgrep -fc "hp-load work")" -ge 7 ] && [ "$(pgrep -fc "hp-load $load")" -ge 3 ]; do sleep 0.2; done
	sleep 4
	pkill -KILL -f hp-load
	pkill -KILL -x dd
	sleep 1
	kill -INT $partctl
	ok "$name is counted" wait $partctl
}
rate() { # DOMAIN FILE
	jq ".victims[] | select(.name == \"$1\").contention_rate" "$2"
}
table() { # NAME
	note "$1:"
	jq -r '.blame[] | select(.resource == "cpu") | "#   \(.victim) waited \(.time_ns / 1000000 | round) ms for \(.aggressor) (\(.share * 10000 | round / 100) %)"' "$work/$1"
}

modprobe hostpart
ok "apply" partctl apply policies/two-hosts.yaml
by=()
both() { # LOAD
	partctl exec alpha -- bash "$work/hp-load" work &
	partctl exec beta -- bash "$work/hp-load" "$1" &
}
for load in hog fork net disk; do
	counted $load $load both
	is "alpha waits, for itself" "$(mean "$work/$load" 'time("alpha"; . == "alpha") > 10000000')" true
	is "and for no other domain: below 0.1 % of the time" \
		"$(mean "$work/$load" 'by_domains("alpha") / .time_ns | if . < 0.001 then "below" else . end')" below
	is "so no window of it is contended" "$(rate alpha "$work/$load")" 0
	is "nor does beta" "$(mean "$work/$load" 'by_domains("beta") / .time_ns | if . < 0.001 then "below" else . end')" below
	[ $load != disk ] || is "the interrupts of beta's disk count for beta" \
		"$(jq '[.blame[] | select(.resource == "interrupts" and .victim == "beta" and .aggressor == "beta")] | length' "$work/disk")" 1
	table $load
done
ok "teardown" partctl teardown
rmmod hostpart

# ---- the same without a partition: both on the same two CPUs ----
mkdir $root/quiet.slice $root/noisy.slice
on_exit rmdir $root/quiet.slice $root/noisy.slice
by=(--by cgroup:quiet.slice --by cgroup:noisy.slice)
in_slice() { # CGROUP LOAD
	taskset -c 0-1 bash -c "echo \$\$ > $root/$1/cgroup.procs; exec bash $work/hp-load $2" &
}
mixed() { # LOAD
	in_slice quiet.slice work
	in_slice noisy.slice "$1"
}
for load in hog fork net; do
	counted plain-$load $load mixed
	is "the worst aggressor is the noisy one" \
		"$(jq -r '[.blame[] | select(.victim == "/quiet.slice" and .resource == "cpu" and .foreign)] | max_by(.time_ns).aggressor' "$work/plain-$load")" /noisy.slice
	# Sixteen loops beside six tasks; of those that fork, four run at a time, and each only for a moment.
	[ $load = hog ] && least=0.25 || least=0.1
	is "it takes more than $least of the time waited" \
		"$(mean "$work/plain-$load" "time(\"/quiet.slice\"; . == \"/noisy.slice\") / time(\"/quiet.slice\"; true) | if . > $least then \"more\" else . end")" more
	# A window of 10 ms on 8 CPUs is contended when 4 ms are lost. The loads ran for 4 s at least.
	[ $load != hog ] || is "half of the windows are contended" \
		"$(jq '.time_ns as $time | .victims[] | select(.name == "/quiet.slice").contention_rate * $time / 4e9 |
			if . > 0.5 then "half" else . end' "$work/plain-$load")" '"half"'
	note "contention rate $(rate /quiet.slice "$work/plain-$load")"
	table plain-$load
done
