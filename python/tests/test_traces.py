# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where a request stands in its trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import HEADERS, hello, http_scope, run
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from engine import FakeEngine

TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_new_trace_gets_random_ids(engine: FakeEngine) -> None:
    app: Any = OpenTelemetryMiddleware(hello)
    for _ in range(3):
        run(app)
    records = engine.requests(3)
    assert len({record["trace"] for record in records}) == 3
    assert len({record["span_id"] for record in records}) == 3
    assert all(0 < record["span_id"] < 1 << 64 for record in records)


def test_a_valid_traceparent_is_the_parent(engine: FakeEngine) -> None:
    headers = [*HEADERS, (b"traceparent", TRACEPARENT), (b"tracestate", b"a=1,b=2")]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=headers))
    record = engine.request()
    assert record["trace"] == TRACEPARENT
    assert record["tracestate"] == b"a=1,b=2"


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"00",
        TRACEPARENT[:-1],
        TRACEPARENT + b"-x",
        b"01" + TRACEPARENT[2:] + b"x",
        b"01" + TRACEPARENT[2:-1],
        b"ff" + TRACEPARENT[2:],
        TRACEPARENT.replace(b"0af7651916cd43dd8448eb211c80319c", b"0" * 32),
        TRACEPARENT.replace(b"b7ad6b7169203331", b"0" * 16),
        TRACEPARENT.replace(b"0af7", b"0AF7"),
        TRACEPARENT.replace(b"0af7", b"0_f7"),
        TRACEPARENT.replace(b"-b7", b"_b7"),
        b"\xff" * 55,
        b"00" + b"-" * 53,
    ],
)
def test_a_malformed_traceparent_starts_a_new_trace(engine: FakeEngine, bad: bytes) -> None:
    run(OpenTelemetryMiddleware(hello), http_scope(headers=[(b"traceparent", bad), (b"tracestate", b"a=1")]))
    record = engine.request()
    assert isinstance(record["trace"], int)
    assert record["tracestate"] == b"", "a tracestate without its traceparent means nothing"


@pytest.mark.parametrize("flags", [b"01", b"ff", b"03", b"d9"])
def test_a_later_traceparent_version_is_read_as_version_00(engine: FakeEngine, flags: bytes) -> None:
    later = b"cc" + TRACEPARENT[2:53] + flags + b"-what-may-come"
    run(OpenTelemetryMiddleware(hello), http_scope(headers=[(b"traceparent", later)]))
    assert engine.request()["trace"] == TRACEPARENT, "of its flags only sampled is known"


@pytest.mark.parametrize("flags", [b"00", b"fe", b"02", b"9c"])
def test_a_later_traceparent_version_that_is_not_sampled_is_not(engine: FakeEngine, flags: bytes) -> None:
    run(OpenTelemetryMiddleware(hello), http_scope(headers=[(b"traceparent", b"01" + TRACEPARENT[2:53] + flags)]))
    engine.wait(engine.records)
    assert [record[0] for record in engine.records()] == [3]


@pytest.mark.parametrize("value", [b"01" + TRACEPARENT[2:], b"01" + TRACEPARENT[2:] + b"-"])
def test_a_later_traceparent_version_may_be_as_long_as_version_00(engine: FakeEngine, value: bytes) -> None:
    run(OpenTelemetryMiddleware(hello), http_scope(headers=[(b"traceparent", value)]))
    assert engine.request()["trace"] == TRACEPARENT


def test_a_tracestate_in_several_lines_is_one(engine: FakeEngine) -> None:
    headers = [(b"traceparent", TRACEPARENT), (b"tracestate", b"a=1"), (b"x", b"y"), (b"tracestate", b"b=2,c=3")]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=headers))
    assert engine.request()["tracestate"] == b"a=1,b=2,c=3"
