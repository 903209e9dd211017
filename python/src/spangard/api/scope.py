# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A span that is current for a while. It is left without a word wherever that happens: by the garbage collector, in
another task, or while a span that began later goes on.
"""

from __future__ import annotations

from opentelemetry.context.context import Context

from .._context import attach, current, detach
from .._parents import SPAN_KEY
from .span import ApiSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from opentelemetry import trace as trace_api


class Scope:
    """What ``start_as_current_span`` returns: a context manager. The span begins when it is entered."""

    __slots__ = ("_arguments", "_ends", "_span", "_start", "_token")

    def __init__(self, start: Callable[..., trace_api.Span], arguments: tuple[Any, ...], ends: Any) -> None:
        self._start = start
        self._arguments = arguments
        self._ends = ends

    def __enter__(self) -> trace_api.Span:
        span = self._span = self._start(*self._arguments)
        held = current().copy()
        held[SPAN_KEY] = span
        self._token = attach(Context(held))
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        span = self._span
        try:
            detach(self._token)
        except ValueError:  # in another context than the one it was entered in
            if type(span) is ApiSpan:
                span.left_for = self._token.old_value
        if type(span) is ApiSpan:
            if error is not None and isinstance(error, Exception):
                span.failed(error, escaped=False)
            if self._ends:
                span.end()
