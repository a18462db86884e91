#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# speed.t: cache, frequency and wake-up latency: what this machine has is set, held against drift and undone; what it has not is said.
# kernels: 6.1 6.12
# check: 6.12
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
policy=/tmp/speed.yaml
latency() { cat "/sys/devices/system/cpu/cpu$1/power/pm_qos_resume_latency_us"; }
write_policy() { # KEYS_OF_ALPHA...
	printf '%s\n' 'apiVersion: hostpart/v1' 'base: {cpus: {list: "0-1"}, memory: 512MiB}' 'domains:' \
		'  alpha:' '    cpus: {list: "2-3"}' '    memory: 256MiB' "${@/#/    }" \
		'  beta: {cpus: {list: "4-5"}, memory: 256MiB}' > $policy
}

# The emulated machine has per-CPU latency limits, but neither cpufreq nor idle states.
is "the machine has no cpufreq policy" "$(partctl inventory -o json | jq -c .frequencies)" '[]'
is "nor resctrl" "$(partctl inventory -o json | jq -c '.resctrl | [.is_supported, .is_mounted]')" '[false,false]'
is "and no CPU's latency is bounded" "$(latency 2) $(latency 3)" "0 0"
echo 500 > /sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us
write_policy 'cache: {l3: 50%, bandwidth: 40%, priority: 10}' 'frequency: {governor: performance, max: 2GHz}' \
	'wake_latency: 20us'
like "the plan says what it would do" "$(partctl plan $policy)" 'wake-up latency of CPU 3 +500 us +20 us'
ok "a policy that asks for what is not there is applied all the same" partctl apply $policy
is "the latency is the domain's CPUs' only" "$(latency 2) $(latency 3) $(latency 4)" "20 20 0"
is "and the rest is there" "$(partctl exec alpha -- nproc)" 2
status=$(partctl status)
like "status says that the frequency is not set, and why" "$status" \
	'alpha.*frequency is not set.*CPUs 2-3: they have no cpufreq policy'
like "and the same of the share of cache" "$status" \
	'alpha.*share of cache and memory bandwidth is not set.*this machine has no resctrl'
verified=$(partctl verify)
like "verify calls the one a gap" "$verified" '^gap +alpha +frequency +CPUs 2-3: frequency is not set: they have no cpufreq policy'
like "and the other" "$verified" '^gap +alpha +cache +its share of cache and memory bandwidth is not set: this machine has no resctrl'
like "and the latency kept" "$verified" '^kept +alpha +frequency +CPUs 2-3: wake-up latency is 20us'
unlike "beta has not asked, so nothing is said of its share" "$status" 'beta.*(share of cache|frequency)'

echo 900 > /sys/devices/system/cpu/cpu2/power/pm_qos_resume_latency_us
like "verify finds a change" "$(partctl verify)" '^broken +alpha +frequency +CPU 2: wake-up latency should be 20us, and reads 900'
is "diff has it as its only step" "$(partctl diff $policy -o json | jq -c '[.steps[] | [.from, .to]]')" '[["900","20"]]'
ok "applying again" partctl apply $policy
is "mends it" "$(latency 2)" 20

write_policy 'wake_latency: 0us'
ok "no latency at all" partctl apply $policy
is "is what the kernel calls n/a" "$(latency 2) $(latency 3)" "n/a n/a"
write_policy
ok "a policy that no longer asks" partctl apply $policy
is "gets the values back that were there before" "$(latency 2) $(latency 3)" "0 500"
write_policy 'wake_latency: 1ms'
ok "applied once more" partctl apply $policy
ok "and torn down" partctl teardown
is "each value is as it was found" "$(latency 2) $(latency 3)" "0 500"
echo 0 > /sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us
