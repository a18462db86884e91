#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# confirm.t: apply --confirm undoes itself unless confirmed; rollback goes back one apply.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 600
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
on_exit partctl -q teardown
. tests/vm/machine.sh

cat > /tmp/small.yaml <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 1GiB}
domains:
  alpha: {cpus: 1, memory: 512MiB}
END
sed 's/512MiB/768MiB/' /tmp/small.yaml > /tmp/bigger.yaml
memory() { cat /sys/fs/cgroup/hostpart*/alpha/memory.max 2> /dev/null; }

snapshot > /tmp/before
ok "apply --confirm" partctl apply /tmp/small.yaml --confirm 8s
like "status says it waits" "$(partctl status)" 'confirm .*within'
ok "the domain runs meanwhile" partctl exec alpha -- true
eventually 40 "unconfirmed, it undoes itself without partd" bash -c '! ls -d /sys/fs/cgroup/hostpart* 2> /dev/null | grep -q .'
sleep 1
snapshot > /tmp/after
is "and everything is as found" "$(changed /tmp/before /tmp/after)" ""

ok "apply --confirm again" partctl apply /tmp/small.yaml --confirm 10s
ok "confirm" partctl confirm
sleep 12
is "confirmed, it stays" "$(memory)" $((512 << 20))
exits 1 "a second confirm has nothing to confirm" partctl confirm
ok "a change on top" partctl apply /tmp/bigger.yaml
is "is made" "$(memory)" $((768 << 20))
ok "rollback" partctl rollback
is "goes back one apply" "$(memory)" $((512 << 20))

partd --policy /nonexistent > /tmp/partd.log 2>&1 &
eventually 20 "partd adopts it" test -S /run/hostpart/partd.sock
ok "apply --confirm through partd" partctl apply /tmp/bigger.yaml --confirm 5s
is "is made" "$(memory)" $((768 << 20))
eventually 30 "and undone by partd" bash -c "[ \$(cat /sys/fs/cgroup/hostpart*/alpha/memory.max) = $((512 << 20)) ]"
ok "with an event" bash -c 'partctl events -o json | grep -q reverted'
ok "teardown" partctl teardown
kill %1
wait
snapshot > /tmp/after
is "everything is as found" "$(changed /tmp/before /tmp/after)" ""
