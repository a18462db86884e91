#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# initramfs.t: our hook puts module and boot policy into the initial RAM disk, where they load before any driver.
# kernels: 6.12
# where: host
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
command -v mkinitramfs > /dev/null || skip_all "initramfs-tools is not installed"
[ "$(id -u)" -eq 0 ] || skip_all "needs root, for mounts that only this test sees"
kernel=${KERNEL:-6.12}
image=$(scripts/kernel-image "$kernel") || skip_all "no image of $kernel"
modules=$(echo "$image"/lib/modules/*)
version=${modules##*/}
work=$(mktemp -d)
on_exit rm -rf "$work"
build=$(readlink -m "${B:-build}")
scripts/build-module "$kernel" "$build/kmod-$kernel" || exit 1

# A machine with this kernel and our files installed, seen by nobody else.
cat > "$work/make" <<'END'
set -e
work=$1 modules=$2 version=$3 module=$4
mount -t tmpfs none "$work"
mkdir "$work"/{modules,modules-work,tools,tools-work,conf,out}
mkdir -p "/lib/modules/$version"
mount -t overlay none -o "lowerdir=$modules,upperdir=$work/modules,workdir=$work/modules-work" "/lib/modules/$version"
if [ -e "$module" ]; then
	mkdir -p "/lib/modules/$version/extra"
	cp -L "$module" "/lib/modules/$version/extra/"
fi
depmod "$version"
mount -t overlay none -o "lowerdir=/usr/share/initramfs-tools,upperdir=$work/tools,workdir=$work/tools-work" /usr/share/initramfs-tools
install -D -m 755 scripts/initramfs/hook /usr/share/initramfs-tools/hooks/hostpart
install -D -m 755 scripts/initramfs/init-top /usr/share/initramfs-tools/scripts/init-top/hostpart
mount -t tmpfs none /lib/firmware
if [ -n "$5" ]; then
	mkdir /lib/firmware/hostpart
	echo "$5" > /lib/firmware/hostpart/policy.bin
fi
cp -r /etc/initramfs-tools/. "$work/conf/"
sed -i 's/^MODULES=.*/MODULES=list/' "$work/conf/initramfs.conf"
mkinitramfs -d "$work/conf" -o "$work/disk" "$version" 2>&1
unmkinitramfs "$work/disk" "$work/out"
echo "== files"
cd "$work/out"
find . -path '*hostpart*'
echo "== order"
find . -path '*init-top/ORDER' -exec cat {} \; | grep -o 'init-top/[a-z_]*'
END
make_disk() { unshare --mount --propagation private bash "$work/make" "$work" "$modules" "$version" "$@"; }

disk=$(make_disk "$build/kmod-$kernel/hostpart.ko" "any policy")
like "the module is in it" "$disk" 'usr/lib/modules/.*/extra/hostpart\.ko'
like "the policy too" "$disk" 'usr/lib/firmware/hostpart/policy\.bin'
is "it is loaded before udev loads drivers" "$(sed '1,/^== order/d' <<< "$disk" | grep -E '/(hostpart|udev)$' | xargs)" "init-top/hostpart init-top/udev"
disk=$(make_disk "$build/kmod-$kernel/hostpart.ko" "")
unlike "without a policy the module is not" "$disk" 'hostpart\.ko'
like "and the disk is made" "$disk" '== order'
disk=$(make_disk /nonexistent "any policy")
like "without the module, that is said" "$disk" 'W: hostpart: no module for'
like "and the disk is made all the same" "$disk" '== order'
