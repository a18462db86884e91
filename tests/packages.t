#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# packages.t: what "make deb" and "make dist" made: contents, the module by DKMS on each kernel, the units' sandbox.
# usage: packages.t     after make deb (make check-deb does both)
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
. tests/vm/lib.sh
debs=${B:-build}/deb
release=$(sed -n '1s/.*(\(.*\)).*/\1/p' scripts/debian/changelog)
work=$(mktemp -d)
on_exit rm -rf "$work"

for package in hostpart_${release}_amd64 hostpart-dkms_${release}_all; do
	ok "$package is there" test -e "$debs/$package.deb"
	dpkg-deb -x "$debs/$package.deb" "$work/root"
done
files=$(cd "$work/root" && find . ! -type d | sed 's,^\./,,')
while IFS= read -r wanted; do
	like "has $wanted" "$files" "^$wanted$"
done <<'LIST'
usr/sbin/partctl
usr/sbin/partd
usr/libexec/hostpart/domain-init
usr/libexec/hostpart/domain-os
usr/libexec/hostpart/outside
(usr/)?lib/systemd/system/partd.service
(usr/)?lib/systemd/system/hostpart.target
(usr/)?lib/systemd/system/hostpart-domain@.service
(usr/)?lib/systemd/system-generators/hostpart-generator
usr/share/man/man1/partctl.1.gz
usr/share/man/man8/partd.8.gz
usr/share/bash-completion/completions/partctl
usr/share/hostpart/policies/two-hosts.yaml
usr/share/hostpart/policies/hostpart-policy.schema.json
usr/share/hostpart/policies/alerts.yml
usr/share/hostpart/monitoring/grafana-dashboard.json
usr/share/hostpart/monitoring/prometheus.yml
usr/share/hostpart/monitoring/partd-tcp.conf
usr/share/initramfs-tools/hooks/hostpart
usr/lib/modules-load.d/hostpart.conf
LIST
for page in userland/man/*.scd; do
	name=${page##*/} name=${name%.scd}
	like "has the manual $name" "$files" "^usr/share/man/man${name##*.}/$name.gz$"
done
is "the version is the changelog's" "$("$work/root/usr/sbin/partctl" --version)" "partctl $release"
is "and the module's" "$(sed -n 's/^#define HP_MODULE_VERSION[^"]*"\(.*\)"/\1/p' "$work/root/usr/src/hostpart-$release/kmod/hostpart.h")" "$release"
like "it depends on the libraries that it uses" "$(dpkg-deb -f "$debs/hostpart_${release}_amd64.deb" Depends)" 'libbpf1.*libmnl0'

# ---- the module, as DKMS builds it on somebody's machine ----
dkms() { command dkms --dkmstree "$work/dkms" --sourcetree "$work/root/usr/src" --installtree "$work/modules" "$@"; }
mkdir -p "$work/dkms" "$work/modules"
ok "dkms takes the source" dkms add -m hostpart -v "$release"
for series in 6.1 6.12; do
	kernel=$(scripts/kernel-headers "$series")
	ok "and builds it for $series" dkms build -m hostpart -v "$release" -k "$kernel" \
		--kernelsourcedir "$(scripts/kernel-headers --dir "$series")" --no-depmod
	made=$(find "$work/dkms/hostpart/$release/$kernel" -name 'hostpart.ko*' | head -n 1)
	is "which is for that kernel" "$(modinfo -F vermagic "$made" 2>&1 | cut -d' ' -f 1)" "$kernel"
done
exits 77 "another kernel is skipped, with the status that means so" dkms build -m hostpart -v "$release" -k 6.6.1-other \
	--kernelsourcedir "$(scripts/kernel-headers --dir 6.12)" --no-depmod

# ---- units ----
units=$(dirname "$(find "$work/root" -name partd.service)")
for unit in partd.service hostpart.target hostpart-domain@.service; do
	like "$unit is skipped when the kernel's command line says so" "$(cat "$units/$unit")" '^ConditionKernelCommandLine=!hostpart.disable$'
done

# ---- the source ----
if git diff --quiet HEAD 2> /dev/null; then
	first=$(make -s dist | tail -n 1)
	cp "$first" "$work/first"
	make -s dist > /dev/null
	ok "make dist makes the same bytes twice" cmp "$first" "$work/first"
	mkdir "$work/source"
	tar -C "$work/source" -xf "$first"
	ok "an unpacked release knows its version" test "$(make -s -C "$work/source/hostpart-$release" --eval 'v: ; @echo $(VERSION)' v)" = "$release"
else
	skip "make dist" "there are changes that are not committed"
fi
