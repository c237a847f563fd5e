# -*- coding: utf-8 -*-
"""A cluster by `hitless --json` on one of its units."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import shutil
import tempfile

from ansible_collections.hitless.cluster.plugins.module_utils.cluster import (
    Cluster,
    Failed,
)


class Command(Cluster):
    """The commands of one unit. Exit codes and JSON: the surface that Hitless promises (`hitless --help`)."""

    def __init__(self, module):
        self.module = module
        self.prefix = [
            module.get_bin_path(module.params["executable"], required=True),
            "--socket",
            module.params["socket"],
            "--json",
        ]

    def run(self, words, **how):
        """The exit code, the document (None: none was printed), and what was complained of with the remedy."""
        code, out, complaint = self.module.run_command(self.prefix + words, **how)
        try:
            document = json.loads(out) if out.strip() else None
        except ValueError:
            raise Failed("hitless %s printed something other than JSON: %s" % (" ".join(words), out[:200]))
        lines = [line.strip() for line in complaint.splitlines() if line.strip()]
        return code, document, "; ".join(lines) or "hitless %s ended with %d" % (" ".join(words), code)

    def ask(self, *words, **how):
        """The document of a command that succeeds."""
        code, document, complaint = self.run(list(words), **how)
        if code != 0:
            raise Failed(complaint, rc=code)
        return document

    def status(self):
        return self.ask("status")

    def switch_over(self, to, force):
        return self.ask("switchover", "--to", to, "--wait", *(["--force"] if force else []))

    def hold(self, unit, limit, reason, force, plan_only):
        """The command cannot be asked for the plan alone."""
        if plan_only:
            return dict(warnings=[])
        words = ["--reason", reason] + (["--for", limit] if limit else []) + (["--force"] if force else [])
        return self.ask("unit", "hold", unit, "--yes", *words)

    def release(self, unit):
        return self.ask("unit", "release", unit)

    def reboot(self, unit, force, plan_only):
        """As C(hold)."""
        if plan_only:
            return dict(warnings=[])
        return self.ask("reboot", unit, "--yes", *(["--force"] if force else []))[0]

    def images(self):
        return self.ask("firmware", "list")

    def remove_image(self, image):
        self.ask("firmware", "remove", image)

    def inspect(self, file):
        return self.ask("firmware", "inspect", file)

    def upload(self, file):
        return self.ask("firmware", "upload", file)

    def revision(self):
        return self.ask("config", "show")

    def settings(self):
        return self.ask("config", "show", "--settings")["settings"]

    def commit(self, revision, changes, message):
        """The command takes files away by a revision of their own."""
        folder = tempfile.mkdtemp(prefix="hitless-")
        try:
            pairs = []
            for number, (path, content) in enumerate(sorted(changes.items())):
                if content is not None:
                    name = os.path.join(folder, str(number))
                    with open(name, "wb") as file:
                        file.write(content)
                    pairs.append("%s=%s" % (path, name))
            gone = sorted(path for path, content in changes.items() if content is None)
            result = self.ask("config", "commit", "--message", message, *pairs) if pairs else None
            return self.ask("config", "remove", "--message", message, *gone) if gone else result
        finally:
            shutil.rmtree(folder)

    def backup(self, file, secrets):
        self.ask("config", "backup", file, *([] if secrets else ["--without-secrets"]))

    def check(self, image, options):
        code, check, complaint = self.run(["upgrade", "check", image] + options)
        if not check or "checks" not in check:
            raise Failed(complaint, rc=code)
        return check

    def plan(self, image, options):
        return self.ask("upgrade", "plan", image, *options)

    def start(self, image, options):
        return self.ask("upgrade", "start", image, "--detach", *options)

    def last_run(self):
        return self.ask("upgrade", "status")

    def report(self, run):
        return self.ask("upgrade", "report", run)

    def roll_back(self, run):
        return self.ask("upgrade", "rollback", "--detach", *([run] if run else []))

    def access(self):
        """Users and tokens of the web manager; none where its file is not made yet."""
        code, access, complaint = self.run(["web", "list"])
        if code != 0 and access and access["error"].endswith(" is not there"):
            return dict(users=[], tokens=[])
        if code != 0:
            raise Failed(complaint, rc=code)
        return access

    def set_password(self, user, password, role, hosts):
        words = (["--role", role] if role else []) + [word for host in hosts for word in ("--host", host)]
        return self.ask("web", "password", user, *words, data=password)

    def make_token(self, name, role, expires):
        return self.ask("web", "token", name, "--role", role, "--expires", expires)

    def remove_access(self, name):
        return self.ask("web", "remove", name)
