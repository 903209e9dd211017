# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Instrumentation that frameworks bring themselves, and how each is told to stand aside for a request.

Of FastAPI (from 0.142) and Starlette (from 1.7) a key in the scope says so. Litestar's plugin asks nobody: its class is
patched to look for a key of ours. What the SDK of MCP makes are spans of messages inside of a request: they stay.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STANDS_ASIDE = "spangard.only"
"""Scope key: this request is recorded by us, or by nobody."""

_KEYS: dict[str, tuple[str, Any]] = {
    "fastapi": ("fastapi.telemetry", None),
    "starlette.middleware.opentelemetry": ("starlette.opentelemetry", True),
    "litestar.plugins.opentelemetry.middleware": (STANDS_ASIDE, True),
    "litestar.contrib.opentelemetry.middleware": (STANDS_ASIDE, True),
}
"""A module that makes spans of requests → the scope's key and value for which it makes none."""

LEGACY = "opentelemetry.instrumentation.asgi"


def quieting() -> dict[str, Any] | None:
    """What a request's scope is to have, for those that are loaded by now; None for nothing."""
    keys = dict(key for module, key in _KEYS.items() if module in sys.modules)
    if STANDS_ASIDE in keys:
        for version in ("plugins", "contrib"):
            try:
                _patch(sys.modules[f"litestar.{version}.opentelemetry.middleware"])
            except Exception:  # not there, or not made as those we know
                pass
    return keys or None


def _patch(module: Any) -> None:
    import functools  # which Litestar has imported

    middleware = module.OpenTelemetryInstrumentationMiddleware
    call = middleware.__call__
    if getattr(call, "stands_aside", False):
        return

    @functools.wraps(call)
    async def called(self: Any, scope: Any, receive: Any, send: Any) -> None:
        await (self.app if STANDS_ASIDE in scope else functools.partial(call, self))(scope, receive, send)

    called.stands_aside = True  # type: ignore[attr-defined]
    middleware.__call__ = called


def as_fastapi_knows(made: type) -> type:
    """The class for a middleware that FastAPI may find in its own stack.

    FastAPI looks for its key before its middleware is called. For upstream's class, which it knows by the names of
    module and class, it stands aside in every version that has telemetry of its own; ours takes that class's place.
    """
    if "fastapi.telemetry" not in sys.modules or made.__module__ == LEGACY:
        return made
    known = _known.get(made)
    if known is None:
        known = _known[made] = type("OpenTelemetryMiddleware", (made,), {"__module__": LEGACY, "__doc__": made.__doc__})
    return known


_known: dict[type, type] = {}
