# SPDX-License-Identifier: GPL-2.0
# machine.sh: what the end-to-end tests share: a snapshot of everything that apply touches. Sourced.
# shellcheck shell=bash

# The lines of each file behind its name, without a program: starting one is what takes the time in an emulated machine.
lines_of() { # FILE...
	local file line
	for file; do
		{ while IFS= read -r line || [ -n "$line" ]; do printf '%s:%s\n' "$file" "$line"; done < "$file"; } 2> /dev/null
	done
}

mounts_of_interest() {
	local line point
	while IFS= read -r line; do
		read -r _ point _ <<< "$line"
		case $point in
		/sys/fs/cgroup) echo "mount $line" ;;
		*hostpart*) echo "mount $point" ;;
		esac
	done < /proc/mounts
}

# Every value that apply may change, as "file:value" lines; counters, what a live machine moves by itself and
# the numbers and the order of links (which follow the order in which they were made) are left out; so is the queue discipline of a
# link that is down, which the kernel lays out anew when it goes up.
snapshot() {
	lines_of /sys/fs/cgroup/{,*/,hostpart*/*/}{cpuset.*,cgroup.subtree_control,cgroup.type,memory.{min,max,high,swap.max},pids.max}
	lines_of /sys/devices/virtual/workqueue/cpumask /proc/irq/default_smp_affinity /proc/irq/*/smp_affinity_list
	mounts_of_interest
	ip -o link show | sed '/[<,]UP[,>]/!s/ qdisc [a-z_]*//; s/^[0-9]*: //; s/ qlen [0-9]*//; s/state [A-Z]*//; s/<[^>]*>//; s/@if[0-9]*/@/; s/ link-netnsid [0-9]*//' | sort
	printf '%s\n' 'addr show' 'route show' | ip -o -4 -batch - | sed 's/^[0-9]*: //' | sort
	nft list ruleset 2> /dev/null
	echo /run/netns/*
	bpftool cgroup tree 2> /dev/null | sed '/^CgroupPath/d; s/^ *[0-9]* *//'
	find /sys/fs/bpf /run/hostpart /run/systemd/system.control -mindepth 1 \
		! -name 'events*' ! -name lock ! -name netns ! -name domains 2> /dev/null | sort
	lines_of /sys/kernel/hostpart/domains/*/cpus
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
