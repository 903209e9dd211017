# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Django's ASGI handler, 4.2 and later: `/items/<int:pk>/`, or the expression that `re_path` has.

Django leaves the match on its request object, which nothing outside can reach: signals have the scope before there is a
match, and the settings' middleware is the user's. So `BaseHandler.resolve_request` is wrapped, the one function that
both the synchronous and the asynchronous handler call. Resolving the path once more at the end would call converters
twice, and they may read the database.
"""

from __future__ import annotations

from functools import wraps

from .noted import forget, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is django.core.handlers.base."""
    from django.urls import get_script_prefix

    handler: Any = module.BaseHandler
    resolve = handler.resolve_request

    @wraps(resolve)
    def resolve_request(self: Any, request: Any) -> Any:
        scope = getattr(request, "scope", None)  # a WSGI request has none
        if scope is None:
            return resolve(self, request)
        try:
            forget(scope)  # what an outer router of Channels has noted is not the route of a 404
        except Exception:  # a scope of another make
            return resolve(self, request)
        match = resolve(self, request)
        try:
            template = match.route
            if isinstance(template, str):
                # As Django joins an included expression to its prefix: without the anchor at the start.
                note(scope, get_script_prefix(), "/" + template.removeprefix("^"))
        except Exception:  # a match of another make
            pass
        return match

    handler.resolve_request = resolve_request
