# SPDX-License-Identifier: GPL-2.0
# lib.sh: TAP helpers for the tests that run in the VM. Sourced by every tests/vm/*.t.
# shellcheck shell=bash
#
#   ok "what is promised" command...            passes when the command succeeds
#   not_ok "what is refused" command...         passes when it fails
#   exits 16 "why" command...                   passes on exactly that status
#   is "what" "$got" "$want"                    passes when equal
#   like "what" "$text" 'regex'                 passes when the text matches
#   eventually SECONDS "what" command...        passes as soon as the command succeeds
#   skip "what" "reason"                        counts as skipped; the reason is shown
#   skip_all "reason"                           the whole file is skipped
#   note TEXT                                   a remark in the log
#   on_exit command...                          clean-up, run in reverse order
# A test file ends by itself: the plan is printed on exit, and a file that dies early fails.

tap_count=0 tap_failed=0 tap_last=0 tap_cleanups=()
tap_log=$(mktemp)

note() { printf '# %s\n' "$*"; }
# Long tests say where they are.
phase() { note "$SECONDS s: $*"; }
# What the kernel has said that it should not have.
complaints() { dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|new suspected memory leaks'; }

tap_diagnose() { sed 's/^/#   /' "$tap_log" | tail -n 40; }

# What takes long says so, in the log: seconds since the last result.
tap_time() {
	[ $((SECONDS - tap_last)) -lt 5 ] || note "the next took $((SECONDS - tap_last)) s"
	tap_last=$SECONDS
}

tap_result() { # STATUS DESCRIPTION
	tap_count=$((tap_count + 1))
	tap_time
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_count" "$2"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - %s\n' "$tap_count" "$2"
		tap_diagnose
	fi
	return 0
}

ok() {
	local what=$1 status=0
	shift
	"$@" > "$tap_log" 2>&1 || status=$?
	[ $status -eq 0 ] || printf 'exit status %d of: %s\n' $status "$*" >> "$tap_log"
	tap_result $status "$what"
}

not_ok() {
	local what=$1 status=0
	shift
	"$@" > "$tap_log" 2>&1 && status=1
	[ $status -eq 0 ] || printf 'succeeded, but must fail: %s\n' "$*" >> "$tap_log"
	tap_result $status "$what"
}

exits() {
	local want=$1 what=$2 status=0
	shift 2
	"$@" > "$tap_log" 2>&1 || status=$?
	printf 'exit status %d, wanted %d, of: %s\n' $status "$want" "$*" >> "$tap_log"
	tap_result $((status != want)) "$what"
}

is() { # WHAT GOT WANT
	printf 'got:    %s\nwanted: %s\n' "$2" "$3" > "$tap_log"
	[ "$2" = "$3" ]
	tap_result $? "$1"
}

like() { # WHAT TEXT REGEX
	printf 'got:           %s\nwanted to match: %s\n' "$2" "$3" > "$tap_log"
	grep -qE -- "$3" <<< "$2"
	tap_result $? "$1"
}

unlike() { # WHAT TEXT REGEX
	printf 'got:                %s\nwanted not to match: %s\n' "$2" "$3" > "$tap_log"
	! grep -qE -- "$3" <<< "$2"
	tap_result $? "$1"
}

eventually() { # SECONDS WHAT COMMAND...
	local seconds=$1 what=$2 status=1 deadline
	shift 2
	deadline=$(($(date +%s%N) + seconds * 1000000000))
	while :; do
		if "$@" > "$tap_log" 2>&1; then status=0; break; fi
		[ "$(date +%s%N)" -lt "$deadline" ] || break
		sleep 0.1
	done
	[ $status -eq 0 ] || printf 'not within %s s: %s\n' "$seconds" "$*" >> "$tap_log"
	tap_result $status "$what"
}

skip() { # WHAT REASON
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$1" "$2"
}

skip_all() {
	tap_done=1
	printf '1..1\nok 1 - %s # SKIP %s\n' "${0##*/}" "$*"
	exit 0
}

on_exit() { tap_cleanups+=("$(printf '%q ' "$@")"); }

# Runs on every way out; a status that nobody asked for means the file broke off, and that must not look like success.
tap_finish() {
	local status=$? i
	trap - EXIT
	for ((i = ${#tap_cleanups[@]} - 1; i >= 0; i--)); do eval "${tap_cleanups[i]}" > /dev/null 2>&1; done
	rm -f "$tap_log"
	[ -z "${tap_done-}" ] || exit "$status"
	if [ "$status" -ne 0 ]; then
		tap_count=$((tap_count + 1))
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - the file broke off with exit status %d\n' "$tap_count" "$status"
	fi
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
	exit $?
}
trap tap_finish EXIT
