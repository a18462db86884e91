#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# top.t: partctl top at a terminal: views, keys, sizes, signals; and --once, whose figures are the kernel's own.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 400
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
policy=policies/two-hosts.yaml
cg=/sys/fs/cgroup/hostpart
work=$(mktemp -d)
on_exit rm -rf "$work"
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

at_terminal() { # WHAT [OPTION...] COMMAND... -- STEP...
	local what=$1
	shift
	ok "$what" tests/vm/screen.py "$@"
}
facts() { # FILTER [JQ_ARGUMENT...]: an object of promises, each true when it is kept; one jq for all of them
	local got what filter=$1
	shift
	while IFS=$'\t' read -r got what; do
		is "$what" "$got" true
	done < <(jq -r "$@" "def row(\$name): .rows[] | select(.name == \$name); $filter | to_entries[] | \"\(.value)\t\(.key)\"" "$work/json")
}

# ---- mistakes, and what works without root: nothing is loaded into the kernel ----
partctl teardown > /dev/null 2>&1
mkdir -p /sys/fs/cgroup/hp-t-top
on_exit rmdir /sys/fs/cgroup/hp-t-top
plain=("${as_nobody[@]}" partctl top --interval 300ms --by cgroup:/sys/fs/cgroup/hp-t-top/)
exits 2 "an interval that is none" partctl top --once --interval 5x
exits 2 "too short" partctl top --once --interval 99ms
exits 2 "too long" partctl top --once --interval 61
exits 1 "a cgroup that is not there" partctl top --once --by cgroup:no/such
exits 2 "a recorded machine" partctl top --once --root "$work"
exits 2 "no terminal is bad usage" partctl top
like "and --once is named" "$(partctl top 2>&1 < /dev/null)" 'partctl top --once'
at_terminal "TERM=dumb" --term dumb partctl top -- see 'cannot place its cursor' end 2
at_terminal "an unknown TERM" --term no-such-term partctl top -- see 'is not known here' see 'partctl top --once' end 2
"${plain[@]}" --once -o json > "$work/json"
facts '{
	"a cgroup without root: it, base and machine": ([.rows[].name] == ["/hp-t-top", "base", "machine"]),
	"its processor time is known": (.rows[0].cpu.time_us == 0),
	"waits are not": (.blame == null and .rows[0].run_queue == null),
	"and it says so": (.not_shown[0] | startswith("no blame: "))
}'
like "as text too" "$("${plain[@]}" --once)" '^not shown  no blame: '
at_terminal "a terminal without root; views by Tab, help, sorting, pause, interval" "${plain[@]}" -- \
	see 'every 0.3 s' see '^/hp-t-top' see '^no blame: ' see 'q quit  h help' \
	press '\t' see 'Waits are not counted' press '{btab}' see 'sorted by policy' press s see 'sorted by cpu' \
	press '+' see 'every 0.5 s' press '-' press '-' see 'every 0.1 s' press p see PAUSED press p not PAUSED \
	press h see '^C% M% I%' see 'q back' press q see '^DOMAIN' press '{f1}' see '^WAIT99' press h see '^DOMAIN' press q end 0
at_terminal "arrows choose a row, which is reversed" "${plain[@]}" -- \
	see '^machine' colour '^/hp-t-top' press '{down}' colour '^base' plain '^/hp-t-top' press '{end}' colour '^machine' press q end 0
at_terminal "a terminal that grows has more columns" "${plain[@]}" -- \
	see '^machine' not GUARD size 140x40 see GUARD see '^machine' size 80x24 not GUARD see '^machine' press q end 0
at_terminal "one that is too small says so, and recovers" --size 60x20 "${plain[@]}" -- \
	see '60x20 is too small: 80x24 needed' size 80x24 see '^machine' size 5x2 wait 1 size 80x24 see '^machine' press q end 0
at_terminal "on a vt100 as well" --term vt100 "${plain[@]}" -- see '^machine' press q end 0
at_terminal "and on a Linux console" --term linux "${plain[@]}" -- see '^machine' press q end 0
for name in INT TERM HUP; do
	at_terminal "SIG$name gives the terminal back" "${plain[@]}" -- see '^machine' signal $name end 0
done
at_terminal "Ctrl-C too" "${plain[@]}" -- see '^machine' press '\x03' end 0

# ---- two hosts, of which one has more to do than processors ----
on_exit partctl teardown
partctl apply $policy > /dev/null || exit 1
like "without root the policy cannot be read, and it says so" "$("${as_nobody[@]}" partctl top --once --interval 200ms)" \
	'^not shown  no domains: '
cpus=$(each_cpu "$(cat $cg/beta/cpuset.cpus.effective)" | wc -l)
hogs=$((cpus * 2))
partctl exec beta -- sh -c "for i in \$(seq $hogs); do while :; do :; done & done; wait" > /dev/null 2>&1 &
hogs_pid=$!
eventually 60 "the hogs run" bash -c "[ \$(cat $cg/beta/pids.current) -gt $hogs ]"
partctl exec alpha -- ping -c 30 -i 0.02 -s 1000 10.203.0.1 > /dev/null 2>&1
number() { awk -v key="$2" '$1 == key { print $2 }' "$cg/$1"; }
total() { sed -n "s/^$2 .*total=//p" "$cg/$1"; }
time_0=$(number beta/cpu.stat usage_usec) some_0=$(total beta/cpu.pressure some)
partctl top --once --interval 2s -o json > "$work/json"
time_1=$(number beta/cpu.stat usage_usec) some_1=$(total beta/cpu.pressure some)
xargs kill -9 < <(cat $cg/beta/run-*/cgroup.procs)
wait $hogs_pid 2> /dev/null
# The leg's and the port's bytes, as the namespace counts them; nothing is sent meanwhile.
sent=$(partctl exec alpha -- cat /proc/net/dev | awk -F'[: ]+' '$2 ~ /^(eth|hp)[0-9]/ { sum += $11 } END { print sum + 0 }')
facts '{
	"the rows are the domains, base and machine": ([.rows[].name] == ["alpha", "beta", "base", "machine"]),
	"processor time is between what cpu.stat said before and after":
		(row("beta").cpu.time_us | . > $time_0 and . < $time_1),
	"so is the pressure": (row("beta").pressure.cpu.some_us | . >= $some_0 and . <= $some_1),
	"limit and guarantee are the kernel'"'"'s":
		(row("beta").memory | .limit_bytes == $limit and .guarantee_bytes == $guarantee),
	"and the processors": (row("beta").cpu.processors == $cpus),
	"busy, and not with more than it has": (row("beta").cpu | .busy > 0.3 and .busy < .processors * 1.05),
	"user and system time are all of it": (row("beta").cpu | .busy_user + .busy_system - .busy | fabs < 0.1),
	"more to do than processors: pressure": (row("beta").pressure.cpu.some_share > 0.5),
	"tasks": (row("beta").tasks > $hogs),
	"waits for a processor": (row("beta").run_queue | .waits > 0 and .p99_ns > 0 and .wait_ns > 0 and .foreign_ns <= .wait_ns),
	"for its own, and never for alpha": ([.blame[] | select(.resource == "cpu" and .victim == "beta")] |
		any(.aggressor == "beta" and .share > 0.5) and all(.aggressor != "alpha")),
	"the shares of its waits are all of them":
		([.blame[] | select(.resource == "cpu" and .victim == "beta").share] | add - 1 | fabs < 0.001),
	"what was sent is what the namespace counts": (row("alpha").ports.sent_bytes | . >= 30000 and . <= $sent),
	"the events are there": (.events | any(.type == "applied")),
	"nothing says that processor waits are not shown": (.not_shown | any(startswith("no ")) | not)
}' --argjson time_0 "$time_0" --argjson time_1 "$time_1" --argjson some_0 "$some_0" --argjson some_1 "$some_1" \
	--argjson limit "$(cat $cg/beta/memory.max)" --argjson guarantee "$(cat $cg/beta/memory.min)" \
	--argjson cpus "$cpus" --argjson hogs "$hogs" --argjson sent "$sent"
[ $tap_failed -eq 0 ] || jq -c '.rows[1], .rows[0].ports, .not_shown' "$work/json" | sed 's/^/# /'

text=$(partctl top --once)
like "as text: a line for each" "$text" '^beta +[0-9.]+ +[0-9]+ +[0-9]+ +[0-9.]+[KM] '
like "who waited for whom" "$text" '^RESOURCE +VICTIM +AGGRESSOR'
like "and what happened" "$text" ' applied '
unlike "no escape sequence" "$text" $'\x1b'

at_terminal "all views" partctl top -- \
	see '2 domains' see '^alpha +[0-9]+\.' see '^DOMAIN .* WAIT99' see '^machine ' \
	press 2 see '^VICTIM +WAITED +alpha +beta +base' see '^beta ' colour '>50' colour '>5 ' \
	press j press 3 see 'beta: (waits for a processor +[0-9]+ |no wait ended)' press k press k press j press j press j \
	see 'machine: choose' press k see 'base: waits for a processor +[0-9]+ ' see ' - .*s +[0-9]+ #' \
	press 4 see '^TIME .*WHAT' see ' applied ' press 1 see '^alpha' press q end 0
ok "without colours the hottest is reversed, the rest is not" env NO_COLOR=1 tests/vm/screen.py partctl top -- \
	see '^alpha +[0-9]' press 2 see '>50' plain '>5 ' colour '>50' press q end 0
ok "no program stays behind" bash -c '! bpftool prog show | grep -q hp_contention'
