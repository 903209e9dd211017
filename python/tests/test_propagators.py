# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Parents in the formats that OTEL_PROPAGATORS can name. it/test_propagators.py compares with the real packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, trace

from asgi import HEADERS, hello, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard._propagators import Propagators
from spangard._settings import Settings
from spangard._tracecontext import MAX_BAGGAGE_BYTES, MAX_BAGGAGE_ENTRIES

if TYPE_CHECKING:
    from engine import FakeEngine

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
OTHER = b"00-11111111111111111111111111111111-2222222222222222-01"

HEADER_OF = {
    "b3": [(b"b3", f"{TRACE}-{SPAN}-1".encode())],
    "b3multi": [(b"X-B3-TraceId", TRACE.encode()), (b"x-b3-spanid", SPAN.encode()), (b"x-b3-sampled", b"1")],
    "jaeger": [(b"uber-trace-id", f"{TRACE}:{SPAN}:0:1".encode())],
    "xray": [(b"x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1".encode())],
    "ottrace": [
        (b"ot-tracer-traceid", TRACE.encode()),
        (b"ot-tracer-spanid", SPAN.encode()),
        (b"ot-tracer-sampled", b"true"),
    ],
}


def parent(names: str, headers: list[Any]) -> bytes | None:
    return Propagators(names.split(","))(headers, dict(headers).get(b"traceparent"), None)[0]


@pytest.mark.parametrize("name", HEADER_OF)
def test_the_format_that_is_named_gives_the_parent(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("OTEL_PROPAGATORS", name)
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(trace.get_current_span().get_span_context())
        await hello(scope, receive, send)

    headers = [*HEADERS, (b"traceparent", OTHER), (b"tracestate", b"a=1"), *HEADER_OF[name]]
    run(OpenTelemetryMiddleware(app), http_scope(headers=headers))
    record = engine.request()
    assert record["trace"] == f"00-{TRACE}-{SPAN}-01".encode()
    assert record["tracestate"] == b"", "it belongs to the traceparent, which is not the parent"
    assert f"{seen[0].trace_id:032x}" == TRACE
    assert seen[0].span_id == record["span_id"]
    assert seen[0].trace_flags == 1


@pytest.mark.parametrize("name", HEADER_OF)
def test_a_format_that_is_not_named_gives_none(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    others = [other for other in HEADER_OF if {other, name} != {"b3", "b3multi"} and other != name]
    monkeypatch.setenv("OTEL_PROPAGATORS", ",".join(others))
    run(OpenTelemetryMiddleware(hello), http_scope(headers=HEADER_OF[name]))
    assert isinstance(engine.request()["trace"], int), "a new trace"


@pytest.mark.parametrize(
    ("names", "expected"), [("tracecontext,b3", TRACE), ("b3,tracecontext", "1" * 32), ("tracecontext", "1" * 32)]
)
def test_the_last_format_that_finds_a_parent_wins(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, names: str, expected: str
) -> None:
    monkeypatch.setenv("OTEL_PROPAGATORS", names)
    headers = [(b"traceparent", OTHER), (b"tracestate", b"a=1"), *HEADER_OF["b3"]]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=headers))
    record = engine.request()
    assert record["trace"][3:35].decode() == expected
    assert record["tracestate"] == (b"a=1" if expected == "1" * 32 else b"")


def test_the_parent_in_another_format_decides_whether_the_request_is_kept(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_PROPAGATORS", "b3")
    app = OpenTelemetryMiddleware(hello)
    run(app, http_scope(headers=[(b"b3", f"{TRACE}-{SPAN}-0".encode())]))
    run(app, http_scope(headers=[(b"b3", f"{TRACE}-{SPAN}-d".encode())]))
    engine.wait(lambda: len(engine.records()) == 2)
    assert [record[0] for record in engine.records()] == [3, 1]


def test_none_reads_neither_parent_nor_baggage(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_PROPAGATORS", "None")
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(baggage.get_all()))
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(app), http_scope(headers=[(b"traceparent", OTHER), (b"baggage", b"a=b")]))
    assert isinstance(engine.request()["trace"], int)
    assert seen == [{}]
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("jaeger", [*HEADER_OF["jaeger"], (b"uberctx-user", b"ann%20lee"), (b"uberctx-a.b", b" 1,2 ")]),
        ("ottrace", [*HEADER_OF["ottrace"], (b"ot-baggage-user", b"ann lee"), (b"ot-baggage-a.b", b"1,2")]),
    ],
)
def test_baggage_in_headers_of_their_own_joins_the_context(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, name: str, headers: Any
) -> None:
    monkeypatch.setenv("OTEL_PROPAGATORS", f"baggage,{name}")
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(baggage.get_all()))
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(app), http_scope(headers=[*headers, (b"baggage", b"w3c=yes")]))
    assert seen == [{"user": "ann lee", "a.b": "1,2", "w3c": "yes"}]


def test_baggage_is_bounded() -> None:
    many = [(b"uberctx-%d" % n, b"x") for n in range(MAX_BAGGAGE_ENTRIES + 1)]
    _, _, joined = Propagators(["jaeger"])([*HEADER_OF["jaeger"], *many], None, None)
    assert joined is not None
    assert joined.count(b",") + 1 == MAX_BAGGAGE_ENTRIES
    large = [(b"uberctx-a", b"x" * (MAX_BAGGAGE_BYTES - 2)), (b"uberctx-b", b"y"), (b"uberctx-c", b"z" * 9000)]
    assert Propagators(["jaeger"])([*HEADER_OF["jaeger"], *large[1:]], None, None)[2] == b"b=y"
    _, _, joined = Propagators(["jaeger"])([*HEADER_OF["jaeger"], *large], None, None)
    assert joined == b"b=y", "one byte too long with its comma"


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("b3", [(b"b3", b"0")]),
        ("b3", [(b"b3", f"{'0' * 32}-{SPAN}-1".encode())]),
        ("b3", [(b"b3", f"{TRACE}-{'0' * 16}-1".encode())]),
        ("b3", [(b"b3", f"{TRACE}-{SPAN}-1-{SPAN}-1".encode())]),
        ("b3", [(b"b3", f"{TRACE[1:]}-{SPAN}-1".encode())]),
        ("b3", [(b"b3", b"\xff" * 40)]),
        ("b3", [(b"b3", None)]),
        ("b3", [("b3", f"{TRACE}-{SPAN}-1")]),
        ("jaeger", [(b"uber-trace-id", f"{TRACE}:{SPAN}:1".encode())]),
        ("jaeger", [(b"uber-trace-id", f"-{TRACE[1:]}:{SPAN}:0:1".encode())]),
        ("jaeger", [(b"uber-trace-id", b"1" * 100_000)]),
        ("xray", [(b"x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=?".encode())]),
        ("xray", [(b"x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]};Sampled=1".encode())]),
        ("xray", [*HEADER_OF["xray"], *HEADER_OF["xray"]]),
        ("ottrace", [(b"ot-tracer-traceid", TRACE.upper().encode()), (b"ot-tracer-spanid", SPAN.encode())]),
        ("b3,jaeger,xray,ottrace", [b"x", (b"a",), None, 5]),
    ],
)
def test_what_is_no_parent_is_none(name: str, headers: list[Any]) -> None:
    assert Propagators(name.split(","))(headers, None, None) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "value", "sampled"),
    [
        ("b3", f"{TRACE}-{SPAN}", True),
        ("b3", f"{TRACE}-{SPAN}-1-{SPAN[::-1]}", True),
        ("b3", f"{TRACE}-{SPAN}-0-{SPAN[::-1]}", False),
        ("uber-trace-id", f"{TRACE}:{SPAN}:0:0", False),
        ("uber-trace-id", f"{TRACE}:{SPAN}:0:2", False),
        ("uber-trace-id", f"{TRACE}:{SPAN}:0:fe", False),
        ("uber-trace-id", f"{TRACE}:{SPAN}:0:11", True),
        ("x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN}", False),
        ("x-amzn-trace-id", f"Sampled=0;Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN}", False),
        ("x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]} ; Parent = {SPAN};Self=5;Sampled=1", True),
    ],
)
def test_each_format_says_whether_its_parent_is_sampled(name: str, value: str, sampled: bool) -> None:
    odd: list[Any] = [None, (b"b3",), ("b3", "x")]
    found = Propagators(["b3", "jaeger", "xray"])([*odd, (name.encode(), value.encode())], None, None)[0]
    assert found == f"00-{TRACE}-{SPAN}-0{int(sampled)}".encode()


@pytest.mark.parametrize("value", [f"Parent={SPAN};Sampled=1", f"Root=;Parent={SPAN}", f"Root=1-2-3;Parent={SPAN}"])
def test_xray_without_its_root_is_no_parent(value: str) -> None:
    assert parent("xray", [(b"x-amzn-trace-id", value.encode())]) is None


@pytest.mark.parametrize(
    ("names", "headers"),
    [
        ("jaeger", [(b"uberctx-user", b"ann")]),
        ("b3", [*HEADER_OF["b3"], *HEADER_OF["jaeger"], (b"uberctx-user", b"ann")]),
        ("ottrace", [(b"ot-baggage-user", b"ann")]),
        ("b3", [*HEADER_OF["b3"], *HEADER_OF["ottrace"], (b"ot-baggage-user", b"ann")]),
    ],
)
def test_baggage_of_a_format_comes_with_its_parent_only(names: str, headers: list[Any]) -> None:
    assert Propagators(names.split(","))(headers, None, None)[2] is None


def test_only_jaegers_baggage_is_percent_encoded() -> None:
    _, _, joined = Propagators(["jaeger"])([*HEADER_OF["jaeger"], (b"uberctx-a", b"\xe9%20 ")], None, None)
    assert joined == b"a=%C3%A9"
    _, _, joined = Propagators(["ottrace"])([*HEADER_OF["ottrace"], (b"ot-baggage-a", b"b%20c")], None, None)
    assert joined == b"a=b%2520c"


def test_baggage_fits_to_the_byte() -> None:
    largest = b"x" * (MAX_BAGGAGE_BYTES - len(b"a=,"))
    for value, fits in ((largest, True), (largest + b"x", False)):
        _, _, joined = Propagators(["jaeger"])([*HEADER_OF["jaeger"], (b"uberctx-a", value)], None, None)
        assert joined == (b"a=" + value if fits else None)


@pytest.mark.parametrize("names", ["", "tracecontext", "baggage, TraceContext", "none,tracecontext"])
def test_what_the_w3c_formats_need_is_on_the_main_path_alone(names: str) -> None:
    settings = Settings({"OTEL_PROPAGATORS": names})
    assert settings.propagators is None
    assert settings.baggage is (names in ("", "baggage, TraceContext"))


def test_short_ids_are_filled_up() -> None:
    assert parent("jaeger", [(b"uber-trace-id", b"ab:c:0:3")]) == b"00-%032x-%016x-01" % (0xAB, 0xC)
    short = [(b"x-b3-traceid", b"00000000000000AB"), (b"x-b3-spanid", SPAN.upper().encode()), (b"x-b3-flags", b"1")]
    assert parent("b3", short) == f"00-{0xAB:032x}-{SPAN}-01".encode()


def test_a_name_that_is_not_known_is_one_line(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_PROPAGATORS", "tracecontext, ,datadog,")
    OpenTelemetryMiddleware(hello)
    [line] = [record.getMessage() for record in caplog.records]
    assert line == (
        "spangard: OTEL_PROPAGATORS: 'datadog' is not known and ignored;"
        " known are tracecontext, baggage, b3, b3multi, jaeger, xray, ottrace, none"
    )
