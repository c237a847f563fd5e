#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: switchover
short_description: Make a unit of a Hitless cluster primary
description:
  - Switches as C(hitless switchover --wait) does; without losing a session, and back where nothing is forwarded afterwards.
  - Changes nothing where the unit is primary already.
options:
  to:
    description:
      - The unit that is to be primary.
    type: str
    required: true
  force:
    description:
      - Also to a unit that is worse off, or would not forward as the primary does.
    type: bool
    default: false
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: Let gw1 carry the traffic
  hitless.cluster.switchover:
    to: gw1
"""

RETURN = r"""
primary:
  description: Who is primary now (in check mode, who would be).
  returned: always
  type: str
result:
  description:
    - What C(hitless switchover --json) prints. By a virtual address that has moved away with the switch, C(primary) alone.
  returned: when it switched
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import unit_of
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
    status = cluster.status()
    wanted = unit_of(status, module.params["to"])["name"]
    if status["primary"] == wanted:
        return dict(changed=False, primary=wanted)
    diff = dict(before="primary: %s\n" % status["primary"], after="primary: %s\n" % wanted)
    if module.check_mode:
        return dict(changed=True, primary=wanted, diff=diff)
    result = cluster.switch_over(wanted, module.params["force"])
    return dict(changed=True, primary=result["primary"], result=result, diff=diff)


def main():
    spec = dict(BOTH, to=dict(type="str", required=True), force=dict(type="bool", default=False))
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
