# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of connexion 3, by its specification: `/v1/pets/{pet_id}`.

Each of its middlewares routes a copy of the scope, so nothing comes back in the one it was called with. Where its
routing middleware has found an operation, which is an ASGI application, the copy is as a router of Starlette leaves it.
"""

from __future__ import annotations

from functools import wraps

from .noted import note
from .starlette import StarletteRoutes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is connexion.middleware.routing."""
    operation: Any = module.RoutingOperation
    call = operation.__call__
    routes = StarletteRoutes()

    @wraps(call)
    async def routed(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        try:
            template = routes.name(scope, scope["router"])
            if template is not None:
                note(scope, None, template)
        except Exception:  # a router of another make
            pass
        return await call(self, scope, receive, send)

    operation.__call__ = routed
