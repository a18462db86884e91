#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# plan.t: plans on a live machine: nothing changes by planning, domains stay where they are when others are resized.
# kernels: 6.1 6.12
# check: 6.12
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh
policy=policies/two-hosts.yaml
modprobe hostpart 2> /dev/null

resized() { # ALPHA_CORES BETA_CORES: two-hosts.yaml with these
	awk -v alpha="$1" -v beta="$2" '
		/^  alpha:/ { cores = alpha } /^  beta:/ { cores = beta } /^[a-z]/ { cores = "" }
		cores != "" && /^    cpus:/ { sub(/cpus:.*/, "cpus: " cores) }
		{ print }' $policy
}
inside() { # LIST LIST: every CPU of the first is in the second
	[ -z "$(comm -23 <(each_cpu "$1" | sort) <(each_cpu "$2" | sort))" ]
}
same_files() { snapshot > /tmp/plan-after; changed "$1" /tmp/plan-after; }

# 1. A plan shows, changes nothing, and says the same again.
snapshot > /tmp/plan-before
shown=$(partctl plan $policy)
like "the plan has a row for alpha" "$shown" '^alpha +1 +[0-9]'
like "and one for the base" "$shown" '^base +[0-9]+ +0'
like "it numbers its steps in words" "$shown" '^ *[0-9]+ +CPUs of alpha +absent +[0-9]'
like "with the line of the policy that asks for them" "$shown" 'memory limit of beta .* [0-9]+$'
is "the same plan again" "$(partctl plan $policy)" "$shown"
ok "planning left the machine as it was" same_files /tmp/plan-before
steps=$(partctl plan $policy -o json | jq '.steps | length')
is "diff has the same steps" "$(partctl diff $policy -o json | jq '.steps | length')" "$steps"
exits 1 "diff --exit-code tells a difference" partctl diff $policy --exit-code

# 2. What does not fit is refused with line, sums and what would fit; nothing changes.
resized 1 9 > /tmp/too-many.yaml
exits 2 "nine cores of four" partctl plan /tmp/too-many.yaml
like "the message says what would fit" "$(partctl plan /tmp/too-many.yaml 2>&1)" \
	'too-many\.yaml:[0-9]+:[0-9]+: beta wants 9 cores; 2 are left \(machine 4, base 1, alpha 1\); at most 2 fit'
exits 2 "apply refuses it too" partctl apply /tmp/too-many.yaml
ok "and has changed nothing" same_files /tmp/plan-before

# 3. Resizing: who is not resized stays, who is keeps what it can, tasks live on.
ok "apply" partctl apply $policy
is "then there is no difference" "$(partctl diff $policy -o json | jq '.steps | length')" 0
ok "which diff --exit-code tells, too" partctl diff $policy --exit-code
alpha=$(cpus_of alpha) beta=$(cpus_of beta)
partctl exec beta -- sleep 600 &
sleeper=$!
eventually 20 "a task runs in beta" bash -c 'grep -q . /sys/fs/cgroup/hostpart*/beta/cgroup.procs /sys/fs/cgroup/hostpart*/beta/*/cgroup.procs'
resized 1 1 > /tmp/smaller.yaml
ok "beta gives up a core" partctl apply /tmp/smaller.yaml
is "alpha stays where it was" "$(cpus_of alpha)" "$alpha"
ok "beta keeps one of its cores" inside "$(cpus_of beta)" "$beta"
is "one core is half of two" $(($(each_cpu "$(cpus_of beta)" | wc -l) * 2)) "$(each_cpu "$beta" | wc -l)"
is "the partitions hold" "$(cat /sys/fs/cgroup/hostpart*/{alpha,beta}/cpuset.cpus.partition | xargs)" "root root"
ok "the task in beta lives" kill -0 $sleeper
beta=$(cpus_of beta)
resized 2 1 > /tmp/larger.yaml
ok "alpha takes the free core" partctl apply /tmp/larger.yaml
ok "alpha keeps the core it had" inside "$alpha" "$(cpus_of alpha)"
is "beta stays where it was" "$(cpus_of beta)" "$beta"
is "a second apply has nothing to do" "$(partctl apply /tmp/larger.yaml)" "nothing to do"
ok "back to the first policy" partctl apply $policy
is "a plan finds ports and disks that are in domains" "$(partctl diff $policy -o json | jq '.steps | length')" 0
kill $sleeper 2> /dev/null
ok "teardown" partctl teardown
ok "and the machine is as it was" same_files /tmp/plan-before
