# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Sanic 23.3 and later under an ASGI server: `/users/<user_id:int>`.

Sanic keeps the route on its request. Its own signals are an application's, and its methods are rewritten from their
source when it starts; so the ASGI call is wrapped, which has the request when it returns.
"""

from __future__ import annotations

from functools import wraps

from .noted import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is sanic.asgi."""
    app: Any = module.ASGIApp
    call = app.__call__

    @wraps(call)
    async def routed(self: Any) -> Any:
        try:
            return await call(self)
        finally:
            try:
                template, scope = self.request.uri_template, self.transport.scope
                if isinstance(template, str):
                    # Sanic routes the whole path, which starts with the root path unless a proxy has cut that off.
                    root = (scope.get("root_path") or "").rstrip("/")
                    note(scope, None if root and self.request.path.startswith(root + "/") else root, template)
            except Exception:  # a request class of another make
                pass

    app.__call__ = routed
