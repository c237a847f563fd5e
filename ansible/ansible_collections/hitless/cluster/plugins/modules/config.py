#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: config
short_description: Managed files of a Hitless cluster
description:
  - Says what managed files contain, and commits what differs in one revision. It is checked on every unit, applied on all of them, and
    taken back everywhere if one fails, as C(hitless config commit) does.
  - The files must be listed under C(configuration.files) of the cluster.
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
          - A file on the unit with what it is to contain.
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
extends_documentation_fragment: hitless.cluster.unit
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
import os
import re
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible_collections.hitless.cluster.plugins.module_utils.command import (
    COMMON,
    Hitless,
)

# The settings that all units share travel as a file of this name.
SETTINGS = "cluster.yaml"


def current(revision):
    """Path to content, of the files that stand in a revision."""
    return dict(
        (each["path"], base64.b64decode(each["content"]))
        for each in revision["files"]
        if not each.get("absent")
    )


def wanted(module):
    """Path to content; None where the file is to be away."""
    result = {}
    for each in module.params["files"]:
        if each["state"] == "absent":
            result[each["path"]] = None
        elif each["src"] is not None:
            try:
                with open(each["src"], "rb") as source:
                    result[each["path"]] = source.read()
            except (IOError, OSError) as error:
                module.fail_json(
                    msg="%s cannot be read: %s" % (each["src"], error)
                )
        else:
            result[each["path"]] = to_bytes(each["content"])
    return result


def managed(hitless):
    """Paths of the files that the cluster manages."""
    found = [
        re.match(r"configuration\.files\[(.*)\]\.path$", each["key"])
        for each in hitless.ask("config", "show", "--settings")["settings"]
    ]
    return set(match.group(1) for match in found if match) | set([SETTINGS])


def commit(hitless, contents, message):
    folder = tempfile.mkdtemp(prefix="hitless-")
    pairs = []
    try:
        for number, (path, content) in enumerate(sorted(contents.items())):
            name = os.path.join(folder, str(number))
            with open(name, "wb") as file:
                file.write(content)
            pairs.append("%s=%s" % (path, name))
        return hitless.ask(*(["config", "commit"] + pairs + ["--message", message]))
    finally:
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def diffs(held, changes):
    return [
        dict(
            before_header=path,
            after_header=path,
            before=to_text(held.get(path, b""), errors="replace"),
            after=to_text(content or b"", errors="replace"),
        )
        for path, content in sorted(changes.items())
    ]


def main():
    module = AnsibleModule(
        argument_spec=dict(
            COMMON,
            files=dict(
                type="list",
                elements="dict",
                required=True,
                options=dict(
                    path=dict(type="path", required=True),
                    content=dict(type="str"),
                    src=dict(type="path"),
                    state=dict(
                        type="str", choices=["present", "absent"], default="present"
                    ),
                ),
                mutually_exclusive=[["content", "src"]],
                required_if=[["state", "present", ["content", "src"], True]],
            ),
            message=dict(type="str", default="by Ansible"),
        ),
        supports_check_mode=True,
    )
    hitless = Hitless(module)
    revision = hitless.ask("config", "show")
    held = current(revision)
    changes = dict(
        (path, content)
        for path, content in wanted(module).items()
        if held.get(path) != content
    )
    strange = sorted(set(changes) - managed(hitless) - set(held))
    if strange:
        module.fail_json(
            msg="not listed under configuration.files of this cluster: %s; list it in cluster.yaml first"
            % ", ".join(strange)
        )
    answer = dict(
        changed=bool(changes), paths=sorted(changes), revision=revision["info"]
    )
    if changes:
        answer["diff"] = diffs(held, changes)
    if module.check_mode or not changes:
        module.exit_json(**answer)
    present = dict((path, text) for path, text in changes.items() if text is not None)
    absent = sorted(path for path, text in changes.items() if text is None)
    message = module.params["message"]
    units = []
    for result in (
        [commit(hitless, present, message)] if present else []
    ) + ([hitless.ask(*(["config", "remove"] + absent + ["--message", message]))] if absent else []):
        answer["revision"] = result["revision"]
        units = result["units"]
    module.exit_json(units=units, **answer)


if __name__ == "__main__":
    main()
