#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# exec.t: a command in a domain sees a host of its own, behaves like one under ssh, and does not get out.
# kernels: 6.1 6.12
# check: 6.12
# boot: shared
# timeout: 600
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/machine.sh
policy=policies/two-hosts.yaml
cg=/sys/fs/cgroup/hostpart

on_exit partctl teardown
partctl apply $policy > /dev/null || exit 1
inside() { partctl exec alpha -- "$@"; }
script() { partctl exec alpha -- sh -c "$1" 2>&1; }
leaves() { find $cg/alpha -mindepth 1 -maxdepth 1 -type d -name 'run-*' | wc -l; }
cpus=$(cat $cg/alpha/cpuset.cpus.effective)
foreign=$(cat $cg/beta/cpuset.cpus.effective)
foreign=${foreign%%[-,]*}

# What it sees.
share=$(each_cpu "$cpus" | wc -l)
is "nproc is the domain's share" "$(inside nproc)" "$share"
is "also for a caller tied to one CPU" "$(taskset -c 0 partctl exec alpha -- nproc)" "$share"
is "the hostname is its own" "$(inside hostname)" alpha
is "PID 1 is the domain's init" "$(inside cat /proc/1/comm)" domain-init
is "and the only other process" "$(script 'set -- /proc/[0-9]*; echo $#')" 2
is "the cgroup root is the domain" "$(inside cat /sys/fs/cgroup/cpuset.cpus.effective)" "$cpus"
is "with its limit" "$(inside cat /sys/fs/cgroup/memory.max)" "$(cat $cg/alpha/memory.max)"
like "below it, a cgroup of its own" "$(inside cat /proc/self/cgroup)" '^0::/run-[0-9]+$'
is "one cgroup mount, no other" "$(script "grep -c ' - cgroup' /proc/self/mountinfo")" 1
is "/run is its own" "$(inside ls /run)" $'lock\nuser'
is "shared memory and terminals are its own" "$(script 'ls -x /dev/shm /dev/pts | tr "\n" " "')" \
	'/dev/pts: ptmx  /dev/shm: '
ok "two domains do not share namespaces" test \
	"$(partctl exec alpha -- sh -c 'readlink /proc/self/ns/*' | sort)" != \
	"$(partctl exec beta -- sh -c 'readlink /proc/self/ns/*' | sort)"
for ns in mnt uts ipc pid net cgroup; do
	not_ok "its $ns namespace is not the machine's" test "$(inside readlink /proc/self/ns/$ns)" = "$(readlink /proc/self/ns/$ns)"
done

# A login's surroundings.
is "it starts in the home of its user" "$(inside pwd)" /root
is "or where it is told to" "$(partctl exec -C /usr/lib alpha -- pwd)" /usr/lib
exits 255 "but not nowhere" partctl exec -C /no/such alpha -- true
is "as another user" "$(partctl exec alpha -u nobody -C / -- sh -c 'id -un; pwd')" $'nobody\n/'
exits 2 "but nobody unknown" partctl exec -u nosuchuser alpha -- true
is "the environment is clean" "$(SECRET=1 LANG=C.UTF-8 TERM=vt100 partctl exec -e A=b=c alpha -- env | sort | tr '\n' ' ')" \
	'A=b=c HOME=/root HOSTPART_DOMAIN=alpha LANG=C.UTF-8 LOGNAME=root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SHELL=/bin/bash TERM=vt100 USER=root '
is "no descriptor leaks in" "$(bash -c 'exec 9< /etc/passwd; partctl exec alpha -- sh -c "ls /proc/\$\$/fd | tr \"\n\" \" \""')" '0 1 2 '
is "its place in the OOM killer's list is the usual one" "$(inside cat /proc/self/oom_score_adj)" 0
is "the init's is the last" "$(inside cat /proc/1/oom_score_adj)" -1000

# Input and output.
head -c 3000000 /dev/urandom > /tmp/blob
ok "bytes pass untouched" bash -c 'partctl exec alpha -- cat < /tmp/blob | cmp - /tmp/blob'
is "errors stay apart" "$(partctl exec alpha -- sh -c 'echo out; echo err >&2' 2> /dev/null)" out
is "the end of input passes" "$(printf 'a\nb\n' | inside wc -l)" 2
is "a shell reads a script" "$(echo 'echo "$HOSTPART_DOMAIN"; exit 3' | partctl shell alpha; echo $?)" $'alpha\n3'

# Exit statuses.
exits 0 "0 is 0" partctl exec alpha -- true
exits 7 "7 is 7" partctl exec alpha -- sh -c 'exit 7'
exits 137 "killed by signal 9 is 137" partctl exec alpha -- sh -c 'kill -9 $$'
exits 127 "no such command" partctl exec alpha -- nosuchcommand
exits 126 "not a command" partctl exec alpha -- /etc/passwd
exits 255 "no such domain" partctl exec alhpa -- true
like "the nearest name is offered" "$(partctl exec alhpa -- true 2>&1)" "did you mean 'alpha'"
exits 2 "no command" partctl exec alpha
exits 2 "an unknown option" partctl exec alpha --bogus -- true
exits 2 "not a variable" partctl exec -e NOVALUE alpha -- true

# Signals: what is sent to partctl reaches the command.
signalled() { # SIGNAL
	partctl exec alpha -- sh -c 'trap "echo got '"$1"'; exit 9" '"$1"'; touch /dev/shm/ready; while :; do sleep 0.1; done' > /tmp/said &
	local pid=$!
	for _ in $(seq 100); do inside test -e /dev/shm/ready && break; done
	kill -"$1" $pid
	wait $pid
	echo "$? $(cat /tmp/said)"
	inside rm -f /dev/shm/ready
}
for signal in TERM INT HUP QUIT USR1; do
	is "$signal arrives" "$(signalled $signal)" "9 got $signal"
done

# Terminals.
cat > /tmp/terminal.py <<'PY'
import fcntl, os, pty, re, select, struct, sys, termios, time

def talk(command, steps):
    """Runs command on a terminal of 33x101; each step waits for a pattern, then sends text or resizes."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    seen = ""
    def read(limit):
        nonlocal seen
        if not select.select([fd], [], [], limit)[0]:
            return False
        try:
            data = os.read(fd, 65536)
        except OSError:
            return False
        seen += data.decode(errors="replace")
        return bool(data)
    for pattern, action in steps:
        mark, end = 0, time.time() + 30
        while not re.search(pattern, seen):
            if time.time() > end or not read(1) and os.waitpid(pid, os.WNOHANG)[0]:
                print("never saw", pattern, "in", repr(seen)); sys.exit(1)
        seen = ""
        if callable(action):
            action(fd)
        else:
            os.write(fd, action.encode())
    while read(30):
        pass
    print(repr(seen))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def grow(fd):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.write(fd, b"sleep 1; stty size\n")

def key(code):
    """Presses a key once the command before it has the terminal."""
    def press(fd):
        time.sleep(2)
        os.write(fd, code)
    return press

prompt = r"[#$] $"
status = talk(["partctl", "shell", "alpha"], [
    (prompt, "bind 'set enable-bracketed-paste off' 2>/dev/null; PS1='# '; tty; stty size\n"),
    (r"/dev/pts/0\r\n33 101\r\n(?s:.*)# $", grow),
    (r"40 120\r\n(?s:.*)# $", "sleep 100\n"),
    (r"sleep 100\r\n", key(b"\x1a")),
    (r"Stopped(?s:.*)# $", "jobs\n"),
    (r"Stopped\s+sleep 100\r\n(?s:.*)# $", "fg\n"),
    (r"sleep 100\r\n", key(b"\x03")),
    (r"\^C\r\n(?s:.*)# $", "echo status=$?\n"),
    (r"status=130\r\n(?s:.*)# $", "exit 5\n"),
])
print("shell ended with", status)
sys.exit(status != 5)
PY
ok "a shell on a terminal: size, resize, ^Z, jobs, fg, ^C, exit status" python3 /tmp/terminal.py
is "exec -t gives a terminal even from a pipe" \
	"$(echo | partctl exec -t alpha -- sh -c 'test -t 0 && test -t 1 && tty' | tr -d '\r' | tail -n 1)" /dev/pts/0
is "the end of input reaches a terminal's reader" \
	"$(printf 'one\n' | timeout 60 partctl exec -t alpha -- sh -c 'wc -l' | tr -d '\r' | tail -n 1)" 1
exits 4 "a terminal's command passes its status" partctl exec -t alpha -- sh -c 'exit 4'

# Its cgroup goes with it, unless something stays behind.
is "no leaf is left" "$(leaves)" 0
inside sh -c 'setsid sleep 1000 > /dev/null 2>&1 < /dev/null &'
is "a command in the background lives on" "$(leaves) $(script 'pgrep -x sleep | wc -l')" "1 1"
script 'pkill -x sleep'
is "its leaf is swept by the next command" "$(inside true; leaves)" 0

# Ways out that are none.
refused() { # WHAT SCRIPT
	not_ok "cannot $1" partctl exec alpha -- sh -c "$2"
}
refused "run on a CPU of beta (taskset)" "taskset -c $foreign true"
refused "run on a CPU of beta (sched_setaffinity)" "python3 -c 'import os; os.sched_setaffinity(0, {$foreign})'"
refused "widen its CPUs" "echo 0-7 > /sys/fs/cgroup/cpuset.cpus"
refused "raise its memory limit" "echo max > /sys/fs/cgroup/memory.max"
refused "widen its task limit" "echo max > /sys/fs/cgroup/pids.max"
refused "name a cgroup above its own" "test -e /sys/fs/cgroup/../hostpart/cgroup.procs -o -e /sys/fs/cgroup/hostpart"
refused "mount the machine's cgroups" "mkdir -p /tmp/cg && mount -t cgroup2 none /tmp/cg"
refused "take a CPU offline" "echo 0 > /sys/devices/system/cpu/cpu1/online"
refused "make /sys writable" "mount -o remount,rw /sys"
refused "uncover /proc/sys" "umount /proc/sys"
refused "set a machine-wide sysctl" "echo 1 > /proc/sys/kernel/panic"
refused "use sysrq" "echo h > /proc/sysrq-trigger"
refused "move an interrupt" "echo 1 > /proc/irq/default_smp_affinity"
refused "enter another namespace" "nsenter -t 1 -m true"
refused "make a mount namespace as root of the machine" "unshare -m true"
refused "get a writable /sys through a user namespace" \
	"unshare -Urmn sh -c 'mount -t sysfs x /mnt || mount -o remount,rw /sys; test -w /sys/devices/system/cpu/cpu1/online'"
refused "get another /proc through a user namespace" "unshare -Urmpf mount -t proc x /mnt"
refused "load a module" "modprobe dummy"
refused "set the clock" "date -s @1"
refused "read the kernel's log" "dmesg"
refused "see BPF programs" "bpftool prog show | grep ."
refused "switch swap off" "swapoff -a && ! grep -q dev /proc/swaps"
refused "reach the agent's directory" "ls /run/hostpart"
refused "open a file by handle" "python3 - <<'PY'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
handle = (ctypes.c_char * 16)()
ctypes.memmove(handle, (8).to_bytes(4, 'little') + (0xfe).to_bytes(4, 'little') + (1).to_bytes(8, 'little'), 16)
fd = libc.open_by_handle_at(os.open('/sys/fs/cgroup', os.O_RDONLY), handle, os.O_RDONLY)
raise SystemExit(fd < 0)
PY"
bounding=$(script "sed -n 's/^CapBnd:\s*//p' /proc/self/status")
lacks() { python3 -c "raise SystemExit(int('$bounding', 16) >> $1 & 1)"; }
has() { ! lacks "$1"; }
for cap in sys_admin:21 sys_module:16 sys_rawio:17 sys_boot:22 sys_time:25 syslog:34 bpf:39 perfmon:38 dac_read_search:2; do
	ok "CAP_${cap%:*} is out of reach" lacks "${cap#*:}"
done
for cap in chown:0 kill:5 setuid:7 net_admin:12 sys_ptrace:19 sys_nice:23 mknod:27; do
	ok "CAP_${cap%:*} is there" has "${cap#*:}"
done
is "the init has no more than that" "$(script "sed -n 's/^CapBnd:\s*//p' /proc/1/status")" "$bounding"
script 'kill -TERM 1; kill -KILL 1; kill -STOP 1'
is "the init does not fall to signals from inside" "$(inside echo alive)" alive

# Limits reach the init last.
exits 137 "a memory hog is killed in the domain" partctl exec alpha -- python3 -c 'x = bytearray(1 << 31); x[::4096] = b"1" * len(x[::4096])'
is "the domain lives on" "$(inside echo alive)" alive

# The init dies, and the domain with it.
kill -KILL "$(cat $cg/alpha/init/cgroup.procs)"
eventually 5 "exec says so" bash -c "partctl exec alpha -- true 2>&1 | grep -q 'init of domain .alpha. is dead'"
ok "apply starts it again" partctl apply $policy
is "as before" "$(inside hostname; inside nproc)" $'alpha\n2'

inside sh -c 'trap "" TERM; setsid sleep 1000 > /dev/null 2>&1 < /dev/null &'
ok "teardown ends what does not want to" partctl teardown
ok "and leaves no cgroup" test ! -e $cg
exits 255 "then there is no domain" partctl exec alpha -- true
