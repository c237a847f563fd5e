# -*- coding: utf-8 -*-
"""What every module begins and ends with."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.hitless.cluster.plugins.module_utils.cluster import Failed
from ansible_collections.hitless.cluster.plugins.module_utils.command import Command
from ansible_collections.hitless.cluster.plugins.module_utils.remote import Remote

COMMAND = dict(
    executable=dict(type="str", default="hitless"),
    socket=dict(type="path", default="/run/hitless/hitless.sock"),
)
BOTH = dict(
    COMMAND,
    api_url=dict(type="str"),
    api_token=dict(type="str", no_log=True),
    api_ca=dict(type="path"),
    api_fingerprint=dict(type="str"),
)


def finish(module, act):
    """Ends the module with what C(act) returns; a refusal or a file that cannot be used fails it with the reason."""
    try:
        module.exit_json(**act(module, Remote(module.params) if module.params.get("api_url") else Command(module)))
    except Failed as failed:
        module.fail_json(msg=str(failed), **failed.answer)
    except (IOError, OSError) as error:
        module.fail_json(msg=str(error))
