#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faults.t: a failure at every step, and a kill at every journal record, leave the old or the new state.
# STRIDE=1 tries all of them (make soak), FROM and TO bound them; by default every 26th.
# kernels: 6.1 6.12
# check: 6.1
# timeout: 900
# boot: loops
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh
policy=policies/two-hosts.yaml
stride=${STRIDE:-26} from=${FROM:-1} to=${TO:-9999}

modprobe hostpart
snapshot > /tmp/old
steps=$(partctl plan $policy -o json | jq '.steps | length')
last=$((to < steps ? to : steps))
note "$steps steps, every ${stride}th from $from to $last is tried"
same() { snapshot > /tmp/now; changed "$1" /tmp/now; }

# Failures of apply; each must leave the old state.
wrong=''
for ((n = from; n <= last; n += stride)); do
	HOSTPART_FAIL_AT=step:$n partctl -q apply $policy > /tmp/out 2>&1
	[ $? -eq 1 ] || wrong+="step $n: exit status not 1: $(tail -n 1 /tmp/out)"$'\n'
	difference=$(same /tmp/old) || wrong+="step $n: $difference"$'\n'
done
is "a failing step of apply leaves the old state" "$wrong" ""
note "the message of the last: $(cat /tmp/out)"

ok "apply, to know the new state" partctl -q apply $policy
snapshot > /tmp/new

# Failures of teardown leave the new state. (It differs from run to run only in process and namespace numbers, which
# the snapshot does not hold.)
wrong=''
for ((n = from; n <= last; n += stride)); do
	HOSTPART_FAIL_AT=step:$n partctl -q teardown > /tmp/out 2>&1
	[ $? -eq 1 ] || wrong+="step $n: exit status not 1: $(tail -n 1 /tmp/out)"$'\n'
	difference=$(same /tmp/new) || wrong+="step $n: $difference"$'\n'
done
is "a failing step of teardown leaves the new state" "$wrong" ""

# Kills of teardown: the next apply reaches the new state.
killed() { # VERB [ARGUMENT]...   false when there was no n-th record to be killed at
	HOSTPART_KILL_AT=record:$n partctl -q "$@" > /tmp/out 2>&1
	local status=$?
	[ $status -ne 0 ] || return 1
	[ $status -eq 137 ] || wrong+="record $n of $1: exit status $status: $(tail -n 1 /tmp/out)"$'\n'
}
then_is() { # STATE VERB [ARGUMENT]...
	local state=$1 difference
	shift
	partctl -q "$@" > /tmp/out 2>&1 || wrong+="record $n, then $1: $(tail -n 1 /tmp/out)"$'\n'
	difference=$(same "$state") || wrong+="record $n, then $1: $difference"$'\n'
}
wrong='' tried=0
for ((n = from; n <= to; n += stride)); do
	killed teardown || break
	then_is /tmp/new apply $policy
	tried=$((tried + 1))
done
is "after a kill at each of $tried records of teardown, apply reaches the new state" "$wrong" ""
partctl -q apply $policy
wrong=''
then_is /tmp/old teardown
is "teardown leaves the machine as found" "$wrong" ""

# Kills of apply: teardown gets back to the old state, and another apply on to the new one.
wrong='' tried=0
for ((n = from; n <= to; n += stride)); do
	killed apply $policy || break
	then_is /tmp/old teardown
	killed apply $policy
	then_is /tmp/new apply $policy
	then_is /tmp/old teardown
	tried=$((tried + 1))
done
partctl -q teardown
is "after a kill at each of $tried records of apply, teardown and apply reach the old and the new state" "$wrong" ""
ok "records were tried" test $tried -gt $(((last - from) / stride))
is "at the end the machine is as found" "$(same /tmp/old)" ""
