# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry's tracing API without the Python SDK: spans are only noted here, and made in the engine.

``OTEL_PYTHON_TRACER_PROVIDER=spangard`` chooses it, and `OpenTelemetryMiddleware` does where nobody has chosen another.
"""

from __future__ import annotations

import os

from opentelemetry import trace as trace_api

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._sampling import Sampler
    from .api.tracers import Tracers

__all__ = ["TracerProvider"]


def offer(sampler: Sampler) -> None:
    """Makes ours the provider of this process, unless there is one, or a variable names one. One that the application
    sets later takes its place: `set_tracer_provider` is not used up by this.
    """
    if getattr(trace_api, "_TRACER_PROVIDER", ...) is None and "OTEL_PYTHON_TRACER_PROVIDER" not in os.environ:
        trace_api._TRACER_PROVIDER = TracerProvider(_sampler=sampler)


class TracerProvider(trace_api.TracerProvider):
    """Makes tracers whose spans go to the engine of this process. The ``OTEL_*`` variables are read, and all that this
    needs is imported, when the first is asked for.
    """

    def __init__(self, *, _sampler: Sampler | None = None) -> None:
        self._sampler = _sampler
        self._made: Tracers | None = None

    def _tracers(self) -> Tracers:
        if self._made is None:
            from .api.tracers import Tracers

            self._made = Tracers(self._sampler)
        return self._made

    def get_tracer(
        self,
        instrumenting_module_name: Any = "",
        instrumenting_library_version: Any = None,
        schema_url: Any = None,
        attributes: Any = None,
    ) -> trace_api.Tracer:
        return self._tracers().get(
            instrumenting_module_name, instrumenting_library_version, schema_url, attributes
        )  # fmt: skip

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Waits until the engine has all that has ended, which it exports by itself, and processors have flushed what
        they hold; whether all did, in this time.
        """
        return self._tracers().flush(timeout_millis)

    def shutdown(self) -> None:
        """Delivers what waits, and shuts processors down. The process's recorder goes on: requests and other providers
        use it, too.
        """
        self._tracers().shutdown()

    def add_span_processor(self, span_processor: Any) -> None:
        """Has one of the SDK's kind called for each recorded span, besides what is told to the engine."""
        self._tracers().processors.add(span_processor)

    @property
    def resource(self) -> Any:
        """As the SDK would make it of the variables; None without the SDK. The engine makes its own."""
        return self._tracers().processors.resource()
