# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where a request stands in its trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, trace

from asgi import HEADERS, hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware
from spangard._tracecontext import (
    LARGE_MEMBER,
    MAX_BAGGAGE_BYTES,
    MAX_BAGGAGE_ENTRIES,
    MAX_LINES,
    MAX_TRACESTATE,
    joined,
    sole,
    tracestate,
    whole,
)

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


@pytest.mark.parametrize("profile", ["stable", "upstream"])
@pytest.mark.parametrize("scope", [http_scope, websocket_scope])
@pytest.mark.parametrize(
    "settings",
    [{}, {"OTEL_TRACES_SAMPLER": "always_off"}, {"OTEL_PROPAGATORS": "b3,tracecontext,baggage"}],
)
def test_what_comes_with_a_parent_is_the_applications_sampled_or_not(
    recorder: Any, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], scope: Any, profile: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        context = trace.get_current_span().get_span_context()
        seen.append((f"{context.trace_id:032x}".encode(), context.trace_state.to_header(), dict(baggage.get_all())))

    wrapped = OpenTelemetryMiddleware(app, profile=profile)
    lines = [(b"tracestate", b"foo@@bar=1, b=2"), (b"baggage", b"a=1"), (b"tracestate", b"b=3"), (b"baggage", b"b=2;x")]
    run(wrapped, scope(headers=[(b"traceparent", b"\t" + TRACEPARENT + b" "), *lines]))
    run(wrapped, scope(headers=[(b"traceparent", TRACEPARENT), *lines, (b"traceparent", TRACEPARENT)]))
    assert seen[0] == (TRACEPARENT[3:35], "foo@@bar=1,b=2", {"a": "1", "b": "2;x"})
    assert seen[1][0] != TRACEPARENT[3:35]
    assert seen[1][1:] == ("", {"a": "1", "b": "2;x"})


def test_headers_that_are_none_do_not_hide_those_that_are(engine: FakeEngine) -> None:
    odd = [None, (b"baggage",), ("tracestate", "x=1"), (b"tracestate", None), (b"traceparent", None), (None, None)]
    run(
        OpenTelemetryMiddleware(hello),
        http_scope(headers=[(b"tracestate", b"a=1"), *odd, (b"traceparent", TRACEPARENT)]),
    )
    record = engine.request()
    assert (record["trace"], record["tracestate"]) == (TRACEPARENT, b"a=1")


def test_a_tracestate_longer_than_32_members_can_be_is_not_looked_at() -> None:
    assert tracestate([(b"tracestate", b"a=1"), (b"tracestate", b"," * MAX_LINES)]) == b""
    assert tracestate([(b"tracestate", b"," * MAX_LINES)]) == b""
    assert tracestate([(b"tracestate", b"a=1" + b"," * (MAX_LINES - 3))]) == b"a=1"


def test_a_tracestate_of_33_members_is_left_out() -> None:
    members = [b"k%d=1" % n for n in range(33)]
    assert tracestate([(b"tracestate", b",".join(members[:32]))]) == b",".join(members[:32])
    assert tracestate([(b"tracestate", b",".join(members))]) == b""


def test_of_a_long_tracestate_large_members_go_first_and_then_the_last() -> None:
    small = [b"k%02d=" % n + b"x" * 100 for n in range(20)]
    at_the_edge, large = b"edge=" + b"x" * (LARGE_MEMBER - 5), b"large=" + b"x" * (LARGE_MEMBER - 5)
    kept = tracestate([(b"tracestate", b",".join([large, at_the_edge, *small]))]).split(b",")
    assert kept == [at_the_edge, *small[: len(kept) - 1]]
    assert MAX_TRACESTATE - 105 < len(b",".join(kept)) <= MAX_TRACESTATE


def test_lines_are_told_apart_by_their_names_only() -> None:
    headers = [(b"traceparent", b"1"), (b"baggage", b"a=1"), (b"Baggage", b" b=2 ,, c=3"), (b"baggage2", b"d=4")]
    assert sole(headers, b"1") == b"1"
    assert sole([*headers, (b"TraceParent", b"1")], b"1") is None
    assert whole(headers, b"a=1") == b"a=1,b=2,c=3"
    assert whole(headers[:2], b"a=1") == b"a=1"


def test_baggage_of_several_lines_is_bounded_by_members() -> None:
    assert joined([b"k=" + b"x" * MAX_BAGGAGE_BYTES, b"a=1"]) == b"a=1"
    assert joined([b"k=" + b"x" * 5000, b"l=" + b"x" * 5000, b"a=1"]) == b"k=" + b"x" * 5000 + b",a=1"
    many = joined([b",".join(b"k%d=1" % n for n in range(first, first + 100)) for first in (0, 100)])
    assert many is not None
    assert many.count(b",") + 1 == MAX_BAGGAGE_ENTRIES
    assert joined([b"", b" , "]) is None


@pytest.mark.parametrize("profile", ["stable", "upstream"])
@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_a_scope_that_is_used_again_is_recorded_again(
    recorder: Any, monkeypatch: pytest.MonkeyPatch, profile: str, sampler: str
) -> None:
    """Test clients and adapters do so; while its request runs, a wrapper within finds it recorded."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    app = OpenTelemetryMiddleware(OpenTelemetryMiddleware(hello, profile=profile), profile=profile)
    scope = http_scope()
    for _ in range(3):
        run(app, scope)
    assert len(recorder.records) == 3
    assert not recorder.live


def test_a_mark_of_somebody_elses_is_left_alone(recorder: Any) -> None:
    scope = http_scope(spangard=[])
    run(OpenTelemetryMiddleware(hello), scope)
    assert (scope["spangard"], recorder.records) == ([], [])
