# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The sink itself: a store, the faults, one receiver."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from types import TracebackType
from typing import Any, Self

from .faults import Faults, Gate
from .model import Log, Point, Span
from .store import Received, Store
from .tls import Certificates

WAIT_SECONDS = 20.0


class Sink:
    """An OTLP receiver on a free port of 127.0.0.1, running in threads of this process. Close it, or use it as a context manager.

    :param protocol: ``http/protobuf`` or ``grpc``
    :param certificates: serve TLS with these
    :param want_client: with TLS, refuse exporters without the client certificate
    :param keep: False keeps counts only
    :param keep_bytes: keep the bodies of requests over HTTP, for ``bytes``
    """

    def __init__(
        self,
        protocol: str = "http/protobuf",
        certificates: Certificates | None = None,
        want_client: bool = False,
        port: int = 0,
        keep: bool = True,
        keep_bytes: bool = False,
    ) -> None:
        self.protocol = protocol
        self._scheme = "http" if certificates is None else "https"
        self._store = Store(keep, keep_bytes)
        self._faults = Faults()
        self._certificates = certificates
        self._want_client = want_client
        self._expired = False
        self._receiver = self._start(certificates, want_client, port)

    def _start(self, certificates: Certificates | None, want_client: bool, port: int) -> Any:
        if self.protocol == "grpc":
            from .grpc_receiver import GrpcReceiver  # grpcio costs 200 ms of import; benchmarks over HTTP do without

            return GrpcReceiver(self._store, self._faults, certificates, want_client, port)
        from .http_receiver import HttpReceiver

        tls = None if certificates is None else certificates.server_context(want_client)
        return HttpReceiver(self._store, self._faults, tls, port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Heals, stops listening, joins the threads."""
        self.heal()
        self._receiver.close()

    @property
    def endpoint(self) -> str:
        """For ``OTEL_EXPORTER_OTLP_ENDPOINT``."""
        return f"{self._scheme}://localhost:{self._receiver.port}"

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._receiver.port)

    @property
    def env(self) -> dict[str, str]:
        """Environment that sends traces and metrics here, soon rather than efficiently."""
        return {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": self.protocol,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
        }

    # what came

    def spans(self) -> list[Span]:
        """All spans so far, in arrival order."""
        return self._store.spans()

    def logs(self) -> list[Log]:
        """All log records so far, in arrival order."""
        return self._store.logs()

    def wait_for(self, n: int, seconds: float = WAIT_SECONDS) -> list[Span]:
        """All spans, once there are at least ``n``. Fails with the names of those that came."""
        self._store.wait_until(
            lambda: self._store.span_count >= n,
            seconds,
            lambda: f"{self._store.span_count} of {n} spans within {seconds} s: {sorted({s.name for s in self.spans()})}, errors {self.errors}",
        )
        return self.spans()

    def wait_until(self, ready: Callable[[], Any], seconds: float = WAIT_SECONDS, what: str = "") -> Any:
        """Evaluates ``ready`` at once and after each arrival until it is true; returns its value."""
        return self._store.wait_until(
            ready, seconds, lambda: f"not within {seconds} s: {what or ready}; came: {sorted({s.name for s in self.spans()})}, errors {self.errors}"
        )

    def points(self, name: str | None = None) -> list[Point]:
        """The newest point of each series, of one metric or of all."""
        return [p for p in self._store.points() if name is None or p.name == name]

    def count(self, histogram: str) -> int:
        """Measurements in all series of a histogram."""
        return sum(p.count for p in self.points(histogram))

    def wait_for_count(self, histogram: str, n: int, seconds: float = WAIT_SECONDS) -> list[Point]:
        """The points of a histogram once their counts add up to at least ``n``."""
        self._store.wait_until(
            lambda: self.count(histogram) >= n,
            seconds,
            lambda: f"{histogram}: {self.count(histogram)} of {n} within {seconds} s, errors {self.errors}",
        )
        return self.points(histogram)

    @property
    def requests(self) -> list[Received]:
        """The export requests that were accepted."""
        return list(self._store.requests)

    @property
    def bytes(self) -> bytes:
        """The bodies of all requests so far, decompressed, one after the other."""
        return self._store.bytes

    @property
    def span_count(self) -> int:
        """Spans so far, without decoding attributes."""
        return self._store.span_count

    @property
    def rejected(self) -> int:
        """Of these: rejected by a partial success."""
        return self._store.rejected_count

    @property
    def errors(self) -> list[str]:
        """What no correct exporter sends."""
        return list(self._store.errors)

    @property
    def turned_away(self) -> int:
        """Requests answered with a fault, and failed TLS handshakes."""
        return self._faults.refused

    @property
    def stats(self) -> dict[str, int]:
        """The counts that ``GET /stats`` gives."""
        return self._store.stats()

    def clear(self) -> None:
        """Forgets what came."""
        self._store.clear()

    # faults

    def hold(self) -> Gate:
        """From now on requests wait at the gate."""
        self._faults.gate = Gate()
        return self._faults.gate

    def fail(self, status: int = 503, retry_after: int | None = None) -> None:
        """From now on HTTP requests get this status, gRPC ones UNAVAILABLE."""
        self._faults.retry_after = retry_after
        self._faults.status = status

    def reject(self, spans: int) -> None:
        """From now on each trace request is answered with a partial success that rejects so many spans."""
        self._faults.rejected_spans = spans

    def forget(self) -> None:
        """Ends hold, but as if the collector had died: requests that wait at the gate were never received."""
        if self._faults.gate is not None:
            self._faults.gate.forget()
            self._faults.gate = None

    def reset(self) -> None:
        """From now on HTTP requests are read and answered by a reset of the connection. They count as not received."""
        self._faults.resets = True

    def slow(self, seconds: float) -> None:
        """From now on HTTP requests wait so long."""
        self._faults.seconds = seconds
        self._faults.slow = Event()

    def expire(self) -> None:
        """From now on HTTP connections are shown a certificate that expired yesterday."""
        assert self._certificates is not None
        self._expired = True
        self._receiver.serve_with(self._certificates.server_context(self._want_client, expired=True))

    def refuse(self) -> None:
        """Closes the port until :meth:`listen`."""
        self._receiver.refuse()

    def listen(self) -> None:
        """Opens the same port again."""
        self._receiver.listen()

    def heal(self) -> None:
        """Ends all faults but refuse."""
        self._faults.heal()
        if self._expired and self._certificates is not None:
            self._expired = False
            self._receiver.serve_with(self._certificates.server_context(self._want_client))
