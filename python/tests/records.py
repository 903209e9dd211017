# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Records as the middleware appends them, each with a number of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import FakeEngine
from spangard import _buffer, _frames

if TYPE_CHECKING:
    from spangard._buffer import Recorder


def request(number: int) -> tuple[Any, ...]:
    """A record as far as the buffer looks into it."""
    return (1, number)


def numbers(engine: FakeEngine) -> list[int]:
    return [record[1] for record in engine.records()]


def put(recorder: Recorder, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        recorder.records.append(request(number))
        if recorder.next_flush_at <= 0.0 or len(recorder.records) >= _buffer.BATCH:
            recorder.appended(0.0)


def put_kinds(recorder: Recorder, kinds: range) -> None:
    """A record of each kind, as far as the buffer looks into it."""
    for kind in kinds:
        if kind not in _frames.FINISHED:
            recorder.others.append(None)
        recorder.records.append((kind, 0))
