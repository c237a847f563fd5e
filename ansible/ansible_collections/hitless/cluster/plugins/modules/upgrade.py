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
      - C(rolled_back) takes the last run back (I(image) is not needed), and changes nothing where that has been done.
    type: str
    choices: [planned, started, completed, rolled_back]
    default: completed
  image:
    description:
      - An image file on the unit (where the module runs with I(api_url)), the hash of an uploaded image, or a version that one uploaded
        image has. A file is uploaded, in check mode too, for the cluster has to read it to say what it would do.
    type: str
  run:
    description:
      - For C(completed) in place of I(image), the run to wait for, as C(started) has named it. No other is started.
    type: str
  options:
    description:
      - Further options of C(hitless upgrade start), without C(--json) and C(--detach), such as C(--rehearse). The API takes those that
        describe the run itself, with C(--until) in ISO 8601.
    type: list
    elements: str
    default: []
  when_closed:
    description:
      - What to do where the cluster's settings have maintenance windows (C(upgrade.windows)) and none is open. C(fail), as the cluster
        would, or C(skip), which leaves it as it is and returns C(closed).
    type: str
    choices: [fail, skip]
    default: fail
  objectives:
    description:
      - What a run that completed is held to beside its verdict. Where it broke one the module fails with the report; the run is not taken
        back. What is not named is not asked.
    type: dict
    default: {}
    suboptions:
      sessions_lost:
        description:
          - At most so many sessions lost. A number that the report does not know counts as too many.
        type: int
      longest_gap_ms:
        description:
          - At most so long a gap in the traffic, in milliseconds.
        type: float
      unexpected_changes:
        description:
          - At most so many differences around the traffic that nobody expected (C(changes) of the report). What could not be compared
            counts as one each.
        type: int
extends_documentation_fragment:
  - hitless.cluster.unit
  - hitless.cluster.api
author: Hitless
"""

EXAMPLES = r"""
- name: Version 1.1.0 on every unit, within the window
  hitless.cluster.upgrade:
    image: /root/hitless-1.1.0.hli
    options: [--until, "04:00"]

- name: The same, where a run that lost a session or left something else changed counts as failed
  hitless.cluster.upgrade:
    image: /root/hitless-1.1.0.hli
    objectives: { sessions_lost: 0, unexpected_changes: 0 }

- name: What would be done
  hitless.cluster.upgrade:
    image: /root/hitless-1.1.0.hli
    state: planned

- name: Start it, do something else meanwhile, then wait for its end
  hitless.cluster.upgrade:
    image: 1.1.0
    state: started
  register: upgrade

- name: That very run has completed
  hitless.cluster.upgrade:
    run: "{{ upgrade.run }}"
  when: upgrade.run is defined

- name: Back to what ran before
  hitless.cluster.upgrade:
    state: rolled_back
"""

RETURN = r"""
version:
  description: The image's version.
  returned: when an image or a run was given
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
breached:
  description: The objectives that the run broke, in words.
  returned: when it broke some
  type: list
  elements: str
closed:
  description: That no maintenance window is open, and when the next begins.
  returned: when the cluster was left as it is for that reason
  type: str
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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hitless.cluster.plugins.module_utils.cluster import (
    ENDED,
    Failed,
    versions,
)
from ansible_collections.hitless.cluster.plugins.module_utils.task import BOTH, finish


def act(module, cluster):
    state, run = module.params["state"], module.params["run"]
    if state == "rolled_back":
        return take_back(module, cluster)
    if run:
        return held_to(module, wait_for(module, cluster, run))
    return held_to(module, upgrade(module, cluster, state, module.params["image"], module.params["options"]))


def upgrade(module, cluster, state, image, options):
    version = cluster.image(image)["version"]
    before = versions(cluster.status())
    answer = dict(changed=False, version=version, versions=before)
    run = cluster.open_run()
    if run and run["to"] != version:
        raise Failed(
            "run %s to %s is %s: wait for it, or end it with hitless upgrade abort" % (run["run"], run["to"], run["state"]),
            **dict(answer, run=run["run"])
        )
    if not run and all(each == version for each in before.values()):
        return answer
    closed = closed_by(cluster, image, options) if not run and module.params["when_closed"] == "skip" else None
    if closed:
        return dict(answer, closed=closed)
    after = dict((name, version) for name in before)
    answer["diff"] = dict(before=listed(before), after=listed(after))
    if state == "planned" or module.check_mode:
        if not run:
            answer.update(plan(cluster, image, options, answer))
        return dict(answer, changed=state != "planned")
    started = run or cluster.start(image, options)
    answer.update(changed=not run, run=started["run"])
    return answer if state == "started" else ended(cluster, dict(answer, changed=True), ["completed"])


def plan(cluster, image, options, answer):
    checks = cluster.check(image, options)["checks"]
    bad = ["%s: %s" % (each["id"], each["text"]) for each in checks if each["result"] == "fail"]
    if bad:
        raise Failed("the cluster is not ready: %s" % "; ".join(bad), **dict(answer, checks=checks))
    return dict(checks=checks, plan=cluster.plan(image, options))


def closed_by(cluster, image, options):
    checks = cluster.check(image, options)["checks"]
    return next((each["text"] for each in checks if each["id"] == "maintenance-window" and each["result"] == "fail"), None)


def wait_for(module, cluster, run):
    version = cluster.report(run)["to"]
    now = cluster.open_run()
    answer = dict(changed=bool(now) and now["run"] == run, run=run, version=version, versions=versions(cluster.status()))
    return answer if answer["changed"] and module.check_mode else ended(cluster, answer, ["completed"])


def take_back(module, cluster):
    last = cluster.last_run()
    if not last:
        raise Failed("there is no run that could be taken back")
    answer = dict(changed=False, run=last["run"], versions=versions(cluster.status()))
    if last["state"] == "rolled-back" or (last["mode"] == "rollback" and last["state"] == "completed"):
        return answer
    answer.update(changed=True, diff=dict(before="%(run)s to %(to)s\n" % last, after="%(run)s taken back to %(from)s\n" % last))
    if module.check_mode:
        return answer
    back = cluster.roll_back(last["run"] if last["state"] in ENDED else None)
    return ended(cluster, dict(answer, run=back["run"]), ["rolled-back", "completed"])


def ended(cluster, answer, good):
    """Follows the run to its end, which has to be a good one."""
    report = cluster.follow(answer["run"])
    answer.update(report=report, versions=versions(cluster.status()))
    verdict = report["verdict"]
    if verdict not in good:
        words = "the run was rolled back" if verdict == "rolled-back" else "the run %s" % verdict
        raise Failed("%s: %s; hitless upgrade report %s has the details" % (words, report["reason"], answer["run"]), **answer)
    return answer


def held_to(module, answer):
    """The answer, if the run in it broke no objective."""
    report = answer.get("report")
    broken = breaches(report, module.params["objectives"]) if report else []
    if broken:
        raise Failed(
            "the run completed, and broke an objective: %s; hitless upgrade report %s has the details" % ("; ".join(broken), answer["run"]),
            **dict(answer, breached=broken)
        )
    return answer


def breaches(report, objectives):
    found = []
    asked = dict((name, most) for name, most in objectives.items() if most is not None)
    if "sessions_lost" in asked:
        lost, most = report["sessions"].get("lost"), asked["sessions_lost"]
        if lost is None:
            found.append("it is not known how many sessions were lost (at most %d)" % most)
        elif lost > most:
            found.append("%d sessions lost (at most %d)" % (lost, most))
    if "longest_gap_ms" in asked and report["longestGapMs"] > asked["longest_gap_ms"]:
        found.append("a gap of %.1f ms (at most %g)" % (report["longestGapMs"], asked["longest_gap_ms"]))
    if "unexpected_changes" in asked:
        changes = report.get("changes") or dict(found=[], notKnown=["the report has no comparison"])
        strange = ["%(unit)s: %(name)s" % each for each in changes["found"] if not each["expected"]] + list(changes["notKnown"])
        if len(strange) > asked["unexpected_changes"]:
            found.append("%d unexpected changes (at most %d): %s" % (len(strange), asked["unexpected_changes"], ", ".join(strange)))
    return found


def listed(units):
    return "".join("%s: %s\n" % each for each in sorted(units.items()))


def main():
    spec = dict(
        BOTH,
        state=dict(type="str", choices=["planned", "started", "completed", "rolled_back"], default="completed"),
        image=dict(type="str"),
        run=dict(type="str"),
        options=dict(type="list", elements="str", default=[]),
        when_closed=dict(type="str", choices=["fail", "skip"], default="fail"),
        objectives=dict(
            type="dict",
            default={},
            options=dict(
                sessions_lost=dict(type="int"),
                longest_gap_ms=dict(type="float"),
                unexpected_changes=dict(type="int"),
            ),
        ),
    )
    module = AnsibleModule(
        argument_spec=spec,
        required_if=[
            ["state", "planned", ["image"]],
            ["state", "started", ["image"]],
            ["state", "completed", ["image", "run"], True],
        ],
        mutually_exclusive=[["image", "run"]],
        supports_check_mode=True,
    )
    finish(module, act)


if __name__ == "__main__":
    main()
