#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot-units.t: partd as systemd starts it: a bad policy leaves an ordinary machine that says why, a good one is applied
# and kept, although the unit confines partd.
# kernels: 6.1 6.12
# check: 6.12
# image: debian
# timeout: 600
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
mkdir -p /etc/hostpart /lib/firmware/hostpart
cat > /tmp/good.yaml <<'END2'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 512MiB}
domains:
  alpha: {cpus: 1, memory: 256MiB}
END2
sed 's/cpus: 1, memory: 256MiB/cpus: 99, memory: 256MiB/' /tmp/good.yaml > /tmp/bad.yaml
domains() { cat /sys/kernel/hostpart/domains/*/cpus 2> /dev/null | wc -l; }

# ---- the claims of a compiled policy, and then a policy that does not fit ----
ok "compile" partctl compile /tmp/good.yaml
ok "the module takes the claims" modprobe hostpart
is "of one domain" "$(domains)" 1
cp /tmp/bad.yaml /etc/hostpart/policy.yaml
ok "partd starts with a policy that cannot be applied" systemctl start hostpart.target
is "and runs" "$(systemctl is-active partd.service hostpart.target | xargs)" "active active"
exits 1 "status fails" partctl status
like "and says why" "$(partctl status)" 'policy   /etc/hostpart/policy.yaml is not in force: .*alpha wants 99 cores'
like "for programs too" "$(partctl status -o json | jq -r .refused)" 'alpha wants 99 cores'
like "so does the journal" "$(journalctl -b -u partd --no-pager)" 'the policy is not in force: .*alpha wants 99 cores'
is "the claims are released: this is an ordinary machine" "$(domains)" 0

# ---- mended ----
cp /tmp/good.yaml /etc/hostpart/policy.yaml
ok "a restart applies what was mended" systemctl restart partd
ok "status is content" partctl status
is "the domain has its claims" "$(domains)" 1
ok "partd is stopped" systemctl stop partd
ok "the domain stays" partctl exec alpha -- true
ok "and is adopted" systemctl start partd
ok "teardown" partctl teardown

# ---- what the unit keeps from partd ----
level() { systemd-analyze security --no-pager partd.service | sed -n 's/^.*Overall exposure level.*: \([0-9.]*\) .*/\1/p'; }
wanted=$(sed -n 's/^# exposure: //p' "$(systemctl show -P FragmentPath partd)")
note "exposure of partd.service: $(level)"
ok "it is exposed no more than its unit says, $wanted" awk "BEGIN { exit !(\"$(level)\" != \"\" && \"$wanted\" != \"\" && $(level) <= $wanted) }"
status_of() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; }
partd_pid() { systemctl show -P MainPID partd; }
is "it has a filter of system calls" "$(status_of "$(partd_pid)" Seccomp)" 2
as_partd() { nsenter -t "$(partd_pid)" -m -- "$@"; }
not_ok "it cannot write to /etc" as_partd touch /etc/hostpart/by-partd
not_ok "nor set what the kernel does with a core" as_partd sh -c 'echo x > /proc/sys/kernel/core_pattern'
is "nor see homes" "$(as_partd ls -A /root)" ""

# ---- and what partd does all the same ----
cat > /tmp/all.yaml <<'END2'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 1GiB}
domains:
  alpha:
    cpus: 1
    memory: {size: 256MiB, guarantee: 16MiB, swap: 128MiB}
    reclaim: {mode: off, crp: 1s, distance: 6s, budget: 50%, pressure: 30%}
    devices:
      - serial: hp-nvme-0
      - {mac: "52:54:00:10:00:01", port: {name: eth0, addresses: [192.0.2.1/24]}}
  beta: {cpus: 2, memory: 256MiB}
END2
dd if=/dev/zero of=/var/tmp/swap bs=1M count=160 status=none && chmod 600 /var/tmp/swap && mkswap -q /var/tmp/swap && swapon /var/tmp/swap
top=/sys/fs/cgroup/hostpart.service
ok "apply, with devices and a port" partctl apply /tmp/all.yaml
[ "$tap_failed" -eq 0 ] || journalctl -b -u partd --no-pager | tail -n 30 | sed 's/^/# /'
like "nothing differs" "$(partctl diff /tmp/all.yaml)" '^nothing to do'
ok "every promise is kept" partctl -q verify
ok "the machine sees the pinned namespaces" nsenter --net=/run/hostpart/netns/alpha true
is "a command runs in the domain" "$(partctl exec alpha -- sh -c 'hostname; ls /sys/class/net' | xargs)" "alpha eth0 hp0 lo"
init=$(jq .pid /run/hostpart/domains/alpha.json)
is "its init has inherited nothing of partd's confinement" "$(status_of "$init" Seccomp) $(status_of "$init" NoNewPrivs)" "0 0"
is "nor its capabilities" "$(status_of "$init" CapBnd)" "$(partctl exec alpha -- sed -n 's/^CapBnd:\s*//p' /proc/self/status)"
sleep 2
is "nothing drifted by itself" "$(partctl events -o json | jq -r 'select(.type == "drift") | .what' | head -n 3)" ""

phase drift
actor_of() { partctl events -o json | jq -c 'select(.type == "drift")' | grep -E "$1" | grep -q "\"pid\":$2[,}]"; }
bash -c "echo 100000000 > $top/alpha/memory.max; echo \$\$ > /tmp/actor.pid"
eventually 10 "a limit edited by hand is put back" bash -c "[ \$(cat $top/alpha/memory.max) = $((256 << 20)) ]"
eventually 10 "with its actor" actor_of memory.max "$(cat /tmp/actor.pid)"
echo 1 > /sys/devices/virtual/workqueue/cpumask
eventually 10 "so is a mask of workqueues" bash -c '[ "$(cat /sys/devices/virtual/workqueue/cpumask)" != 01 ]'
default=$(cat /proc/irq/default_smp_affinity)
echo ff > /proc/irq/default_smp_affinity
eventually 10 "and the CPUs of new interrupts" bash -c "[ \$(cat /proc/irq/default_smp_affinity) = $default ]"
nft delete table inet hostpart
eventually 10 "a removed nft table" nft list table inet hostpart
ok "somebody takes the port out of its namespace" nsenter --net=/run/hostpart/netns/alpha ip link set eth0 netns 1 name stolen
eventually 20 "and it is back" partctl exec alpha -- test -e /sys/class/net/eth0
kill -KILL "$init"
other_init() { local now; now=$(jq .pid /run/hostpart/domains/alpha.json) && [ "$now" != "$init" ] && partctl exec alpha -- true; }
eventually 30 "a domain whose init was killed runs again" other_init

phase metrics
scrape() { printf 'GET /metrics HTTP/1.0\r\n\r\n' | socat -t 20 - UNIX-CONNECT:/run/hostpart/metrics.sock; }
value() { scrape | tr -d '\r' | awk -v name="$1" '$1 == name { print $2 }'; }
is "metrics are served" "$(value 'hostpart_domain_cpus{domain="alpha"}')" 2
counted() { [ "$(value hostpart_contention_counted)" = 1 ]; }
eventually 60 "waits are counted" counted
for resource in cpu block memory lock; do
	is "those for $resource" "$(value "hostpart_contention_resource{resource=\"$resource\"}")" 1
done

phase reclaim
partctl exec alpha -- /usr/libexec/hostpart/tests/hp-memload --mib 64 > /tmp/load.out 2>&1 &
eventually 60 "there is a process that does nothing" grep -q ready /tmp/load.out
load=$(pgrep -n -x hp-memload)
ok "reclaim is switched on" partctl reclaim set alpha on
looked() { partctl reclaim status alpha -o json | jq -r '.domains[0].source' | grep -E '^DAMON$|referenced marks'; }
eventually 30 "partd looks at what it uses" looked
eventually 120 "and frees it" bash -c "[ \$(awk '/^VmSwap:/ { print \$2 }' /proc/$load/status) -ge $((32 << 10)) ]"
note "$(partctl reclaim)"
kill "$load"
wait

phase undo
ok "teardown" partctl teardown
not_ok "nothing of it is left" ls -d /run/hostpart/netns $top
swapoff /var/tmp/swap
mkdir -p /run/systemd/system/partd.service.d
printf '[Service]\nEnvironment=HOSTPART_FAIL_AT=domain:2\n' > /run/systemd/system/partd.service.d/fail.conf
cp /tmp/all.yaml /etc/hostpart/policy.yaml
systemctl daemon-reload
ok "partd starts with a policy that fails when half of it is done" systemctl restart partd
like "which it says" "$(partctl status)" 'is not in force: .*failed on purpose'
is "what was done is undone" "$(domains) $(ls -d /run/hostpart/netns $top 2> /dev/null)" "0 "
ok "the port is back" grep -q 52:54:00:10:00:01 /sys/class/net/*/address
rm -r /run/systemd/system/partd.service.d
systemctl daemon-reload

# ---- the units of domains ----
not_ok "a domain that is none has a unit that fails" systemctl start hostpart-domain@alhpa
like "and says why" "$(journalctl -b -u hostpart-domain@alhpa --no-pager)" 'there are no domains|there is no domain'
systemctl restart partd
not_ok "also when there are others" systemctl start hostpart-domain@alhpa
like "with the nearest name" "$(journalctl -b -u hostpart-domain@alhpa --no-pager)" "did you mean 'alpha'"
generator=/usr/lib/systemd/system-generators/hostpart-generator
mkdir /tmp/generated
sed -i 's/^  beta: {/&autostart: true, /' /etc/hostpart/policy.yaml
ok "the generator reads the policy" $generator /tmp/generated /tmp/generated /tmp/generated
is "an autostarted domain is wanted by the target" "$(ls /tmp/generated/hostpart.target.wants)" hostpart-domain@beta.service
systemctl daemon-reload
like "which systemd knows" "$(systemctl show -P Wants hostpart.target)" 'hostpart-domain@beta.service'
like "and starts when the machine has been cut" "$(systemctl show -P After hostpart-domain@beta.service)" 'hostpart.target.*partd.service|partd.service.*hostpart.target'
cp /tmp/bad.yaml /etc/hostpart/policy.yaml
ok "a policy that is bad does not stop the machine's start" $generator /tmp/generated /tmp/generated /tmp/generated
ok "teardown" partctl teardown
systemctl stop partd
