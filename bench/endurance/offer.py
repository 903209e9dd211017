# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m endurance.offer RATE SECONDS``: an application process of which only the recorder is there, given so many finished requests a second.

The recorder is the real one, its buffer, its connection, its counts; only that the record, always the same, is encoded once, as this is to load an
engine and not a core that it must share. Begins with the first byte of standard input, stays behind its pace rather than catch up in a burst of more
than a second, and ends when all it has kept is written. Prints how many were offered, over how many seconds, and how many of them the recorder dropped.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from marshal import dumps
from time import perf_counter
from typing import Any

from spangard._buffer import BATCH, Recorder
from spangard._frames import MAX_BATCH, clocks, framed

TICK_S = 0.002
LATE_S = 1.0
WRITTEN_S = 60.0


def request() -> tuple[Any, ...]:
    """An HTTP request of kind 1 of docs/wire-protocol.md, that took a millisecond and was answered by 5 bytes."""
    now = perf_counter()
    who = (1, now - 1e-3, now, 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, b"", None)
    asked = ("GET", "http", "1.1", "", "/items/7", b"", None, ("127.0.0.1", 50000), b"shop.test", b"overload", b"", None)
    return (*who, *asked, "/items/{item_id}", 200, None, None, [1, now, 0, 3, now, 5], 0, None, None, os.getpid())


class Offering(Recorder):
    """Its frames are those of Recorder, byte for byte, were its records all the one."""

    def __init__(self) -> None:
        super().__init__()
        self.record = request()
        self._bytes = dumps(self.record, 2)

    def _frame(self) -> tuple[bytes, int, int]:
        count = min(len(self.records), MAX_BATCH)
        head = (1, self._seq, self._taken + count + self.dropped, self.dropped, None, *clocks())
        fields = b"".join(dumps(field, 2) for field in head)
        body = b"".join((b"(", _u32(len(head) + 1), fields, b"[", _u32(count), self._bytes * count))
        del self.records[:count]
        self._seq += 1
        self._taken += count
        return framed(body), count, 0


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


async def offer(ours: Offering, rate: float, seconds: float) -> dict[str, float]:
    start = paced_from = now = perf_counter()
    offered = paced = 0
    while now - start < seconds:
        due = int((now - paced_from) * rate) - paced
        if due > rate * LATE_S:
            paced_from, paced, due = now, 0, 0
        paced += due
        offered += due
        while due:
            some = min(due, BATCH)
            ours.records += [ours.record] * some
            ours.appended(now)
            due -= some
        await asyncio.sleep(TICK_S)
        now = perf_counter()
    ended = now
    while (ours.records or not ours.link.is_drained()) and perf_counter() - ended < WRITTEN_S:
        await asyncio.sleep(TICK_S)
    return {"offered": offered, "seconds": ended - start, "dropped": ours.dropped}


def main() -> None:
    rate, seconds = map(float, sys.argv[1:])
    ours = Offering()
    sys.stdin.read(1)
    print(json.dumps(asyncio.run(offer(ours, rate, seconds))))


main()
