#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: user
short_description: Who may log in at the web manager of a Hitless cluster
description:
  - Makes, changes and removes users of the web manager, as C(hitless web password) and C(hitless web remove) do on a unit. Where the
    cluster manages C(/etc/hitless/web.json), every unit has the change.
  - A new password ends the user's log-ins.
options:
  name:
    description:
      - The user.
    type: str
    required: true
  role:
    description:
      - What the user may do. Needed for a new user; without it an existing one keeps what there is. It changes with the password only.
    type: str
    choices: [viewer, operator, admin]
  password:
    description:
      - 12 characters or more. Needed for a new user and for another role.
    type: str
  update_password:
    description:
      - C(on_create) leaves the password of an existing user with the wanted role alone. C(always) sets it each time, for nobody can tell
        what a password is.
    type: str
    choices: [always, on_create]
    default: on_create
  hosts:
    description:
      - More names and addresses for the certificate. It is made with the first user.
    type: list
    elements: str
    default: []
  state:
    description:
      - C(absent) takes the user away.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment: hitless.cluster.unit
author: Hitless
"""

EXAMPLES = r"""
- name: The first administrator
  hitless.cluster.user:
    name: admin
    role: admin
    password: "{{ vault_hitless_admin }}"
    hosts: [edge.example.net, 10.10.1.1]

- name: Who has left
  hitless.cluster.user:
    name: jane
    state: absent
"""

RETURN = r"""
users:
  description: All users and their roles, before a change in check mode.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "admin", "role": "admin"}]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.task import COMMAND, finish


def act(module, cluster):
    wanted = module.params
    access = cluster.access()
    name, roles = wanted["name"], dict((user["name"], user["role"]) for user in access["users"])
    before = after = roles.get(name)
    if wanted["state"] == "absent":
        after = None
        changed = before is not None
        if changed and name in [token["name"] for token in access["tokens"]]:
            raise Failed("%s is also the name of a token, and hitless web remove takes both away; remove them by hand" % name)
    else:
        after = wanted["role"] or before
        changed = before is None or after != before or wanted["update_password"] == "always"
        if changed and not (after and wanted["password"]):
            raise Failed("a new user needs role and password, another role or password the password: give them for %s" % name)
    if changed and not module.check_mode:
        if after is None:
            cluster.remove_access(name)
        else:
            cluster.set_password(name, wanted["password"], after, wanted["hosts"])
        access = cluster.access()
    return dict(changed=changed, users=access["users"], diff=dict(before=said(name, before), after=said(name, after)))


def said(name, role):
    return "%s: %s\n" % (name, role) if role else ""


def main():
    spec = dict(
        COMMAND,
        name=dict(type="str", required=True),
        role=dict(type="str", choices=["viewer", "operator", "admin"]),
        password=dict(type="str", no_log=True),
        update_password=dict(type="str", choices=["always", "on_create"], default="on_create", no_log=False),
        hosts=dict(type="list", elements="str", default=[]),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
