# SPDX-License-Identifier: GPL-2.0
# ynl.py: speaks the module's family knowing nothing of it but kmod/uapi/hostpart.yaml.
"""Family(spec).do("get-info"), .dump("get-claim", {"domain-name": "alpha"}): attributes by the names of the spec."""
import os
import socket
import struct

import yaml

NLM_REQUEST, NLM_ACK, NLM_DUMP = 1, 4, 0x300
NETLINK_GENERIC, NLMSG_ERROR, NLMSG_DONE, GENL_ID_CTRL = 16, 2, 3, 16
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
SCALARS = {"u32": "I", "u64": "Q"}


def attribute(kind, payload):
    raw = struct.pack("HH", 4 + len(payload), kind) + payload
    return raw + bytes(-len(raw) % 4)


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        if length < 4 or length > len(data):
            raise ValueError("an attribute of %d bytes in %d" % (length, len(data)))
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]
    if data:
        raise ValueError("%d bytes left over" % len(data))


class Family:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.spec = yaml.safe_load(file)
        self.sets = {s["name"]: s["attributes"] for s in self.spec["attribute-sets"]}
        self.operations = {op["name"]: (number, op) for number, op in enumerate(self.spec["operations"]["list"], 1)}
        self.definitions = {d["name"]: d for d in self.spec["definitions"]}
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.socket.setsockopt(SOL_NETLINK, option, 1)
        self.number = 0
        (reply,) = self.exchange(GENL_ID_CTRL, 3, attribute(2, self.spec["name"].encode() + b"\0"))
        self.id = struct.unpack("H", dict(attributes(reply))[1])[0]

    def exchange(self, family, cmd, payload, flags=0):
        """The payloads of all replies; OSError with the kernel's words on refusal."""
        self.number += 1
        body = struct.pack("BBH", cmd, 1, 0) + payload
        head = struct.pack("IHHII", 16 + len(body), family, NLM_REQUEST | NLM_ACK | flags, self.number, 0)
        self.socket.send(head + body)
        replies = []
        while True:
            data = self.socket.recv(1 << 18)
            while data:
                length, kind, _, number, _ = struct.unpack_from("IHHII", data)
                message, data = data[16:length], data[(length + 3) & ~3:]
                if number != self.number:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    (error,) = struct.unpack_from("i", message)
                    if error:
                        skip = 20 if kind == NLMSG_ERROR else 4
                        words = [v for k, v in attributes(message[skip:]) if k == 1] if len(message) > skip else []
                        raise OSError(-error, (words or [b""])[0].rstrip(b"\0").decode() or os.strerror(-error))
                    return replies
                replies.append(message[4:])

    def words(self, name, value):
        """An enum's value, or the flags set in it, in the words of the spec."""
        definition = self.definitions[name]
        entries = [e if isinstance(e, str) else e["name"] for e in definition["entries"]]
        if definition["type"] == "enum":
            return entries[value - definition["value-start"]]
        return [entry for bit, entry in enumerate(entries) if value & 1 << bit]

    def value(self, attr, payload):
        if attr["type"] == "nest":
            return self.decode(attr["nested-attributes"], payload)
        if attr["type"] == "string":
            return payload.split(b"\0")[0].decode()
        if attr["type"] == "binary":
            return list(struct.unpack("%dI" % (len(payload) // 4), payload))
        (number,) = struct.unpack("=" + SCALARS[attr["type"]], payload)
        return self.words(attr["enum"], number) if "enum" in attr else number

    def decode(self, name, data):
        found = {}
        for kind, payload in attributes(data):
            attr = self.sets[name][kind - 1]
            if attr["type"] != "pad":
                found[attr["name"]] = self.value(attr, payload)
        return found

    def encode(self, name, values):
        out = b""
        for kind, attr in enumerate(self.sets[name], 1):
            if attr["name"] not in values:
                continue
            value = values[attr["name"]]
            out += attribute(kind, value.encode() + b"\0" if attr["type"] == "string" else
                             struct.pack("=" + SCALARS[attr["type"]], value))
        return out

    def ask(self, operation, way, values, flags):
        number, described = self.operations[operation]
        name = described["attribute-set"]
        promised = set(described.get(way, {}).get("reply", {}).get("attributes", []))
        replies = [self.decode(name, r) for r in
                   self.exchange(self.id, number, self.encode(name, values or {}), flags)]
        for reply in replies:
            if set(reply) - promised:
                raise ValueError("%s: not in the spec: %s" % (operation, sorted(set(reply) - promised)))
        return replies

    def do(self, operation, values=None):
        return self.ask(operation, "do", values, 0)

    def dump(self, operation, values=None):
        return self.ask(operation, "dump", values, NLM_DUMP)
