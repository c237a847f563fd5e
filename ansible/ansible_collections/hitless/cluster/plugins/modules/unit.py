#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: unit
short_description: Hold, release or reboot a unit of a Hitless cluster
description:
  - Takes one unit out of service for maintenance, and back, as C(hitless unit hold), C(hitless unit release) and C(hitless reboot) do. A
    primary hands over first.
options:
  name:
    description:
      - The unit. Without it, the one that is asked.
    type: str
  state:
    description:
      - C(held) keeps the unit out of the election. Changes nothing where it is held for the same reason already, and both or neither for a
        limited time; that time goes on then.
      - C(released) ends a hold. Changes nothing where there is none.
      - C(rebooted) reboots its machine, each time, and waits until every unit is ready again. It does not wait where the module runs on
        that very machine.
    type: str
    choices: [held, released, rebooted]
    required: true
  for:
    description:
      - How long it is held, such as C(30m) or C(2h); without it until it is released.
    type: str
  reason:
    description:
      - Why it is held, for whoever reads the status.
    type: str
    default: by Ansible
  force:
    description:
      - Holds or reboots it also where no other unit can take over. A reboot stops the traffic then.
    type: bool
    default: false
notes:
  - Check mode by the API asks the unit whether it would be refused. The program has no such question, so by ssh a refusal comes only when
    it is done.
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: Out of service for a new disk
  hitless.cluster.unit:
    name: gw2
    state: held
    for: 2h
    reason: new disk

- name: Back in service
  hitless.cluster.unit:
    name: gw2
    state: released

- name: Reboot it, and wait until all are ready
  hitless.cluster.unit:
    name: gw2
    state: rebooted
"""

RETURN = r"""
unit:
  description: Its name.
  returned: always
  type: str
hold:
  description: The hold now, or what it would be without change; C(null) where there is none.
  returned: for C(held) and C(released)
  type: dict
  sample: {"reason": "new disk", "remainingMs": 7200000, "until": "2026-12-01T08:00:00+00:00"}
costs:
  description: What it costs, such as that nobody takes over meanwhile.
  returned: when it was held or rebooted, or would be; in check mode by the API alone
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import (
    Failed,
    unit_of,
)
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
    status = cluster.status()
    unit = unit_of(status, module.params["name"] or status["self"])
    if unit["state"] == "absent":
        raise Failed("%s does not answer, so nothing can be asked of it" % unit["name"])
    return dict(held=hold, released=release, rebooted=reboot)[module.params["state"]](module, cluster, unit)


def hold(module, cluster, unit):
    name, limit, reason = unit["name"], module.params["for"], module.params["reason"]
    held = unit["hold"]
    if held and held["reason"] == reason and (held["remainingMs"] is not None) == (limit is not None):
        return dict(changed=False, unit=name, hold=held)
    result = cluster.hold(name, limit, reason, module.params["force"], module.check_mode)
    after = "held %s (%s)" % ("for %s" % limit if limit else "until it is released", reason)
    return dict(
        changed=True,
        unit=name,
        hold=held if module.check_mode else result["hold"],
        costs=result["warnings"],
        diff=diff(name, said(held), after),
    )


def release(module, cluster, unit):
    name, held = unit["name"], unit["hold"]
    if not held:
        return dict(changed=False, unit=name, hold=None)
    if not module.check_mode:
        cluster.release(name)
    return dict(changed=True, unit=name, hold=held if module.check_mode else None, diff=diff(name, said(held), said(None)))


def reboot(module, cluster, unit):
    name = unit["name"]
    result = cluster.reboot(name, module.params["force"], module.check_mode)
    return dict(changed=True, unit=name, costs=result["warnings"], diff=diff(name, "as it runs", "rebooted"))


def said(held):
    if not held:
        return "not held"
    return "held %s (%s)" % ("until %s" % held["until"] if held["until"] else "until it is released", held["reason"])


def diff(name, before, after):
    return dict(before="%s: %s\n" % (name, before), after="%s: %s\n" % (name, after))


def main():
    spec = dict(
        BOTH,
        name=dict(type="str"),
        state=dict(type="str", choices=["held", "released", "rebooted"], required=True),
        reason=dict(type="str", default="by Ansible"),
        force=dict(type="bool", default=False),
        **{"for": dict(type="str")}
    )
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
