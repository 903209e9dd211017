# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Quart 0.18 and later: routes, blueprints' prefixes included (`/users/<int:user_id>`), and exceptions that it answers.

Quart keeps the matched rule on its request (or websocket) object, in a context that is gone when the application
returns. Its own signals are sent in that context, right after the match: nothing is patched. The receivers are
coroutine functions, since Quart runs a plain function in a thread.
"""

from __future__ import annotations

from .._answered import raised
from .noted import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is quart.signals."""
    from quart import globals as current

    async def request_started(sender: Any, **_: Any) -> None:
        _note_rule(current.request)

    async def websocket_started(sender: Any, **_: Any) -> None:
        _note_rule(current.websocket)

    async def got_request_exception(sender: Any, exception: Any = None, **_: Any) -> None:
        raised(getattr(current.request, "scope", {}), exception)

    async def got_websocket_exception(sender: Any, exception: Any = None, **_: Any) -> None:
        # by a close without a word of it, where the server takes no other answer
        raised(getattr(current.websocket, "scope", {}), exception, status=500)

    module.request_started.connect(request_started, weak=False)
    module.got_request_exception.connect(got_request_exception, weak=False)
    module.got_websocket_exception.connect(got_websocket_exception, weak=False)
    module.websocket_started.connect(websocket_started, weak=False)


def _note_rule(request: Any) -> None:
    try:
        rule = request.url_rule
        if rule is not None:
            note(request.scope, request.root_path or "", rule.rule)
    except Exception:  # a request class of another make
        pass
