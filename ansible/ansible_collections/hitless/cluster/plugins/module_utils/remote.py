# -*- coding: utf-8 -*-
"""A cluster by its remote API, from wherever the module runs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import json
import os
import re
import struct
import time
import uuid

from ansible_collections.hitless.cluster.plugins.module_utils.cluster import (
    PATIENCE_SECONDS,
    Cluster,
    Failed,
    unit_of,
)
from ansible_collections.hitless.cluster.plugins.module_utils.https import (
    UNREACHABLE,
    Api,
)

# Whose outcome another attempt tells.
AGAIN = (UNREACHABLE, "daemon-unreachable", "request-in-progress")
UP = ("ready", "held")
SWITCH_SECONDS = 60
REBOOT_SECONDS = 600
PART_BYTES = 8 << 20
UNIT_MS = dict(ms=1, s=1000, m=60000, h=3600000, d=86400000)

# Options of `hitless upgrade start`, as members of the request.
FLAGS = {
    "--guided": ("guided", True),
    "--keep-primary": ("keepPrimary", True),
    "--standbys-only": ("extent", "standbys"),
    "--this-unit-only": ("extent", "this"),
    "--parallel": ("parallel", True),
    "--keep-redundancy": ("keepRedundancy", True),
    "--simultaneous": ("simultaneous", True),
    "--accept-interruption": ("acceptInterruption", True),
    "--accept-conversion": ("acceptConversion", True),
    "--rehearse": ("rehearse", True),
    "--outside-window": ("outsideWindow", True),
    "--allow-downgrade": ("allowDowngrade", True),
}


class Remote(Cluster):
    """The same as C(Command), by the routes of docs/web.md. Files are those of the machine that the module runs on."""

    def __init__(self, params):
        if not params["api_token"]:
            raise Failed("api_url wants api_token too; hitless web token makes one")
        self.api = Api(params["api_url"], params["api_token"], params["api_ca"], params["api_fingerprint"])
        self.heard = False

    def patiently(self, ask):
        """Who has answered once is asked again when the connection is cut: it restarts, or its address moves."""
        until = time.time() + (PATIENCE_SECONDS if self.heard else 0)
        while True:
            try:
                answer = ask()
                self.heard = True
                return answer
            except Failed as failed:
                if failed.kind not in AGAIN or time.time() >= until:
                    raise
            time.sleep(1)

    def get(self, path, **query):
        return self.patiently(lambda: self.api.get(path, **query))

    def post(self, path, body=None, **query):
        key = str(uuid.uuid4())
        return self.patiently(lambda: self.api.post(path, body, key, **query))

    def until(self, lack, seconds):
        """Looks at the status until it lacks nothing."""
        end = time.time() + seconds
        while True:
            try:
                missing = lack(self.api.get("/v1/status"))
            except Failed as failed:
                missing = str(failed)
            if missing is None:
                return
            if time.time() > end:
                raise Failed("it was done, but after %d s %s; hitless status tells why" % (seconds, missing))
            time.sleep(0.5)

    def status(self):
        return self.get("/v1/status")

    def switch_over(self, to, force):
        try:
            result = self.post("/v1/switchover", dict(to=to, wait=True, awaitTraffic=True, force=force))
        except Failed:
            # A virtual address has moved with the switch, and who answers there now knows nothing of the request.
            if self.status()["primary"] != to:
                raise
            result = dict(primary=to)
        self.until(lambda status: not_up(status["units"], UP + ("absent",)), SWITCH_SECONDS)
        return result

    def hold(self, unit, limit, reason, force, plan_only):
        request = dict(unit=unit, forMs=limit and milliseconds(limit), reason=reason, force=force, planOnly=plan_only)
        return self.post("/v1/unit/hold", request)

    def release(self, unit):
        return self.post("/v1/unit/release", dict(unit=unit))

    def reboot(self, unit, force, plan_only):
        result = self.post("/v1/unit/reboot", dict(unit=unit, force=force, planOnly=plan_only))

        def lack(status):
            same = unit_of(status, unit)["incarnation"] in ("", result["incarnation"])
            return "%s has not come back" % unit if same else not_up(status["units"], UP)

        if not plan_only:
            self.until(lack, REBOOT_SECONDS)
        return result

    def images(self):
        return self.get("/v1/firmware")

    def remove_image(self, image):
        self.patiently(lambda: self.api.send("DELETE", "/v1/firmware", dict(image=image)))

    def inspect(self, file):
        """The hash of the file, and what stands in its manifest."""
        sha = hashlib.sha256()
        with open(file, "rb") as image:
            for piece in iter(lambda: image.read(PART_BYTES), b""):
                sha.update(piece)
            image.seek(0)
            magic, length = struct.unpack(">8sI", image.read(12).ljust(12))
            if magic != b"HITLESS1":
                raise Failed("%s is no image" % file)
            manifest = json.loads(image.read(length))
        words = ("product", "version", "platform", "activation", "releaseNotes")
        return dict(((each, manifest[each]) for each in words), hash=sha.hexdigest(), sizeBytes=os.path.getsize(file))

    def upload(self, file):
        """In parts; after a cut from where it was cut."""
        size = os.path.getsize(file)
        upload = self.post("/v1/firmware/upload", dict(sizeBytes=size))
        path, name = "/v1/firmware/upload", upload["id"]
        with open(file, "rb") as image:
            while upload["image"] is None:
                offset = upload["receivedBytes"]
                image.seek(offset)
                try:
                    part = dict(id=name, offset=offset)
                    upload = json.loads(self.api.send("PATCH", path, part, image.read(PART_BYTES)))
                except Failed as failed:
                    if failed.kind not in AGAIN + ("wrong-offset",):
                        raise
                    upload = self.get(path, id=name)
        return [each for each in self.images() if each["hash"] == upload["image"]][0]

    def revision(self):
        return self.get("/v1/config")

    def settings(self):
        return self.get("/v1/config/settings")["settings"]

    def commit(self, revision, changes, message):
        held = dict((each["path"], each) for each in revision["files"])
        files = [
            dict(
                held.get(path, dict(path=path, check=None, apply=None, mode=None)),
                content=base64.b64encode(content or b"").decode("ascii"),
                absent=content is None,
            )
            for path, content in sorted(changes.items())
        ]
        # The author is who the token belongs to, whatever stands here.
        request = dict(files=files, message=message, author="", parent=revision["info"]["hash"], confirmMs=None)
        return self.post("/v1/config/commit", request)

    def backup(self, file, secrets):
        query = {} if secrets else dict(secrets="false")
        content = self.patiently(lambda: self.api.send("GET", "/v1/config/backup", query))
        # Beside its place first, so that a backup that broke off does not look like one.
        unfinished = file + ".new"
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as backup:
                backup.write(content)
            os.rename(unfinished, file)
        finally:
            if os.path.exists(unfinished):
                os.unlink(unfinished)

    def check(self, image, options):
        return self.post("/v1/upgrade/check", self.wish(image, options))

    def plan(self, image, options):
        return self.post("/v1/upgrade/plan", self.wish(image, options))

    def start(self, image, options):
        return self.post("/v1/upgrade/start", self.wish(image, options))

    def last_run(self):
        return self.get("/v1/upgrade/status")

    def report(self, run):
        return self.get("/v1/upgrade/report", run=run)

    def roll_back(self, run):
        return self.post("/v1/upgrade/rollback", **({"run": run} if run else {}))

    def wish(self, image, options):
        """The request that the options describe; an image file is uploaded where the store has it not."""
        if os.path.exists(image):
            described = self.inspect(image)
            if described["hash"] not in [each["hash"] for each in self.images()]:
                self.upload(image)
            image = described["hash"]
        wish = dict(image=image, guided=False, keepPrimary=False)
        words = list(options)
        while words:
            word = words.pop(0)
            if word in FLAGS:
                member, value = FLAGS[word]
            elif word == "--until" and words:
                member, value = "until", words.pop(0)
            else:
                raise Failed("the API knows no %s; it knows %s" % (word, ", ".join(sorted(FLAGS) + ["--until TIME"])))
            wish[member] = value
        return wish


def not_up(units, states):
    """What the first unit lacks that is in another state; None: there is none."""
    for unit in units:
        if unit["state"] not in states:
            return "%s is %s" % (unit["name"], unit["state"])
    return None


def milliseconds(text):
    """Of 90s, 2h or 1d12h."""
    if not re.match(r"(\d{1,9}(ms|s|m|h|d))+$", text):
        raise Failed('"%s" is no duration; write it as 30m, 2h or 1d12h' % text)
    return sum(int(number) * UNIT_MS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h|d)", text))
