#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# metrics.t: partd tells Prometheus what happens, to whom it may, and its counters outlive it.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 420
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
policy=policies/two-hosts.yaml socket=/run/hostpart/metrics.sock plain=127.0.0.1:9847
work=$(mktemp -d)
on_exit rm -rf "$work"

modprobe hostpart
start_partd() { # OPTION...
	partd --policy /nonexistent "$@" >> "$work/partd.log" 2>&1 & partd_pid=$!
	eventually 60 "partd serves" curl -sf -m 5 --unix-socket $socket http://x/
}
stop_partd() { kill "-$1" $partd_pid; wait $partd_pid 2> /dev/null; }
scrape() { curl -sf -m 20 --unix-socket $socket http://x/metrics; }
value() { scrape | awk -v name="$1" '$1 == name { print $2; found = 1 } END { if (!found) print "none" }'; }
reaches() { # NAME BOUND: the counter is at least so high
	value "$1" | awk -v bound="$2" '{ print $1; exit !($1 != "none" && $1 >= bound) }'
}
# Two tasks of alpha on one of its processors wait for each other.
load_alpha() { # SECONDS
	local cpu
	cpu=$(cpus_of alpha)
	# shellcheck disable=SC2016
	partctl exec alpha -- sh -c 'for i in 1 2; do timeout "$1" taskset -c "$2" sh -c "while :; do :; done" & done; wait' x "$1" "${cpu%%[-,]*}"
}

# ---- the endpoint ----
start_partd -m unix:$socket -m $plain
is "without a policy there are no domains" "$(value hostpart_policy_applied)$(scrape | grep -c '^hostpart_domain')" 00
ok "apply" partctl apply $policy
# The programs are loaded beside the loop, which goes on answering meanwhile.
longest=0
until reaches hostpart_contention_counted 1 > /dev/null || [ $SECONDS -gt 300 ]; do
	took=$(curl -sf -m 20 -o /dev/null -w '%{time_total}' --unix-socket $socket http://x/metrics)
	longest=$(awk "BEGIN { print ($took > $longest) ? $took : $longest }")
	sleep 0.2
done
ok "waits are counted then" reaches hostpart_contention_counted 1
note "the slowest answer while programs were loaded took $longest s"
for resource in cpu block memory lock; do
	is "$resource is counted" "$(value "hostpart_contention_resource{resource=\"$resource\"}")" 1
done
if [ "$(value 'hostpart_contention_resource{resource="network"}')" = 1 ]; then
	ok "network is counted" true
else
	like "network is not, and it says why" "$(scrape)" '^hostpart_contention_lack_info\{resource="network",reason="[^"]{20,}"\} 1$'
fi
eventually 60 "the settings were looked at" reaches hostpart_reconcile_last_check_timestamp_seconds 1
like "status says where" "$(partctl status)" "^metrics +unix:$socket, $plain$"
is "and in JSON" "$(partctl status -o json | jq -c .metrics)" "[\"unix:$socket\",\"$plain\"]"
scrape > "$work/first"
ok "promtool finds nothing to say" bash -c "promtool check metrics < $work/first"
ok "over loopback, too" curl -sf -m 20 -o "$work/loopback" http://$plain/metrics
is "the same families" "$(grep -c '^# TYPE' "$work/loopback")" "$(grep -c '^# TYPE' "$work/first")"
is "OpenMetrics ends as it must" \
	"$(curl -sf -m 20 -H 'Accept: application/openmetrics-text;version=1.0.0' http://$plain/metrics | tail -n 1)" '# EOF'
not_ok "others than root cannot open the socket" setpriv --reuid 65534 --clear-groups curl -sf -m 5 --unix-socket $socket http://x/
not_ok "nor does a domain reach loopback" partctl exec alpha -- curl -sf -m 5 http://$plain/
is "alpha's processors" "$(value 'hostpart_domain_cpus{domain="alpha"}')" "$(each_cpu "$(cpus_of alpha)" | wc -l)"
is "its limit" "$(value 'hostpart_domain_memory_max_bytes{domain="alpha"}')" "$(cat /sys/fs/cgroup/hostpart*/alpha/memory.max)"
is "the module" "$(value hostpart_module_present) $(value hostpart_module_sealed)" '1 0'
is "its generation" "$(value hostpart_module_generation)" "$(cat /sys/kernel/hostpart/generation)"
is "nothing waits for confirmation" "$(value hostpart_confirm_pending)" 0

# ---- what happens moves the right counter ----
wait_alpha='hostpart_wait_seconds_total{resource="cpu",victim="alpha"}'
blame_beta='hostpart_blame_seconds_total{resource="cpu",victim="beta",aggressor="alpha"}'
waited=$(value "$wait_alpha") used=$(value 'hostpart_domain_cpu_seconds_total{domain="alpha",mode="user"}')
load_alpha 2
ok "two tasks on one processor wait for each other" reaches "$wait_alpha" "$(awk "BEGIN { print $waited + 0.3 }")"
ok "and use it" reaches 'hostpart_domain_cpu_seconds_total{domain="alpha",mode="user"}' "$(awk "BEGIN { print $used + 0.3 }")"
ok "of beta nothing is lost to them" bash -c "awk 'BEGIN { exit !($(value "$blame_beta") < 0.01) }'"
ok "the pressure is known" reaches 'hostpart_domain_pressure_seconds_total{domain="alpha",resource="cpu",kind="some"}' 0.1
wait_disk='hostpart_wait_seconds_total{resource="block",victim="alpha"}' waited=$(value "$wait_disk")
partctl exec alpha -- sh -c 'for disk in /dev/nvme*n1; do dd if=$disk of=/dev/null bs=4k count=200 iflag=direct && exit; done' 2> /dev/null
ok "alpha waits for its disk" reaches "$wait_disk" "$(awk "BEGIN { print $waited + 0.001 }")"
bash -c 'echo 100000000 > /sys/fs/cgroup/hostpart*/alpha/memory.max'
eventually 5 "drift is counted, with its kind and actor" \
	reaches 'hostpart_drift_events_total{domain="alpha",kind="cgroup",actor="known",mended="yes"}' 1
bash -c "echo 0 > /sys/devices/system/cpu/cpu$(cpus_of alpha | sed 's/[-,].*//')/online" 2> /dev/null
eventually 5 "so is what the module refused" bash -c "curl -sf --unix-socket $socket http://x/metrics | grep -q '^hostpart_events_total{type=\"refused\".*[1-9]'"

# ---- counters outlive partd ----
counters() { scrape | grep -v '^#' | grep -E '^[a-z_]+(_total|_count|_sum|_bucket)[{ ]' | grep -v '^hostpart_agent_'; }
counters > "$work/before"
stop_partd KILL
load_alpha 2
start_partd
eventually 120 "a new partd counts on" reaches hostpart_contention_counted 1
unlike "and nothing anew" "$(cat "$work/partd.log")" 'counted anew'
counters > "$work/after"
is "no counter went back or away" "$(awk 'NR == FNR { before[$1] = $2; next } { after[$1] = $2 }
	END { for (name in before) if (!(name in after) || after[name] < before[name]) print name, before[name], after[name] }' \
	"$work/before" "$work/after" | head -n 5)" ""
ok "what happened meanwhile is counted" bash -c "[ -n '$(awk -v name="$wait_alpha" \
	'NR == FNR { if ($1 == name) before = $2; next } $1 == name && $2 > before + 0.3' "$work/before" "$work/after")' ]"

# ---- a domain that gets more processors, and one that counts otherwise ----
limit_of() { # ROW: of what is lost in a window of 10 ms: 5 % of the time of the processors that the domain has
	bpftool -j map lookup pinned "$(ls -d /sys/fs/bpf/hostpart/contention/cpu/*/hp_row_windows)" key "$1" 0 0 0 | jq .formatted.value.limit_ns
}
alpha_row=6
is "alpha's limit is of its processors" "$(limit_of $alpha_row)" $(($(each_cpu "$(cpus_of alpha)" | wc -l) * 500000))
is "the base's, of the rest" "$(limit_of 2)" $(($(each_cpu "$(cat /sys/fs/cgroup/cpuset.cpus.effective)" | wc -l) * 500000))
sed '/^  beta:/,$ s/^    cpus: 2/    cpus: 1/' $policy > "$work/smaller.yaml"
waited=$(value "$wait_alpha") before=$(each_cpu "$(cpus_of beta)" | wc -l)
ok "beta gives a core back" partctl apply "$work/smaller.yaml"
is "it has fewer" "$(($(each_cpu "$(cpus_of beta)" | wc -l) < before))" 1
is "its limit follows" "$(limit_of 7)" $(($(each_cpu "$(cpus_of beta)" | wc -l) * 500000))
is "so does the base's" "$(limit_of 2)" $(($(each_cpu "$(cat /sys/fs/cgroup/cpuset.cpus.effective)" | wc -l) * 500000))
ok "and it is counted on" reaches "$wait_alpha" "$waited"
stop_partd KILL
for pin in /sys/fs/bpf/hostpart/contention/cpu/*/; do
	mkdir /sys/fs/bpf/hostpart/contention/cpu/other && mv "$pin"* /sys/fs/bpf/hostpart/contention/cpu/other/ && rmdir "$pin"
done
start_partd
eventually 120 "counters of another build are not taken over" reaches hostpart_contention_counted 1
like "which is said" "$(cat "$work/partd.log")" 'processors are counted anew: .*another build'
is "nothing of them stays" "$(ls -d /sys/fs/bpf/hostpart/contention/cpu/other 2> /dev/null)" ""

# ---- who is far away shows a certificate ----
ip addr add 192.0.2.1/32 dev lo
exits 2 "nothing is told in plain beyond loopback" partd -m 192.0.2.1:9847
like "and that is said" "$(partd -m 192.0.2.1:9847 2>&1)" 'TLS only.*certificate'
exits 2 "half of the files" partd -m 192.0.2.1:9847 --metrics-cert /dev/null
exits 2 "no address" partd -m nowhere
certificate() { # NAME CA PURPOSE
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj "/CN=$1" &&
	openssl x509 -req -in "$work/$1.csr" -CA "$work/$2.pem" -CAkey "$work/$2.key" -days 30 -out "$work/$1.pem" \
		-extfile <(printf 'subjectAltName=IP:192.0.2.1\nextendedKeyUsage=%s\n' "$3")
}
for ca in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$ca.key" -out "$work/$ca.pem" -subj "/CN=$ca" -days 30 2> /dev/null
done
{ certificate server ca serverAuth; certificate client ca clientAuth; certificate stranger other clientAuth; certificate wrong ca serverAuth; } 2> /dev/null
stop_partd TERM
is "the sockets go with partd" "$(ls /run/hostpart/*.sock /run/hostpart/metrics.served 2> /dev/null)" ""
start_partd -m unix:$socket -m 192.0.2.1:9847 --metrics-cert "$work/server.pem" --metrics-key "$work/server.key" --metrics-client-ca "$work/ca.pem"
https() { curl -sf -m 20 --cacert "$work/ca.pem" "$@" https://192.0.2.1:9847/metrics; }
like "a client with a certificate is served" "$(https --cert "$work/client.pem" --key "$work/client.key" | grep -c '^# TYPE')" '^[3-9][0-9]$'
not_ok "one without is not" https
not_ok "nor one of somebody else's" https --cert "$work/stranger.pem" --key "$work/stranger.key"
not_ok "nor one that is meant for servers" https --cert "$work/wrong.pem" --key "$work/wrong.key"
not_ok "nor TLS 1.2" https --tls-max 1.2 --cert "$work/client.pem" --key "$work/client.key"
not_ok "nor plain HTTP" curl -sf -m 5 http://192.0.2.1:9847/metrics
ok "and it serves on" https --cert "$work/client.pem" --key "$work/client.key" -o /dev/null
like "status says that it is TLS" "$(partctl status)" '192.0.2.1:9847 \(TLS\)'

# ---- the end ----
note "partd: $(grep -E '^(VmRSS|RssAnon|RssFile)' /proc/$partd_pid/status | xargs), $(value hostpart_agent_cpu_seconds_total) s of processor time"
stop_partd KILL
ok "teardown without partd" partctl teardown
# The kernel frees a program a while after its last pin is gone.
nothing_counts() { ! bpftool prog show | grep -E ' name hp_(cont|block|mem|net)'; }
not_ok "leaves no pin" test -e /sys/fs/bpf/hostpart
eventually 30 "and no program" nothing_counts
start_partd --no-contention
ok "apply" partctl apply $policy
sleep 2
is "nothing is counted when it is not wanted" "$(value hostpart_contention_counted)" 0
ok "nor is a program there" nothing_counts
ok "teardown through partd" partctl teardown
stop_partd TERM
unlike "partd logged no error" "$(cat "$work/partd.log")" '<3>|error'
sed 's/^/# /' "$work/partd.log" | tail -n 20
