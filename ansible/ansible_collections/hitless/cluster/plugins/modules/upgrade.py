#!/usr/bin/python
# -*- coding: utf-8 -*-

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: upgrade
short_description: Upgrade the firmware of a Hitless cluster
description:
  - Has a cluster run an image's version on every unit. The cluster upgrades itself (C(hitless upgrade start)); this module starts the run,
    waits for its end, and fails with the report where the verdict is not C(completed).
  - Changes nothing where every unit runs the image's version already.
  - A run belongs to the cluster, not to the task. A task that is cut off leaves it running; called again it finds the run and waits for it.
options:
  state:
    description:
      - C(planned) checks the cluster for the image and returns the plan.
      - C(started) starts the run and returns its name.
      - C(completed) has the run completed, or fails with its report.
      - C(rolled_back) takes the last run back (I(image) is not needed).
    type: str
    choices: [planned, started, completed, rolled_back]
    default: completed
  image:
    description:
      - An image file on the unit, the hash of an uploaded image, or a version that one uploaded image has.
    type: str
  options:
    description:
      - Further options of C(hitless upgrade start), without C(--json) and C(--detach), such as C(--rehearse).
    type: list
    elements: str
    default: []
extends_documentation_fragment: hitless.cluster.unit
author: Hitless
"""

EXAMPLES = r"""
- name: Version 1.1.0 on every unit, within the window
  hitless.cluster.upgrade:
    image: /root/hitless-1.1.0.hli
    options: [--until, "04:00"]

- name: What would be done
  hitless.cluster.upgrade:
    image: /root/hitless-1.1.0.hli
    state: planned

- name: Back to what ran before
  hitless.cluster.upgrade:
    state: rolled_back
"""

RETURN = r"""
version:
  description: The image's version.
  returned: when an image was given
  type: str
versions:
  description: The version of each unit that is present, at the end.
  returned: always
  type: dict
  sample: {"gw1": "1.1.0", "gw2": "1.1.0"}
run:
  description: The run.
  returned: when there is one
  type: str
report:
  description: What C(hitless upgrade report --json) prints.
  returned: when a run has ended, also where it failed or was rolled back
  type: dict
plan:
  description: What C(hitless upgrade plan --json) prints.
  returned: for C(planned), and in check mode
  type: dict
checks:
  description: What C(hitless upgrade check --json) found.
  returned: for C(planned), and in check mode
  type: list
  elements: dict
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.command import (
    COMMON,
    REFUSED,
    ROLLED_BACK,
    Hitless,
    versions,
)

OPEN = ("running", "waiting", "paused", "rolling-back")


def image_of(hitless, module):
    """The image's own words, from the file or from the store."""
    wanted = module.params["image"]
    if os.path.exists(wanted):
        return hitless.ask("firmware", "inspect", wanted)
    found = [
        each
        for each in hitless.ask("firmware", "list")
        if each["hash"].startswith(wanted) or each["version"] == wanted
    ]
    if len(found) != 1:
        module.fail_json(
            msg="%s is no file on the unit, and %s in its store; see hitless firmware list"
            % (wanted, "no such image is" if not found else "several such images are")
        )
    return found[0]


def open_run(hitless):
    code, run, complaint = hitless.run("upgrade", "status")
    return run if code == 0 and run and run["state"] in OPEN else None


def watch(hitless, *words):
    """Follows a run to its end; its report, and why it is not what was wanted (None: it is)."""
    code, report, complaint = hitless.run(*words)
    if code not in (0, REFUSED, ROLLED_BACK) or not report or "verdict" not in report:
        hitless.module.fail_json(
            msg=complaint or "hitless %s ended with %d" % (" ".join(words), code),
            rc=code,
        )
    return report, None if code == 0 else complaint


def plan(hitless, module, answer):
    image = module.params["image"]
    code, check, complaint = hitless.run("upgrade", "check", image)
    if not check or "checks" not in check:
        module.fail_json(msg=complaint)
    answer["checks"] = check["checks"]
    bad = [each for each in check["checks"] if each["result"] == "fail"]
    if bad:
        module.fail_json(
            msg="the cluster is not ready: %s"
            % "; ".join("%s: %s" % (each["id"], each["text"]) for each in bad),
            **answer
        )
    answer["plan"] = hitless.ask("upgrade", "plan", image)


def take_back(hitless, module):
    code, last, complaint = hitless.run("upgrade", "status")
    if code != 0 or not last:
        module.fail_json(msg=complaint or "there is no run that could be taken back")
    before = versions(hitless.status())
    if last["state"] == "rolled-back":
        module.exit_json(changed=False, run=last["run"], versions=before)
    if module.check_mode:
        module.exit_json(changed=True, run=last["run"], versions=before)
    report, why = watch(hitless, "upgrade", "rollback", last["run"])
    answer = dict(run=report["run"], report=report, versions=versions(hitless.status()))
    if why:
        module.fail_json(msg=why, changed=True, **answer)
    module.exit_json(changed=True, **answer)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            COMMON,
            state=dict(
                type="str",
                choices=["planned", "started", "completed", "rolled_back"],
                default="completed",
            ),
            image=dict(type="str"),
            options=dict(type="list", elements="str", default=[]),
        ),
        required_if=[
            ["state", "planned", ["image"]],
            ["state", "started", ["image"]],
            ["state", "completed", ["image"]],
        ],
        supports_check_mode=True,
    )
    hitless = Hitless(module)
    state = module.params["state"]
    if state == "rolled_back":
        take_back(hitless, module)

    version = image_of(hitless, module)["version"]
    status = hitless.status()
    before = versions(status)
    answer = dict(version=version, versions=before)
    run = open_run(hitless)
    if run and run["to"] != version:
        module.fail_json(
            msg="run %s to %s is %s: wait for it, or end it with hitless upgrade abort"
            % (run["run"], run["to"], run["state"]),
            run=run["run"],
            **answer
        )
    if not run and all(each == version for each in before.values()):
        module.exit_json(changed=False, **answer)
    answer["diff"] = dict(
        before="".join("%s: %s\n" % each for each in sorted(before.items())),
        after="".join("%s: %s\n" % (name, version) for name in sorted(before)),
    )
    if module.check_mode or state == "planned":
        if not run:
            plan(hitless, module, answer)
        module.exit_json(changed=state != "planned", **answer)

    words = ["upgrade", "start", module.params["image"]] + module.params["options"]
    if state == "started":
        started = run or hitless.ask(*(words + ["--detach"]))
        module.exit_json(changed=not run, run=started["run"], **answer)

    report, why = watch(hitless, *(["upgrade", "watch"] if run else words))
    answer.update(run=report["run"], report=report, versions=versions(hitless.status()))
    if why:
        module.fail_json(msg=why, changed=True, **answer)
    module.exit_json(changed=True, **answer)


if __name__ == "__main__":
    main()
