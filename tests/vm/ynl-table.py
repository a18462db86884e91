#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# ynl-table.py: prints the module's table, numbers or events as read by the spec alone.
# usage: ynl-table.py table|info|events
"""The table is printed in the canonical text of lib/kernel, so that both readers can be compared."""
import os
import sys

from ynl import Family

family = Family(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../kmod/uapi/hostpart.yaml"))


def ranges(numbers):
    pairs = zip(numbers[::2], numbers[1::2])
    return ",".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in pairs)


def header(domain):
    text = "domain " + domain["name"]
    text += " base" if "base" in domain["flags"] else ""
    text += " cgroup %d" % domain["cgroup-id"] if domain["cgroup-id"] else ""
    text += " active" if "active" in domain["flags"] else ""
    if "elastic-cpus" in domain:
        text += " elastic-cpus " + ranges(domain["elastic-cpus"])
    if "elastic-mem-max" in domain:
        text += " elastic-memory %d-%d" % (domain["elastic-mem-min"], domain["elastic-mem-max"])
    return text


def function(claim):
    if "pci-path" in claim:
        return claim["pci-path"]
    if "pci-vendor" in claim:
        return "%04x:%04x/%d" % (claim["pci-vendor"], claim["pci-device-id"], claim["pci-index"])
    return "%04x:%02x:%02x.%x" % tuple(claim["pci-" + part] for part in ("segment", "bus", "device", "function"))


def line(claim):
    if claim["type"] == "cpu":
        return "cpus %s %s" % (claim["domain"], ranges(claim["cpus"]))
    if claim["type"] == "memory":
        nodes = " nodes " + ranges(claim["mem-nodes"]) if "mem-nodes" in claim else ""
        return "memory %s %d%s" % (claim["domain"], claim["mem-bytes"], nodes)
    text = "pci %s %s" % (claim["domain"], function(claim))
    text += " driver " + claim["pci-driver"] if "pci-driver" in claim else ""
    text += " port " + claim["port-name"] if "port-name" in claim else ""
    return text + (" shared-group" if "shared-group" in claim.get("pci-flags", []) else "")


def table():
    claims = [reply["claim"] for reply in family.dump("get-claim")]
    for reply in family.dump("get-domain"):
        name = reply["domain"]["name"]
        assert family.do("get-domain", {"domain-name": name}) == [reply], name
        own = [reply["claim"] for reply in family.dump("get-claim", {"domain-name": name})]
        assert own == [claim for claim in claims if claim["domain"] == name], name
        assert len(own) == reply["domain"]["claim-count"], name
        print(header(reply["domain"]))
        for claim in own:
            print(line(claim))


def events():
    for reply in family.dump("get-event"):
        event = reply["event"]
        print("seq=%d type=%s generation=%d" % (event["seq"], event["type"], event["generation"]),
              "pid=%d comm=%s" % (event["pid"], event["comm"]) if event["actor"] == "task" else "actor=unknown",
              *("%s=%s" % (key, event[key]) for key in ("domain", "cpu", "irq", "port", "node") if key in event))


if sys.argv[1] == "table":
    table()
elif sys.argv[1] == "events":
    events()
else:
    for key, value in family.do("get-info")[0].items():
        print("%s=%s" % (key, " ".join(value) if isinstance(value, list) else value))
