# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A trace id for each request, so that a span is found by what the client sent and not by its place in a list."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from otlp_sink import Sink, Span


def _hex(digits: int) -> str:
    return f"{random.getrandbits(digits * 4) or 1:0{digits}x}"


@dataclass(frozen=True)
class Trace:
    """What a client's ``traceparent`` says."""

    trace_id: str = field(default_factory=lambda: _hex(32))
    span_id: str = field(default_factory=lambda: _hex(16))
    flags: str = "01"

    @property
    def header(self) -> tuple[str, str]:
        """To be sent."""
        return "traceparent", f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    def all(self, sink: Sink) -> list[Span]:
        """The spans of this trace so far."""
        return [s for s in sink.spans() if s.trace_id == self.trace_id]

    def spans(self, sink: Sink, n: int) -> dict[str, Span]:
        """The ``n`` spans of this trace, whose names differ, by name: waits for them."""
        sink.wait_until(lambda: len(self.all(sink)) >= n, what=f"{n} spans of {self.trace_id}")
        found = self.all(sink)
        assert len(found) == n, sorted(span.name for span in found)
        return {span.name: span for span in found}

    def span(self, sink: Sink) -> Span:
        """The one span of this trace: waits for it and checks where it hangs."""
        [span] = sink.wait_until(lambda: self.all(sink), what=f"a span of {self.trace_id}; names {sorted({s.name for s in sink.spans()})}")
        assert span.parent_span_id == self.span_id
        assert span.span_id != self.span_id
        return span
