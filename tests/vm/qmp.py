#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# qmp.py: sends one command to a VM's QMP socket and, when asked to, waits for what comes of it.
"""usage: qmp.py SOCKET COMMAND ARGUMENTS_JSON [EVENT DEVICE]

With EVENT and DEVICE it ends when that event of that device has come, and fails after a minute without.
"""
import json
import socket
import sys

TIMEOUT_S = 60


def main():
    if len(sys.argv) not in (4, 6):
        sys.exit(__doc__)
    path, command, arguments = sys.argv[1:4]
    wanted = tuple(sys.argv[4:6])
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(TIMEOUT_S)
        sock.connect(path)
        stream = sock.makefile("rw", encoding="utf-8")
        messages = (json.loads(line) for line in stream)

        def execute(name, **more):
            stream.write(json.dumps({"execute": name, **more}) + "\n")
            stream.flush()
            seen = False
            for message in messages:
                seen |= (message.get("event"), message.get("data", {}).get("device")) == wanted
                if "error" in message:
                    sys.exit(f"qmp.py: {name}: {message['error']['desc']}")
                if "return" in message:
                    return seen
            sys.exit("qmp.py: the VM went away")

        next(messages)
        execute("qmp_capabilities")
        is_done = execute(command, arguments=json.loads(arguments)) or not wanted
        while not is_done:
            message = next(messages)
            is_done = (message.get("event"), message.get("data", {}).get("device")) == wanted


try:
    main()
except (OSError, StopIteration) as error:
    sys.exit(f"qmp.py: {error or 'the VM went away'}")
