# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Falcon's ASGI application, 3.1 and later: routes (`/items/{id:int}`; sinks and static routes have none), exceptions.

Falcon puts the template on its request object, which nothing outside can reach; middleware could, but only the user can
add it to the right application. So the method that finds the responder is wrapped, on the ASGI class alone. The
router's `find` is public, but an application has bound its own before anything can be wrapped. Nor is there a signal of
an exception: the method that looks for its handler is wrapped, too.
"""

from __future__ import annotations

from functools import wraps

from .._answered import raised
from .noted import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is falcon.asgi.app."""
    app: Any = module.App
    get = app._get_responder

    @wraps(get)
    def get_responder(self: Any, req: Any) -> Any:
        found = get(self, req)
        try:
            template = found[3]
            if isinstance(template, str):
                # Falcon routes the whole path, which starts with the root path unless a proxy has cut that off.
                root = (req.scope.get("root_path") or "").rstrip("/")
                note(req.scope, None if root and req.path.startswith(root + "/") else root, template)
        except Exception:  # a router of another make
            pass
        return found

    app._get_responder = get_responder
    handle = app._handle_exception

    @wraps(handle)
    def handle_exception(self: Any, req: Any, resp: Any, ex: Any, *rest: Any, **more: Any) -> Any:
        raised(getattr(req, "scope", {}), ex)
        return handle(self, req, resp, ex, *rest, **more)

    app._handle_exception = handle_exception
