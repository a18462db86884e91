#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0
# hostpart_boot_policy.py: an Ansible module that compiles a policy for the kernel module, or takes the compiled one away.
"""Ansible module hostpart_boot_policy; see DOCUMENTATION."""
from __future__ import absolute_import, division, print_function

import os

from ansible.module_utils.basic import AnsibleModule

__metaclass__ = type  # pylint: disable=invalid-name

DOCUMENTATION = r"""
module: hostpart_boot_policy
short_description: Compiles a hostpart policy for the kernel module
description:
  - Compiles the policy as C(partctl compile) does and replaces I(path) when the outcome differs.
  - Check mode compiles too, and throws the outcome away.
options:
  content: {description: The policy's text., type: str, required: true}
  path: {description: Where the kernel looks for it., type: path, default: /lib/firmware/hostpart/policy.bin}
  state: {description: Whether there is to be one., type: str, choices: [present, absent], default: present}
author: the hostpart authors
"""
EXAMPLES = r"""
- name: Claims hold before the first driver probes
  hostpart_boot_policy:
    content: "{{ lookup('ansible.builtin.file', 'policy.yaml', rstrip=false) }}"
"""
RETURN = r""" # """


def read(path):
    """None when there is no such file."""
    try:
        with open(path, "rb") as source:
            return source.read()
    except OSError:
        return None


def compiled(module, partctl):
    """The file for the kernel, in a place that Ansible cleans up."""
    made = os.path.join(module.tmpdir, "policy.bin")
    status, out, err = module.run_command([partctl, "compile", "-", "--out", made], binary_data=True,
                                          data=module.params["content"].encode())
    if status:
        module.fail_json(msg="partctl compile: %s" % (err or out).strip(), rc=status)
    return made


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "content": {"type": "str", "required": True},
            "path": {"type": "path", "default": "/lib/firmware/hostpart/policy.bin"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    partctl = module.get_bin_path("partctl", opt_dirs=["/usr/sbin"])
    if module.params["state"] == "absent":
        changed = os.path.exists(path)
        if changed and not module.check_mode:
            os.unlink(path)
        module.exit_json(changed=changed)
    if not partctl:
        if not module.check_mode:
            module.fail_json(msg="partctl is not installed")
        module.exit_json(changed=True)
    made = compiled(module, partctl)
    changed = read(made) != read(path)
    if changed and not module.check_mode:
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), 0o755)
        module.atomic_move(made, path)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
