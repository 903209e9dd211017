# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Falcon's ASGI application, 3.1 and later: `/items/{id:int}`. Sinks and static routes have none.

Falcon puts the template on its request object, which nothing outside can reach; middleware could, but only the user can
add it to the right application. So the method that finds the responder is wrapped, on the ASGI class alone. The
router's `find` is public, but an application has bound its own before anything can be wrapped.
"""

from __future__ import annotations

from functools import wraps

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
