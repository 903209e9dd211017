# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A span that is current for a while.

It is left without a word wherever that happens: by the garbage collector or in another task, which can not restore what
was current before, or while a span that began later goes on, as where two generators take turns. What is current then
names a span that is not: `Extras.left_for` has the context that was current before it, and whoever looks next goes on
with that.
"""

from __future__ import annotations

from opentelemetry.context.context import Context

from .._context import attach, current, detach
from .._parents import SPAN_KEY
from .._values import truth
from .span import ApiSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, TypeVar

    from opentelemetry import trace as trace_api

    Function = TypeVar("Function", bound=Callable[..., Any])

_has_been_left = False
"""Whether any span was left without being current: until then nobody needs to look."""


class Scope:
    """What ``start_as_current_span`` returns: context manager and decorator. Its span begins when it is entered."""

    __slots__ = ("_arguments", "_context", "_ends", "_start", "_token", "span")

    span: trace_api.Span

    def __init__(self, start: Callable[..., trace_api.Span], arguments: tuple[Any, ...], ends: Any) -> None:
        self._start = start
        self._arguments = arguments
        self._ends = ends

    def __call__(self, function: Function) -> Function:
        from .decorated import decorated

        return decorated(self, function)

    def again(self) -> Scope:
        """Another one with a span alike."""
        return Scope(self._start, self._arguments, self._ends)

    def __enter__(self) -> trace_api.Span:
        self.begin()
        self.make_current()
        return self.span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()
        self.end(error)

    def begin(self) -> None:
        self.span = self._start(*self._arguments)

    def make_current(self) -> None:
        outer = current()
        if _has_been_left:
            outer = _still_current(outer)
        span: Any = self.span
        held = outer.copy()
        held[SPAN_KEY] = span
        context = self._context = Context(held)
        self._token = attach(context)
        if _has_been_left and type(span) is ApiSpan:
            span.more().left_for = None

    def leave(self) -> None:
        """Restores what was current before, in the context in which it was made current; never raises."""
        now = current()
        if now is not self._context:
            later: Any = now.get(SPAN_KEY)
            if later is not self.span and type(later) is ApiSpan and later.recording:  # whose turn it is
                self._left()
                return
        try:
            detach(self._token)
        except ValueError:  # another context
            self._left()
            return
        if _has_been_left:
            _still_current(current())

    def _left(self) -> None:
        global _has_been_left
        span: Any = self.span
        if type(span) is ApiSpan:
            before = getattr(self._token, "old_value", None)
            span.more().left_for = before if issubclass(type(before), Context) else Context()
            _has_been_left = True

    def end(self, error: BaseException | None) -> None:
        span: Any = self.span
        if type(span) is ApiSpan:
            if error is not None and issubclass(type(error), Exception):  # not a generator's end, nor a cancellation
                span.failed(error, escaped=False)
            if truth(self._ends):
                span.end()


def _still_current(context: Context) -> Context:
    """``context``, the current one, or what is to be current in its place, since its span was left; that is made so."""
    span: Any = context.get(SPAN_KEY)
    found = context
    while type(span) is ApiSpan and span.extras is not None and span.extras.left_for is not None:
        found = span.extras.left_for
        span = found.get(SPAN_KEY)
    if found is not context:
        attach(found)
    return found
