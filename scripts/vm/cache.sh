# SPDX-License-Identifier: GPL-2.0
# cache.sh: where downloaded kernels and built images are kept (HOSTPART_CACHE moves it). Sourced.
# shellcheck shell=bash
cache=${HOSTPART_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/hostpart}
mkdir -p "$cache"

# Runs a builder once even when several processes ask at the same time.
cache_once() { # DIR BUILDER [ARG]...   BUILDER gets a fresh directory as $1, which becomes DIR when it succeeds
	local dir=$1 builder=$2 lock
	shift 2
	[ -d "$dir" ] && return
	mkdir -p "$(dirname "$dir")"
	exec {lock}> "$dir.lock"
	flock "$lock"
	if [ ! -d "$dir" ]; then
		rm -rf "$dir.new"
		mkdir "$dir.new"
		"$builder" "$dir.new" "$@" || return 1
		mv "$dir.new" "$dir"
	fi
	exec {lock}>&-
}
