# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Span processors of the SDK's kind, which some libraries add to whatever provider there is: they see each span that is
recorded when it begins and when it ends, besides the engine. Without one nothing of this runs.

Called on the thread that starts or ends a span. What they raise is said once, and goes no further.
"""

from __future__ import annotations

from marshal import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Processors:
    """Of one provider. What they are given is a `ReadSpan`, whose module imports this one."""

    __slots__ = ("_has_failed", "_resource", "_scopes", "each")

    def __init__(self) -> None:
        self.each: tuple[Any, ...] = ()
        self._has_failed = False
        self._resource: Any = None
        self._scopes: dict[bytes, Any] = {}

    def add(self, processor: Any) -> None:
        self.each += (processor,)

    def started(self, span: Any, parent_context: Any) -> None:
        for processor in self.each:
            try:
                processor.on_start(span, parent_context=parent_context)
            except Exception as error:
                self._failed(processor, error)

    def ended(self, span: Any) -> None:
        readable = None
        for processor in self.each:
            try:
                if readable is None:
                    readable = self._readable(span)
                ending = getattr(processor, "_on_ending", None)
                if ending is not None:
                    ending(span)
                processor.on_end(readable)
            except Exception as error:
                self._failed(processor, error)

    def _readable(self, span: Any) -> Any:
        """The SDK's view of it, where that is installed: its exporters read more than the API has."""
        sdk = _sdk()
        if sdk is None:
            return span
        return sdk.ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=span.attributes,
            events=[sdk.Event(event.name, event.attributes, event.timestamp) for event in span.events],
            links=span.links,
            kind=span.kind,
            status=span.status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def resource(self) -> Any:
        """As the SDK makes it of the variables; None without the SDK."""
        if self._resource is None and _sdk() is not None:
            from opentelemetry.sdk.resources import Resource

            self._resource = Resource.create()
        return self._resource

    def scope(self, told: bytes) -> Any:
        """The SDK's instrumentation scope of this field of a record; None without the SDK."""
        scope = self._scopes.get(told)
        if scope is None and _sdk() is not None:
            from opentelemetry.sdk.util.instrumentation import InstrumentationScope

            scope = self._scopes[told] = InstrumentationScope(*loads(told))  # noqa: S302 - our own bytes
        return scope

    def flush(self, timeout_millis: int) -> bool:
        """Whether all have flushed what they hold."""
        flushed = True
        for processor in self.each:
            try:
                flushed = processor.force_flush(timeout_millis) is not False and flushed
            except Exception as error:
                flushed = False
                self._failed(processor, error)
        return flushed

    def shutdown(self) -> None:
        for processor in self.each:
            try:
                processor.shutdown()
            except Exception as error:
                self._failed(processor, error)

    def _failed(self, processor: Any, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            from .._log import warn
            from .._values import type_name

            warn(f"the span processor {type_name(type(processor))} raises {type_name(type(error))}")


def _sdk() -> Any:
    """The SDK's module of spans, if it is installed."""
    try:
        from opentelemetry.sdk import trace
    except ImportError:
        return None
    return trace
