#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# frame.py: sends raw frames as somebody who lies about who they are would.
"""usage: frame.py < FRAMES

Each line is a frame to everybody (ff:ff:ff:ff:ff:ff):
LINK FROM-MAC udp|arp FROM-ADDRESS TO-ADDRESS [--tag VLAN] [--arp-mac MAC] [--claim TYPE] [--short]

--tag puts a VLAN tag into it; --arp-mac is the sender that the ARP message
itself names; --claim is the type that the kernel is told, whatever the frame
has; --short leaves an ARP message without the padding that a wire needs.
"""
import argparse
import errno
import ipaddress
import socket
import struct
import sys


def mac(text):
    return bytes(int(part, 16) for part in text.split(":"))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def udp4(source, target):
    body = struct.pack("!HHHH", 4242, 4242, 8 + 18, 0) + bytes(18)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0, source.packed, target.packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def udp6(source, target):
    body = struct.pack("!HHHH", 4242, 4242, 8 + 18, 1) + bytes(18)
    return struct.pack("!IHBB16s16s", 6 << 28, len(body), 17, 64, source.packed, target.packed) + body


def arp(sender, source, target):
    return struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, sender, source.packed, bytes(6), target.packed)


def send(args):
    source, target = ipaddress.ip_address(args.source), ipaddress.ip_address(args.target)
    if args.what == "arp":
        kind, body = 0x0806, arp(mac(args.arp_mac or args.mac), source, target) + bytes(0 if args.short else 18)
    elif source.version == 4:
        kind, body = 0x0800, udp4(source, target)
    else:
        kind, body = 0x86dd, udp6(source, target)
    tag = struct.pack("!HH", 0x8100, args.tag) if args.tag else b""
    frame = b"\xff" * 6 + mac(args.mac) + tag + struct.pack("!H", kind) + body
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((args.link, 0))
        try:
            link.sendto(frame, (args.link, args.claim))
        except OSError as refused:
            # What an egress hook drops is told to the sender.
            if refused.errno != errno.ENOBUFS:
                raise
            return "dropped"
    return "sent"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("link", "mac", "what", "source", "target"):
        parser.add_argument(name)
    parser.add_argument("--tag", type=int)
    parser.add_argument("--arp-mac")
    parser.add_argument("--claim", type=lambda text: int(text, 0), default=0)
    parser.add_argument("--short", action="store_true")
    for line in sys.stdin:
        print(send(parser.parse_args(line.split())), line.strip())


if __name__ == "__main__":
    main()
