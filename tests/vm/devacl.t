#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# devacl.t: device nodes of one domain stay shut to everybody else, whatever is done about it.
# kernels: 6.1 6.12
# boot: shared
# timeout: 600
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
policy=policies/two-hosts.yaml
ctl=/usr/libexec/hostpart/tests/hp-settingctl

on_exit partctl teardown
partctl apply $policy > /dev/null || exit 1
rules() { $ctl read devacl "$1" ''; }

# The block node that each may open, as the kernel's own rules have it; in sysfs a number has one name.
node_of() { # DOMAIN
	local number
	number=$(rules base | awk -v owner="hostpart/$1" '$1 == "deny" && $2 == "b" && $4 == owner { print $3; exit }')
	echo "/dev/$(basename "$(readlink "/sys/dev/block/$number")")"
}
own=$(node_of alpha) other=$(node_of beta)
like "each domain has a disk" "$own $other" '^/dev/nvme[01]n1 /dev/nvme[01]n1$'
read_node='exec 3< "$0" && head -c 512 <&3 | wc -c'

is "alpha reads its own disk" "$(partctl exec alpha -- sh -c "$read_node" "$own" 2>&1)" 512
is "beta reads its own disk" "$(partctl exec beta -- sh -c "$read_node" "$other" 2>&1)" 512
like "alpha cannot open beta's disk" "$(partctl exec alpha -- cat "$other" 2>&1)" 'Operation not permitted'
like "beta cannot open alpha's disk" "$(partctl exec beta -- cat "$own" 2>&1)" 'Operation not permitted'
like "the base cannot open alpha's disk" "$(cat "$own" 2>&1)" 'Operation not permitted'
like "nor its controller" "$(cat "${own%n1}" 2>&1)" 'Operation not permitted'
not_ok "nor mount it" mount "$own" /mnt

number=$(stat -c '%Hr %Lr' "$other")
read -r major minor <<< "$number"
is "alpha makes a node for beta's disk, and still cannot open it" \
	"$(partctl exec alpha -- sh -c "mknod /tmp/node b $major $minor && echo made; cat /tmp/node" 2>&1)" \
	$'made\ncat: /tmp/node: Operation not permitted'
rm -f /tmp/node
is "a mere copy of a node opens no more than the node" \
	"$(mknod /tmp/node b "$major" "$minor" && cat /tmp/node 2>&1; rm -f /tmp/node)" \
	'cat: /tmp/node: Operation not permitted'

for node in null zero full random urandom ptmx; do
	ok "alpha opens /dev/$node" partctl exec alpha -- sh -c ": < /dev/$node"
done
ok "alpha opens /dev/tty on a terminal" partctl exec -t alpha -- sh -c ': < /dev/tty'
for node in mem kmsg vda ttyS0; do
	[ -e /dev/$node ] || continue
	not_ok "alpha does not open /dev/$node" partctl exec alpha -- sh -c ": < /dev/$node"
done

# Whoever set the rules may die.
partd & agent=$!
eventually 20 "partd adopts the domains" test -S /run/hostpart/partd.sock
kill -KILL $agent
wait $agent 2> /dev/null
like "with partd killed, the rules hold" "$(partctl exec alpha -- cat "$other" 2>&1; cat "$own" 2>&1)" \
	"$other: Operation not permitted"

# Replacing rules while somebody keeps trying: not one open gets through.
cat > /tmp/try.py <<'PY'
import os, sys
opened = tried = 0
while not os.path.exists("/tmp/stop"):
    tried += 1
    try:
        os.close(os.open(sys.argv[1], os.O_RDONLY))
        opened += 1
    except PermissionError:
        pass
print(opened, "of", tried)
PY
rules alpha > /tmp/rules
sed '/c 1:5 /d' /tmp/rules > /tmp/fewer
rules base > /tmp/base
{ cat /tmp/base; echo "deny c 1:5 hostpart/alpha"; } > /tmp/more
partctl exec alpha -- python3 /tmp/try.py "$other" > /tmp/inside & inside=$!
python3 /tmp/try.py "$own" > /tmp/outside & outside=$!
swap() { # OBJECT FILE FILE
	$ctl write devacl "$1" '' - < "$2" && $ctl write devacl "$1" '' - < "$3"
}
for _ in 1 2 3 4; do
	ok "rules are swapped while somebody tries" swap alpha /tmp/fewer /tmp/rules
	ok "also those of the machine" swap base /tmp/more /tmp/base
done
touch /tmp/stop
wait $inside $outside
note "opened: inside $(cat /tmp/inside), outside $(cat /tmp/outside)"
like "no open got through inside" "$(cat /tmp/inside)" '^0 of [0-9]{2,}'
like "no open got through outside" "$(cat /tmp/outside)" '^0 of [0-9]{2,}'

# What is read is what the kernel enforces, not what was once written.
link=$(bpftool link show pinned /sys/fs/bpf/hostpart/devacl/alpha | sed -n '1s/:.*//p')
ok "a link can be taken off by force" bpftool link detach id "$link"
exits 3 "then the rules read as absent" $ctl read devacl alpha ''
ok "and alpha opens what it likes" partctl exec alpha -- sh -c ': < /dev/vda'
ok "apply mends that" partctl apply $policy
not_ok "and the node is shut again" partctl exec alpha -- sh -c ': < /dev/vda'
is "with the same rules" "$(rules alpha)" "$(cat /tmp/rules)"

# Other people's programs on the root cgroup.
mkdir -p /sys/fs/bpf/other
bpftool prog loadall build/ebpf/device_acl.bpf.o /sys/fs/bpf/other type cgroup/dev &&
	bpftool cgroup attach /sys/fs/cgroup device pinned /sys/fs/bpf/other/hp_acl_deny multi || exit 1
theirs=$(bpftool prog show pinned /sys/fs/bpf/other/hp_acl_deny | sed -n '1s/:.*//p')
on_exit bpftool cgroup detach /sys/fs/cgroup device pinned /sys/fs/bpf/other/hp_acl_deny
on_exit rm -rf /sys/fs/bpf/other
is "both are attached" "$(bpftool -j cgroup show /sys/fs/cgroup | jq '[.[] | select(.attach_type | test("device"))] | length')" 2
ok "teardown" partctl teardown
is "only theirs is left" "$(bpftool -j cgroup show /sys/fs/cgroup | jq '.[].id')" "$theirs"
ok "nothing is pinned any more" test ! -e /sys/fs/bpf/hostpart
is "the base opens alpha's disk again" "$(sh -c "$read_node" "$own" 2>&1)" 512
