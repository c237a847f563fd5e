# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
name: units
short_description: The units of Hitless clusters
description:
  - Asks the remote API of each cluster for its units. A unit is the host C(CLUSTER-UNIT), in the group of its cluster, and in C(primary) or
    C(standby) where it has that role.
  - A cluster of which no address answers is left out with a warning.
options:
  plugin:
    description:
      - C(hitless.cluster.units).
    type: str
    required: true
    choices: [hitless.cluster.units]
  clusters:
    description:
      - The clusters; each has a name of its own. Files are named from the folder of the inventory on.
    type: list
    elements: dict
    required: true
    suboptions:
      urls:
        description:
          - Addresses of its API; the first that answers is taken.
        type: list
        elements: str
        required: true
      token_file:
        description:
          - A file with a token of the role viewer or higher.
        type: str
        required: true
      ca:
        description:
          - A file with the certificates that the API's is checked by, in place of those of the machine.
        type: str
      fingerprint:
        description:
          - The SHA-256 of the API's certificate, in place of I(ca).
        type: str
extends_documentation_fragment: constructed
author: Hitless
"""

EXAMPLES = r"""
# fleet.hitless.yml
plugin: hitless.cluster.units
clusters:
  - urls: [https://10.10.1.11:8443, https://10.10.1.12:8443]
    token_file: north.token
    ca: north.pem
  - urls: [https://10.20.1.1:8443]
    token_file: south.token
    fingerprint: 5B:0F:...
compose:
  ansible_host: hitless_unit ~ '.' ~ hitless_cluster ~ '.example.net'
keyed_groups:
  - { key: hitless_version, prefix: version }
"""

import os

from ansible.errors import AnsibleParserError
from ansible.module_utils.common.text.converters import to_native
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.https import Api

KEYS = set(["urls", "token_file", "ca", "fingerprint"])


class InventoryModule(BaseInventoryPlugin, Constructable):
    NAME = "hitless.cluster.units"

    def verify_file(self, path):
        return super(InventoryModule, self).verify_file(path) and path.endswith(("hitless.yml", "hitless.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super(InventoryModule, self).parse(inventory, loader, path, cache)
        self._read_config_data(path)
        seen = set()
        for cluster in self.get_option("clusters"):
            if not set(["urls", "token_file"]) <= set(cluster) <= KEYS:
                raise AnsibleParserError("%s: a cluster has urls, token_file, and ca or fingerprint, not %s" % (path, sorted(cluster)))
            try:
                url, status = self.ask(cluster, os.path.dirname(path))
            except Failed as failed:
                self.display.warning("%s leaves a cluster out: %s" % (path, failed))
                continue
            name = status["cluster"]
            if name in seen:
                raise AnsibleParserError("%s has two clusters %s, or one twice" % (path, name))
            seen.add(name)
            for unit in status["units"]:
                self.add(url, status, unit)

    def ask(self, cluster, folder):
        """The first address that answers, and the status as it is told there."""
        name = os.path.join(folder, cluster["token_file"])
        try:
            with open(name) as file:
                token = file.read().strip()
        except OSError as error:
            raise AnsibleParserError("the token cannot be read: %s" % to_native(error))
        ca = cluster.get("ca") and os.path.join(folder, cluster["ca"])
        refusals = []
        for url in cluster["urls"]:
            try:
                return url, Api(url, token, ca, cluster.get("fingerprint")).get("/v1/status")
            except Failed as failed:
                refusals.append(str(failed))
        raise Failed("; ".join(refusals))

    def add(self, url, status, unit):
        host = self.inventory.add_host("%s-%s" % (status["cluster"], unit["name"]))
        values = dict(
            hitless_api_url=url,
            hitless_cluster=status["cluster"],
            hitless_unit=unit["name"],
            hitless_role=unit["role"],
            hitless_state=unit["state"],
            hitless_version=unit["version"],
        )
        groups = [status["cluster"]] + ([unit["role"]] if unit["role"] in ("primary", "standby") else [])
        for group in groups:
            self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(group)), host)
        for key, value in values.items():
            self.inventory.set_variable(host, key, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), values, host, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), values, host, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), values, host, strict)
