#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: config
short_description: Managed files of a Hitless cluster
description:
  - Says what managed files contain, and commits what differs. It is checked on every unit, applied on all of them, and taken back
    everywhere if one fails, as C(hitless config commit) does.
  - What differs is one revision by the API. The program on the unit takes files away by a second one.
  - The files must be listed under C(configuration.files) of the cluster. Of those that are secret there, diff shows no content.
options:
  files:
    description:
      - What the files are to contain.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - The managed file.
        type: path
        required: true
      content:
        description:
          - What it is to contain. Exclusive with I(src).
        type: str
      src:
        description:
          - A file with what it is to contain, on the unit, or where the module runs with I(api_url).
        type: path
      state:
        description:
          - C(absent) takes the file away from every unit.
        type: str
        choices: [present, absent]
        default: present
  message:
    description:
      - Why, for the history.
    type: str
    default: by Ansible
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: The firewall of both units
  hitless.cluster.config:
    files:
      - path: /etc/hitless/nftables.conf
        content: "{{ lookup('template', 'nftables.conf.j2') }}"
    message: open port 8443
"""

RETURN = r"""
revision:
  description: The revision that is current; the former one in check mode.
  returned: always
  type: dict
  sample: {"number": 12, "hash": "6f1c", "author": "root@gw1", "message": "open port 8443"}
paths:
  description: Files that were changed, or would be.
  returned: always
  type: list
  elements: str
units:
  description: What each unit answered.
  returned: when something was committed
  type: list
  elements: dict
"""

import base64
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish

# The settings that all units share travel as a file of this name.
SETTINGS = "cluster.yaml"


def act(module, cluster):
    revision = cluster.revision()
    held = dict((each["path"], each) for each in revision["files"] if not each.get("absent"))
    changes = dict((path, content) for path, content in wanted(module).items() if content_of(held, path) != content)
    listed = managed(cluster)
    strange = sorted(set(changes) - set(listed) - set(held))
    if strange:
        raise Failed("not listed under configuration.files of this cluster: %s; list it in cluster.yaml first" % ", ".join(strange))
    answer = dict(changed=bool(changes), paths=sorted(changes), revision=revision["info"])
    if changes:
        answer["diff"] = [diff(path, content_of(held, path), content, listed.get(path)) for path, content in sorted(changes.items())]
    if changes and not module.check_mode:
        result = cluster.commit(revision, changes, module.params["message"])
        answer.update(revision=result["revision"], units=result["units"])
    return answer


def wanted(module):
    """Path to content; None where the file is to be away."""
    result = {}
    for each in module.params["files"]:
        if each["state"] == "absent":
            result[each["path"]] = None
        elif each["src"] is None:
            result[each["path"]] = to_bytes(each["content"])
        else:
            with open(each["src"], "rb") as source:
                result[each["path"]] = source.read()
    return result


def content_of(held, path):
    return base64.b64decode(held[path]["content"]) if path in held else None


def managed(cluster):
    """Path to whether it is secret, of the files that the cluster manages."""
    values = dict((each["key"], each["value"]) for each in cluster.settings())
    found = [re.match(r"(configuration\.files\[(.*)\])\.path$", key) for key in values]
    listed = dict((match.group(2), values.get(match.group(1) + ".secret") == "true") for match in found if match)
    return dict(listed, **{SETTINGS: False})


def diff(path, before, after, secret):
    return dict(
        before_header=path,
        after_header=path,
        before=shown(before, secret and "(secret)\n"),
        after=shown(after, secret and "(secret, another content)\n"),
    )


def shown(content, instead):
    return "" if content is None else instead or to_text(content, errors="replace")


def main():
    file = dict(
        path=dict(type="path", required=True),
        content=dict(type="str"),
        src=dict(type="path"),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    spec = dict(
        BOTH,
        files=dict(
            type="list",
            elements="dict",
            required=True,
            options=file,
            mutually_exclusive=[["content", "src"]],
            required_if=[["state", "present", ["content", "src"], True]],
        ),
        message=dict(type="str", default="by Ansible"),
    )
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
