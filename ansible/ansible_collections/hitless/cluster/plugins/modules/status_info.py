#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: status_info
short_description: The state of a Hitless cluster as one of its units sees it
description:
  - Reads what C(hitless status --json) prints. Changes nothing.
options:
  require_health:
    description:
      - Fails unless the cluster's health is C(ok); the problems stand in the message.
    type: bool
    default: false
extends_documentation_fragment: hitless.cluster.unit
author: Hitless
"""

EXAMPLES = r"""
- name: Look at the cluster
  hitless.cluster.status_info:
  register: cluster

- name: Go on only where all is well
  hitless.cluster.status_info:
    require_health: true
"""

RETURN = r"""
status:
  description: What C(hitless status --json) prints.
  returned: always
  type: dict
  sample: {"cluster": "edge", "health": "ok", "primary": "gw1", "self": "gw2", "units": []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.command import (
    COMMON,
    Hitless,
)


def main():
    module = AnsibleModule(
        argument_spec=dict(COMMON, require_health=dict(type="bool", default=False)),
        supports_check_mode=True,
    )
    status = Hitless(module).status()
    if module.params["require_health"] and status["health"] != "ok":
        module.fail_json(
            msg="%s is %s: %s"
            % (status["cluster"], status["health"], "; ".join(status.get("problems") or ["no reason given"])),
            status=status,
        )
    module.exit_json(changed=False, status=status)


if __name__ == "__main__":
    main()
