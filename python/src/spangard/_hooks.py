# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The callables that upstream's constructor takes, called here in the application's process with the request's span."""

from __future__ import annotations

from ._log import warn
from ._values import pair_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ._asgi import Message, Receive, Scope, Send
    from ._current_span import CurrentSpan

    Details = Callable[[Scope], tuple[str, dict[str, Any]]]
    ServerHook = Callable[[Any, Scope], None]
    MessageHook = Callable[[Any, Scope, Message], None]


def refuse_providers(**given: object) -> None:
    """Raises for a provider, tracer or meter of the Python SDK: it would never be used."""
    for name, value in given.items():
        if value is not None:
            raise TypeError(
                f"spangard.OpenTelemetryMiddleware does not take {name}: spans and metrics are made in spangard's"
                f" engine, not by the Python SDK. Leave {name} out and configure exporters and resource by the OTEL_*"
                " environment variables."
            )


DIRECTIONS = ("receive", "send")
"""What ``exclude_spans`` may name."""


def excluded_from(exclude_spans: Iterable[str] | None) -> frozenset[str]:
    """Which of DIRECTIONS are named. As upstream anything else excludes nothing; here it is a warning besides."""
    if not exclude_spans:
        return frozenset()
    from collections.abc import Iterable

    if not isinstance(exclude_spans, Iterable):
        raise TypeError(
            f"exclude_spans must be a list of {' and '.join(DIRECTIONS)}; got {type(exclude_spans).__name__}"
        )
    given = exclude_spans if isinstance(exclude_spans, str) else list(exclude_spans)
    excluded = frozenset(name for name in DIRECTIONS if name in given)
    if isinstance(given, str):  # upstream looks for either in it
        others = [] if excluded else [given]
    else:
        others = [name if type(name) is str else type(name).__name__ for name in given if name not in DIRECTIONS]
    if others:
        names = ", ".join(repr(name[:60]) for name in others[:5])
        warn(f"exclude_spans: {names} is neither receive nor send, and excludes nothing")
    return excluded


def given(**arguments: object) -> tuple[str, ...]:
    """The names of those that are not None."""
    return tuple(name for name, value in arguments.items() if value is not None)


class Hooks:
    """``default_span_details`` and the three hooks. What they raise is an event on the span, never the request's."""

    __slots__ = ("_details", "_on_receive", "_on_request", "_on_send")

    def __init__(
        self,
        details: Details | None,
        on_request: ServerHook | None,
        on_receive: MessageHook | None,
        on_send: MessageHook | None,
    ) -> None:
        self._details = details
        self._on_request = on_request
        self._on_receive = on_receive
        self._on_send = on_send

    def started(self, span: CurrentSpan, scope: Scope) -> None:
        if self._details is not None:
            try:
                name, attributes = pair_of(self._details(scope))
                span.update_name(name)
                span.set_attributes(attributes)
            except Exception as error:
                span.record_exception(error)
        if self._on_request is not None:
            _call(self._on_request, span, scope)

    def around(self, span: CurrentSpan, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
        on_receive, on_send = self._on_receive, self._on_send

        async def receiving() -> Message:
            message = await receive()
            if on_receive is not None:
                _call(on_receive, span, scope, message)
            return message

        async def sending(message: Message) -> None:
            if on_send is not None:
                _call(on_send, span, scope, message)
            await send(message)

        return receiving if on_receive is not None else receive, sending if on_send is not None else send


def _call(hook: Callable[..., None], span: CurrentSpan, *arguments: object) -> None:
    try:
        hook(span, *arguments)
    except Exception as error:
        span.record_exception(error)


def hooks_from(
    details: Details | None,
    on_request: ServerHook | None,
    on_receive: MessageHook | None,
    on_send: MessageHook | None,
    excluded: frozenset[str],
    *,
    with_api: bool,
) -> Hooks | None:
    """None if there is nothing to call. As upstream, a hook of an excluded span is never called."""
    if "receive" in excluded:
        on_receive = None
    if "send" in excluded:
        on_send = None
    if not (details or on_request or on_receive or on_send):
        return None
    if not with_api:
        warn("hooks need the package opentelemetry-api, which is not installed: they will not be called")
        return None
    return Hooks(details, on_request, on_receive, on_send)
