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
extends_documentation_fragment: hitless.cluster.unit
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
  description: What C(hitless switchover --json) prints.
  returned: when it switched
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
            to=dict(type="str", required=True),
            force=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    hitless = Hitless(module)
    wanted = module.params["to"]
    status = hitless.status()
    names = [unit["name"] for unit in status["units"]]
    if wanted not in names:
        module.fail_json(
            msg="there is no unit %s in %s; its units are %s"
            % (wanted, status["cluster"], ", ".join(names))
        )
    diff = dict(
        before="primary: %s\n" % status["primary"], after="primary: %s\n" % wanted
    )
    if status["primary"] == wanted:
        module.exit_json(changed=False, primary=wanted)
    if module.check_mode:
        module.exit_json(changed=True, primary=wanted, diff=diff)
    words = ["switchover", "--to", wanted, "--wait"]
    result = hitless.ask(*(words + (["--force"] if module.params["force"] else [])))
    module.exit_json(changed=True, primary=result["primary"], result=result, diff=diff)


if __name__ == "__main__":
    main()
