#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# seal.t: after the seal only what the policy calls elastic changes, whoever asks, and each attempt is told.
# kernels: 6.1 6.12
# check: 6.1
# timeout: 400
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
tools=/usr/libexec/hostpart/tests
kctl=$tools/hp-kernelctl
work=$(mktemp -d)

# ALPHA-CPUS ALPHA-MEMORY HOSTNAME
policy() {
	cat > "$work/policy.yaml" <<END
apiVersion: hostpart/v1
base: {memory: 512MiB}
domains:
  alpha:
    cpus: {list: "$1"}
    memory: {size: $2, nodes: "0"}
    hostname: $3
    elastic: {cpus: "2-5", memory: {min: 256MiB, max: 768MiB}}
  beta: {cpus: {list: "6-7"}, memory: {size: 256MiB, nodes: "0-1"}}
END
}
apply() { partctl apply "$work/policy.yaml" "$@"; }
seq_now() { $kctl info | sed -n 's/^event_seq=//p'; }
refused() { # WHAT REGEX-OF-MESSAGE COMMAND...: refused with EROFS and told as an event that names the caller
	local what=$1 words=$2 before
	shift 2
	before=$(seq_now)
	"$@" > "$work/out" 2>&1
	is "$what: fails" "$?" 1
	like "$what: says why" "$(cat "$work/out")" "$words"
	like "$what: is an event with its actor" \
		"$($kctl ring | awk -F'[= ]' -v after="$before" '$2 > after' | grep -m 1 'type=seal-refused')" \
		'pid=[0-9]+ comm=.* reason=sealed: '
	is "$what: changes nothing" "$($kctl read)" "$(cat "$work/table")"
}

exits 1 "without the module there is nothing to seal" partctl seal --yes
modprobe hostpart
exits 1 "nor without domains" partctl seal --yes
like "which it says" "$(partctl seal --yes 2>&1)" 'nothing to seal'
like "the module says so too" "$($kctl seal 2>&1)" '^No such file or directory: .*table is empty'

policy 2-3 512MiB alpha
ok "apply, to be confirmed" apply --confirm 5m
like "a change that waits for confirmation is not sealed" "$(partctl seal --yes 2>&1)" 'waits for its confirmation'
ok "confirm" partctl confirm
exits 2 "without --yes nothing is sealed" partctl seal
like "and it says what a seal means" "$(partctl seal 2>&1)" 'only a reboot takes a seal back'
like "a stale generation is not sealed" "$($kctl seal 77 2>&1)" '^Stale file handle'
is "still open" "$(cat /sys/kernel/hostpart/sealed)" 0
is "seal" "$(partctl seal --yes -o json | jq -c '[.sealed, .was_sealed, .domains]')" '[true,false,2]'
like "is an event" "$($kctl ring | tail -n 1)" 'type=seal .* comm=partctl .* domains=2 '
like "again" "$(partctl seal --yes)" 'was sealed already'
like "status shows it" "$(partctl status)" 'sealed until the next reboot'
is "for programs too" "$(partctl status -o json | jq .sealed)" true
is "and sysfs" "$(cat /sys/kernel/hostpart/sealed; grep -c sealed /sys/kernel/hostpart/guards)" $'1\n1'

$kctl read > "$work/table"
ok "the table as it is may be written again" bash -c "$kctl commit < $work/table"
refused "a release" 'sealed: domain alpha stays' $kctl release
refused "an empty table" 'sealed: domain alpha stays' $kctl commit < /dev/null
{ cat "$work/table"; echo 'domain gamma'; } > "$work/t"
refused "a new domain" 'sealed: no new domain, not gamma' $kctl commit < "$work/t"
sed '/ beta\b/d' "$work/table" > "$work/t"
refused "a domain less" 'sealed: domain beta stays' $kctl commit < "$work/t"
sed 's/^\(domain alpha\) active/\1/' "$work/table" > "$work/t"
refused "stopping a domain" 'sealed: flags, .* of alpha stay' $kctl commit < "$work/t"
sed 's/elastic-cpus 2-5/elastic-cpus 0-5/' "$work/table" > "$work/t"
refused "wider bounds" 'sealed: .*elastic bounds of alpha stay' $kctl commit < "$work/t"
sed 's/^cpus alpha .*/cpus alpha 1-3/' "$work/table" > "$work/t"
refused "a CPU that is not elastic" 'sealed: cpu 1 is not elastic in alpha' $kctl commit < "$work/t"
sed 's/^cpus beta .*/cpus beta 7/' "$work/table" > "$work/t"
refused "a CPU less where none is elastic" 'sealed: cpu 6 is not elastic in beta' $kctl commit < "$work/t"
sed 's/^memory alpha [0-9]*/memory alpha 1073741824/' "$work/table" > "$work/t"
refused "memory beyond its bounds" 'sealed: the memory of alpha cannot become 1073741824' $kctl commit < "$work/t"
sed 's/^memory beta [0-9]*/memory beta 4096/' "$work/table" > "$work/t"
refused "memory that is not elastic" 'sealed: the memory of beta cannot become 4096' $kctl commit < "$work/t"
sed 's/^\(memory alpha [0-9]* nodes\).*/\1 1/' "$work/table" > "$work/t"
refused "other memory nodes" 'sealed: the memory nodes of alpha stay' $kctl commit < "$work/t"
{ cat "$work/table"; echo 'pci beta 0000:1f:00.0'; } > "$work/t"
refused "a function more" 'sealed: no further pci function' $kctl commit < "$work/t"

not_ok "the module cannot go" rmmod hostpart
not_ok "not by force either" rmmod -f hostpart
ok "it is there" $kctl info
exits 1 "teardown is refused" partctl teardown
like "before anything is undone" "$(partctl teardown 2>&1)" 'sealed until the next reboot'
is "the domains run" "$(partctl exec alpha -- nproc)" 2
policy 2-3 512MiB other-name
ok "what the registry does not hold may change" apply
is "a host name, for one" "$(partctl exec alpha -- hostname)" other-name

policy 2-5 640MiB other-name
ok "more CPUs and memory, as the policy allows" apply
is "hold" "$(partctl exec alpha -- nproc) $(sed -n 's/^cpus alpha //p' <<< "$($kctl read)")" "4 2-5"
policy 2-3 300MiB other-name
ok "and less" apply
$kctl read > "$work/table"
policy 1-5 512MiB other-name
exits 2 "a policy beyond its own bounds is no policy" apply
policy 2-3 300MiB other-name
sed -i 's/elastic: {cpus: "2-5"/elastic: {cpus: "2-7"/' "$work/policy.yaml"
exits 1 "a policy with wider bounds is refused by the module" apply
is "and undone as a whole" "$($kctl read)" "$(cat "$work/table")"
ok "the domains run on" partctl exec beta -- true
is "the kernel has nothing to complain about" "$(dmesg | grep -E 'WARNING|BUG|Oops|Call Trace')" ""
