# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Flask 2.3 and later below an ASGI application: routes (`/users/<int:user_id>`), and exceptions that it answers.

Flask keeps the matched rule on its request, in a context that is gone when it returns. Its own signals are sent in that
context: nothing is patched but the adapters that bring the request there (`wsgi.py`).
"""

from __future__ import annotations

from .._answered import raised
from . import wsgi
from .noted import note, noted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is flask.signals."""
    from flask import request

    wsgi.watch()

    def request_started(sender: Any, **_: Any) -> None:
        try:
            rule, environ = request.url_rule, request.environ
            scope = wsgi.scope_of(environ)
            # connexion has found the route before, by the names of its specification
            if rule is not None and scope and noted(scope) is None:
                script: str = environ.get("SCRIPT_NAME") or ""
                root: str = scope.get("root_path") or ""
                below = script[len(root) :] if script.startswith(root) else ""  # dispatched once more, inside WSGI
                note(scope, root, below.rstrip("/") + rule.rule)
        except Exception:  # a request class of another make
            pass

    def got_request_exception(sender: Any, exception: Any = None, **_: Any) -> None:
        raised(wsgi.scope_of(getattr(request, "environ", None)), exception)

    module.request_started.connect(request_started, weak=False)
    module.got_request_exception.connect(got_request_exception, weak=False)
