#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot-units.t: partd as systemd starts it: a bad policy leaves an ordinary machine that says why, a good one is applied.
# kernels: 6.12
# image: debian
# timeout: 600
# testbed: --cpus 4 --memory 2GiB
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
systemctl stop partd
