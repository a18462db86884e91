#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts.t: tests the scripts that judge and count: what they must refuse, and what they must let through.
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
. tests/vm/lib.sh
for part in size verdict slots; do
	# shellcheck source=/dev/null
	. scripts/vm/$part.sh
done
work=$(mktemp -d)
on_exit rm -rf "$work"
sample() { printf '%b' "$2" > "$work/$1"; echo "$work/$1"; }

# ---- counting ----
count() { printf '%b' "$2" | scripts/tap-count "$1"; }
is "all passed" "$(count 0 'ok 1 - a\nok 2 - b\n1..2\n')" "2 0 0"
is "a failure counts" "$(count 1 'ok 1 - a\nnot ok 2 - b\n1..2\n')" "1 1 0"
is "a crash after the first of three counts the rest as failed" "$(count 139 '1..3\nok 1 - a\n')" "1 2 0"
is "no output is a failure" "$(count 0 '')" "0 1 0"
is "no plan is a failure" "$(count 0 'ok 1 - a\n')" "1 1 0"
is "an empty plan is a failure" "$(count 0 '1..0\n')" "0 1 0"
is "a bad exit status that nothing explains is a failure" "$(count 3 'ok 1 - a\n1..1\n')" "1 1 0"
is "skips in both dialects" "$(count 0 'ok 1 - a # SKIP why\nnot ok 2 # SKIP b\n1..2\n')" "0 0 2"

# ---- the VM's verdict ----
verdict_for() { # CONSOLE STATUS QEMU_STATUS
	printf '%b' "$1" > "$work/console"
	printf '%b' "$2" > "$work/status"
	verdict_of "$work" "$3" > "$work/reason"
	echo "${verdict-}"
}
clean='[    0.0] Linux version\n[    1.0] RCU CPU stall warnings timeout set to 180\n[    2.0] not a BUG: in mid-line\n'
is "the marker's status is the verdict" "$(verdict_for "$clean" 'tainted 4096\nexit 7\n' 0)" 7
is "no marker is a failure" "$(verdict_for "$clean" '' 0)" 125
is "half a marker is a failure" "$(verdict_for "$clean" 'exi' 0)" 125
is "a time-out is a failure whatever the marker says" "$(verdict_for "$clean" 'tainted 0\nexit 0\n' 124)" 125
is "a kernel that warned is tainted and fails" "$(verdict_for "$clean" 'tainted 512\nexit 0\n' 0)" 125
while IFS= read -r line; do
	is "refused: ${line:0:50}" "$(verdict_for "${clean}[    3.0] $line\n" 'tainted 0\nexit 0\n' 0)" 125
done <<'END'
WARNING: CPU: 1 PID: 7 at kernel/x.c:1 f+0x1/0x2
WARNING: possible circular locking dependency detected
BUG: kernel NULL pointer dereference, address: 0000000000000000
BUG: KASAN: slab-use-after-free in f+0x1/0x2
BUG: KFENCE: out-of-bounds read in f+0x1/0x2
BUG: sleeping function called from invalid context at mm/x.c:1
watchdog: BUG: soft lockup - CPU#1 stuck for 120s!
general protection fault, probably for non-canonical address 0x1: 0000
Oops: 0000 [#1] PREEMPT SMP
Kernel panic - not syncing: sysrq triggered crash
INFO: task x:1 blocked for more than 300 seconds.
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
UBSAN: array-index-out-of-bounds in x.c:1:1
END
is "a line without a time stamp too" "$(verdict_for "BUG: unable to handle page fault\n" 'exit 0\n' 0)" 125

# ---- sizes and slots ----
is "4GiB" "$(size_mib 4GiB)" 4096
is "512M" "$(size_mib 512M)" 512
not_ok "a size in furlongs" size_mib 4furlongs
not_ok "no size" size_mib ""
is "8 processors" "$(size_topology 8)" "2 2 2 2"
is "2 processors" "$(size_topology 2)" "1 1 2 1"
is "3 processors" "$(size_topology 3)" "1 3 1 1"
is "the slot count can be set" "$(HOSTPART_VM_SLOTS=5 slot_count)" 5
like "and has a sane default" "$(unset HOSTPART_VM_SLOTS; slot_count)" '^[123]$'
hold='. scripts/vm/slots.sh; slot_take; echo taken; read -r'
export HOSTPART_SLOT_DIR=$work HOSTPART_VM_SLOTS=1
mkfifo "$work/first" "$work/second"
bash -c "$hold" < "$work/first" > "$work/first.out" 2>&1 & first=$!
exec 7> "$work/first"
eventually 5 "the first comer takes the slot" grep -qx taken "$work/first.out"
bash -c "$hold" < "$work/second" > "$work/second.out" 2>&1 & second=$!
exec 8> "$work/second"
eventually 5 "the second is told to wait" grep -q waiting "$work/second.out"
not_ok "and does not get in" grep -qx taken "$work/second.out"
kill -9 "$first"
wait "$first" 2> /dev/null
eventually 15 "a killed holder gives its slot back" grep -qx taken "$work/second.out"
exec 7>&- 8>&-
wait "$second"

# ---- checks that refuse bad samples ----
not_ok "shellcheck sees an unquoted variable" scripts/check-shell "$(sample bad.sh '#!/bin/sh\nrm $1\n')"
ok "and passes a clean script" scripts/check-shell "$(sample good.sh '#!/bin/sh\nrm "$1"\n')"
not_ok "codespell sees a typo" scripts/check-spelling "$(sample bad.txt 'the memroy of a machine\n')"
ok "and passes clean text" scripts/check-spelling "$(sample good.txt 'the memory of a machine\n')"
not_ok "a manual page that is not scdoc" scripts/check-manuals "$(sample bad.scd 'no title here\n')"
ok "and a good one" scripts/check-manuals "$(sample good.scd 'good(8)\n\n# NAME\n\ngood - is good\n')"

# ---- monitoring ----
dashboard=scripts/monitoring/dashboard
ok "the dashboard's queries name metrics and labels that there are" $dashboard
like "and it is JSON with a query for each panel" \
	"$($dashboard | jq '[.panels[] | select(.type == "timeseries") | .targets | length] | (length > 10 and min > 0)')" '^true$'
ok "Prometheus understands them" bash -c "$dashboard --rules > $work/rules.json && promtool check rules $work/rules.json"
ok "the alert rules name what there is" $dashboard --check policies/alerts.yml
sed 's/"hostpart_domain_tasks"/"hostpart_domain_jobs"/' userland/lib/metrics/table.c > "$work/table.c"
like "a metric that is gone is seen" "$($dashboard --table "$work/table.c" 2>&1)" '^Tasks: no metric hostpart_domain_tasks$'
sed 's/"hostpart_domain_cpus", HP_GAUGE, "", { "domain" }/"hostpart_domain_cpus", HP_GAUGE, "", { "name" }/' userland/lib/metrics/table.c > "$work/table.c"
like "a label that is gone, too" "$($dashboard --table "$work/table.c" 2>&1)" 'hostpart_domain_cpus has no label domain'
sample alerts.yml 'groups: [{name: a, rules: [{alert: A, expr: "hostpart_nothing > 1"}]}]\n' > /dev/null
not_ok "and so in a rule" $dashboard --check "$work/alerts.yml"
ok "the example for Prometheus is valid" bash -c "sed 's,^  - /usr.*,  - $PWD/policies/alerts.yml,' scripts/monitoring/prometheus.yml > $work/prometheus.yml &&
	promtool check config $work/prometheus.yml"
mkdir "$work/textfile"
sample answer 'HTTP/1.0 200 OK\r\n\r\nhostpart_policy_applied 1\n' > /dev/null
socat "UNIX-LISTEN:$work/metrics.sock" "OPEN:$work/answer,rdonly!!CREATE:$work/question" &
eventually 10 "a socket with metrics" test -S "$work/metrics.sock"
ok "metrics for node_exporter" env HOSTPART_METRICS_SOCKET="$work/metrics.sock" scripts/monitoring/textfile "$work/textfile"
is "are what was served, in one file" "$(ls "$work/textfile") $(cat "$work/textfile/hostpart.prom")" "hostpart.prom hostpart_policy_applied 1"
wait
not_ok "when nobody serves them" env HOSTPART_METRICS_SOCKET="$work/metrics.sock" scripts/monitoring/textfile "$work/textfile"
is "there is no file" "$(ls "$work/textfile")" ""

# ---- kernels ----
exits 2 "a kernel that nobody knows" scripts/kernel-headers six
exits 1 "a kernel that is not installed" scripts/kernel-headers 4.4
like "both series are installed" "$(scripts/kernel-headers --installed | xargs)" '^6.1 6.12$'
