# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Frames: records encoded as the engine reads them, within what it accepts, and mended where one can not be written.

The layout is docs/wire-protocol.md. When a frame is made, and what becomes of it, is said by `_buffer` and `_link`.
"""

from __future__ import annotations

from marshal import dumps
from time import perf_counter, time_ns

from ._facts import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 4
"""Of docs/wire-protocol.md."""

NO_SPANS = (0, 0)

MAX_BATCH = 256
"""Records in one frame, at most."""

MAX_FRAME_BYTES = 4 << 20
MAX_RECORD_BYTES = 1 << 20
"""What the engine accepts."""

TOGETHER_S = 2e-5
"""Two readings of clocks that are no further apart were made together."""

CLOCK_READINGS = 4

OPEN = frozenset((5, 6, 7, 8, 14, 15))
"""Kinds of records that announce a request."""

SPAN, LOST_SPAN = 19, 21
ENDED = frozenset((SPAN, LOST_SPAN))
"""Kinds of records that stand for one span of the application's own each, which has ended."""

_NOT_YET = (None, None, None, None, None, 0, None, None)
"""The fields of an OPEN record that only a finished request has: route to span, nothing sent ahead."""

LOST = 18
FINISHED = frozenset((1, 2, 3, 4, 9, 10, 12, 13, 17, LOST))
"""Kinds of records that stand for one finished request each."""


def hello(
    recorder_id: int,
    sent: int,
    seen: int,
    dropped: int,
    spans: tuple[int, int, int] | None,
    process: dict[str, Any],
    settings: dict[str, str],
) -> bytes:
    """The first frame of every connection: who records, and what became of its requests and spans so far."""
    return framed(dumps((0, VERSION, recorder_id, sent, seen, dropped, spans, process, settings), 2))


def goodbye(seen: int, dropped: int, spans: tuple[int, int] | None) -> bytes:
    """The last frame of a process that ends in good order."""
    return framed(dumps((2, seen, dropped, spans, time_ns()), 2))


def counted(records: list[tuple[Any, ...]]) -> tuple[int, int]:
    """How many finished requests, and how many spans that have ended, these are."""
    requests = spans = 0
    for record in records:
        kind = record[0]
        if kind in ENDED:
            spans += 1
        elif kind in FINISHED:
            requests += 1
    return requests, spans


def announcement(record: tuple[Any, ...], pid: int) -> tuple[Any, ...]:
    """An OPEN record as it is sent: one of kind 5 or 6 gets the fields that a finished request has besides."""
    return record if record[0] > 6 else (*record, *_NOT_YET, pid)


def next_frame(
    records: list[tuple[Any, ...]], others: list[None], seq: int, taken: int, dropped: int, spans: tuple[int, int]
) -> tuple[bytes, int, int, bool]:
    """Takes up to MAX_BATCH of ``records`` and encodes them: a frame, how many finished requests and spans it holds,
    and whether a record is left out of it that can not be written at all.

    :param others: one for each of ``records`` that stands for no finished request; shortened as they are
    :param seq: the frame's number
    :param taken: finished requests in the frames before it
    :param dropped: finished requests that no frame holds
    :param spans: ``taken`` and ``dropped`` of spans
    """
    count = min(len(records), MAX_BATCH)
    moment = clocks()
    is_mended = is_lossy = False
    left_out = 0
    while True:
        batch = records[:count]
        finished, ended = counted(batch) if others else (count, 0)
        seen = taken + finished + dropped
        told = (spans[0] + ended + spans[1], spans[1]) if ended or spans != NO_SPANS else None
        try:
            body = dumps((1, seq, seen, dropped, told, *moment, batch), 2)
        except Exception:  # something in it can not be written
            if is_mended:
                raise
            body = b""
        if body and len(body) <= MAX_FRAME_BYTES:
            break
        if not is_mended:
            kept = []
            for record in batch:
                mended = _mended(record)
                if mended is None:
                    is_lossy = True
                    if record[0] in FINISHED:  # for the engine to count
                        mended = (LOST, _span_id(record))
                    elif record[0] == SPAN:
                        mended = (LOST_SPAN, record[4])
                if mended is not None:
                    kept.append(mended)
            records[:count] = kept
            left_out = count - len(kept)
            count = len(kept)
            is_mended = True
        elif count > 1:
            count //= 2
    frame = framed(body)
    del records[:count]
    if others:
        del others[: left_out + count - finished]
    return frame, finished, ended, is_lossy


def drop_newest(records: list[tuple[Any, ...]], others: list[None], most: int) -> tuple[int, int]:
    """Leaves ``most`` of ``records``, and returns how many finished requests and spans the others were."""
    dropped = []
    while len(records) > most:
        dropped.append(records.pop())
        if dropped[-1][0] not in FINISHED:
            del others[-1:]
    return counted(dropped)


def take_back(records: list[tuple[Any, ...]], others: list[None], record: Any) -> bool:
    """Out of ``records`` with the one that stands for no finished request; False if it is not there. Other threads may
    append meanwhile.
    """
    for at in range(len(records) - 1, -1, -1):
        if records[at] is record:
            del records[at]
            del others[-1:]
            return True
    return False


def _mended(record: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """``record`` if it can be written, else without the values that can not be; None where that does not help."""
    told = record
    for _ in range(2):
        try:
            if len(dumps(told, 2)) <= MAX_RECORD_BYTES:
                return told
        except Exception:  # ValueError, or MemoryError
            pass
        told = clean(record, MAX_RECORD_BYTES // 2)
    return None


def say_lost() -> None:
    from ._log import warn

    warn("a record can not be written; it is left out, and counted as malformed where it is a whole request's")


def _span_id(record: tuple[Any, ...]) -> int:
    """Of the finished request's span; 0 where the engine was not told that it runs."""
    inner = record[2] if record[0] == 17 else record
    at = {3: 0, 4: 0, 9: 15, 10: 10}.get(inner[0], 4)
    return int(inner[at]) if at else 0


def clocks() -> tuple[int, float]:
    """Wall and monotonic clock at one moment: were the process put aside between the two, a whole batch would shift."""
    for _ in range(CLOCK_READINGS):
        before = perf_counter()
        wall = time_ns()
        if perf_counter() - before < TOGETHER_S:
            break
    return wall, before


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body
