#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: backup
short_description: A backup of every unit's configuration
description:
  - Writes what C(hitless config backup) writes to a file, for C(ansible.builtin.fetch) or, by the API, where the module runs. Each call
    writes a new backup.
options:
  dest:
    description:
      - The file. It is for its owner alone.
    type: path
    required: true
  secrets:
    description:
      - With the cluster's key and the files that are marked as secret.
    type: bool
    default: true
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: Before the upgrade
  hitless.cluster.backup:
    dest: /root/edge.hlb
    secrets: false
"""

RETURN = r"""
dest:
  description: The file.
  returned: always
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
    dest = module.params["dest"]
    said = "backup of %s in %s\n" % (cluster.status()["cluster"], dest)
    if not module.check_mode:
        cluster.backup(dest, module.params["secrets"])
    return dict(changed=True, dest=dest, diff=dict(before=said if os.path.exists(dest) else "", after=said))


def main():
    spec = dict(BOTH, dest=dict(type="path", required=True), secrets=dict(type="bool", default=True, no_log=False))
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
