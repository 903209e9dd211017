# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A real OTLP receiver for tests and benchmarks: HTTP or gRPC, TLS or not, with faults that a test switches on and off.

    with Sink() as sink:
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.endpoint
        ...
        [span] = sink.wait_for(1)
        assert span.name == "GET /items/{item_id}"

Everything is decoded with ``opentelemetry-proto``; what does not decode is kept in ``Sink.errors``.
``python -m otlp_sink`` runs one in its own process (see ``__main__``).
"""

from .faults import Gate
from .model import Event, Exemplar, Link, Log, Point, Span
from .sink import Sink
from .store import Received
from .tls import Certificates

__all__ = ["Certificates", "Event", "Exemplar", "Gate", "Link", "Log", "Point", "Received", "Sink", "Span"]
