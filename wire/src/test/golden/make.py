# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden frames beside this file with CPython's own marshal: ``python make.py``.

Every supported CPython makes the same bytes. Tests of both sides read them; what is in them is docs/wire-protocol.md.
"""

import marshal
from marshal import dumps
from pathlib import Path

from records import (
    MEASUREMENT_FACTS,
    HOOKED,
    OPEN,
    SPAN_ID,
    SUMMED,
    TRACE_ID,
    TRACEPARENT,
    WALL_NS,
    batch,
    http,
    span,
    spans_batch,
    upstream,
    websocket,
)

HERE = Path(__file__).parent


FRAMES = {
    "hello": (
        *(0, 4, 0x7FEDCBA987654321, 3, 5, 1, None),
        {
            "pid": 4711,
            "instance": "host-1-4700",
            "runtime.name": "cpython",
            "runtime.version": "3.11.7",
            "runtime.description": "CPython 3.11.7",
            "host.name": "host-1",
            "host.arch": "amd64",
            "command": "uvicorn",
            "service": None,
            "version": "0.1.0",
            "tty": "/dev/pts/3",
        },
        {"OTEL_SERVICE_NAME": "shop", "SPANGARD_PROFILE": "stable"},
    ),
    "goodbye": (2, 9, 2, None, WALL_NS),
    "welcome": (16, 4),
    "refused": (17, "This engine speaks version 4.", 60),
    "http": batch(0, 1, 0, http()),
    "websocket": batch(1, 2, 0, websocket()),
    "unsampled": batch(
        2,
        4,
        0,
        (3, 999.0, 999.25, "POST", "https", "2", "/orders", 201, 10, 20, 999.1, 999.25, None, None, None),
        (4, 999.0, 999.5, None, "ws", "1.1", "/ws", SUMMED, None, None),
    ),
    "open": batch(
        *(3, 4, 0),
        http(kind=5, **OPEN),
        (7, 998.0, 77, "GET", True, None),
        (8, 998.0, 78, None, True, MEASUREMENT_FACTS),
    ),
    "announced": batch(
        *(4, 6, 0),
        (9, 998.0, 999.25, "GET", "http", "1.1", None, 200, 0, 2, 999.1, 999.25, None, None, MEASUREMENT_FACTS, 77),
        (10, 998.0, 999.5, None, True, True, "/ws", [8, 999.4, 1000], ("ValueError", 0), MEASUREMENT_FACTS, 78),
    ),
    "event_part": batch(
        *(5, 7, 0),
        (11, SPAN_ID, 0, [1, 999.1, 0, 2, 999.11, 100]),
        (11, SPAN_ID, 1, [2, 999.12, 100]),
        http(events=[3, 999.13, 1], parts_ahead=2),
    ),
    "failure": batch(
        *(6, 8, 0),
        http(
            trace=TRACE_ID,
            tracestate=b"",
            parent=0xB7AD6B7169203331,
            status=None,
            events=[],
            failure=("shop.errors.OutOfStock", "nothing left", "Traceback (most recent call last):\n  …", 0),
            span=(
                "renamed",
                {"item": 5, "price": 1.5, "tags": ["a", "b"], "new": True, "note": "naïve"},
                [("looked up", WALL_NS, {"hits": 0}), ("undated", None, {})],
                (2, "sold out"),
                [(TRACE_ID, 0xB7AD6B7169203331, 1, {"why": "retry"})],
            ),
        ),
    ),
    "summed": batch(7, 9, 0, websocket(events=SUMMED)),
    "ends": batch(
        *(10, 4, 0),
        http(status=200, events=[14, 0.0, 12, 1, 999.1, 0, 2, 999.125, 12, 17, 999.0, 999.15, 0, 3, 999.2, 0]),
        websocket(events=[18, 999.0, 999.01, 0, 13, 999.2, 403], span_id=81),
        (3, 999.0, 999.25, "GET", True, True, "/sse", 200, 0, 20, 999.125, 0.0, None, (999.1875, 3), None),
        (4, 999.0, 999.5, None, True, True, "/ws", [*SUMMED[:3], 21, 0.0, 0.0, 0], ("WebSocketDisconnect", 2), None),
    ),
    "measured_with": batch(
        *(9, 9, 0),
        (17, {"plan": "gold", "seats": 5, "trial": True, "share": 0.5}, http()),
    ),
    "upstream": batch(
        *(7, 8, 0),
        (16, TRACEPARENT, SPAN_ID, b"", None, 0, None, "GET", "/items/5", [2, 999.11, 999.11, None]),
        upstream(),
        upstream(
            kind=13,
            flags=3,
            trace=TRACE_ID,
            tracestate=b"vendor=1",
            parent=0xB7AD6B7169203331,
            name="room",
            details={"http.route": "/rooms/{room}"},
            method=None,
            server=("/run/app.sock", None),
            client=[],
            host=b"",
            server_name=None,
            request_headers=None,
            ended=0.0,
            target=None,
            status="odd",
            response_headers=None,
            outcome=3,
            failure=("shop.errors.OutOfStock", "nothing left", "Traceback", 0),
            children=[
                *(19, 999.01, 999.02, (None, 77, None, HOOKED, None)),
                *(6, 999.03, 999.03, (None, 0, (TRACE_ID, 78, 1), None, None)),
                *(15, 999.04, 999.04, ("custom.event", 79, (TRACE_ID + 1, None, 0), None, None)),
                *(22, 999.05, 999.06, (None, 0, None, None, ("OSError", "gone", "Traceback", 0))),
            ],
        ),
        upstream(flags=0, children=None, span_id=80),
    ),
    "spans": spans_batch(
        *(12, 7, 1),
        span(),
        span(
            start=WALL_NS - 2_000_000_000,
            end=WALL_NS - 1_000_000_000,
            trace=(TRACE_ID, 2, b""),
            span_id=77,
            parent=None,
            name="naïve",
            span_kind=0,
            attributes={
                **{"text": "a", "int": 5, "float": 0.5, "bool": True, "none": None, "bytes": b"\x00\xff"},
                **{"same": ["a", "b"], "mixed": ["a", 1, None], "nested": {"a": {"b": [1.5, b"x"]}, "c": []}},
            },
            extras=(
                [("exception", 999.125, {"exception.type": "ValueError"}, 0), ("dated", WALL_NS, {}, 2)],
                [(TRACE_ID, SPAN_ID, 0x101, b"other=2", {"why": "batch"}, 1)],
                (2, "no stock"),
                [1, 2, 3],
                False,
            ),
            scope=dumps(("shop", "1.0", "https://opentelemetry.io/schemas/1.45.0", {"team": "a"}), 2),
        ),
        span(kind=20, end=None, span_id=78),
        span(end=None, span_id=79),
        (21, 80),
        span(
            **{"span_id": 81, "parent": 0x00F067AA0BA902B7, "trace": (TRACEPARENT, "x", None), "name": 7},
            **{"span_kind": "x", "attributes": [], "extras": ([("odd",)], "text", (9, None), 5, True), "scope": b"("},
        ),
        span(span_id=82, extras=(None, None)),
    ),
    "upstream_open": batch(*(8, 8, 0), upstream(kind=14)),
    "odd": batch(
        *(10, 5, 0),
        http(
            method=7,
            client={"host": "h"},
            query="text",
            host=None,
            user_agent=5,
            request_headers={},
            status="200",
            response_headers=[b"x-kept", "text"],
            events=[16, None, None, "size", 1, 999.1, 0, 3, 999.15, "size", 4, 999.2, 0],
            parts_ahead=None,
            failure="text",
            span=(
                5,
                {"kept": 1, 5: "no name", "nested": [[1]], "huge": 2**100},
                [("float", 1.7e9, {}), ("text", "now", None), (5, None, {}), "text", ("kept", WALL_NS, {"k": 1})],
                ("ERROR", None),
                [(b"", 1, 1, {}), None, (TRACE_ID, 0xB7AD6B7169203331, "flags", {"why": "retry"})],
            ),
            pid=2**70,
        ),
        (3, 999.0, 999.25, 1, 2, 3, 4, "200", "a", None, "b", (), 5.5, "c", "asked"),
        upstream(
            details=[],
            query=1,
            host=None,
            server_name=1,
            user_agent=None,
            request_headers=5,
            pid=None,
            ended=None,
            received="a",
            sent=None,
            response_headers=b"",
            outcome=None,
            failure=1,
            span="text",
            children=5,
        ),  # fmt: skip
    ),
    "lost": batch(
        *(11, 7, 0),
        http(kind=5, **OPEN),
        (7, 998.0, 77, "GET", True, None),
        (18, SPAN_ID),
        (18, 0),
        (9, 998.0, 77),
        (9, "start", *[None] * 13, 77),
    ),
    "values": (
        *(None, True, False),
        *(0, 1, -1, 2**31 - 1, -(2**31), 2**31, -(2**31) - 1, 2**63 - 1, -(2**63)),
        *(2**64 - 1, 2**128 - 1),
        *(0.0, -0.0, 1.5, float("inf")),
        *(b"", b"\x00\xff", b"GET"),
        *("", "é", "😀", "\ud800", "x" * 300),
        *((), (1, (2, [3])), [], [1, 2], {}, {"a": 1, "b": None}),
    ),
}


if __name__ == "__main__":
    for name, value in FRAMES.items():
        payload = marshal.dumps(value, 2)
        (HERE / f"{name}.bin").write_bytes(len(payload).to_bytes(4, "big") + payload)
