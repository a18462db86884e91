#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cli.t: partctl as its user meets it: help, mistakes, formats, rights, completion, output that goes nowhere.
# kernels: 6.12
# timeout: 420
# boot: main
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
work=$(mktemp -d)
on_exit rm -rf "$work"
chmod 755 "$work"
err=$work/err out=$work/out
verbs='inventory validate plan diff compile apply confirm rollback status exec shell boot stop reboot console login devices verify events contention trace top reclaim seal teardown lruk-sim lruk-gen completion help'
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

cat > "$work/small.yaml" <<'END'
apiVersion: hostpart/v1
base: {cpus: 1, memory: 1GiB}
domains:
  alpha: {cpus: 1, memory: 512MiB}
END
chmod 644 "$work/small.yaml"

# ---- help ----
missing=
for verb in $verbs; do
	partctl "$verb" --help > "$out" 2> "$err" || missing+=" $verb:status"
	grep -q "^usage: partctl $verb" "$out" || missing+=" $verb:usage"
	grep -q '^Example:$' "$out" || missing+=" $verb:example"
	grep -q '^  partctl\|| partctl' "$out" || missing+=" $verb:example-line"
	[ ! -s "$err" ] || missing+=" $verb:stderr"
	awk 'length > 120 { exit 1 }' "$out" || missing+=" $verb:wide"
done
is "--help of every verb exits with 0, shows its usage and an example" "$missing" ""
is "'help' lists exactly these verbs" "$(partctl help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | xargs)" "$verbs"
is "'help VERB' says the same as --help" "$(partctl help events)" "$(partctl events --help)"
ok "-h without a verb" partctl -h
page=userland/man/partctl.1.scd
is "the manual page has every verb and every option of its help" "$(for verb in $verbs; do
	grep -q "^## partctl $verb" $page || echo "$verb"
	for option in $(partctl "$verb" --help | sed -n '/^Options:/,$s/.*\(--[a-z0-9-]*\).*/\1/p'); do
		grep -qE -- "^(\*-[a-zA-Z]\*, )?\*$option\*" $page || echo "$verb $option"
	done
done)" ""
like "--version" "$(partctl --version)" '^partctl [^ ]+$'

# ---- mistakes ----
refused() { # WHAT REGEX ARGUMENT... : exit status 2, says so on standard error, nothing on standard output
	local what=$1 want=$2 status=0
	shift 2
	partctl "$@" > "$out" 2> "$err" < /dev/null || status=$?
	{ echo "status $status of: partctl $*"; cat "$out" "$err"; echo "wanted on stderr: $want"; } > "$tap_log"
	[ $status -eq 2 ] && [ ! -s "$out" ] && grep -qE -- "$want" "$err"
	tap_result $? "$what"
}
refused "no verb: the verbs are listed" '^  inventory '
refused "an unknown verb" "unknown verb 'aplly'; did you mean 'apply'" aplly
refused "help for an unknown verb" "unknown verb 'statsu'; did you mean 'status'" help statsu
refused "an unknown option" "unknown option '--quite'; did you mean '--quiet'" status --quite
refused "an unknown option with a value" "unknown option '--confrim'; did you mean '--confirm'" apply --confrim=60 "$work/small.yaml"
refused "an unknown letter in a cluster" "unknown option '-z'" inventory -qz
refused "a value that a flag does not take" "option '--quiet' takes no value" status --quiet=3
refused "an option without its value" "option '-o' needs a value" status -o
refused "an unknown format" "'jsn' is not table, json or yaml; did you mean 'json'" inventory -o jsn
refused "too many operands" 'too many operands' inventory now
refused "too few operands" 'an operand is missing' exec alpha
refused "a time that is none" "'5x' is not a time from 1s to 60m" apply --confirm 5x "$work/small.yaml"
refused "a count that is none" "'0' is not a number" events --last 0
refused "completion of an unknown shell" 'there is one for bash' completion fish
refused "an option before no verb" 'a verb is missing beside -q' -q
refused "a change of a recorded machine" 'cannot be changed' apply --root /usr "$work/small.yaml"
exits 1 "a policy that is not there is a failure, not a usage error" partctl validate "$work/none.yaml"
like "and named" "$(partctl validate "$work/none.yaml" 2>&1)" "$work/none.yaml: No such file"
like "without an operand it says where it looked, and where examples are" "$(partctl plan 2>&1)" \
	'/etc/hostpart/policy.yaml: No such file'
ok "options may stand before the verb" bash -c "partctl -o json status | jq -e .domains"

# ---- formats ----
parses() { # WHAT STATUS ARGUMENT... : JSON by jq, YAML by python3, both the same
	local what=$1 want=$2 got
	shift 2
	got=$(for format in json yaml; do
		partctl "$@" -o $format > "$work/$format" 2> "$err" || echo "$format: status $? $(cat "$err")"
	done)
	if [ "$want" = 1 ]; then got=$(sed '/^\(json\|yaml\): status 1 $/d' <<< "$got"); fi
	{
		[ -z "$got" ] || echo "unwanted: $got"
		[ -s "$work/json" ] || echo 'nothing was printed'
		jq -e . "$work/json" > /dev/null || echo 'jq does not read the JSON'
		for key in $(jq -r '.. | objects | keys[]' "$work/json" | sort -u); do
			grep -q "\*$key\*" $page || echo "the manual page does not know the key $key"
		done
		python3 - "$work/json" "$work/yaml" <<'PY' || echo 'python3 does not read the YAML'
import json, sys, yaml
text = open(sys.argv[1], encoding="utf-8").read()
decoder, at, objects = json.JSONDecoder(), 0, []
while text[at:].strip():
    at += len(text[at:]) - len(text[at:].lstrip())
    value, at = decoder.raw_decode(text, at)
    objects.append(value)
documents = list(yaml.safe_load_all(open(sys.argv[2], encoding="utf-8")))
# Two readings of a live machine differ in numbers; their shape may not.
def shape(value):
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return type(value).__name__ if not isinstance(value, list) else "list"
sys.exit([shape(o) for o in objects] != [shape(d) for d in documents])
PY
	} > "$tap_log" 2>&1
	[ ! -s "$tap_log" ]
	tap_result $? "-o json and -o yaml of $what"
}
read_all() { # WHEN [STATUS_OF_VERIFY]
	parses "inventory $1" 0 inventory
	parses "validate $1" 0 validate "$work/small.yaml" policies/two-hosts.yaml
	parses "plan $1" 0 plan "$work/small.yaml"
	parses "diff $1" 0 diff "$work/small.yaml"
	parses "apply --dry-run $1" 0 apply --dry-run "$work/small.yaml"
	parses "status $1" 0 status
	parses "devices $1" 0 devices
}
partctl teardown > /dev/null 2>&1
read_all "without domains"
exits 1 "verify without domains fails" partctl verify
like "and says why" "$(partctl verify 2>&1)" 'nothing is applied'
is "status has the same keys with and without domains (here without)" "$(partctl status -o json | jq -c keys)" \
	'["agent_pid","applied_at","confirm_within_seconds","domains","drifted","metrics","module","not_guaranteed","policy_file","ports","refused","sealed"]'
parses "validate of a bad file" 1 validate "$work/small.yaml"
echo 'domains: {}' > "$work/bad.yaml"
is "a bad policy as JSON says where" "$(partctl validate -o json "$work/bad.yaml" | jq -r '.valid, .error' | head -n 2 | cut -d: -f1-3 | xargs)" \
	"false $work/bad.yaml:1:1"

# ---- rights ----
denied() { # VERB ARGUMENT... : exit status 1 (255 for what runs commands) and a word about root
	local want=1 status=0
	case $1 in exec|shell) want=255 ;; esac
	"${as_nobody[@]}" partctl "$@" > "$out" 2> "$err" || status=$?
	{ echo "status $status of: partctl $*"; cat "$out" "$err"; } > "$tap_log"
	[ $status -eq $want ] && [ ! -s "$out" ] && grep -qE "^partctl: $1: only root .*try sudo" "$err"
	tap_result $? "not root: partctl $1 is refused with a clear word"
}
for verb in confirm rollback status verify events contention trace seal teardown; do denied $verb; done
denied apply "$work/small.yaml"
denied plan "$work/small.yaml"
denied diff "$work/small.yaml"
denied exec alpha true
denied shell alpha
ok "not root: inventory" "${as_nobody[@]}" partctl inventory
ok "not root: validate" "${as_nobody[@]}" partctl validate "$work/small.yaml"
tests/fixtures/mkmachine --unpack tests/fixtures/machines/testbed-6.12.machine "$work/machine"
# Serial numbers and addresses were replaced when the machine was recorded.
sed 's/hp-nvme-0/SERIAL-02/; s/hp-nvme-1/SERIAL-03/; s/52:54:00:10:00:01/02:00:00:00:00:02/; s/52:54:00:10:00:02/02:00:00:00:00:03/' \
	policies/two-hosts.yaml > "$work/recorded.yaml"
ok "not root: plan for a recorded machine" "${as_nobody[@]}" partctl plan --root "$work/machine" "$work/recorded.yaml"
like "gives each domain its cores there" "$("${as_nobody[@]}" partctl plan --root "$work/machine" "$work/recorded.yaml")" '^beta +2 +4-7 '
parses "plan of a recorded machine" 0 plan --root "$work/machine" "$work/recorded.yaml"

# ---- output ----
escapes() { grep -c $'\033' || true; }
is "no escape sequences into a pipe" "$(partctl inventory | escapes)" 0
on_terminal() { script -qec "$*" /dev/null < /dev/null; }
like "but on a terminal" "$(on_terminal partctl inventory | escapes)" '^[1-9]'
is "unless NO_COLOR is set" "$(NO_COLOR=1 on_terminal partctl inventory | escapes)" 0
like "an empty NO_COLOR is not set" "$(NO_COLOR='' on_terminal partctl inventory | escapes)" '^[1-9]'
unwritten=
for verb in inventory "validate $work/small.yaml" "plan $work/small.yaml" "diff $work/small.yaml" status help 'completion bash' \
	'inventory -o yaml' "apply --help"; do
	status=0
	# shellcheck disable=SC2086
	partctl $verb > /dev/full 2> "$err" || status=$?
	[ $status -eq 1 ] && grep -q 'cannot write the output' "$err" || unwritten+=" [$verb: $status]"
	status=0
	# shellcheck disable=SC2086
	partctl $verb >&- 2> "$err" || status=$?
	[ $status -eq 1 ] || unwritten+=" [$verb, closed: $status]"
done
is "output to a full device or a closed descriptor is a failure" "$unwritten" ""

# ---- with domains ----
ok "apply" partctl apply "$work/small.yaml"
read_all "with domains"
parses "verify" 1 verify
parses "events" 0 events
parses "top --once" 0 top --once --interval 300ms
is "status has the same keys (here with)" "$(partctl status -o json | jq -c keys)" \
	'["agent_pid","applied_at","confirm_within_seconds","domains","drifted","metrics","module","not_guaranteed","policy_file","ports","refused","sealed"]'
is "-q leaves verify's broken promises only" "$(partctl verify -q)" "$(partctl verify | grep '^broken' || true)"
exits 2 "verify of a domain that is not there" partctl verify alpah
like "names the nearest" "$(partctl verify alpah 2>&1)" "did you mean 'alpha'"
exits 255 "exec in a domain that is not there" partctl exec beta -- true
like "names those that are" "$(partctl exec beta -- true 2>&1)" 'running: alpha'
exits 1 "what is not booted cannot be stopped" partctl stop alpha
like "and it says how to boot it" "$(partctl stop alpha 2>&1)" 'partctl boot alpha'
exits 1 "nor has it a console" partctl console alpha
exits 1 "a domain that is not there cannot be booted" partctl boot alpah
exits 2 "nor has it devices" partctl devices alpah
exits 127 "a command that is not there" partctl exec alpha -- no-such-command
exits 7 "a command's own status" partctl exec alpha -- sh -c 'exit 7'
is "an event says who applied" "$(partctl events -o json | jq -r 'select(.type == "applied") .actor.comm' | tail -n 1)" partctl
printf '{"time":"t","type":"drift","what":"x","actor":{"pid":1,"comm":"\\u001b[2J"}}\n' >> /run/hostpart/events.jsonl
is "a process cannot write to the terminal by its name" "$(partctl events | escapes)" 0
timeout --preserve-status -s INT 6 partctl events --follow --last 1 > "$out" &
sleep 2
printf '{"time":"t","boottime_ns":%d,"type":"drift","what":"followed","actor":"unknown"}\n' $((1 << 62)) >> /run/hostpart/events.jsonl
wait $!
is "events --follow ends with 0 when interrupted" $? 0
like "and saw what came meanwhile" "$(cat "$out")" 'followed .*by unknown'
# What never happened must not stay: other tests of this boot read the log too.
sed -i '/"time":"t"/d' /run/hostpart/events.jsonl

# ---- completion ----
completes() { # WORD... : what bash would offer for the last one
	bash -c '. <(partctl completion bash)
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_partctl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort | paste -sd ' '
}
is "completion: verbs" "$(completes partctl e)" "events exec"
is "all of them" "$(completes partctl '')" "$(tr ' ' '\n' <<< "$verbs" | sort | xargs)"
is "options of the verb" "$(completes partctl apply --con)" "--confirm"
is "and those of every verb" "$(completes partctl verify --ver)" "--version"
is "formats" "$(completes partctl status -o '')" "json table yaml"
is "verbs after options" "$(completes partctl -o json stat)" "status"
is "domains" "$(completes partctl exec '')" "alpha"
is "domains after options" "$(completes partctl shell -u root al)" "alpha"
like "commands behind the domain" "$(completes partctl exec alpha nproc)" 'nproc'
is "policies" "$(completes partctl plan policies/two-h)" "policies/two-hosts.yaml"
is "verbs of help" "$(completes partctl help v)" "validate verify"
is "hooks of contention" "$(completes partctl contention --without '')" "block irq lock memory move network softirq"
is "what can be traced" "$(completes partctl trace --resource '') $(completes partctl trace --resource cpu,m)" "block cpu lock memory network cpu,memory"
is "its cgroups" "$(completes partctl contention --by cgroup : /sys/fs/cgroup/hostp)" "/sys/fs/cgroup/hostpart"
is "and those of top" "$(completes partctl top --by cgroup : /sys/fs/cgroup/hostp)" "/sys/fs/cgroup/hostpart"

ok "teardown" partctl teardown
is "a second one has nothing to do" "$(partctl teardown)" "nothing to do"
ok "the script that make install puts there is this one" \
	cmp <(partctl completion bash) /usr/share/bash-completion/completions/partctl
