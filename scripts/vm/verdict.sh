# SPDX-License-Identifier: GPL-2.0
# verdict.sh: decides from the guest's marker and the console what a run's exit status is. Sourced.
# shellcheck shell=bash disable=SC2034
# Success is what the guest said, never the absence of failure.

# What a kernel in trouble prints. Each starts a line, after the time stamp.
splat='^(\[[^]]*\] )?(WARNING: |BUG: |Oops: |Kernel panic|general protection fault|KASAN|KCSAN|UBSAN|kernel BUG at|unreferenced object'
splat+='|INFO: task .* blocked for more than|rcu: INFO: .*(stall|detected)|INFO: rcu|watchdog: BUG|INFO: trying to register non-static key|Unable to handle|double fault|traps: PANIC)'
# Bits of /proc/sys/kernel/tainted: bad page 5, died 7, warned 9, soft lockup 14.
taint_bad=$(((1 << 5) | (1 << 7) | (1 << 9) | (1 << 14)))

console_tail() { # RUN_DIR
	echo "--- console ---"
	if grep -qaE "$splat" "$1/console"; then
		grep -aE -B 3 -A 45 "$splat" "$1/console" | head -n 120
	else
		tail -n 60 "$1/console"
	fi
	[ ! -s "$1/qemu.log" ] || { echo "--- qemu ---"; cat "$1/qemu.log"; }
	echo "---------------"
}

# Prints the reason when the run cannot be trusted; sets verdict.
verdict_of() { # RUN_DIR QEMU_STATUS
	local code taint
	code=$(sed -n 's/^exit \([0-9][0-9]*\)$/\1/p' "$1/status")
	taint=$(sed -n 's/^tainted \([0-9][0-9]*\)$/\1/p' "$1/status")
	verdict=125
	if grep -qaE "$splat" "$1/console"; then
		echo "testbed: the guest kernel complained: $(grep -aEm1 "$splat" "$1/console")"
	elif [ "$2" = 124 ] || [ "$2" = 137 ]; then
		echo "testbed: timed out"
	elif [ -z "$code" ]; then
		echo "testbed: the guest ended without saying how the command went"
	elif (((${taint:-0} & taint_bad) != 0)); then
		echo "testbed: the guest kernel is tainted ($taint): it warned or died"
	else
		verdict=$code
	fi
}

# True when the kernel failed before COMMAND began. Nothing of ours has run by then, so the emulator is to blame: qemu's
# multi-threaded TCG on a busy machine now and then runs a stale translation of code that the guest kernel has just
# patched ("Oops: int3", at a static key), or starves the timer that the kernel calibrates by.
lost_to_emulator() { # RUN_DIR
	grep -qaE "$splat" "$1/console" && ! grep -qx begin "$1/status"
}
