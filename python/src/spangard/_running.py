# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans of the application's own that go on: each is announced when it is older than a second, as requests are, so that
the engine can tell it should the process be killed.

Until then the recorder holds the span; after that its record, so that one that is never ended is not held for ever.
"""

from __future__ import annotations

from ._frames import take_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Span(Protocol):
        """What is asked of a span, whose own module imports the recorder's."""

        recording: bool

        def age(self, now: float) -> float: ...
        def announcement(self) -> tuple[Any, ...]: ...

    class Recorder(Protocol):
        records: list[tuple[Any, ...]]
        others: list[None]
        running: dict[int, Span]
        announced_spans: dict[int, tuple[Any, ...]]


MAX_ANNOUNCED = 1024
"""Spans that are known to be announced; of more the oldest will not be announced to the next engine."""


def announce(recorder: Recorder, now: float, least_age: float, most: int) -> None:
    """Puts the OPEN record of each old span among the records, while there are fewer than ``most``. Under the
    recorder's lock.

    A span may end meanwhile on a thread of its own, which first stops recording, and then looks at `announced_spans`:
    one that is found ended after its OPEN record was put has it taken back, before any frame can take it.
    """
    announced = recorder.announced_spans
    for span_id, span in list(recorder.running.items()):
        if span.age(now) < least_age or len(recorder.records) >= most:
            continue
        recorder.running.pop(span_id, None)
        record = announced[span_id] = span.announcement()
        recorder.others.append(None)
        recorder.records.append(record)
        if not span.recording:
            take_back(recorder.records, recorder.others, record)
            announced.pop(span_id, None)
    for span_id in list(announced)[: max(0, len(announced) - MAX_ANNOUNCED)]:
        announced.pop(span_id, None)


def announce_again(recorder: Recorder) -> None:
    """To a new engine, which has heard of none of them but of those whose announcement still waits."""
    waiting = {id(record) for record in recorder.records}
    for record in list(recorder.announced_spans.values()):
        if id(record) not in waiting:
            recorder.others.append(None)
            recorder.records.append(record)
