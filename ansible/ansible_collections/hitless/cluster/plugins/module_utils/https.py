# -*- coding: utf-8 -*-
"""The remote API: HTTPS with a token. Needs Python 3."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import json
import ssl
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed

PORT = 8443
CONNECT_SECONDS = 10
ANSWER_SECONDS = 300
UNREACHABLE = "unreachable"


class PinnedConnection(HTTPSConnection):
    """Believes the one certificate that has this SHA-256; nothing is sent before that is sure."""

    def __init__(self, host, port, fingerprint):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super(PinnedConnection, self).__init__(host, port, timeout=CONNECT_SECONDS, context=context)
        self.fingerprint = fingerprint.replace(":", "").lower()

    def connect(self):
        super(PinnedConnection, self).connect()
        found = hashlib.sha256(self.sock.getpeercert(binary_form=True)).hexdigest()
        if found != self.fingerprint:
            self.close()
            raise ssl.SSLError("the SHA-256 of its certificate is %s" % found)


class Api(object):
    """The API at one address: a unit's own, or a virtual one."""

    def __init__(self, url, token, ca=None, fingerprint=None):
        place = urlsplit(url)
        if place.scheme != "https" or not place.hostname:
            raise Failed("%s is no address of the API; write it as https://10.10.1.1:8443" % url)
        self.url, self.host, self.port = url, place.hostname, place.port or PORT
        self.token, self.ca, self.fingerprint = token, ca, fingerprint

    def get(self, path, **query):
        return json.loads(self.send("GET", path, query))

    def post(self, path, body=None, key=None, **query):
        """What comes with a key is done once, however often it is sent."""
        content = None if body is None else json.dumps(body).encode("utf-8")
        return json.loads(self.send("POST", path, query, content, {"Idempotency-Key": key} if key else {}))

    def send(self, method, path, query=None, content=None, headers=None):
        """The bytes of the answer."""
        target = path + ("?" + urlencode(query) if query else "")
        try:
            connection = self.connection()
            try:
                connection.connect()
                connection.sock.settimeout(ANSWER_SECONDS)
                connection.request(method, target, content, dict(headers or {}, Authorization="Bearer " + self.token))
                answer = connection.getresponse()
                received = answer.read()
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise Failed("%s does not answer: %s" % (self.url, error), UNREACHABLE)
        if answer.status >= 400:
            raise refusal(received, "%s answers %d to %s %s" % (self.url, answer.status, method, path))
        return received

    def connection(self):
        if self.fingerprint:
            return PinnedConnection(self.host, self.port, self.fingerprint)
        context = ssl.create_default_context(cafile=self.ca)
        return HTTPSConnection(self.host, self.port, timeout=CONNECT_SECONDS, context=context)


def refusal(content, otherwise):
    try:
        problem = json.loads(content)
        words = [problem[each] for each in ("error", "remedy", "detail") if problem.get(each)]
        return Failed("; ".join(words), (problem.get("type") or "").rpartition(":")[2])
    except (ValueError, AttributeError):
        return Failed(otherwise)
