#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0
# hostpart_policy.py: an Ansible module that makes a machine as a policy says, and undoes that unless it is confirmed.
"""Ansible module hostpart_policy; see DOCUMENTATION."""
from __future__ import absolute_import, division, print_function

import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

__metaclass__ = type  # pylint: disable=invalid-name

DOCUMENTATION = r"""
module: hostpart_policy
short_description: Makes a machine as a hostpart policy says, until it is confirmed
description:
  - Without I(confirm) checks the policy against the machine and applies it with C(partctl apply --confirm) from a
    candidate beside I(path). C(pending) then says that it undoes itself unless it is confirmed.
  - With I(confirm) confirms it and lets the candidate take the place of I(path), which the next boot applies.
  - Check mode and diff mode say which settings would change, and change nothing.
options:
  content: {description: The policy's text., type: str, required: true}
  path: {description: The policy that partd applies at boot., type: path, default: /etc/hostpart/policy.yaml}
  confirm_seconds: {description: How long the change waits for its confirmation., type: int, default: 60}
  confirm: {description: Confirm what waits., type: bool, default: false}
author: the hostpart authors
"""
EXAMPLES = r"""
- name: Apply a policy that reverts by itself
  hostpart_policy:
    content: "{{ lookup('ansible.builtin.file', 'policy.yaml', rstrip=false) }}"
"""
RETURN = r"""
pending: {description: Whether the change waits for its confirmation., type: bool, returned: always}
steps: {description: What differs between machine and policy, as partctl diff prints it., type: str, returned: always}
"""


class Policy:
    """A wanted policy, and the machine that it is for."""

    def __init__(self, module):
        self.module = module
        self.text = module.params["content"]
        self.path = module.params["path"]
        self.candidate = self.path + ".candidate"
        self.partctl = module.get_bin_path("partctl", opt_dirs=["/usr/sbin"])

    def run(self, *arguments, **options):
        """Runs partctl; a status that the caller does not expect ends the module with partctl's own words."""
        status, out, err = self.module.run_command([self.partctl] + list(arguments), binary_data=True,
                                                   data=options["data"].encode() if "data" in options else None)
        if status not in options.get("expected", (0,)):
            self.remove_candidate()
            self.module.fail_json(msg="partctl %s: %s" % (arguments[0], (err or out).strip()), rc=status)
        return status, out

    def present_text(self):
        """The policy that the next boot applies."""
        try:
            with open(self.path, encoding="utf-8") as source:
                return source.read()
        except OSError:
            return ""

    def write(self, path):
        """Replaces a file as a whole."""
        directory = os.path.dirname(path)
        if not os.path.isdir(directory):
            os.makedirs(directory, 0o755)
        handle, temporary = tempfile.mkstemp(dir=self.module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(self.text)
        self.module.atomic_move(temporary, path)
        os.chmod(path, 0o644)

    def remove_candidate(self):
        """It has had its chance."""
        if os.path.exists(self.candidate):
            os.unlink(self.candidate)

    def keep(self):
        """What is in force is what the next boot applies, under its own name."""
        self.write(self.path)
        self.remove_candidate()
        self.run("apply", self.path)


def require_agent(policy):
    """Without partd nobody would undo the change."""
    dummy, out = policy.run("status", "-o", "json", expected=(0, 1))
    if not json.loads(out)["agent_pid"]:
        policy.module.fail_json(msg="partd does not run, so nothing would undo a change that cuts this machine off")


def confirm(policy):
    """Success means that we are still here in time."""
    status, out, err = policy.module.run_command([policy.partctl, "confirm"])
    if status:
        policy.remove_candidate()
        policy.module.fail_json(
            msg="the machine was not back within %d s of the change, so it has undone it; the policy before it holds (%s)"
            % (policy.module.params["confirm_seconds"], (err or out).strip()), rc=status)
    policy.keep()
    policy.module.exit_json(changed=True, pending=False, steps="")


def apply(policy):
    """Looks first; changes only what differs."""
    module, before = policy.module, policy.present_text()
    status, steps = (1, "hostpart is not installed yet: all of it")
    if policy.partctl:
        status, steps = policy.run("diff", "-", "--exit-code", data=policy.text, expected=(0, 1))
    elif not module.check_mode:
        module.fail_json(msg="partctl is not installed")
    result = {
        "changed": status == 1 or before != policy.text, "pending": False, "steps": steps,
        "diff": [{"before_header": policy.path, "after_header": policy.path, "before": before, "after": policy.text},
                 {"prepared": steps}],
    }
    if module.check_mode or not result["changed"]:
        module.exit_json(**result)
    if status == 0:
        policy.keep()
        module.exit_json(**result)
    require_agent(policy)
    policy.write(policy.candidate)
    policy.run("apply", policy.candidate, "--confirm", "%ds" % module.params["confirm_seconds"])
    result["pending"] = True
    module.exit_json(**result)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "content": {"type": "str", "required": True},
            "path": {"type": "path", "default": "/etc/hostpart/policy.yaml"},
            "confirm_seconds": {"type": "int", "default": 60},
            "confirm": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    policy = Policy(module)
    if module.params["confirm"] and not module.check_mode:
        confirm(policy)
    apply(policy)


if __name__ == "__main__":
    main()
