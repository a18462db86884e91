#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bad-policy.t: every bad policy of the corpus, and policies that do not fit this machine, leave it unchanged.
# kernels: 6.12
# timeout: 600
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh

# The port behind which the test VM would be managed is the one with the default route.
management=$(basename "$(grep -l 52:54:00:10:00:00 /sys/class/net/*/address | xargs dirname)")
ip link set "$management" up
ip route add default via 10.0.2.2 dev "$management" onlink
# And this is a port through which somebody may have come.
port=$(basename "$(grep -l 52:54:00:10:00:01 /sys/class/net/*/address | xargs dirname)")
ip link set "$port" up
ip addr add 198.51.100.2/24 dev "$port"
on_exit ip link set "$port" down
on_exit ip addr del 198.51.100.2/24 dev "$port"
eventually 30 "it has a carrier" grep -q 1 "/sys/class/net/$port/carrier"
snapshot > /tmp/before
count=0 wrong=''
for file in tests/fixtures/policies/bad/*.yaml; do
	partctl apply "$file" > /tmp/out 2> /tmp/err
	status=$?
	count=$((count + 1))
	[ $status -eq 2 ] || wrong+="$file: exit status $status"$'\n'
	grep -qE "^[^:]*:[0-9]+:[0-9]+: ." /tmp/err || wrong+="$file: no position: $(head -n 1 /tmp/err)"$'\n'
	[ -s /tmp/out ] && wrong+="$file: printed to standard output"$'\n'
done
ok "there are at least 60 bad files" test $count -ge 60
is "each of $count exits with 2 and says where" "$wrong" ""

misfit() { # WHAT REGEX POLICY
	local status=0
	printf '%s\n' "apiVersion: hostpart/v1" "$3" > /tmp/misfit.yaml
	partctl apply /tmp/misfit.yaml > /tmp/out 2>&1 || status=$?
	is "$1: exit status" $status 2
	like "$1: says where and why" "$(cat /tmp/out)" "^/tmp/misfit.yaml:[0-9]+:[0-9]+: .*$2"
	note "$(head -n 2 /tmp/out)"
}
misfit "too many cores" 'cores?' 'domains: {alpha: {cpus: 4, memory: 1GiB}}'
misfit "too much memory" 'GiB' 'domains: {alpha: {cpus: 1, memory: 64GiB}}'
misfit "half a core" '3' 'domains: {alpha: {cpus: {list: "2"}, memory: 1GiB}}'
misfit "an offline or absent CPU" '100' 'domains: {alpha: {cpus: {list: "100-101"}, memory: 1GiB}}'
misfit "no such device" 'hp-nvme' 'domains: {alpha: {cpus: 1, memory: 1GiB, devices: [{serial: hp-nvme-7}]}}'
misfit "a function twice" 'beta|alpha' 'domains:
  alpha: {cpus: 1, memory: 512MiB, devices: [{serial: hp-nvme-0}]}
  beta: {cpus: 1, memory: 512MiB, devices: [{class: nvme, index: 0}]}'
misfit "the management port" 'management|route' "domains: {alpha: {cpus: 1, memory: 1GiB, devices: [{mac: \"52:54:00:10:00:00\"}]}}"
misfit "no such node" 'node' 'domains: {alpha: {cpus: 1, memory: {size: 1GiB, nodes: "5"}}}'

# partd itself is in nobody's ssh session; the one who asks is.
partd --policy /nonexistent > /tmp/partd.log 2>&1 &
eventually 20 "partd listens" test -S /run/hostpart/partd.sock
SSH_CONNECTION="198.51.100.9 40000 198.51.100.2 22" misfit "the port of the caller's ssh session, through partd" \
	'session' "domains: {alpha: {cpus: 1, memory: 1GiB, devices: [{mac: \"52:54:00:10:00:01\"}]}}"
kill %%
wait
snapshot > /tmp/after
is "the machine is as it was" "$(changed /tmp/before /tmp/after)" ""
