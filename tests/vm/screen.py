#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
# screen.py: runs a program at a terminal of its own, presses keys, and says what is on the screen.
"""usage: screen.py [--size 80x24] [--term screen-256color] [--seconds 60] COMMAND... -- STEP...

Each STEP is one of
  see REGEX       waits until the screen matches (each line by itself; ^ and $ are a line's)
  not REGEX       waits until no line matches
  press KEYS      types them; \\t, \\e and so on as in Python, {down} {up} {right} {end} {f1} by name
  size 100x30     makes the terminal so large
  signal TERM     sends a signal
  run COMMAND     runs a shell command beside it, which must succeed
  wait 0.5        waits so many seconds
  colour REGEX    waits until what matches is in colours, or reversed
  plain REGEX     waits until it is neither
  show            prints the screen
  end STATUS      waits for the end; the terminal must be as it was: cursor shown, main screen, echo on
What fails is said with the screen, and the exit status is 1.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte

# As TERM=screen-256color has them.
KEYS = {"up": "\x1bOA", "down": "\x1bOB", "right": "\x1bOC", "left": "\x1bOD", "home": "\x1b[1~", "end": "\x1b[4~",
        "pgup": "\x1b[5~", "pgdn": "\x1b[6~", "f1": "\x1bOP", "btab": "\x1b[Z"}


class Failure(Exception):
    pass


class Terminal:
    def __init__(self, command, size, term, seconds):
        self.seconds = seconds
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status = None
        self.fd, inside = pty.openpty()
        self.before = termios.tcgetattr(self.fd)
        self.resize(size)
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(inside)
            os.environ["TERM"] = term
            os.execvp(command[0], command)
        os.close(inside)

    def resize(self, size):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.screen.resize(size[1], size[0])

    def read(self, seconds):
        """Takes what comes for so long; False when the program has ended."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def wait_for(self, what, is_there):
        deadline = time.monotonic() + self.seconds
        while not is_there():
            if time.monotonic() > deadline:
                raise Failure(f"waited {self.seconds} s for: {what}")
            if not self.read(0.1) and not is_there():
                raise Failure(f"ended before: {what}")

    def matches(self, regex):
        return any(re.search(regex, line) for line in self.lines())

    def looks(self, regex):
        """Whether what matches has a colour or is reversed, in any of its characters; None when nothing does."""
        for y, line in enumerate(self.screen.display):
            match = re.search(regex, line)
            if match:
                cells = [self.screen.buffer[y][x] for x in range(match.start(), match.end())]
                return any(cell.fg != "default" or cell.bg != "default" or cell.reverse for cell in cells)
        return None

    def end(self, want):
        deadline = time.monotonic() + self.seconds
        while self.status is None:
            alive = self.read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                raise Failure("it does not end")
            elif not alive:
                time.sleep(0.05)
        if self.status != want:
            raise Failure(f"exit status {self.status}, wanted {want}")

    def check_given_back(self):
        # The master's settings are the terminal's, and outlive the program.
        if termios.tcgetattr(self.fd)[3] != self.before[3]:
            raise Failure("echo and line mode are not as before")
        if self.raw.count(b"\x1b[?1049h") != self.raw.count(b"\x1b[?1049l"):
            raise Failure("the other screen was not left")
        if self.raw.rfind(b"\x1b[?25l") > max(self.raw.rfind(b"\x1b[?25h"), self.raw.rfind(b"\x1b[?12;25h")):
            raise Failure("the cursor stays hidden")


def typed(text):
    text = re.sub(r"\{(\w+)\}", lambda match: KEYS[match.group(1)], text)
    return text.encode().decode("unicode_escape").encode()


def size_of(text):
    return tuple(int(number) for number in text.split("x"))


def step(terminal, verb, value):
    if verb == "see":
        terminal.wait_for(value, lambda: terminal.matches(value))
    elif verb == "not":
        terminal.wait_for("not " + value, lambda: not terminal.matches(value))
    elif verb == "press":
        os.write(terminal.fd, typed(value))
    elif verb == "size":
        terminal.resize(size_of(value))
    elif verb == "signal":
        os.kill(terminal.pid, getattr(signal, "SIG" + value))
    elif verb == "run":
        if subprocess.run(value, shell=True, stdout=subprocess.DEVNULL, check=False).returncode:
            raise Failure(f"failed: {value}")
    elif verb == "wait":
        deadline = time.monotonic() + float(value)
        while time.monotonic() < deadline and terminal.read(0.1):
            pass
    elif verb in ("colour", "plain"):
        terminal.wait_for(f"{verb} {value}", lambda: terminal.looks(value) == (verb == "colour"))
    elif verb == "end":
        terminal.end(int(value))
        terminal.check_given_back()
    else:
        raise Failure(f"no such step: {verb}")


def run(terminal, steps):
    steps = iter(steps)
    for verb in steps:
        if verb == "show":
            print("\n".join(terminal.lines()))
        else:
            step(terminal, verb, next(steps))


def main():
    arguments = sys.argv[1:]
    options = {"--size": "80x24", "--term": "screen-256color", "--seconds": "60"}
    while arguments and arguments[0] in options:
        options[arguments[0]] = arguments[1]
        arguments = arguments[2:]
    if "--" not in arguments:
        sys.exit(__doc__)
    split = arguments.index("--")
    terminal = Terminal(arguments[:split], size_of(options["--size"]), options["--term"], float(options["--seconds"]))
    try:
        run(terminal, arguments[split + 1:])
    except Failure as failure:
        print(f"{failure}; the screen:")
        print("\n".join("  |" + line for line in terminal.lines()))
        sys.exit(1)
    finally:
        if terminal.status is None:
            os.kill(terminal.pid, signal.SIGKILL)


main()
