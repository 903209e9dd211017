# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Records with every field of docs/wire-protocol.md, and batches of them."""

from marshal import dumps

WALL_NS = 1_700_000_000_000_000_000
MONO_S = 1000.0
TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C
SPAN_ID = 0xB9C7C989F97918E1


def spans_batch(seq, seen, dropped, *records):
    """Of a process that has finished no request, but ended so many spans of its own."""
    return (1, seq, 0, 0, (seen, dropped), WALL_NS, MONO_S, list(records))


SCOPE = dumps(("opentelemetry.instrumentation.psycopg", "0.66b2", None, None), 2)


def batch(seq, seen, dropped, *records):
    return (1, seq, seen, dropped, None, WALL_NS, MONO_S, list(records))


def span(kind=19, **changes):
    fields = {
        "kind": kind,
        "start": 999.0,
        "end": 999.25,
        "trace": (TRACEPARENT, 0, b"vendor=1"),
        "span_id": 0x00F067AA0BA902B7,
        "parent": SPAN_ID,
        "name": "SELECT shop",
        "span_kind": 2,
        "attributes": {"db.system.name": "postgresql", "server.port": 5432},
        "extras": None,
        "scope": SCOPE,
    }
    fields.update(changes)
    return tuple(fields.values())


def http(kind=1, **changes):
    fields = {
        "kind": kind,
        "start": 999.0,
        "end": 999.25,
        "trace": TRACEPARENT,
        "span_id": SPAN_ID,
        "tracestate": b"vendor=1,other=2",
        "parent": None,
        "method": "GET",
        "scheme": True,
        "http_version": True,
        "root_path": None,
        "path": "/items/5",
        "query": b"q=1&sig=secret",
        "server": None,
        "client": ("127.0.0.1", 51234),
        "host": b"example.org:8000",
        "user_agent": b"curl/8.5.0",
        "request_length": b"",
        "request_headers": [b"X-Team", b"a", b"x-team", b"b"],
        "route": "/items/{item_id}",
        "status": 200,
        "response_length": b"17",
        "response_headers": [b"content-type", b"application/json"],
        "events": [16, 999.01, 999.02, 0, 1, 999.1, 0, 2, 999.125, 12, 3, 999.15, 5, 4, 999.2, 0],
        "parts_ahead": 0,
        "failure": None,
        "span": None,
        "pid": 4711,
    }
    fields.update(changes)
    return tuple(fields.values())


def websocket(**changes):
    return http(
        kind=2,
        **{
            "method": None,
            "scheme": True,
            "trace": TRACE_ID,
            "tracestate": b"",
            "path": "/ws",
            "route": "/ws",
            "query": b"",
            "request_headers": None,
            "status": None,
            "response_length": None,
            "response_headers": None,
            "events": [
                *(18, 999.0, 999.01, 0),
                *(5, 999.02, "chat"),
                *(19, 999.03, 999.04, 7),
                *(6, 999.05, 9),
                *(20, 999.06, 999.07, 3),
                *(7, 999.08, 4),
                *(21, 999.09, 999.2, (1001, "going away")),
            ],
            **changes,
        },
    )


def upstream(kind=12, **changes):
    """The first 21 fields are those of a running one."""
    fields = {
        "kind": kind,
        "start": 999.0,
        "flags": 1,
        "trace": TRACEPARENT,
        "span_id": SPAN_ID,
        "tracestate": b"vendor=1",
        "parent": None,
        "name": None,
        "details": None,
        "method": "GET",
        "scheme": "http",
        "http_version": "1.1",
        "path": "/items/5",
        "query": b"q=1",
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.7", 51234),
        "host": b"example.org",
        "server_name": b"example.org,other.org",
        "user_agent": b"curl/8.5.0",
        "request_headers": [b"X-Team", b"a"],
        "pid": 4711,
        "end": 999.25,
        "ended": 999.1875,
        "target": "/items/{item_id}",
        "status": 200,
        "received": 3,
        "sent": 17,
        "response_headers": [b"x-kept", b"yes"],
        "outcome": 0,
        "failure": None,
        "span": None,
        "children": [
            *(16, 999.01, 999.02, None),
            *(1, 999.1, 999.1, 200),
            *(2, 999.15, 999.15, None),
            *(22, 999.16, 999.24, None),
        ],
    }
    fields.update(changes)
    values = tuple(fields.values())
    return values[:21] if kind in (14, 15) else values


MEASUREMENT_FACTS = (None, ("192.0.2.1", 51234), b"example.org", b"curl/8.5.0", [b":x-forwarded-proto", b"https"])
HOOKED = (None, {"hooked": True}, [], None, [])
SUMMED = [5, 999.02, "chat", 8, 999.4, 1011, 23, 2, 10, 0, 12, 1, 13]
OPEN = dict.fromkeys(["end", "route", "status", "response_length", "response_headers", "events", "failure", "span"])
