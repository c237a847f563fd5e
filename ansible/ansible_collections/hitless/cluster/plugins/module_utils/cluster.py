# -*- coding: utf-8 -*-
"""What modules ask a cluster for, whichever way leads to it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

ENDED = ("completed", "rolled-back", "failed")
PATIENCE_SECONDS = 120


class Failed(Exception):
    """It was refused, or nobody answered; the text says why, and what to do about it."""

    def __init__(self, text, kind=None, **answer):
        super(Failed, self).__init__(text)
        self.kind = kind
        self.answer = answer


class Cluster(object):
    """C(Command) and C(Remote) know how to do each; documents are those of `hitless --json` and of docs/openapi.json."""

    def image(self, wanted):
        """What an image says of itself: a file here, or one of the store by its version or the beginning of its hash."""
        if os.path.exists(wanted):
            return self.inspect(wanted)
        found = [each for each in self.images() if each["hash"].startswith(wanted) or each["version"] == wanted]
        if len(found) != 1:
            raise Failed(
                "%s is no file here, and %s in the unit's store; see hitless firmware list"
                % (wanted, "several such images are" if found else "no such image is")
            )
        return found[0]

    def open_run(self):
        """The run under way; None: there is none."""
        last = self.last_run()
        return last if last and last["state"] not in ENDED else None

    def follow(self, run):
        """Waits for a run's end; its report. While the unit restarts nobody answers for a moment."""
        heard = time.time()
        while True:
            try:
                now = self.open_run()
                if not now or now["run"] != run:
                    return self.report(run)
                heard = time.time()
            except Failed:
                if time.time() - heard > PATIENCE_SECONDS:
                    raise
            time.sleep(1)


def unit_of(status, name):
    """A unit by its name."""
    for unit in status["units"]:
        if unit["name"] == name:
            return unit
    names = ", ".join(unit["name"] for unit in status["units"])
    raise Failed("there is no unit %s in %s; its units are %s" % (name, status["cluster"], names))


def versions(status):
    """Unit to version, of the units that are present."""
    return dict((unit["name"], unit["version"]) for unit in status["units"] if unit["state"] != "absent")
