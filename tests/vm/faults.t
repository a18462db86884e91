#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faults.t: a failure at every step, and a kill at every journal record, leave the old or the new state. STRIDE=1 tries all (make soak).
# kernels: 6.1 6.12
# timeout: 900
# boot: loops
# long: many whole applies; make soak runs it
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh
policy=policies/two-hosts.yaml
stride=${STRIDE:-24}

modprobe hostpart
snapshot > /tmp/old
steps=$(partctl plan $policy -o json | jq '.steps | length')
note "$steps steps, every ${stride}th is tried"
same() { snapshot > /tmp/now; changed "$1" /tmp/now; }

wrong=''
for ((n = 1; n <= steps; n += stride)); do
	HOSTPART_FAIL_AT=step:$n partctl -q apply $policy > /tmp/out 2>&1
	[ $? -eq 1 ] || wrong+="step $n: exit status not 1: $(tail -n 1 /tmp/out)"$'\n'
	difference=$(same /tmp/old) || wrong+="step $n: $difference"$'\n'
done
is "a failing step leaves the old state" "$wrong" ""
note "the message of the last: $(cat /tmp/out)"

ok "apply, to know the new state" partctl -q apply $policy
snapshot > /tmp/new
ok "teardown" partctl -q teardown
is "as found" "$(same /tmp/old)" ""

# The new state differs from run to run only in process and namespace numbers, which the snapshot does not hold.
wrong='' reached=0 olds=0 news=0
for ((n = 1; ; n += stride)); do
	HOSTPART_KILL_AT=record:$n partctl -q apply $policy > /tmp/out 2>&1
	status=$?
	if [ $status -eq 0 ]; then partctl -q teardown; break; fi
	[ $status -eq 137 ] || wrong+="record $n: exit status $status: $(tail -n 1 /tmp/out)"$'\n'
	reached=$n
	partctl status > /tmp/status 2>&1
	partctl -q rollback > /tmp/rollback 2>&1 || true
	partctl -q teardown > /tmp/teardown 2>&1 || true
	if difference=$(same /tmp/old); then olds=$((olds + 1)); else wrong+="record $n: $difference"$'\n'; fi
done
is "after a kill at each of $reached records the machine gets back to the old state" "$wrong" ""

wrong=''
for ((n = 2; n <= reached; n += stride)); do
	HOSTPART_KILL_AT=record:$n partctl -q apply $policy > /tmp/out 2>&1
	partctl -q apply $policy > /tmp/out 2>&1 || wrong+="record $n: apply after the kill: $(tail -n 1 /tmp/out)"$'\n'
	if difference=$(same /tmp/new); then news=$((news + 1)); else wrong+="record $n: $difference"$'\n'; fi
	partctl -q teardown > /tmp/out 2>&1 || wrong+="record $n: teardown: $(tail -n 1 /tmp/out)"$'\n'
	difference=$(same /tmp/old) || wrong+="record $n, after teardown: $difference"$'\n'
done
is "and apply again reaches the new one" "$wrong" ""
note "$olds times back to the old state, $news times on to the new"
