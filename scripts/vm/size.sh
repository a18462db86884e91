# SPDX-License-Identifier: GPL-2.0
# size.sh: turns a processor count and a memory size into a machine topology. Sourced.
# shellcheck shell=bash

size_mib() { # SIZE such as 4G, 4GiB, 512M -> MiB
	local number=${1%%[!0-9]*} unit=${1##*[0-9]}
	[ -n "$number" ] || return 1
	case $unit in
	K|KiB) echo $((number / 1024)) ;;
	''|M|MiB) echo "$number" ;;
	G|GiB) echo $((number * 1024)) ;;
	T|TiB) echo $((number * 1024 * 1024)) ;;
	*) return 1 ;;
	esac
}

# Two of everything where the count allows, so that small machines still have siblings and large ones have nodes.
size_topology() { # CPUS -> "SOCKETS CORES THREADS NODES"
	local n=$1
	if ((n % 4 == 0 && n >= 8)); then
		echo 2 $((n / 4)) 2 2
	elif ((n % 2 == 0)); then
		echo 1 $((n / 2)) 2 1
	else
		echo 1 "$n" 1 1
	fi
}
