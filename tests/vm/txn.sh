# SPDX-License-Identifier: GPL-2.0
# txn.sh: what the transaction tests share: a dump of the machine, and a walk over policies and back. Sourced.
# shellcheck shell=bash

# Values that a running machine changes by itself: counters, statistics, pressure, current use.
moving='/(cgroup\.(stat|events|procs|threads|pressure|kill)|.*\.(stat|stat\.local|current|peak|pressure|events|events\.local|numa_stat|swap\.events)|cpuset\..*effective|memory\.reclaim)$'

# An interrupt stays in /proc after its first use, even when its driver has let it go: only those in use count. One of
# a function goes by its place there, for its number is another each time the driver starts.
irqs() {
	local dir number index
	local -A name=()
	for dir in /sys/bus/pci/devices/*/msi_irqs; do
		index=0
		for number in $(find "$dir" -mindepth 1 -printf '%f\n' | sort -n); do
			name[$number]=${dir%/*}/$((index++))
		done
	done
	grep -ls . /sys/kernel/irq/*/actions | sed -E 's,.*/irq/([0-9]+)/.*,\1,' | while read -r number; do
		sed "s,^,irq ${name[$number]-$number}: ," /proc/irq/"$number"/smp_affinity{,_list} 2> /dev/null
	done | sort
}

# Everything that apply may touch, whole and byte for byte.
dump() {
	find /sys/fs/cgroup -type d ! -path '*/system.slice/*' ! -path '*/user.slice/*' | sort
	find /sys/fs/cgroup -type f ! -path '*/system.slice/*' ! -path '*/user.slice/*' -print0 2> /dev/null |
		grep -zvE "$moving" | sort -z | xargs -0 grep -aH '' 2> /dev/null
	grep -aH '' /sys/fs/cgroup/{system,user}.slice/cpuset.cpus /sys/fs/cgroup/cpuset.cpus.effective 2> /dev/null
	grep -aH '' /sys/devices/virtual/workqueue/cpumask /proc/irq/default_smp_affinity
	irqs
	# Without the numbers of mounts and namespaces, which are new each time.
	sed -nE '/ \/sys\/fs\/cgroup |hostpart/ { s/^[0-9]+ [0-9]+ //; s/net:\[[0-9]+\]/net/; s/ (shared|master):[0-9]+//; p }' /proc/self/mountinfo
	find /run/systemd/system.control /run/systemd/transient 2> /dev/null | sort
	find /run/systemd/system.control /run/systemd/transient -type f -print0 2> /dev/null | sort -z | xargs -0r grep -aH ''
	# The number of the other end of a pair follows the order in which links were made.
	ip -br link | awk '{ sub(/@if[0-9]+/, "@", $1); print $1, $3 }' | sort
	nft list ruleset 2> /dev/null
	find /sys/fs/bpf -mindepth 1 2> /dev/null | sort
}

partctl() { command partctl --local "$@"; }

nothing_to_do() { # POLICY
	is "a second time there is nothing to do" "$(partctl apply "$1" 2>&1)" "nothing to do"
	like "and diff shows nothing" "$(partctl diff "$1" 2>&1 | head -40)" '^nothing to do'
}

# Applies each policy, twice; then tears down.
walk() { # POLICY...
	local policy
	for policy; do
		ok "apply ${policy##*/}" partctl -q apply "$policy"
		nothing_to_do "$policy"
		for d in /sys/fs/cgroup/hostpart*/*/; do
			is "$(basename "$d") has the CPUs that it was given" "$(cat "$d/cpuset.cpus.effective")" "$(cat "$d/cpuset.cpus")"
		done
	done
}
