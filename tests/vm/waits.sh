# SPDX-License-Identifier: GPL-2.0
# waits.sh: two cgroups, and partctl counting what they wait for. Sourced by the tests about waits after lib.sh.
# shellcheck shell=bash
work=$(mktemp -d)
on_exit rm -rf "$work"
root=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
a=hp-waits-a b=hp-waits-b
mkdir "$root/$a" "$root/$b"
on_exit rmdir "$root/$a" "$root/$b"

within() { # CGROUP COMMAND...
	sh -c 'echo 0 > "$0/cgroup.procs"; exec "$@"' "$root/$1" "${@:2}"
}
# It waits in poll(), which it does not before all that it attaches is attached.
is_counting() { [ "$(cut -d ' ' -f 1 "/proc/$partctl/syscall" 2> /dev/null)" = 7 ]; }
begin() { # NAME
	name=$1
	partctl contention --by "cgroup:/$a" --by "cgroup:/$b" -o json --for 600s > "$work/$name" &
	partctl=$!
	eventually 60 "$name: partctl counts" is_counting
}
end() {
	kill -INT "$partctl"
	ok "$name: it reports" wait "$partctl"
}
# ask FILTER: with the resource $resource, a victim of it, a phase of that, and a cell of the matrix.
ask() {
	# shellcheck disable=SC2154 # the test says which
	jq -r "def resource: .waits[] | select(.resource == \"$resource\");
		def victim(\$name): resource.victims[] | select(.name == \$name);
		def phase(\$name; \$phase): victim(\$name).phases[] | select(.phase == \$phase);
		def cells: .blame[] | select(.resource == \"$resource\");
		def part(\$victim; \$aggressor): [cells | select(.victim == \$victim and .aggressor == \$aggressor).time_ns] | add // 0;
		$1" "$work/$name"
}
adds_up() {
	is "$name: the parts of a wait are the wait" \
		"$(ask '. as $all | [resource.victims[] | .name as $name | .wait_ns - ([$all | cells | select(.victim == $name).time_ns] | add // 0)] | map(fabs) | add')" 0
	is "$name: and the phases, too" "$(ask '[resource.victims[] | .wait_ns - ([.phases[].time_ns] | add)] | map(fabs) | add')" 0
}
