# -*- coding: utf-8 -*-
"""Options of every module."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The program C(hitless) on the unit.
    type: str
    default: hitless
  socket:
    description:
      - The socket of the unit's hitlessd. The task needs the right to open it (root).
    type: path
    default: /run/hitless/hitless.sock
"""
