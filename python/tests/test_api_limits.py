# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a span of the application's own holds: values of all types, within limits, and nothing that costs more."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext

from api_spans import noted, tracer
from odd_values import fails, raises, waits
from odd_values import values as odd_values
from spangard.api import limits, values
from spangard.trace import TracerProvider

if TYPE_CHECKING:
    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _nobody_reads(recorder: Recorder) -> None:
    recorder.next_flush_at = perf_counter() + 1000


def attribute(recorder: Recorder, value: Any) -> Any:
    span = tracer().start_span("work", attributes={"given": value})
    span.set_attribute("set", value)
    span.add_event("event", {"said": value})
    span.end()
    record = noted(recorder)["work"]
    [(_, _, said, _)] = record["events"]
    assert record["attributes"].get("given", ...) == record["attributes"].get("set", ...) == said.get("said", ...)
    return record["attributes"].get("set", ...)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("text", "text"),
        (True, True),
        (0.5, 0.5),
        (None, None),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, "9223372036854775808"),
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"x"), b"x"),
        (["a", "b"], ["a", "b"]),
        (("a", 1, None, [b"x"]), ["a", 1, None, [b"x"]]),
        ([], []),
        ({"a": {"b": [1, {"c": None}]}}, {"a": {"b": [1, {"c": None}]}}),
        ({"a": object(), 5: 1, "b": 2}, {"b": 2}),
        ([1, object()], [1, None]),
        (object(), ...),
    ],
)
def test_values_of_all_types_are_kept(recorder: Recorder, value: Any, kept: Any) -> None:
    assert attribute(recorder, value) == kept


def test_what_is_nested_too_deep_is_left_out(recorder: Recorder) -> None:
    nested: Any = "leaf"
    for _ in range(values.MAX_NESTING):
        nested = [nested]
    assert attribute(recorder, nested) == nested
    told = attribute(recorder, [nested])
    for _ in range(values.MAX_NESTING):
        [told] = told
    assert told is None


def test_a_value_in_itself_ends(recorder: Recorder) -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert attribute(recorder, endless) is not ...
    keyed: dict[str, Any] = {}
    keyed["a"] = keyed["b"] = keyed
    assert attribute(recorder, keyed) is not ...


@pytest.mark.parametrize("does", [waits, raises, fails])
def test_no_odd_value_raises_or_runs_code_of_its_own(recorder: Recorder, does: Any) -> None:
    ours = tracer()
    for value in odd_values(does):
        span = ours.start_span(value, None, value, value, value, value, value, value)
        for method in ("set_attribute", "add_event", "add_link", "set_status", "record_exception"):
            getattr(span, method)(value, value)
        span.set_attributes(value)
        span.set_attributes({"odd": value, "nested": {"odd": [value]}})
        span.update_name(value)
        span.end(value)
        with ours.start_as_current_span(value, None, value, value, value, value, value, value, value):
            pass
        ours.start_span("odd", value).end()
        TracerProvider().get_tracer(value, value, value, value).start_span("work").end()
    noted(recorder)


def test_the_oldest_gives_way(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "2")
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "2")
    monkeypatch.setenv("OTEL_SPAN_LINK_COUNT_LIMIT", "1")
    monkeypatch.setenv("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1")
    monkeypatch.setenv("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "0")
    links = [Link(SpanContext(1, n, False), {"a": 1}) for n in (1, 2)]
    span = tracer().start_span("work", attributes={"a": 1, "b": 2, "c": 3}, links=links)
    span.set_attribute("d", 4)
    for n in range(3):
        span.add_event(f"e{n}", {"a": 1, "b": 2})
    span.end()
    record = noted(recorder)["work"]
    assert record["attributes"] == {"c": 3, "d": 4}
    assert [(event[0], event[2], event[3]) for event in record["events"]] == [("e1", {"b": 2}, 1), ("e2", {"b": 2}, 1)]
    assert record["links"] == [(1, 2, 0, b"", {}, 1)]
    assert record["dropped"] == [2, 1, 1]


@pytest.mark.parametrize(("limit", "length"), [("10", 10), ("100000", limits.MAX_TEXT_OF_A_SPAN), ("", 4096)])
def test_texts_are_cut_where_a_variable_says(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, limit: str, length: int
) -> None:
    monkeypatch.setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", limit)
    span = tracer().start_span("work")
    span.set_attribute("k", "x" * 1_000_000)
    span.end()
    assert len(noted(recorder)["work"]["attributes"]["k"]) == length - (limit == "100000")  # of the key


@pytest.mark.parametrize("value", ["-1", "many", "1" * 20])
def test_an_impossible_limit_is_one_line(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", value)
    assert tracer().limits.events == limits.DEFAULT_COUNT
    assert [r.getMessage() for r in caplog.records] == [
        f"spangard: OTEL_SPAN_EVENT_COUNT_LIMIT='{value}' is no number from 0 on; 128 is used"
    ]


def test_a_million_attributes_are_bounded(recorder: Recorder) -> None:
    span: trace.Span = tracer().start_span("work", attributes={f"k{n}": "v" * 300 for n in range(100_000)})
    for n in range(200_000):
        span.set_attribute(f"n{n}", "v" * 300)
        if n % 1000 == 0:
            span.add_event(f"e{n}", {f"k{i}": "v" * 300 for i in range(200)})
    span.end()
    record = noted(recorder)["work"]
    assert len(record["attributes"]) == limits.DEFAULT_COUNT
    assert len(record["events"]) == limits.DEFAULT_COUNT
    texts = [*record["attributes"].values(), *[v for event in record["events"] for v in event[2].values()]]
    assert sum(map(len, texts)) <= limits.MAX_TEXT_OF_A_SPAN + limits.DEFAULT_COUNT * limits.SHORT
    assert record["dropped"][0] > 200_000
