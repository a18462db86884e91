#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# contend.py: lets processes in cgroups disturb each other over a lock of the kernel or over memory.
"""usage: contend.py write FILE MIB           writes so much to it in one call: the inode is locked meanwhile
       contend.py churn MIB                takes so much memory, writes to it, and gives it back
       contend.py read FILE MIB [PAUSE]    reads the first so many MiB, with a pause in seconds after each
       contend.py pick FILE MIB            reads one page after the other out of the first so many MiB, in no order
Each again and again until it is killed.
"""
import mmap
import os
import random
import sys
import time


def write(path, mib):
    """One long write is one long hold of the file's inode lock."""
    block = bytes(int(mib) << 20)
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    while True:
        os.pwrite(file, block, 0)


def churn(mib):
    size = int(mib) << 20
    while True:
        with mmap.mmap(-1, size) as memory:
            memory.madvise(mmap.MADV_NOHUGEPAGE)
            for offset in range(0, size, 4096):
                memory[offset] = 1


def read(path, mib, pause="0"):
    while True:
        with open(path, "rb", buffering=0) as file:
            for _ in range(int(mib)):
                file.read(1 << 20)
                time.sleep(float(pause))


def pick(path, mib):
    """Many pages are asked for twice before they go: the kernel notes that they were in use."""
    file = os.open(path, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    while True:
        os.pread(file, 4096, random.randrange(int(mib) << 8) << 12)


{"write": write, "churn": churn, "read": read, "pick": pick}[sys.argv[1]](*sys.argv[2:])
