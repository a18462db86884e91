#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# links.t: exactly the ports of the policy's links pass, in the direction that they say.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 600
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown

cat > /tmp/links.yaml <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 1GiB}
domains:
  alpha: {cpus: 1, memory: 512MiB}
  beta: {cpus: 1, memory: 512MiB}
links:
  - {from: alpha, to: beta, protocol: tcp, ports: [8080]}
  - {from: base, to: alpha, protocol: icmp}
END
nft add table inet theirs
nft add chain inet theirs mine '{ type filter hook input priority 0; }'
nft add rule inet theirs mine counter
nft list table inet theirs | grep -v packets > /tmp/theirs.before
ok "apply" partctl apply /tmp/links.yaml
addr() { partctl status -o json | jq -r ".domains[] | select(.name == \"$1\") .address"; }
alpha=$(addr alpha) beta=$(addr beta)
listen() { partctl exec "$1" -- sh -c "while :; do echo hello | nc -l -N -p $2; done" > /dev/null 2>&1 & }
listen beta 8080
listen beta 8081
listen alpha 8080
sleep 3
talk() { partctl exec "$1" -- timeout 5 nc -w 3 "$2" "$3" < /dev/null; }
eventually 15 "alpha reaches beta on the linked port" bash -c "partctl exec alpha -- timeout 5 nc -w 3 $beta 8080 < /dev/null | grep -q hello"
not_ok "not on another" talk alpha "$beta" 8081
not_ok "not the other way round" talk beta "$alpha" 8080
not_ok "no ping between them" partctl exec alpha -- ping -c 1 -W 2 "$beta"
ok "the base may ping alpha, as linked" ping -c 1 -W 5 "$alpha"
not_ok "but not beta" ping -c 1 -W 2 "$beta"
not_ok "nor connect to alpha" timeout 3 nc -w 2 "$alpha" 8080 < /dev/null
not_ok "a spoofed source does not pass" partctl exec alpha -- sh -c \
	"ip addr add 10.203.0.99/32 dev hp0; timeout 4 nc -w 3 -s 10.203.0.99 $beta 8080 < /dev/null | grep -q hello"
partctl exec alpha -- ip addr del 10.203.0.99/32 dev hp0 2> /dev/null
pkill -f 'nc -l' ; pkill -x nc
is "verify: no promise is broken" "$(partctl verify -q)" ""
ok "teardown" partctl teardown
nft list table inet theirs | grep -v packets > /tmp/theirs.after
ok "other people's tables are untouched" cmp /tmp/theirs.before /tmp/theirs.after
is "ours is gone" "$(nft list tables | grep -c hostpart)" 0
