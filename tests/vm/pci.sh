# SPDX-License-Identifier: GPL-2.0
# pci.sh: what the tests of the PCI guard share. Sourced after lib.sh.
# shellcheck shell=bash

kctl=/usr/libexec/hostpart/tests/hp-kernelctl
pci=/sys/bus/pci/devices

driver_of() { [ -e "$pci/$1/driver" ] || { echo none; return; }; basename "$(readlink "$pci/$1/driver")"; }
drivers_of() { local f; for f; do driver_of "$f"; done | paste -sd' '; }
overrides_of() { local f; for f; do override_of "$f"; done | paste -sd' '; }
driver_is() { [ "$(driver_of "$1")" = "$2" ]; }
override_of() { cat "$pci/$1/driver_override"; }
control_of() { LC_ALL=C lspci -s "$1" -vv | grep -m 1 'Control:'; }
namespace_of() { basename "$pci/$1"/nvme/nvme*/nvme[0-9]n[0-9]; }	# the disk of an NVMe function
bind() { echo "$2" > "/sys/bus/pci/drivers/$1/bind"; }
unbind() { echo "$1" > "$pci/$1/driver/unbind"; }
replug() { echo 1 > "$pci/$1/remove" && echo 1 > /sys/bus/pci/rescan; }

commit() { printf '%s' "$1" | $kctl commit > /dev/null; }
# Says why a commit was refused, or that it was not.
refusal() { if commit "$1" 2>&1; then echo committed; fi; }

# Objects in use by slab cache, "CACHE COUNT" lines.
slab_objects() {
	local cache count
	for cache in /sys/kernel/slab/{kmalloc-*,kernfs_node_cache,radix_tree_node,skbuff_*}; do
		echo 1 > "$cache/shrink"
		read -r count _ < "$cache/objects"
		echo "${cache##*/} $count"
	done
}
# Caches that grew by as many as there were rounds, in both of two runs, from three files of slab_objects.
slab_growth() { # BEFORE BETWEEN AFTER ROUNDS1 ROUNDS2
	join "$1" "$2" | join - "$3" | awk -v first="$4" -v second="$5" '$3 - $2 >= 0.9 * first && $4 - $3 >= 0.9 * second {
		print $1 ":", $2, "->", $3, "->", $4 }'
}

# From here on count the events and the kernel's messages.
mark() { marked=$($kctl info | sed -n 's/^event_seq=//p') marked_line=$(dmesg | wc -l); }
dmesg_since() { dmesg | tail -n "+$((marked_line + 1))"; }
events_since() { # TYPE...
	local pattern
	pattern=$(IFS='|'; echo "$*")
	$kctl ring | awk -F '[= ]' -v marked="$marked" '$2 > marked' | grep -E " type=($pattern) "
}
# "FUNCTION DOMAIN" of each such event since the mark, in the order of the functions and then of the events.
told() { # TYPE...
	events_since "$@" | sed -n 's/.* domain=\([^ ]*\).* pci=\([^ ]*\).*/\2 \1/p' | sort -s -k1,1 | paste -sd' '
}
