# -*- coding: utf-8 -*-
"""Options of the modules that can also use the remote API."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Asks the remote API at this address instead of the program on the unit, such as C(https://10.10.1.1:8443), a virtual address or a
        unit's own. The module then runs on any machine with Python 3, such as the controller (C(connection=local)); files that it reads
        and writes are on that one. I(executable) and I(socket) are not used.
    type: str
  api_token:
    description:
      - A token of the API, see M(hitless.cluster.token). Needed with I(api_url).
    type: str
  api_ca:
    description:
      - A file with the certificates (PEM) that the API's certificate is checked by, in place of those of the machine. That of
        C(/etc/hitless/web.json) itself is one.
    type: path
  api_fingerprint:
    description:
      - The SHA-256 of the API's certificate in hex. The certificate is compared with it, and with nothing else.
    type: str
"""
