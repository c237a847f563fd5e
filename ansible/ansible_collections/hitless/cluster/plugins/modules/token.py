#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: token
short_description: Tokens of a Hitless cluster's remote API
description:
  - Makes and removes tokens, as C(hitless web token) and C(hitless web remove) do on a unit. Where the cluster manages
    C(/etc/hitless/web.json), every unit has the change.
  - A token is shown once, when it is made; set C(no_log) on the task, and keep what it returns.
options:
  name:
    description:
      - What it is for.
    type: str
    required: true
  role:
    description:
      - What its bearer may do. One of another role is made anew.
    type: str
    choices: [viewer, operator, admin]
    default: viewer
  expires:
    description:
      - How long it is valid from when it is made, such as C(12h) or C(365d).
    type: str
    default: 90d
  renew_days:
    description:
      - It is made anew where fewer days than this are left.
    type: int
    default: 0
  state:
    description:
      - C(absent) takes it away.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: hitless.cluster.unit
author: Hitless
"""

EXAMPLES = r"""
- name: A token for the controller, a new one two weeks before it expires
  hitless.cluster.token:
    name: ansible
    role: operator
    renew_days: 14
  register: made
  no_log: true

- name: Keep it
  ansible.builtin.copy:
    content: "{{ made.token }}"
    dest: edge.token
    mode: "0600"
  delegate_to: localhost
  when: made.token is defined
"""

RETURN = r"""
token:
  description: The token.
  returned: when it was made
  type: str
tokens:
  description: All tokens, before a change in check mode.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "ansible", "role": "operator", "expiresAt": "2027-03-01T06:23:18+00:00"}]
"""

import calendar
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.task import COMMAND, finish


def act(module, cluster):
    wanted = module.params
    access = cluster.access()
    name = wanted["name"]
    held = dict((token["name"], token) for token in access["tokens"]).get(name)
    absent = wanted["state"] == "absent"
    if absent and held and name in [user["name"] for user in access["users"]]:
        raise Failed("%s is also the name of a user, and hitless web remove takes both away; remove them by hand" % name)
    changed = bool(held) if absent else not held or held["role"] != wanted["role"] or is_over(held, wanted["renew_days"])
    after = said(held)
    if changed:
        after = "" if absent else "%s: %s, valid for %s\n" % (name, wanted["role"], wanted["expires"])
    answer = dict(changed=changed, tokens=access["tokens"], diff=dict(before=said(held), after=after))
    if changed and not module.check_mode:
        if absent:
            cluster.remove_access(name)
        else:
            answer["token"] = cluster.make_token(name, wanted["role"], wanted["expires"])["token"]
        answer["tokens"] = cluster.access()["tokens"]
    return answer


def is_over(token, days):
    """Whether fewer days are left."""
    end = calendar.timegm(time.strptime(token["expiresAt"][:19], "%Y-%m-%dT%H:%M:%S"))
    return end < time.time() + days * 86400


def said(token):
    return "%(name)s: %(role)s, valid until %(expiresAt)s\n" % token if token else ""


def main():
    spec = dict(
        COMMAND,
        name=dict(type="str", required=True),
        role=dict(type="str", choices=["viewer", "operator", "admin"], default="viewer"),
        expires=dict(type="str", default="90d"),
        renew_days=dict(type="int", default=0),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
