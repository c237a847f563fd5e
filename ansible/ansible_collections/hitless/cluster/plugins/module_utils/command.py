# -*- coding: utf-8 -*-
"""Runs `hitless --json` on the unit and reads its answer."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

REFUSED = 1
USAGE = 2
UNREACHABLE = 3
ROLLED_BACK = 4

COMMON = dict(
    executable=dict(type="str", default="hitless"),
    socket=dict(type="path", default="/run/hitless/hitless.sock"),
)


class Hitless(object):
    """The commands of one unit. Exit codes and JSON: the surface that Hitless promises (`hitless --help`)."""

    def __init__(self, module):
        self.module = module
        self.prefix = [
            module.get_bin_path(module.params["executable"], required=True),
            "--socket",
            module.params["socket"],
            "--json",
        ]

    def run(self, *words):
        """The exit code, the document (None: none was printed), and what was complained of with the remedy."""
        code, out, complaint = self.module.run_command(self.prefix + list(words))
        try:
            document = json.loads(out) if out.strip() else None
        except ValueError:
            self.module.fail_json(
                msg="hitless %s printed something other than JSON: %s"
                % (" ".join(words), out[:200])
            )
        lines = [line.strip() for line in complaint.splitlines() if line.strip()]
        return code, document, "; ".join(lines)

    def ask(self, *words):
        """The document; ends the module where the command does not succeed."""
        code, document, complaint = self.run(*words)
        if code != 0:
            self.module.fail_json(
                msg=complaint or "hitless %s ended with %d" % (" ".join(words), code),
                rc=code,
            )
        return document

    def status(self):
        return self.ask("status")


def versions(status):
    """Unit to version, of the units that are present."""
    return dict(
        (unit["name"], unit["version"])
        for unit in status["units"]
        if unit["state"] != "absent"
    )
