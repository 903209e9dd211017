# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""One call of an application behind the recorder, for frameworks whose routes are noted while it records."""

from __future__ import annotations

from typing import Any

from asgi_call import call

from spangard import OpenTelemetryMiddleware, _notes
from spangard.frameworks import noted

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = (b"traceparent", f"00-{TRACE_ID}-00f067aa0ba902b7-01".encode())


def recorded(app: Any, path: str, **how: Any) -> tuple[str | None, int]:
    """The route in the request's record, and the status as `call` has it."""
    middleware = OpenTelemetryMiddleware(app)
    names, routes = middleware._route_name, []

    def watched(scope: Any) -> str | None:
        routes.append(names(scope))
        return routes[-1]

    middleware._route_name = watched
    _, status = call(middleware, path, **how)
    [route] = routes
    assert not noted._notes, "a note outlives its request"
    return route, status


def record_of(app: Any, path: str, **how: Any) -> tuple[Any, ...]:
    """The record of the request."""
    middleware = OpenTelemetryMiddleware(app)
    records = middleware.recorder.records
    del records[:]  # no engine takes them
    call(middleware, path, **how)
    [record] = records
    assert not _notes.noted, "a note outlives its request"
    return record
