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
  - By the API it is uploaded in parts; where the connection is cut, it goes on from there.
options:
  src:
    description:
      - The image, a file on the unit, or where the module runs with I(api_url).
    type: path
    required: true
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
"""

RETURN = r"""
image:
  description: What the image says of itself.
  returned: always
  type: dict
  sample: {"hash": "6f1c", "version": "1.1.0", "product": "hitless", "activation": "restart"}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
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
    spec = dict(BOTH, src=dict(type="path", required=True))
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
