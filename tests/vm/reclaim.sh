# SPDX-License-Identifier: GPL-2.0
# reclaim.sh: a load in domain alpha, and what partd's tuner says of it. Sourced by the tests about reclaim after lib.sh.
# shellcheck shell=bash
. tests/vm/partd.sh
work=$(mktemp -d)
on_exit rm -rf "$work"
partd_log=$work/partd.log
load=/usr/libexec/hostpart/tests/hp-memload
admin=/sys/kernel/mm/damon/admin/kdamonds
has_damon=''
# shellcheck disable=SC2034 # for the test
[ -d $admin ] && has_damon=1

of() { partctl reclaim status alpha -o json | jq -r ".domains[0].$1"; }
at_least() { local got; got=$(of "$1"); echo "$1 is $got, wanted $2"; [ "$got" != null ] && [ "${got%.*}" -ge "$2" ]; }
at_most() { local got; got=$(of "$1"); echo "$1 is $got, wanted at most $2"; [ "${got%.*}" -le "$2" ]; }
swapped_kib() { awk '/^VmSwap:/ { print $2 }' "/proc/$1/status"; }
start_load() { # ARGUMENT... : sets load_job, and pid, the domain's process in our numbers; it waits, but asserts nothing
	partctl exec alpha -- $load "$@" > "$work/load.out" 2>&1 &
	# shellcheck disable=SC2034 # for the test
	load_job=$!
	for ((i = 0; i < 600; i++)); do grep -q ready "$work/load.out" && break; sleep 0.1; done
	# shellcheck disable=SC2034 # for the test
	pid=$(pgrep -n -x hp-memload)
}
