#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot-policy.t: a compiled policy holds as soon as the module is loaded; a bad one is refused whole, in one line.
# kernels: 6.1 6.12
# timeout: 400
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
kctl=/usr/libexec/hostpart/tests/hp-kernelctl
work=$(mktemp -d)
firmware=$work/firmware
mkdir -p "$firmware/hostpart"
blob=$firmware/hostpart/policy.bin
echo -n "$firmware" > /sys/module/firmware_class/parameters/path
unload() { $kctl release > /dev/null; rmmod hostpart; }
log_lines() { dmesg | grep -c 'hostpart: boot policy'; }
last_line() { dmesg | grep 'hostpart: boot policy' | tail -n 1; }

cat > "$work/policy.yaml" <<'END'
apiVersion: hostpart/v1
domains:
  alpha:
    cpus: {list: "2-3"}
    memory: 512MiB
    elastic: {cpus: "2-5"}
  beta: {cpus: {list: "6-7"}, memory: {size: 256MiB, nodes: "0"}}
END

# ---- absent ----
ok "without a file the module loads" modprobe hostpart
is "and says nothing of one" "$(log_lines) $($kctl info | grep -E '^(domains|event_seq)=' | xargs)" "0 domains=0 event_seq=0"
rmmod hostpart

# ---- a good one ----
like "compile" "$(partctl compile "$work/policy.yaml" -o "$blob")" '^/.*: [0-9]+ bytes, 2 domains, 4 claims, not signed$'
is "the default place is the kernel's" "$(partctl compile --help | grep -o '/lib/firmware/hostpart/policy.bin' | head -n 1)" \
	/lib/firmware/hostpart/policy.bin
partctl compile --show "$blob" | grep -v '^#' > "$work/table"
like "the compiled file can be read" "$(cat "$work/table")" 'domain alpha elastic-cpus 2-5'
ok "the module loads" modprobe hostpart
is "and holds what was compiled" "$($kctl read)" "$(cat "$work/table")"
like "says so" "$(last_line)" 'boot policy: 2 domains with 4 claims are in force'
like "as an event with its actor too" "$($kctl ring)" 'type=boot-policy generation=2 .* comm=modprobe .* domains=2 claims=4$'
is "nobody is started yet" "$(cat /sys/kernel/hostpart/domains/alpha/active)" 0
not_ok "a claimed CPU cannot go offline" bash -c 'echo 0 > /sys/devices/system/cpu/cpu3/online'
not_ok "nor can the module" rmmod hostpart

# ---- adopted by an apply, and given back ----
ok "the policy is applied" partctl apply "$work/policy.yaml"
is "the domains are started" "$(cat /sys/kernel/hostpart/domains/{alpha,beta}/active | xargs)" "1 1"
is "the module knows their namespaces" "$(cat /sys/kernel/hostpart/domains/alpha/netns)" \
	"$(stat -Lc %i /run/hostpart/netns/alpha)"
is "a second apply has nothing to do" "$(partctl apply "$work/policy.yaml")" "nothing to do"
ok "teardown" partctl teardown
is "leaves the boot policy in force" "$($kctl read)" "$(cat "$work/table")"
unload

# ---- bad ones ----
cp "$blob" "$work/good.bin"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -subj /CN=nobody -days 2 2> /dev/null
partctl compile "$work/policy.yaml" -o "$work/signed.bin" --sign "$work/key.pem" --cert "$work/cert.pem" > /dev/null
like "a signed one says so" "$(partctl compile --show "$work/signed.bin" | tail -n 1)" ', signed$'
make_bad() { # PYTHON: changes `d`, the bytes; attr(type, payload, nested) makes an attribute, seal(body) frames some
	python3 - "$work/good.bin" "$blob" "$1" <<'END'
import struct, sys
d = bytearray(open(sys.argv[1], 'rb').read())
def attr(kind, payload, nested=False):
    raw = struct.pack('<HH', 4 + len(payload), kind | (0x8000 if nested else 0)) + payload
    return raw + bytes(-len(raw) % 4)
def frame(body):
    return b'hostpart' + struct.pack('<IIII', 1, 0, 24 + len(body), 0) + body
def name(text):
    return attr(2, text.encode() + b'\0')
def cpus(domain, first, last):
    return attr(14, name(domain) + attr(3, struct.pack('<I', 1)) + attr(4, struct.pack('<II', first, last)), True)
body = bytes(d[24:])
space = dict(globals())
exec(sys.argv[3], space)
open(sys.argv[2], 'wb').write(space['d'])
END
}
refused() { # WHAT REGEX [MODULE-PARAMETER...]: of the file that stands there
	local what=$1 words=$2 before
	shift 2
	before=$(log_lines)
	ok "$what: the module loads all the same" modprobe hostpart "$@"
	is "$what: nothing of it holds" "$($kctl info | grep -E '^(generation|domains|claims)=' | xargs)" \
		"generation=1 domains=0 claims=0"
	is "$what: one line in the log" "$(($(log_lines) - before))" 1
	like "$what: says what is wrong" "$(last_line)" "refused: .*$words"
	like "$what: is an event" "$($kctl ring)" "^seq=1 type=boot-policy .* comm=modprobe .* error=E[A-Z]+ reason=.*$words"
	rmmod hostpart || note "cannot unload: $(lsmod | grep hostpart)"
}
while IFS='|' read -r what words code; do
	make_bad "$code" || note "python failed"
	refused "$what" "$words"
done <<'END'
half a header|truncated: 10 bytes|d = d[:10]
cut|truncated: 100 bytes, the header says|d = d[:100]
a byte too many|but the header says|d = d + b'x'
too large|5242880 bytes are too many|d = d + bytes(5242880 - len(d))
another kind of file|it is no policy|d[0:4] = b'HOST'
a later version|version 2, this module reads version 1|d[8] = 2
a later flag|flags 0x80: not known|d[12] = 0x80
a reserved field|the reserved field is not 0|d[20] = 1
a cut attribute|at the end are no attribute|d = frame(body[:-4])
another attribute|attribute 6 is no domain|d = frame(body + attr(6, bytes(4)))
an unknown attribute in a domain|domain 2: .*[Uu]n|d = frame(body + attr(13, name('gamma') + attr(99, bytes(4)), True))
an attribute that is no nest|NLA_F_NESTED|d = frame(body + attr(13, name('gamma')))
a started domain|firmware cannot start|d = frame(attr(13, name('gamma') + attr(4, struct.pack('<I', 2)), True))
a namespace|firmware cannot start|d = frame(attr(13, name('gamma') + attr(6, struct.pack('<I', 0)), True))
an overlap|cpu 3: claimed by alpha, wanted by beta|d = frame(body + cpus('beta', 3, 4))
a CPU that is not there|cpu 4000: wanted by beta|d = frame(body + cpus('beta', 4000, 4000))
a claim of nobody|claim of gamma|d = frame(body + cpus('gamma', 4, 4))
a promised signature|and a signature|d[12] = 1
END
cp "$work/signed.bin" "$blob"
refused "a signature of a key that the kernel does not know" 'signed by a key that this kernel does not trust'
python3 - "$work/signed.bin" "$blob" <<'END'
import sys
d = bytearray(open(sys.argv[1], 'rb').read())
d[-40:] = bytes(40)
open(sys.argv[2], 'wb').write(d[:-60])
END
refused "a broken signature" 'its signature is not valid|does not trust'
cp "$work/good.bin" "$blob"
refused "no signature where one is required" 'not signed, and the module was loaded with require_signed' require_signed=1
cp "$work/signed.bin" "$blob"
refused "not any signature will do then" 'signed by a key that this kernel does not trust' require_signed=1
before=$(log_lines)
cp "$work/good.bin" "$blob"
ok "boot_policy=0 leaves the file alone" modprobe hostpart boot_policy=0
is "silently" "$(($(log_lines) - before)) $($kctl info | grep ^domains=)" "0 domains=0"
rmmod hostpart
ok "so does disable, the word for the kernel's command line" modprobe hostpart disable
is "silently" "$(($(log_lines) - before)) $($kctl info | grep ^domains=)" "0 domains=0"
rmmod hostpart
exits 1 "--show names what is wrong with a file" bash -c "head -c 50 $work/good.bin > $work/cut.bin; partctl compile --show $work/cut.bin"
exits 1 "a key that does not belong to the certificate is refused" bash -c "openssl genrsa -out $work/other.pem 2> /dev/null;
	partctl compile $work/policy.yaml -o $work/x.bin --sign $work/other.pem --cert $work/cert.pem"
not_ok "then nothing is written" test -e "$work/x.bin"
is "the kernel has nothing to complain about" "$(dmesg | grep -E 'WARNING|BUG|Oops|Call Trace')" ""
