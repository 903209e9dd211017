# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Head sampling against values computed by OpenTelemetry's Java SDK 1.65 (``Sampler.traceIdRatioBased``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run, websocket_scope
from engine import UNSAMPLED_FIELDS
from spangard import OpenTelemetryMiddleware
from spangard._endings import FAILED
from spangard._facts import MAX_FIELD_TEXT
from spangard._messages import UNKNOWN_SUM
from spangard._sampling import keeps, ratio_edges, sampler_from

if TYPE_CHECKING:
    from engine import FakeEngine

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0%d"


@pytest.mark.parametrize(
    ("ratio", "low", "sampled"),
    [
        (0.5, 0x3FFFFFFFFFFFFFFF, True),
        (0.5, 0x4000000000000000, False),
        (0.5, 0xC000000000000000, False),
        (0.5, 0xC000000000000001, True),
        (0.5, 0xFFFFFFFFFFFFFFFF, True),
        (0.01, 0x0147AE147AE147AF, True),
        (0.01, 0x0147AE147AE147B0, False),
        (1.0, 0x7FFFFFFFFFFFFFFF, False),
        (1.0, 0x7FFFFFFFFFFFFFFE, True),
        (1.0, 0x8000000000000000, True),
        (0.0, 0x0000000000000000, False),
        (0.0, 0x8000000000000000, False),
        (0.5, 0x8000000000000000, True),
    ],
)
def test_the_ratio_is_compared_as_in_java(ratio: float, low: int, sampled: bool) -> None:
    assert keeps(ratio_edges(ratio), 0xABCDEF << 64 | low) is sampled


def test_about_the_ratio_of_random_ids_is_kept() -> None:
    from random import Random

    ids = Random(7)
    edges = ratio_edges(0.2)
    assert 1800 < sum(keeps(edges, ids.getrandbits(128)) for _ in range(10_000)) < 2200


@pytest.mark.parametrize(
    ("name", "flag", "kept"),
    [
        ("always_on", None, True),
        ("always_on", 0, True),
        ("always_off", None, False),
        ("always_off", 1, False),
        ("parentbased_always_on", None, True),
        ("parentbased_always_on", 0, False),
        ("parentbased_always_on", 1, True),
        ("parentbased_always_off", None, False),
        ("parentbased_always_off", 1, True),
        ("traceidratio", 0, True),
        ("parentbased_traceidratio", 0, False),
        ("parentbased_traceidratio", 1, True),
        (" AlwayS_oN ", 0, True),
    ],
)
def test_each_sampler_decides_for_roots_and_children(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, name: str, flag: int | None, kept: bool
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", name)
    headers = [] if flag is None else [(b"traceparent", (PARENT % flag).encode())]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=headers))
    engine.wait(engine.records)
    assert [record[0] for record in engine.records()] == [1 if kept else 3]


def test_an_unsampled_request_sends_what_metrics_need(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    async def reading(scope: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(reading), http_scope(method="POST"), {"type": "http.request", "body": b"123"})
    engine.wait(engine.records)
    record = dict(zip(UNSAMPLED_FIELDS, engine.records()[0]))
    assert (record["kind"], record["method"], record["scheme"], record["http_version"]) == (3, "POST", True, True)
    assert (record["status"], record["request_bytes"], record["response_bytes"]) == (200, 3, 5)
    assert record["start"] <= record["first_byte"] <= record["complete"] <= record["end"]
    assert (record["failure"], record["left"]) == (None, None)
    assert record["measurement_facts"] is None


@pytest.mark.parametrize(
    ("variable", "value", "forwarded"),
    [
        ("SPANGARD_TRUSTED_PROXIES", "127.0.0.1", [b":x-forwarded-proto", b"https"]),
        ("SPANGARD_ATTRIBUTES", "client.port, server.address,", None),
        ("SPANGARD_ATTRIBUTES", "user_agent.synthetic.type", None),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_an_unsampled_request_says_what_measurements_are_asked_for(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, forwarded: object, kind: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv(variable, value)
    headers = [(b"host", b"h" * 3000), (b"user-agent", b"curl"), (b"x-forwarded-proto", b"https")]
    scope = (http_scope if kind == "http" else websocket_scope)(headers=headers)
    run(OpenTelemetryMiddleware(hello), scope)
    engine.wait(engine.records)
    asked = engine.records()[0][-1]
    assert asked == (scope["server"], scope["client"], b"h" * MAX_FIELD_TEXT, b"curl", forwarded)


def test_an_unsampled_request_says_no_more_for_attributes_of_spans(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("SPANGARD_ATTRIBUTES", "client.port")
    run(OpenTelemetryMiddleware(hello), http_scope())
    engine.wait(engine.records)
    assert engine.records()[0][-1] is None


def unsampled(
    engine: FakeEngine, app: object, scope: dict[str, object], *incoming: dict[str, object]
) -> dict[str, Any]:
    run(OpenTelemetryMiddleware(app), scope, *incoming)
    engine.wait(engine.records)
    return dict(zip(UNSAMPLED_FIELDS, engine.records()[0]))


@pytest.mark.parametrize(
    ("last", "size"),
    [
        ({"type": "http.response.pathsend", "path": "/file"}, UNKNOWN_SUM),
        ({"type": "http.response.zerocopysend", "file": 3, "count": 7}, 7),
    ],
)
def test_an_unsampled_response_that_the_server_reads_from_a_file_is_complete(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, last: dict[str, object], size: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    async def app(scope: object, receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send(last)

    record = unsampled(engine, app, http_scope())
    assert record["start"] <= record["first_byte"] <= record["complete"] <= record["end"]
    assert record["response_bytes"] == size


def test_an_unsampled_websocket_says_how_it_began_and_ended_and_its_sums(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    async def app(scope: object, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for message in ({"text": "h\u00e9"}, {"text": None, "bytes": b"12"}):
            await send({"type": "websocket.send", **message})
        await receive()
        await send({"type": "websocket.close", "code": 1011})
        raise ValueError("after it")

    with pytest.raises(ValueError, match="after it"):
        run(
            OpenTelemetryMiddleware(app),
            websocket_scope(),
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "bytes": b"1234"},
        )
    engine.wait(engine.records)
    record = engine.records()[0]
    kind, start, end, method, scheme, version, route, events, failure, asked = record
    assert (kind, method, scheme, version, route) == (4, None, True, True, None)
    assert (failure, asked) == (("ValueError", FAILED), None)
    assert start <= events[1] <= events[4] <= end
    assert [*events[:1], *events[2:4], *events[5:]] == [5, 0, 8, 1011, 23, 1, 4, 0, 12, 2, 5]


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"OTEL_TRACES_SAMPLER": "jaeger_remote"}, "OTEL_TRACES_SAMPLER='jaeger_remote' is not known"),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
            "OTEL_TRACES_SAMPLER_ARG='2' is not a ratio",
        ),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "half"}, "'half' is not a ratio"),
    ],
)
def test_an_impossible_sampler_is_named_and_everything_is_kept(environ: dict[str, str], complaint: str) -> None:
    sampler, said = sampler_from(environ)
    assert sampler.edges is None
    assert said is not None
    assert complaint in said


def test_an_impossible_sampler_is_one_line_of_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "jaeger_remote")
    OpenTelemetryMiddleware(hello)
    [line] = caplog.records
    assert line.name == "spangard"
    assert line.getMessage() == (
        "spangard: OTEL_TRACES_SAMPLER='jaeger_remote' is not known; using parentbased_always_on"
    )


@pytest.mark.parametrize("name", ["", "jaeger_remote", "parentbased_traceidratio"])
def test_what_stands_in_for_a_sampler_is_the_default(name: str) -> None:
    sampler, said = sampler_from({"OTEL_TRACES_SAMPLER": name})
    assert (said is None) is (name != "jaeger_remote")
    assert (sampler.edges, sampler.parent_based) == (ratio_edges(1.0) if "ratio" in name else None, True)


@pytest.mark.parametrize("argument", ["2", "-0.1", "nan", "half"])
def test_an_impossible_ratio_is_named_and_everything_is_kept(argument: str) -> None:
    for name, parent_based in (("traceidratio", False), ("parentbased_traceidratio", True)):
        sampler, said = sampler_from({"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": f" {argument} "})
        assert (sampler.edges, sampler.parent_based) == (None, parent_based)
        assert said == f"OTEL_TRACES_SAMPLER_ARG={argument!r} is not a ratio between 0 and 1; using 1.0"
