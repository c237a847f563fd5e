#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: status_info
short_description: The state of a Hitless cluster as one of its units sees it
description:
  - Reads what C(hitless status --json) prints. Changes nothing.
options:
  require_health:
    description:
      - Fails unless the cluster's health is C(ok); the problems stand in the message.
    type: bool
    default: false
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: Look at the cluster
  hitless.cluster.status_info:
  register: cluster

- name: Go on only where all is well
  hitless.cluster.status_info:
    require_health: true

- name: The same from the controller
  hitless.cluster.status_info:
    api_url: https://10.10.1.1:8443
    api_token: "{{ lookup('file', 'edge.token') }}"
    api_ca: edge.pem
  delegate_to: localhost
"""

RETURN = r"""
status:
  description: What C(hitless status --json) prints.
  returned: always
  type: dict
  sample: {"cluster": "edge", "health": "ok", "primary": "gw1", "self": "gw2", "units": []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
    status = cluster.status()
    if module.params["require_health"] and status["health"] != "ok":
        problems = "; ".join(status.get("problems") or ["no reason given"])
        raise Failed("%s is %s: %s" % (status["cluster"], status["health"], problems), status=status)
    return dict(changed=False, status=status)


def main():
    spec = dict(BOTH, require_health=dict(type="bool", default=False))
    finish(AnsibleModule(argument_spec=spec, supports_check_mode=True), act)


if __name__ == "__main__":
    main()
