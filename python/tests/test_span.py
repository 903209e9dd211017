# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the application sets on the current span, bounded."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

from inside import inside
from spangard import _span_values
from spangard._attributes import MAX_BITS
from spangard._current_span import MAX_ATTRIBUTES, MAX_EVENTS, MAX_TEXT_OF_A_SPAN
from spangard._values import MAX_VALUE

if TYPE_CHECKING:
    from engine import FakeEngine


def test_what_the_application_sets_is_in_the_record(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        span.set_attribute("a.text", "x")
        span.set_attributes({"a.int": 1, "a.float": 1.5, "a.bool": True, "a.list": ["x", "y"], "a.object": object()})
        span.add_event("cache.miss", {"key": "k"}, 123)
        span.update_name("renamed")
        span.set_status(trace.StatusCode.ERROR, "bad")
        span.add_link(trace.SpanContext(1, 2, True))
        try:
            raise KeyError("k")
        except KeyError as error:
            span.record_exception(error, {"extra": 1})

    inside(work)
    name, attributes, events, status, links = engine.request()["span"]
    assert name == "renamed"
    assert attributes == {"a.text": "x", "a.int": 1, "a.float": 1.5, "a.bool": True, "a.list": ["x", "y"]}
    assert events[0] == ("cache.miss", 123, {"key": "k"})
    assert events[1][0] == "exception"
    assert events[1][2]["exception.type"] == "KeyError"
    assert events[1][2]["extra"] == 1
    assert "KeyError: 'k'" in events[1][2]["exception.stacktrace"]
    assert status == (2, "bad")
    assert links == [(1, 2, 0, {})]


def test_status_ok_is_final_and_unset_is_ignored(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        span.set_status(trace.Status(trace.StatusCode.OK))
        span.set_status(trace.StatusCode.ERROR, "late")
        span.set_status(trace.StatusCode.UNSET)

    inside(work)
    assert engine.request()["span"][3] == (1, None)


def test_what_one_span_can_hold_is_bounded(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        for number in range(2 * MAX_ATTRIBUTES):
            span.set_attribute(f"key.{number}", "x" * (2 * MAX_VALUE))
        for number in range(2 * MAX_EVENTS):
            span.add_event(f"event {number}")
        span.set_attribute("", 1)
        span.set_attribute("huge", 1 << 70)

    inside(work)
    _, attributes, events, _, _ = engine.request()["span"]
    assert len(attributes) <= MAX_ATTRIBUTES
    assert len(events) == MAX_EVENTS
    text = sum(len(k) + len(v) for k, v in attributes.items()) + sum(len(event[0]) for event in events)
    assert MAX_TEXT_OF_A_SPAN - MAX_VALUE <= text <= MAX_TEXT_OF_A_SPAN


def test_an_attribute_set_again_and_again_keeps_its_last_value(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        for number in range(MAX_TEXT_OF_A_SPAN // 10):
            span.set_attribute("progress", f"message {number:>12}")

    inside(work)
    assert engine.request()["span"][1] == {"progress": f"message {MAX_TEXT_OF_A_SPAN // 10 - 1:>12}"}


def test_an_attribute_that_finds_no_room_is_left_out(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        for number in range(MAX_TEXT_OF_A_SPAN // MAX_VALUE + 1):
            span.set_attribute(f"{number:02}", "x" * MAX_VALUE)
        span.set_attribute("none", 1)

    inside(work)
    attributes = engine.request()["span"][1]
    assert "" not in attributes
    assert "none" not in attributes


def test_lists_within_lists_are_left_out(engine: FakeEngine) -> None:
    endless: list[Any] = []
    endless.append(endless)

    def work(span: Any) -> None:
        span.set_attributes({"nested": [[1], [2]], "endless": endless, "mixed": [1, "x"], "flat": (1, 2)})

    inside(work)
    assert engine.request()["span"][1] == {"flat": [1, 2]}


def test_a_number_beyond_64_bits_is_its_digits_and_one_without_end_is_left_out(engine: FakeEngine) -> None:
    inside(lambda span: span.set_attributes({"large": 1 << 64, "endless": 1 << (MAX_BITS + 1)}))
    assert engine.request()["span"][1] == {"large": str(1 << 64)}


def test_no_method_raises_whatever_it_is_given(engine: FakeEngine) -> None:
    def wrong(span: Any) -> None:
        for method in (
            *(span.set_attribute, span.set_attributes, span.add_event, span.add_link, span.record_exception),
            *(span.set_status, span.update_name, span.end),
        ):
            method()
            method(None)
            method(1, 2, 3, 4, 5, 6)
            method(nothing="known")
        span.add_link(trace.INVALID_SPAN_CONTEXT)
        span.set_status(2, "a number")

    inside(wrong)
    name, attributes, events, status, links = engine.request()["span"]
    assert (name, attributes, status, links) == (None, {}, None, [])
    assert {event[0] for event in events} == {"exception"}


@pytest.mark.parametrize(
    ("given", "nanos"),
    [
        (5, 5),
        (1.7e9, 1_700_000_000_000_000_000),
        (1.7e18, 1_700_000_000_000_000_000),
        (datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc), 1_700_000_000_000_000_000),
    ],
)
def test_the_time_of_an_event_is_understood(engine: FakeEngine, given: Any, nanos: int) -> None:
    inside(lambda span: span.add_event("event", timestamp=given))
    assert engine.request()["span"][2] == [("event", nanos, {})]


@pytest.mark.parametrize("given", [None, 0, -1, -1.5, 2**63, 2**200, 3.5, float("nan"), True, "now", object()])
def test_the_time_of_an_event_that_is_none_is_now(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, given: Any
) -> None:
    monkeypatch.setattr(_span_values, "time_ns", lambda: 77)
    inside(lambda span: span.add_event("event", timestamp=given))
    assert engine.request()["span"][2] == [("event", 77, {})]
