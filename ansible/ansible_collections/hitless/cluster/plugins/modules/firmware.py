#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: firmware
short_description: An image in a unit's store
description:
  - Puts an image (C(.hli)) into the unit's store, which verifies it, and from which a run takes it to all units.
  - Changes nothing where the store has it already.
  - Takes one out of the store with I(state=absent); the unit refuses that for the version it runs, and for one that a run uses.
  - By the API it is uploaded in parts; where the connection is cut, it goes on from there.
options:
  src:
    description:
      - The image, a file on the unit, or where the module runs with I(api_url). For I(state=present).
    type: path
  image:
    description:
      - A version, or the beginning of a hash. For I(state=absent).
    type: str
  state:
    description:
      - Whether the store has it.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: Version 1.1.0 lies on the unit
  hitless.cluster.firmware:
    src: /root/hitless-1.1.0.hli
  register: image

- name: Version 0.9.0 takes no room any more
  hitless.cluster.firmware:
    image: 0.9.0
    state: absent
"""

RETURN = r"""
image:
  description: What the image says of itself.
  returned: always, but where one that is to be absent was not there
  type: dict
  sample: {"hash": "6f1c", "version": "1.1.0", "product": "hitless", "activation": "restart"}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
    return remove(module, cluster) if module.params["state"] == "absent" else put(module, cluster)


def remove(module, cluster):
    wanted = module.params["image"]
    held = cluster.images()
    meant = [each for each in held if each["version"] == wanted or each["hash"].startswith(wanted)]
    if not meant:
        return dict(changed=False)
    if len(meant) > 1:
        raise Failed("%d images are meant by %s; give more of the hash" % (len(meant), wanted))
    diff = dict(before=listed(held), after=listed([each for each in held if each not in meant]))
    if not module.check_mode:
        cluster.remove_image(meant[0]["hash"])
    return dict(changed=True, image=meant[0], diff=diff)


def put(module, cluster):
    image = cluster.inspect(module.params["src"])
    held = cluster.images()
    if image["hash"] in [each["hash"] for each in held]:
        return dict(changed=False, image=image)
    diff = dict(before=listed(held), after=listed(held + [image]))
    if not module.check_mode:
        image = cluster.upload(module.params["src"])
    return dict(changed=True, image=image, diff=diff)


def listed(images):
    return "".join("%(version)s %(hash)s\n" % each for each in images)


def main():
    spec = dict(
        BOTH,
        src=dict(type="path"),
        image=dict(type="str"),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    needs = [("state", "present", ["src"]), ("state", "absent", ["image"])]
    finish(AnsibleModule(argument_spec=spec, required_if=needs, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
