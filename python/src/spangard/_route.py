# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes that an application names itself."""

from __future__ import annotations

from ._facts import MAX_FIELD_TEXT
from ._notes import mark_of, note_of
from ._values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def set_route(scope: Mapping[str, Any], template: str) -> None:
    """Names the route that serves the request or WebSocket with this ``scope`` (``request.scope``), sampled or not.

    For applications with a router of their own; the frameworks that docs/telemetry.md lists name theirs. ``template``
    is the path as the client sees it, with the mounts it is below, and names in place of values:
    ``/shop/items/{item_id}``; at most 2,048 characters are kept. It is the attribute ``http.route``, in the span's name
    and in the series of the measurements. May be called repeatedly while the request runs, on any thread: the last call
    wins, also over a framework. Of a scope that is not recorded nothing is kept. Never raises.
    """
    try:
        route = text(template, MAX_FIELD_TEXT) if issubclass(type(template), str) else None
        note = note_of(mark_of(scope)) if route else None
        if note is not None:
            note.route = route
    except Exception:  # nothing of telemetry's into a request
        pass
