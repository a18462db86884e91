#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# waits-network.t: waits and drops in the queue of a slow port name the one whose packets were sent. Runs natively too.
# kernels: 6.1 6.12
# timeout: 300
# boot: quiet
# testbed: --cpus 2 --memory 1GiB
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
[ "$(id -u)" -eq 0 ] || skip_all "not root"
. tests/vm/waits.sh
resource=network
ip netns add hp-waits 2> "$tap_log" || skip_all "no network namespaces here"
on_exit ip netns del hp-waits
ip link add hpw0 type veth peer name hpw1 netns hp-waits || skip_all "no veth ports here"
on_exit ip link del hpw0
ip addr add 10.99.77.1/24 dev hpw0
ip link set hpw0 up
ip -n hp-waits addr add 10.99.77.2/24 dev hpw1
ip -n hp-waits link set hpw1 up
port() { tc qdisc replace dev hpw0 root tbf rate 400kbit burst 8k limit "$1" > "$tap_log" 2>&1; }
port 60k || skip_all "no token bucket here"

# Datagrams to nobody; the peer's answers do not come this way.
send() { # CGROUP BYTES GAP SECONDS BUFFER
	within "$1" python3 -c '
import socket, sys, time
size, gap, seconds, buffer = (float(word) for word in sys.argv[1:])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(buffer))
end = time.monotonic() + seconds
while time.monotonic() < end:
    try:
        sender.sendto(bytes(int(size)), ("10.99.77.2", 9))
    except OSError:
        pass  # no room: that is what is counted
    time.sleep(gap)
' "${@:2}"
}
is_full() { [ "$(tc -s -j qdisc show dev hpw0 | jq '.[0].backlog')" -gt 0 ]; }
drops() { tc -s -j qdisc show dev hpw0 | jq '.[0].drops'; }
ok "the peer is known" ping -c 1 -W 5 10.99.77.2

# ---- one sends little, the other all that the port takes, and waits for room itself: nothing is dropped ----
begin shared
send $b 1200 0 600 20000 & flood=$!
eventually 60 "shared: $b keeps the port busy" is_full
# A twentieth of what the port can send: what it waits for its own is little.
send $a 100 0.05 4 212992
echo 1 > "$root/$b/cgroup.kill"
sleep 0.5
end
adds_up
is "shared: the port dropped nothing" "$(drops)" 0
is "shared: and that is what is said" "$(ask '[resource.victims[].drops] | add')" 0
is "shared: $a waited for $b nearly all of the time" "$(ask "part(\"/$a\"; \"/$b\") / victim(\"/$a\").wait_ns | if . > 0.8 then \"so\" else . end")" so
is "shared: it waited often" "$(ask "phase(\"/$a\"; \"queue\") | .waits > 3 and .p50_ns > 3000000")" true
is "shared: $b waited for itself" "$(ask "part(\"/$b\"; \"/$b\") / victim(\"/$b\").wait_ns | if . > 0.8 then \"so\" else . end")" so

# ---- the queue runs over ----
port 6k
begin dropped
send $b 1200 0.0005 8 2000000 & flood=$!
send $a 100 0.02 7.5 212992
wait $flood
sleep 0.5
end
adds_up
dropped=$(drops)
is "dropped: the port dropped packets" "$((dropped > 50))" 1
is "dropped: as many as are said, within 2 %" \
	"$(ask "([resource.victims[].drops] | add) as \$ours | (\$ours - $dropped) / $dropped | if fabs < 0.02 then \"same\" else [\$ours, $dropped] end")" same
is "dropped: and nearly all because of $b" \
	"$(ask "([cells | select(.aggressor == \"/$b\").drops] | add) / ([cells.drops] | add) | if . > 0.95 then \"so\" else . end")" so

# ---- nobody else sends ----
port 60k
begin family
send $a 1200 0 2 20000
end
adds_up
is "family: what it waited is its own" "$(ask "part(\"/$a\"; \"/$a\") / victim(\"/$a\").wait_ns | if . > 0.9 then \"so\" else . end")" so
is "family: nobody blames the idle one" "$(ask "[cells | select(.aggressor == \"/$b\")] | length")" 0
is "family: which did not wait" "$(ask "victim(\"/$b\").wait_ns")" 0
