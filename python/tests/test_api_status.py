# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans that end with an error, or a status."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import (
    StatusCode,
)

from api_spans import noted, tracer

if TYPE_CHECKING:
    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _nobody_reads(recorder: Recorder) -> None:
    recorder.next_flush_at = perf_counter() + 1000


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([(StatusCode.OK, None), (StatusCode.ERROR, "no")], (1, None)),
        ([(StatusCode.ERROR, "a"), (StatusCode.ERROR, "b")], (2, "b")),
        ([(StatusCode.ERROR, "a"), (StatusCode.OK, "ignored")], (1, None)),
        ([(StatusCode.ERROR, "a"), (StatusCode.UNSET, None)], (2, "a")),
        ([(StatusCode.UNSET, "a"), ("OK", None), (None, None), (2, None)], None),
    ],
)
def test_the_status_follows_the_specification(recorder: Recorder, said: Any, status: Any) -> None:
    span = tracer().start_span("work")
    for code, description in said:
        span.set_status(code, description)
    span.end()
    assert noted(recorder)["work"]["status"] == status


@pytest.mark.parametrize(("records", "sets"), [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("way", ["start_as_current_span", "start_span"])
def test_an_exception_is_an_event_and_the_status_as_asked_for(
    recorder: Recorder, records: bool, sets: bool, way: str
) -> None:
    start: Any = getattr(tracer(), way)
    with pytest.raises(KeyError), start("work", record_exception=records, set_status_on_exception=sets):
        raise KeyError("x")
    record = noted(recorder)["work"]
    assert record["status"] == ((2, "KeyError: 'x'") if sets else None)
    if not records:
        assert record["events"] is None
        return
    [(name, time, attributes, dropped)] = record["events"]
    assert (name, dropped) == ("exception", 0)
    assert record["start"] <= time <= record["end"]
    assert (attributes["exception.type"], attributes["exception.message"]) == ("KeyError", "'x'")
    assert attributes["exception.stacktrace"].endswith("KeyError: 'x'\n")
    assert attributes["exception.escaped"] == str(way == "start_span")


def test_a_generators_end_and_a_cancellation_are_no_failures(recorder: Recorder) -> None:
    with pytest.raises(GeneratorExit), tracer().start_as_current_span("work"):
        raise GeneratorExit
    record = noted(recorder)["work"]
    assert (record["status"], record["events"]) == (None, None)


def test_a_scope_need_not_end_its_span(recorder: Recorder) -> None:
    with tracer().start_as_current_span("work", end_on_exit=False) as span:
        pass
    assert span.is_recording()
    assert not recorder.records
    span.end()
    assert noted(recorder)


def test_a_recorded_exception_has_what_the_application_adds(recorder: Recorder) -> None:
    span = tracer().start_span("work")
    span.record_exception(
        ValueError("no"), {"exception.message": "ours", "box": 3}, timestamp=1_700_000_000_000_000_000
    )
    span.end()
    [(_, time, attributes, _)] = noted(recorder)["work"]["events"]
    assert time == 1_700_000_000_000_000_000
    assert (attributes["exception.type"], attributes["exception.message"], attributes["box"]) == (
        "ValueError",
        "ours",
        3,
    )
