# SPDX-License-Identifier: GPL-2.0
# partd.sh: starts partd without a policy of its own. Sourced by tests after lib.sh.
# shellcheck shell=bash
partd_log=/tmp/partd.log
# Sets partd_pid; started again, it adds to the log.
start_partd() {
	partd --policy /nonexistent >> "$partd_log" 2>&1 &
	# shellcheck disable=SC2034 # for the test
	partd_pid=$!
	eventually 30 "partd runs" bash -c 'partctl status | grep -q "partd runs"'
}
