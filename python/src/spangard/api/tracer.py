# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where a span begins: its place in a trace, and whether it is kept. Used on the application's threads."""

from __future__ import annotations

from opentelemetry import trace as trace_api

from .. import _parents as parents
from .._context import current
from .._current_span import CurrentSpan
from .._sampling import keeps
from .._span_values import nanos
from .._values import MAX_VALUE, items, text, truth
from .extras import RECORDS, SETS
from .scope import Scope
from .span import ApiSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._buffer import Recorder
    from .._sampling import Sampler
    from .limits import SpanLimits
    from .processors import Processors
    from .read import Trace

    Place = tuple[Trace, int | None, bool]

SPAN_KEY = parents.SPAN_KEY
INTERNAL = trace_api.SpanKind.INTERNAL


class Tracer(trace_api.Tracer):
    """Of one instrumentation scope."""

    def __init__(
        self, scope: bytes, recorder: Recorder, sampler: Sampler, limits: SpanLimits, processors: Processors
    ) -> None:
        self.scope = scope
        self.recorder = recorder
        self.limits = limits
        self.processors = processors
        self._sampler = sampler

    def start_span(
        self,
        name: Any = "",
        context: Any = None,
        kind: Any = INTERNAL,
        attributes: Any = None,
        links: Any = None,
        start_time: Any = None,
        record_exception: Any = True,
        set_status_on_exception: Any = True,
    ) -> trace_api.Span:
        try:
            above: Any = current().get(SPAN_KEY) if context is None else _span_in(context)
            parent_id: int | None
            if type(above) is ApiSpan and (above.extras is None or above.extras.left_for is None):
                trace, parent_id, is_remote = above.trace, above.span_id, False
            else:
                place = self._place(above)
                if not isinstance(place, tuple):
                    return place
                trace, parent_id, is_remote = place
            span = ApiSpan(
                self,
                name if type(name) is str and len(name) <= MAX_VALUE else text(name, MAX_VALUE) or "",
                kind._value_ if type(kind) is trace_api.SpanKind else 0,
                trace,
                self.recorder.bits(64) or 1,
                parent_id,
            )
            if attributes is not None:
                span.given(attributes)
            if links is not None:
                self._add_links(span, links)
            if is_remote:
                span.more().is_remote = True
            if start_time is not None:
                span.more().start = nanos(start_time)
            if record_exception is not True or set_status_on_exception is not True:
                span.more().on_error = RECORDS * truth(record_exception) + SETS * truth(set_status_on_exception)
            if self.processors.each:
                self.processors.started(span, context)
        except Exception:  # a context, or links, of somebody else's making
            return trace_api.INVALID_SPAN
        return span

    def start_as_current_span(  # type: ignore[override]
        self,
        name: Any = "",
        context: Any = None,
        kind: Any = INTERNAL,
        attributes: Any = None,
        links: Any = None,
        start_time: Any = None,
        record_exception: Any = True,
        set_status_on_exception: Any = True,
        end_on_exit: Any = True,
    ) -> Scope:
        return Scope(
            self.start_span,
            (name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception),
            end_on_exit,
        )

    def _add_links(self, span: ApiSpan, links: Any) -> None:
        for link in items(links, self.limits.links + 1) or ():
            if issubclass(type(link), trace_api.Link):
                span.add_link(link.context, link.attributes)

    def _place(self, above: Any) -> Place | trace_api.Span:
        """Trace, parent and whether that is another process's, of a span below this one; the span itself, if it is not
        to be recorded.
        """
        while type(above) is ApiSpan:
            left_for = above.more().left_for
            if left_for is None:
                return above.trace, above.span_id, False
            above = dict.get(left_for, SPAN_KEY)  # it was left out of turn: what was current before it still is
        bits = self.recorder.bits
        if above is None or above is trace_api.INVALID_SPAN:
            edges = self._sampler.edges
            trace = bits(128) or 1
            if edges is None or keeps(edges, trace):
                return (trace, 0, b""), None, False
            return _unrecorded(trace, bits(64) or 1, 0, None)
        if issubclass(type(above), CurrentSpan) and above.sampled and above.span_id and above.trace is not None:
            local = above.local
            flags = 0 if local is None else int(local.trace_flags) & 0xFE
            return (above.trace, flags, above.state), above.span_id, False
        return self._below(above.get_span_context())

    def _below(self, parent: trace_api.SpanContext) -> Place | trace_api.Span:
        """As `_place`, below a span that is not ours, or is not sampled."""
        if not parent.is_valid:
            return self._place(None)
        sampler = self._sampler
        flags = int(parent.trace_flags) & 0xFF
        if sampler.parent_based:
            sampled = bool(flags & 1)
        else:
            sampled = sampler.edges is None or keeps(sampler.edges, parent.trace_id)
        if not sampled:
            return _unrecorded(parent.trace_id, self.recorder.bits(64) or 1, flags & 0xFE, parent.trace_state)
        trace = (parent.trace_id, flags & 0xFE, parents.state_of(parent))
        return trace, parent.span_id, truth(parent.is_remote)


def _span_in(context: Any) -> Any:
    return dict.get(context, SPAN_KEY) if issubclass(type(context), dict) else current().get(SPAN_KEY)


def _unrecorded(trace: int, span_id: int, flags: int, state: Any) -> trace_api.Span:
    context = trace_api.SpanContext(trace, span_id, False, trace_api.TraceFlags(flags), state)
    return trace_api.NonRecordingSpan(context)
