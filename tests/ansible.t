#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ansible.t: what the role's modules do with partctl's answers: a stand-in for partctl gives these, and notes the questions.
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
. tests/vm/lib.sh
/usr/bin/python3 -c 'import ansible' 2> /dev/null || skip_all "ansible-core is not installed"
library=scripts/ansible/roles/hostpart/library
work=$(mktemp -d)
on_exit rm -rf "$work"
mkdir "$work/bin" "$work/tmp"
# In force is whatever was applied last; a policy with the word "bad" is refused as partctl refuses one.
cat > "$work/bin/partctl" <<'END2'
#!/bin/bash
echo "$*" >> "$W/calls"
touch "$W/in-force"
case $1 in
diff)
	cat > "$W/asked"
	! grep -q bad "$W/asked" || { echo "-:1:1: a bad policy" >&2; exit 2; }
	cmp -s "$W/asked" "$W/in-force" || { echo "one step"; exit 1; } ;;
status) echo "{\"agent_pid\": $(cat "$W/agent")}"; exit 1 ;;
apply) [ ! -e "$W/unfit" ] || { echo "it does not fit" >&2; exit 1; }; cp "$2" "$W/in-force" ;;
confirm) [ ! -e "$W/late" ] || { : > "$W/in-force"; echo "nothing waits for confirmation" >&2; exit 1; } ;;
compile) { echo compiled; cat; } > "$4" ;;
esac
END2
chmod +x "$work/bin/partctl"
export W=$work PATH=$work/bin:$PATH
echo 7 > "$work/agent"
policy=$work/etc/policy.yaml

# Runs a module as Ansible would, and keeps what it answers.
ask() { # MODULE CHECK TEXT [MORE-JSON]
	local path=$policy
	: > "$work/calls"
	[ "$1" = hostpart_policy ] || path=$work/firmware/policy.bin
	printf '{"ANSIBLE_MODULE_ARGS": {"content": "%s", "path": "%s", "_ansible_check_mode": %s, "_ansible_tmpdir": "%s", "_ansible_remote_tmp": "%s"%s}}' \
		"$3" "$path" "$2" "$work/tmp" "$work/tmp" "${4:+, $4}" > "$work/arguments"
	answer=$(/usr/bin/python3 "$library/$1.py" "$work/arguments" 2>&1)
}
said() { jq -r "$1" <<< "$answer" 2>&1; }
files() { (cd "$work" && find etc firmware -type f 2> /dev/null | sort | xargs); }

ask hostpart_policy true 'a: 1\n'
is "check mode foretells a change" "$(said '"\(.changed) \(.pending)"')" "true false"
is "with the steps and both texts for diff mode" "$(said '.diff | "\(.[0].before)>\(.[0].after)\(.[1].prepared)"')" $'>a: 1\none step'
is "and changes nothing" "$(files) $(xargs < "$work/calls")" " diff - --exit-code"
is "partctl got the text byte for byte" "$(od -c < "$work/asked")" "$(printf 'a: 1\n' | od -c)"
ask hostpart_policy false 'a: 1\n'
is "the change waits for its confirmation" "$(said '"\(.changed) \(.pending)"')" "true true"
is "beside the policy of the next boot" "$(files)" etc/policy.yaml.candidate
is "it would undo itself" "$(tail -n 1 "$work/calls")" "apply $policy.candidate --confirm 60s"
ask hostpart_policy false 'a: 1\n' '"confirm": true'
is "confirmed, it is the policy of the next boot" "$(files) $(cat "$policy")" "etc/policy.yaml a: 1"
is "and in force under that name" "$(tail -n 1 "$work/calls")" "apply $policy"
ask hostpart_policy false 'a: 1\n'
is "again: nothing changes" "$(said .changed) $(xargs < "$work/calls")" "false diff - --exit-code"
ask hostpart_policy true 'a: 1\n'
is "and check mode says so" "$(said .changed)" false
ask hostpart_policy false 'bad\n'
is "a bad policy fails with partctl's words" "$(said .msg)" "partctl diff: -:1:1: a bad policy"
is "before anything changes" "$(files) $(cat "$policy")" "etc/policy.yaml a: 1"
ask hostpart_policy false 'b: 2\n'
touch "$work/late"
ask hostpart_policy false 'b: 2\n' '"confirm": true'
like "too late, it has been undone" "$(said .msg)" 'has undone it; the policy before it holds \(nothing waits'
is "the next boot has the old policy" "$(files) $(cat "$policy")" "etc/policy.yaml a: 1"
rm "$work/late"
touch "$work/unfit"
ask hostpart_policy false 'b: 2\n'
is "what cannot be applied fails and leaves nothing" "$(said .msg) $(files)" "partctl apply: it does not fit etc/policy.yaml"
rm "$work/unfit"
echo 0 > "$work/agent"
ask hostpart_policy false 'b: 2\n'
like "without partd nobody would undo it, so it is not begun" "$(said .msg)" 'partd does not run'
not_ok "indeed" grep -q apply "$work/calls"

ask hostpart_boot_policy true 'a: 1\n'
is "claims at boot: check mode foretells" "$(said .changed) $(files)" "true etc/policy.yaml"
ask hostpart_boot_policy false 'a: 1\n'
is "the first time it is a change" "$(said .changed) $(files)" "true etc/policy.yaml firmware/policy.bin"
ask hostpart_boot_policy false 'a: 1\n'
is "the second time not" "$(said .changed)" false
ask hostpart_boot_policy false 'a: 1\n' '"state": "absent"'
is "and it goes" "$(said .changed) $(files)" "true etc/policy.yaml"
