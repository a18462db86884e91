#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# waits.py: lets commands run in cgroups while partctl counts who waits, and sets the kernel's own accounts beside it.
"""usage: waits.py [--seconds N] [--shuffle] [--hop] [--option WORD]... CGROUP:NICE:CPUS:COMMAND...

All tasks stand still when the counting begins and when it ends. Prints one JSON object: "report" (what partctl said),
"delay" and "ran" (nanoseconds by cgroup, from /proc/PID/schedstat), "involuntary" (switches, by cgroup).
--shuffle binds the tasks to another of their CPUs every few milliseconds, --hop moves the processes from cgroup to cgroup.
"""
import argparse
import itertools
import json
import os
import signal
import subprocess
import time

LINKS = 6  # programs that partctl attaches for the processor alone


def cgroup_root():
    with open("/proc/self/mountinfo", encoding="ascii") as mounts:
        return next(line.split()[4] for line in mounts if " - cgroup2 " in line)


ROOT = cgroup_root()


def path_of(cgroup, name="cgroup.procs"):
    return os.path.join(ROOT, cgroup, name)


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def processes(cgroup):
    return [int(word) for word in read(path_of(cgroup)).split()]


def tasks(cgroups):
    return [(cgroup, pid, int(tid)) for cgroup in cgroups for pid in processes(cgroup) for tid in os.listdir(f"/proc/{pid}/task")]


def state_of(tid):
    return read(f"/proc/{tid}/stat").rsplit(")", 1)[1].split()[0]


def involuntary(tid):
    return int(read(f"/proc/{tid}/status").split("nonvoluntary_ctxt_switches:")[1].split()[0])


def accounts(cgroups):
    found = {}
    for cgroup, _, tid in tasks(cgroups):
        ran, delay = (int(word) for word in read(f"/proc/{tid}/schedstat").split()[:2])
        found[tid] = (cgroup, ran, delay, involuntary(tid))
    return found


def signal_all(cgroups, number):
    for cgroup in cgroups:
        for pid in processes(cgroup):
            os.kill(pid, number)


def halt(cgroups):
    signal_all(cgroups, signal.SIGSTOP)
    while any(state_of(tid) != "T" for _, _, tid in tasks(cgroups)):
        time.sleep(0.01)


def start(spec):
    cgroup, nice, cpus, command = spec.split(":", 3)

    def enter():
        with open(path_of(cgroup), "w", encoding="ascii") as file:
            file.write("0")
        os.nice(int(nice))
        first, _, last = cpus.partition("-")
        os.sched_setaffinity(0, range(int(first), int(last or first) + 1))

    os.makedirs(path_of(cgroup, ""), exist_ok=True)
    return cgroup, subprocess.Popen(["sh", "-c", "exec " + command], preexec_fn=enter, stdout=subprocess.DEVNULL)


def links_of(pid):
    count = 0
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            count += "link_type:" in read(f"/proc/{pid}/fdinfo/{name}")
        except FileNotFoundError:
            pass  # closed meanwhile
    return count


def count(cgroups, options):
    """Starts partctl and returns when it counts."""
    by = [word for cgroup in cgroups for word in ("--by", "cgroup:/" + cgroup)]
    partctl = subprocess.Popen(["partctl", "contention", "-o", "json", "--for", "600s", *by, *options],
                               stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    links = 0
    while links < LINKS or links != links_of(partctl.pid):
        links = links_of(partctl.pid)
        if partctl.poll() is not None or time.monotonic() > deadline:
            partctl.kill()
            raise SystemExit("partctl does not count")
        time.sleep(1)  # what else it attaches; and counting begins on each CPU with its first switch
    return partctl


def shuffle(cgroups, turn):
    for index, (_, _, tid) in enumerate(tasks(cgroups)):
        os.sched_setaffinity(tid, {(turn + index) % 2})


def hop(cgroups, turn):
    for index, pid in enumerate(pid for _, pid, _ in sorted(set(tasks(cgroups)))):
        with open(path_of(cgroups[(turn + index) % len(cgroups)]), "w", encoding="ascii") as file:
            file.write(str(pid))


def run(cgroups, options):
    end = time.monotonic() + options.seconds
    for turn in itertools.count():
        if time.monotonic() >= end:
            return
        if options.shuffle:
            shuffle(cgroups, turn)
        if options.hop:
            hop(cgroups, turn)
        time.sleep(0.005 if options.shuffle else 0.02 if options.hop else max(0, end - time.monotonic()))


def difference(before, after):
    sums = {"ran": {}, "delay": {}, "involuntary": {}}
    for tid, (cgroup, *values) in after.items():
        old = before.get(tid, (cgroup, 0, 0, 0))[1:]
        for key, new, was in zip(sums, values, old):
            sums[key][cgroup] = sums[key].get(cgroup, 0) + new - was
    return sums


def clean(cgroups, children):
    signal_all(cgroups, signal.SIGKILL)
    for child in children:
        child.wait()
    for cgroup in cgroups:
        while processes(cgroup):
            time.sleep(0.01)
        os.rmdir(path_of(cgroup, ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--shuffle", action="store_true")
    parser.add_argument("--hop", action="store_true")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("spec", nargs="+")
    options = parser.parse_args()
    started = [start(spec) for spec in options.spec]
    cgroups = list(dict.fromkeys(cgroup for cgroup, _ in started))
    partctl = None
    try:
        time.sleep(0.5)
        halt(cgroups)
        before = accounts(cgroups)
        partctl = count(cgroups, options.option)
        signal_all(cgroups, signal.SIGCONT)
        run(cgroups, options)
        halt(cgroups)
        after = accounts(cgroups)
        partctl.send_signal(signal.SIGINT)
        report = json.loads(partctl.communicate()[0])
    finally:
        if partctl and partctl.poll() is None:
            partctl.kill()
        clean(cgroups, [child for _, child in started])
    print(json.dumps({"report": report, **difference(before, after)}))


main()
