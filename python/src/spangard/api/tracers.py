# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The tracers of one provider, one for each instrumentation scope, and what they share. Any thread."""

from __future__ import annotations

import os
from marshal import dumps

from opentelemetry import trace as trace_api

from .._buffer import recorder
from .._farewell import delivered_within
from .._settings import chosen_sampler, effective, is_disabled
from .limits import SpanLimits
from .processors import Processors
from .tracer import Tracer
from .values import Room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._sampling import Sampler

MAX_TRACERS = 1024
"""That are remembered: an application has as many as instrumentations."""
MAX_SCOPE_TEXT = 2048
"""Characters of a scope's name, version, schema and attributes together."""


class Tracers:
    def __init__(self, sampler: Sampler | None) -> None:
        environ = effective(os.environ)
        self.processors = Processors()
        self._is_disabled = is_disabled(environ)
        self._sampler = chosen_sampler(environ) if sampler is None else sampler
        self._limits = SpanLimits(environ)
        self._known: dict[bytes, Tracer] = {}

    def get(self, name: Any, version: Any, schema_url: Any, attributes: Any) -> trace_api.Tracer:
        if self._is_disabled:
            return trace_api.NoOpTracer()
        scope = _scope(name, version, schema_url, attributes)
        tracer = self._known.get(scope)
        if tracer is None:
            tracer = Tracer(scope, recorder(), self._sampler, self._limits, self.processors)
            if len(self._known) < MAX_TRACERS:
                tracer = self._known.setdefault(scope, tracer)
        return tracer

    def flush(self, timeout_millis: int) -> bool:
        is_delivered = delivered_within(recorder(), timeout_millis / 1000)
        return self.processors.flush(timeout_millis) and is_delivered

    def shutdown(self) -> None:
        recorder().drain()
        self.processors.shutdown()


def _scope(name: Any, version: Any, schema_url: Any, attributes: Any) -> bytes:
    """The field ``scope`` of the records of a tracer's spans."""
    room = Room(MAX_SCOPE_TEXT, MAX_SCOPE_TEXT)
    texts = [room.text(value) for value in (name, version, schema_url)]
    told, _ = room.attributes(attributes, MAX_SCOPE_TEXT)
    return dumps((texts[0] or "", texts[1] or None, texts[2] or None, told or None), 2)
