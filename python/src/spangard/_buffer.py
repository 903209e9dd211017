# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""From records to the engine's socket: batching, bounds, reconnecting, fork.

One ``Recorder`` per process, shared by all its event loops and threads. Its promise: no call blocks (only ``drain`` and
``close`` wait, bounded, when a server or the process ends), none raises, memory is bounded, and ``seen = sent +
dropped`` holds at every GOODBYE. The layout of all that is written is docs/wire-protocol.md.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock
from time import perf_counter

from ._frames import FINISHED, OPEN, announcement, counted, drop_newest, goodbye, hello, next_frame, say_lost, take_back
from ._link import Link
from ._marks import ATTACHED, RECORDS, mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BATCH = 128
"""A batch is written as soon as this many records wait."""

MAX_RECORDS = 4096
"""Records that wait while the engine does not read; above it the newest is dropped and counted."""

MAX_SPANS = 3072
"""Records that wait above which spans of the application's own are dropped and counted: the rest is for requests."""

TICK_S = 0.05
"""How long a record waits for company."""

FLUSH_INTERVAL_S = 0.01
"""While no other request runs, a record is written at once, but no more often than this."""

SLOW_TICK_S = 1.0
"""How often open requests are looked through while nothing else is to be done."""

OPEN_AFTER_S = 1.0
"""A request older than this is announced while it runs."""

LATE_S = 1.0
"""A timer this late is taken for lost with its event loop; a loop that is only busy still fires it."""

NOT_ARMED = float("-inf")


class Recorder:
    """Appends are the caller's: ``records.append(…)``, ``appended(now)`` when due; the rest is behind a try-lock."""

    def __init__(self) -> None:
        self.records: list[tuple[Any, ...]] = []
        self.others: list[None] = []
        """One for each of ``records`` that stands for no finished request, put there before it; mostly none."""
        self.live: dict[int, tuple[Any, ...]] = {}
        """Span id → the OPEN record of each running request."""
        self.announced: set[int] = set()
        self.running: dict[int, Any] = {}
        """Span id → each running span of the application's own that is not announced."""
        self.announced_spans: dict[int, tuple[Any, ...]] = {}
        self.link = Link()
        self._start_over()
        os.register_at_fork(after_in_child=self._after_fork)
        import atexit

        atexit.register(self.close)
        multiprocessing = sys.modules.get("multiprocessing.process")
        if multiprocessing is not None:
            if multiprocessing.parent_process() is not None:
                _close_in_child(self)
            elif getattr(multiprocessing.current_process(), "_inheriting", False):  # a child that still imports
                self._close_in_children()
        if ATTACHED in os.environ:
            mark(RECORDS)
        if "uvicorn.server" in sys.modules:
            from ._farewell import watch_uvicorn

            watch_uvicorn(self)

    def _start_over(self) -> None:
        from random import Random  # imported here: it takes half of what the package's import may

        self.pid = os.getpid()
        self.bits = Random().getrandbits  # for ids; not the module's functions, which applications seed
        self.began = perf_counter()  # what began before, in the process this was forked from, is not told here
        self._lock = allocate_lock()
        self._seq = 0
        self._has_said_lost = False
        self._taken = 0  # finished requests that left `records` for a frame
        self.dropped = 0
        self._dropped_told = 0  # of these, what an engine has been told of
        self._spans_taken = 0  # as `_taken` and `dropped`, of the application's own spans
        self.spans_dropped = 0
        self.due = NOT_ARMED  # when the armed timer fires
        self._announced = 0.0
        self.next_flush_at = NOT_ARMED  # when an append is to be followed by `appended`; until then a timer is armed
        self.patience: float | None = None  # seconds that are left to wait for an engine when something ends
        self.has_told_lost = False
        self._closed = False

    def _after_fork(self) -> None:
        del self.records[:]
        del self.others[:]
        self.live.clear()
        self.announced.clear()
        self.running.clear()
        self.announced_spans.clear()
        self.link.abandon()
        self._start_over()
        self._close_in_children()

    def _close_in_children(self) -> None:
        util = sys.modules.get("multiprocessing.util")
        if util is not None:  # runs what is registered now in children of its own
            util.register_after_fork(self, _close_in_child)

    def appended(self, now: float) -> None:
        """To be called after an append at about ``now``, when ``now >= next_flush_at`` or BATCH records wait."""
        if len(self.records) >= BATCH:
            self.flush()
            if len(self.records) > MAX_RECORDS:
                self._drop_newest()
        elif not self.live:
            self.flush()  # nothing else runs: should the process be killed now, nothing is lost
        self.next_flush_at = now + FLUSH_INTERVAL_S
        if not -TICK_S < now - self.due < LATE_S:
            # none is armed, or a slow one, or one on an event loop that was closed since
            self._arm(now, TICK_S)

    def span_ended(self, record: tuple[Any, ...], now: float) -> None:
        """Takes the record of a span that the application made itself, which ended at about ``now``."""
        self.others.append(None)
        self.records.append(record)
        if len(self.records) >= BATCH or (now >= self.next_flush_at and not self.live):
            self.appended(now)
            if len(self.records) > MAX_SPANS and self._lock.acquire(False):
                try:
                    self.spans_dropped += take_back(self.records, self.others, record)
                finally:
                    self._lock.release()
        elif not -TICK_S < now - self.due < LATE_S:  # it goes with the request that runs, or by the timer
            self._arm(now, TICK_S)

    def sent_ahead(self, record: tuple[Any, ...], now: float) -> None:
        """Takes a part of a request that runs, whose messages are many."""
        self.others.append(None)
        self.records.append(record)
        self.appended(now)

    def arm_slowly(self, now: float) -> None:
        """To be called when a request starts while no timer is armed: should it last, it is to be announced."""
        self._arm(now, SLOW_TICK_S)

    def flush(self) -> None:
        """Writes what the socket takes now. Whoever finds another thread at it leaves it to that one."""
        if self._closed or not self._lock.acquire(False):
            return
        try:
            link = self.link
            if not link.ensure_connected(self._hello):
                return
            while link.write() and self.records:
                link.queue(*self._frame())
        except Exception:  # never into a request; what was taken is in the link's hands or counted by it
            self.link.broken()
        finally:
            self._lock.release()

    def _frame(self) -> tuple[bytes, int, int]:
        self._dropped_told = self.dropped
        frame, finished, spans, is_lossy = next_frame(
            self.records, self.others, self._seq, self._taken, self.dropped, (self._spans_taken, self.spans_dropped)
        )
        self._seq += 1
        self._taken += finished
        self._spans_taken += spans
        if is_lossy and not self._has_said_lost:
            self._has_said_lost = True
            say_lost()
        return frame, finished, spans

    def _hello(self, sent: int, spans_sent: int) -> bytes:
        from ._process import describe, settings

        if self.announced:  # a new engine has heard of none; it will of those whose announcement still waits
            self.announced.intersection_update([r[2 if r[0] in {7, 8} else 4] for r in self.records if r[0] in OPEN])
        if self.announced_spans:
            from ._running import announce_again

            announce_again(self)
        self._dropped_told = self.dropped
        seen = self._taken + self.dropped
        spans = self._spans()
        told = spans and (spans_sent, *spans)
        return hello(self.link.recorder_id, sent, seen, self.dropped, told, describe(), settings())

    def _spans(self) -> tuple[int, int] | None:
        """How many of the application's own spans have ended and left, and how many of them were dropped here."""
        seen = self._spans_taken + self.spans_dropped
        return (seen, self.spans_dropped) if seen else None

    def _drop_newest(self) -> None:
        if self._lock.acquire(False):
            try:
                requests, spans = drop_newest(self.records, self.others, MAX_RECORDS)
                self.dropped += requests
                self.spans_dropped += spans
            finally:
                self._lock.release()

    def _arm(self, now: float, delay: float) -> None:
        self.due = now + delay - 1e-3  # so that a timer just armed counts as near enough
        try:
            from asyncio import _get_running_loop  # None where get_running_loop raises

            loop = _get_running_loop()
            if loop is not None:
                loop.call_later(delay, self._tick, self.due)
                return
        except Exception:  # a loop that is closing
            pass
        try:
            from threading import Timer

            timer = Timer(delay, self._tick, (self.due,))
            timer.daemon = True
            timer.start()
        except RuntimeError:  # no thread to be had, or the interpreter is ending: the next append tries again
            self.due = NOT_ARMED

    def _tick(self, due: float) -> None:
        if due != self.due or self._closed:  # a newer timer took over
            return
        now = perf_counter()
        runs = self.live or self.running
        if runs and now - self._announced >= SLOW_TICK_S and self._announce(now):
            self._announced = now
        self.flush()
        if self.records or not self.link.is_drained():
            self._arm(now, TICK_S)
        else:
            self.next_flush_at = NOT_ARMED
            if self.live or self.running:
                self._arm(now, SLOW_TICK_S)
            else:
                self.due = NOT_ARMED

    def _announce(self, now: float, least_age: float | None = None) -> bool:
        """Puts the OPEN record of each old request among the others; False if another thread is at a frame.

        The request may end meanwhile on a thread of its own, which first leaves `live` and then looks at `announced`:
        one that is found gone after its OPEN record was put has it taken back, before any frame can take it.
        """
        if least_age is None:
            least_age = OPEN_AFTER_S
        if not self._lock.acquire(False):
            return False
        try:
            records, live, announced = self.records, self.live, self.announced
            for span_id, record in live.copy().items():
                if now - record[1] >= least_age and span_id not in announced:
                    if len(records) >= MAX_RECORDS:
                        break
                    told = announcement(record, self.pid)
                    announced.add(span_id)
                    self.others.append(None)
                    records.append(told)
                    if span_id not in live:
                        take_back(records, self.others, told)
                        announced.discard(span_id)
            if self.running:
                from ._running import announce

                announce(self, now, least_age, MAX_SPANS)
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        """The process ends in good order: what waits and what runs is told, then GOODBYE. Waits as ``drain`` does."""
        if self._closed:
            return
        self.drain()
        self.due = NOT_ARMED  # a timer that still fires finds itself replaced
        if self._lock.acquire(True, 0.1):
            try:
                self._closed = True  # a request that still ends has been told with the process
                if self.undelivered() or not self.link.is_settled():
                    from ._farewell import tell_lost

                    tell_lost(self)
                requests, spans = counted(self.records)
                self.dropped += requests
                self.spans_dropped += spans
                del self.records[:]
                del self.others[:]
                self.link.goodbye(goodbye(self._taken + self.dropped, self.dropped, self._spans()))
            except Exception:  # at the end of the process
                pass
            finally:
                self._lock.release()

    def part(self) -> None:
        """A signal is about to end the process, behind which no exit handler runs: GOODBYE, if all is told. Should the
        process go on, this is another recorder.
        """
        link = self.link
        is_told = not (self.live or self.running or self.records) and link.is_drained()
        if not is_told or not self._lock.acquire(True, 0.1):
            return
        patience = self.patience
        try:
            link.goodbye(goodbye(self._taken + self.dropped, self.dropped, self._spans()))
        finally:
            link.abandon()
            self._start_over()  # with another lock
            self.patience = patience

    def drain(self) -> None:
        """Delivers what waits, and announces what runs. Blocks, as long as SPANGARD_EXIT_WAIT has it and an engine may
        come: not for requests.
        """
        if self.delivers():
            from ._farewell import settle

            try:
                settle(self)
            except Exception:  # an end is not held up by telemetry
                pass

    def delivers(self) -> bool:
        """Writes what can be written now, also to an engine that has just come, and announces what runs; whether
        anything is left, or may still be refused.
        """
        link = self.link
        if not (self.records or self.live or self.running or link.connected()) and link.is_settled():
            return False
        link.hurry()
        self.flush()
        if link.connected() and (self.live or self.running):
            self._announce(perf_counter(), 0.0)
            self.flush()
        is_told = link.connected() or not self.live
        return bool(self.records) or not (is_told and link.is_drained() and link.is_settled())

    def undelivered(self) -> int:
        """Finished requests that no engine has, dropped or running ones that none knows of."""
        known = self.dropped - self._dropped_told
        known += len([None for record in self.records if record[0] in FINISHED]) + self.link.waiting()
        return known + (0 if self.link.connected() else len(self.live))


def _close_in_child(recorder: Recorder) -> None:
    """In a child of multiprocessing, which leaves by os._exit: behind no exit handler, but behind its finalizers."""
    try:
        from multiprocessing.util import Finalize

        Finalize(None, recorder.close, exitpriority=0)
    except Exception:  # it is then a child that is killed
        pass


_recorder: Recorder | None = None


def recorder() -> Recorder:
    """This process's recorder."""
    global _recorder
    if _recorder is None:
        _recorder = Recorder()
    return _recorder
