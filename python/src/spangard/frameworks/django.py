# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Django 4.2 and later: routes (`/items/<int:pk>/`, or the expression that `re_path` has), exceptions that it answers.

Django leaves the match on its request object, which nothing outside can reach: signals have the scope before there is a
match, and the settings' middleware is the user's. So `BaseHandler.resolve_request` is wrapped, the one function that
both the synchronous and the asynchronous handler call. Resolving the path once more at the end would call converters
twice, and they may read the database. Exceptions are told by Django's signal, while they are handled.
"""

from __future__ import annotations

import sys
from functools import wraps

from .._answered import raised
from . import wsgi
from .noted import forget, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is django.core.handlers.base."""
    from django.core.signals import got_request_exception
    from django.urls import get_script_prefix

    wsgi.watch()

    def scope_of(request: Any) -> Any:
        return getattr(request, "scope", None) or wsgi.scope_of(getattr(request, "environ", None))

    def got_exception(sender: Any, request: Any = None, **_: Any) -> None:
        raised(scope_of(request), sys.exc_info()[1])

    got_request_exception.connect(got_exception, weak=False)

    handler: Any = module.BaseHandler
    resolve = handler.resolve_request

    @wraps(resolve)
    def resolve_request(self: Any, request: Any) -> Any:
        scope = scope_of(request)
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
