# SPDX-License-Identifier: GPL-2.0
# machine.sh: what the end-to-end tests share: a snapshot of everything that apply touches. Sourced.
# shellcheck shell=bash

# Every value that apply may change, as "file<TAB>value" lines; counters and what a live machine moves by itself are left out.
snapshot() {
	find /sys/fs/cgroup -maxdepth 2 -type f \( -name 'cpuset.*' -o -name 'cgroup.subtree_control' -o -name 'cgroup.type' \
		-o -name 'memory.min' -o -name 'memory.max' -o -name 'memory.high' -o -name 'memory.swap.max' -o -name 'pids.max' \) \
		-print0 | sort -z | xargs -0 grep -H '' 2> /dev/null
	grep -H '' /sys/devices/virtual/workqueue/cpumask /proc/irq/default_smp_affinity
	grep -H '' /proc/irq/*/smp_affinity_list 2> /dev/null
	awk '$2 == "/sys/fs/cgroup" { print "mount", $0 }' /proc/mounts
	awk '{ print "mount", $2 }' /proc/mounts | grep hostpart
	ip -o link show | sed 's/^[0-9]*: //; s/ qlen [0-9]*//; s/state [A-Z]*//; s/<[^>]*>//'
	ip -o -4 addr show | sed 's/^[0-9]*: //'
	ip route show | sort
	nft list ruleset 2> /dev/null
	ls /run/netns 2> /dev/null
	find /sys/fs/bpf -mindepth 1 2> /dev/null
	bpftool cgroup tree 2> /dev/null | grep -v '^CgroupPath' | sed 's/^ *[0-9]* *//'
	find /run/hostpart -mindepth 1 ! -name 'events*' ! -name lock ! -name netns ! -name domains 2> /dev/null
	find /run/systemd/system.control 2> /dev/null
	cat /sys/kernel/hostpart/domains/*/cpus 2> /dev/null
	true
}

# What a snapshot taken later (AFTER) has else than BEFORE. A driver that was opened for the first time leaves new
# /proc/irq/N behind for as long as it is bound: files that were not there before are no one's prior value.
changed() { # BEFORE AFTER
	diff "$1" <(awk -F: 'NR == FNR { known[$1]; next } $1 !~ /^\/proc\/irq\/[0-9]/ || $1 in known' "$1" "$2")
}

# CPUs of a domain as the kernel has them now.
cpus_of() { cat /sys/fs/cgroup/hostpart*/"$1"/cpuset.cpus.effective; }

# Each number of a CPU list on its own line.
each_cpu() {
	local part
	for part in ${1//,/ }; do seq "${part%-*}" "${part#*-}"; done
}
