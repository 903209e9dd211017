# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry's tracing API without the Python SDK: spans are only noted here, and made in the engine.

``OTEL_PYTHON_TRACER_PROVIDER=spangard`` chooses it, and `OpenTelemetryMiddleware` does where nobody has chosen another.
"""

from __future__ import annotations

import os
from marshal import dumps

from opentelemetry import trace as trace_api

from ._buffer import recorder
from ._settings import chosen_sampler, effective, is_disabled
from .api.limits import SpanLimits
from .api.processors import Processors
from .api.values import Room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._sampling import Sampler

__all__ = ["TracerProvider"]

MAX_TRACERS = 1024
"""That are remembered: an application has as many as instrumentations."""
MAX_SCOPE_TEXT = 2048
"""Characters of a scope's name, version, schema and attributes together."""


def offer(sampler: Sampler) -> None:
    """Makes ours the provider of this process, unless there is one, or a variable names one. One that the application
    sets later takes its place: `set_tracer_provider` is not used up by this.
    """
    if getattr(trace_api, "_TRACER_PROVIDER", ...) is None and "OTEL_PYTHON_TRACER_PROVIDER" not in os.environ:
        trace_api._TRACER_PROVIDER = TracerProvider(_sampler=sampler)


class TracerProvider(trace_api.TracerProvider):
    """Makes tracers whose spans go to the engine of this process. Configured by the ``OTEL_*`` variables, read once."""

    def __init__(self, *, _sampler: Sampler | None = None) -> None:
        environ = effective(os.environ)
        self._disabled = is_disabled(environ)
        self._sampler = chosen_sampler(environ) if _sampler is None else _sampler
        self._limits = SpanLimits(environ)
        self._tracers: dict[Any, trace_api.Tracer] = {}
        self._processors = Processors()

    def get_tracer(
        self,
        instrumenting_module_name: Any = "",
        instrumenting_library_version: Any = None,
        schema_url: Any = None,
        attributes: Any = None,
        *_: Any,
        **__: Any,
    ) -> trace_api.Tracer:
        if self._disabled:
            return trace_api.NoOpTracer()
        scope = _scope(instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        tracer = self._tracers.get(scope)
        if tracer is None:
            from .api.tracer import Tracer

            tracer = Tracer(scope, recorder(), self._sampler, self._limits, self._processors)
            if len(self._tracers) < MAX_TRACERS:
                tracer = self._tracers.setdefault(scope, tracer)
        return tracer

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Waits until the engine has all that has ended, which it exports by itself, and processors have flushed what
        they hold; whether all did, in this time.
        """
        from ._farewell import delivered_within

        is_delivered = delivered_within(recorder(), timeout_millis / 1000)
        return self._processors.flush(timeout_millis) and is_delivered

    def shutdown(self) -> None:
        """Delivers what waits, and shuts processors down. The process's recorder goes on: requests and other providers
        use it, too.
        """
        recorder().drain()
        self._processors.shutdown()

    def add_span_processor(self, span_processor: Any) -> None:
        """Has one of the SDK's kind called for each recorded span, besides what is told to the engine."""
        self._processors.add(span_processor)

    @property
    def resource(self) -> Any:
        """As the SDK would make it of the variables; None without the SDK. The engine makes its own."""
        return self._processors.resource()


def _scope(name: Any, version: Any, schema_url: Any, attributes: Any) -> bytes:
    """The field ``scope`` of the records of a tracer's spans."""
    room = Room(MAX_SCOPE_TEXT, MAX_SCOPE_TEXT)
    texts = [room.text(value) for value in (name, version, schema_url)]
    told, _ = room.attributes(attributes, MAX_SCOPE_TEXT)
    return dumps((texts[0] or "", texts[1] or None, texts[2] or None, told or None), 2)
