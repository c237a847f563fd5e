#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: firmware
short_description: An image in a unit's store
description:
  - Verifies an image (C(.hli)) that lies on the unit and puts it into the unit's store, from which a run takes it to all units.
  - Changes nothing where the store has it already.
options:
  src:
    description:
      - The image, a file on the unit.
    type: path
    required: true
extends_documentation_fragment: hitless.cluster.unit
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
from ansible_collections.hitless.cluster.plugins.module_utils.command import (
    COMMON,
    Hitless,
)


def main():
    module = AnsibleModule(
        argument_spec=dict(COMMON, src=dict(type="path", required=True)),
        supports_check_mode=True,
    )
    hitless = Hitless(module)
    image = hitless.ask("firmware", "inspect", module.params["src"])
    held = hitless.ask("firmware", "list")
    changed = image["hash"] not in [each["hash"] for each in held]
    diff = dict(
        before="".join("%s\n" % each["version"] for each in held),
        after="".join(
            "%s\n" % each["version"] for each in held + ([image] if changed else [])
        ),
    )
    if changed and not module.check_mode:
        image = hitless.ask("firmware", "upload", module.params["src"])
    module.exit_json(changed=changed, image=image, diff=diff)


if __name__ == "__main__":
    main()
