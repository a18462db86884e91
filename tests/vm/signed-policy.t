#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# signed-policy.t: on a machine whose firmware trusts a key, a boot policy signed with it is taken and no other.
# kernels: 6.1 6.12
# check: 6.12
# where: host
# timeout: 900
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
kernel=${KERNEL:-6.12}
[ "$kernel" != debug ] || skip_all "the debug kernel does not start from UEFI"
# The package's variable store has its own test certificate enrolled; it brings the private key of that as well.
code=/usr/share/OVMF/OVMF_CODE_4M.fd variables=/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd
for file in $code $variables; do [ -e "$file" ] || skip_all "no $file: install the package ovmf"; done
work=$(mktemp -d)
on_exit rm -rf "$work"

# What the firmware trusts reaches the kernel.
scripts/testbed --kernel "$kernel" --cpus 4 --memory 2GiB --timeout 800 \
	--qemu "-drive if=pflash,unit=0,format=raw,readonly=on,file=$code" \
	--qemu "-drive if=pflash,unit=1,format=raw,snapshot=on,file=$variables" \
	-- tests/vm/guest/signed-policy > "$work/guest" 2>&1
status=$?
is "the guest saw a trusted signature taken and others refused" "$status" 0
like "all of it" "$(cat "$work/guest")" '^1\.\.[0-9]+$'
grep -aE '^(not )?ok |^#   ' "$work/guest" | sed 's/^/# guest: /'
[ $status -eq 0 ] || tail -n 60 "$work/guest" | sed 's/^/# /'
