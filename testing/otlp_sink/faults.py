# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Ways for a collector to be ill, switched by the test thread, obeyed by the receiver's threads."""

from __future__ import annotations

import threading


class Gate:
    """While it stands, requests that arrive wait at it unanswered. A request that was held counts as received when released."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._open = False
        self._forgets = False
        self.arrived = 0

    def wait_for_arrivals(self, n: int, seconds: float = 20) -> None:
        """Returns when ``n`` requests stand at the gate."""
        with self._condition:
            if not self._condition.wait_for(lambda: self.arrived >= n, seconds):
                raise AssertionError(f"{self.arrived} of {n} requests arrived within {seconds} s")

    def release(self) -> None:
        """Lets everything pass, also what comes later."""
        with self._condition:
            self._open = True
            self._condition.notify_all()

    def forget(self) -> None:
        """As if the collector had died: whoever waits is cut off and counts as never received."""
        with self._condition:
            self._forgets = True
        self.release()

    def pass_through(self) -> bool:
        """Called by the receiver: returns when the gate is open, False for a request that is to be forgotten."""
        with self._condition:
            self.arrived += 1
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._open)
            return not self._forgets


class Faults:
    """The faults in force. Fields are written by the test thread and read once per request."""

    def __init__(self) -> None:
        self.gate: Gate | None = None
        self.status = 0
        self.retry_after: int | None = None
        self.rejected_spans = 0
        self.resets = False
        self.slow: threading.Event | None = None
        self.seconds = 0.0
        self.refused = 0

    def heal(self) -> None:
        """Answers well again; whoever waits at a gate goes on."""
        self.status = self.rejected_spans = 0
        self.retry_after = None
        self.resets = False
        if self.slow is not None:
            self.slow.set()
            self.slow = None
        if self.gate is not None:
            self.gate.release()
            self.gate = None
