#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: backup
short_description: A backup of every unit's configuration
description:
  - Writes what C(hitless config backup) writes to a file on the unit, for C(ansible.builtin.fetch). Each call writes a new backup.
options:
  dest:
    description:
      - The file on the unit. It is for its owner alone.
    type: path
    required: true
  secrets:
    description:
      - With the cluster's key and the files that are marked as secret.
    type: bool
    default: true
extends_documentation_fragment: hitless.cluster.unit
author: Hitless
"""

EXAMPLES = r"""
- name: Before the upgrade
  hitless.cluster.backup:
    dest: /root/edge.hlb
    secrets: false
"""

RETURN = r"""
backup:
  description: What is in it.
  returned: when it was written
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.command import (
    COMMON,
    Hitless,
)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            COMMON,
            dest=dict(type="path", required=True),
            secrets=dict(type="bool", default=True, no_log=False),
        ),
        supports_check_mode=True,
    )
    hitless = Hitless(module)
    if module.check_mode:
        hitless.status()
        module.exit_json(changed=True)
    words = ["config", "backup", module.params["dest"]]
    backup = hitless.ask(
        *(words + ([] if module.params["secrets"] else ["--without-secrets"]))
    )
    module.exit_json(changed=True, backup=backup)


if __name__ == "__main__":
    main()
