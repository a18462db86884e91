#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# caps.py: tries every command over a socket that was opened by root of the machine before its rights shrank.
# usage: caps.py net|user|cap
"""Prints "COMMAND RESULT" for each: what errno says, or "done"."""
import ctypes
import errno
import os
import sys

from ynl import Family

CLONE_NEWUSER, CLONE_NEWNET, PR_CAPBSET_DROP, CAP_SYS_ADMIN = 0x10000000, 0x40000000, 24, 21

libc = ctypes.CDLL(None, use_errno=True)
family = Family(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../kmod/uapi/hostpart.yaml"))


def drop_capability():
    """CAP_SYS_ADMIN leaves all sets: what root of a domain has."""
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    failed = libc.capget(header, data)
    for word in range(3):
        data[word] &= ~(1 << CAP_SYS_ADMIN)
    return failed or libc.capset(header, data)


WAYS = {"net": lambda: libc.unshare(CLONE_NEWNET), "user": lambda: libc.unshare(CLONE_NEWUSER), "cap": drop_capability}

if WAYS[sys.argv[1]]():
    raise OSError(ctypes.get_errno(), "cannot " + sys.argv[1])
for name, (_, operation) in family.operations.items():
    for way in ("do", "dump"):
        if way not in operation:
            continue
        try:
            getattr(family, way)(name, {"domain-name": "alpha"} if (name, way) == ("get-domain", "do") else None)
            result = "done"
        except OSError as error:
            result = errno.errorcode[error.errno]
        print(name, way, result)
