# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""OTLP over gRPC, by grpcio and the service stubs of opentelemetry-proto."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from .faults import Faults
from .store import Store
from .tls import Certificates


class _Service:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def _admit(self, context: Any) -> tuple[dict[str, str], bool]:
        if self._faults.gate is not None and not self._faults.gate.pass_through():
            context.abort(grpc.StatusCode.INTERNAL, "forgotten")
        if self._faults.status:
            self._faults.refused += 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "ill")
        headers = {k.lower(): v if isinstance(v, str) else v.hex() for k, v in context.invocation_metadata()}
        return headers, "x509_common_name" in context.auth_context() and bool(context.peer_identities())


class _Traces(_Service, trace_service_pb2_grpc.TraceServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:
        headers, certificate = self._admit(context)
        rejected = self._store.add_traces(request, headers, request.ByteSize(), certificate, self._faults.rejected_spans)
        answer = trace_service_pb2.ExportTraceServiceResponse()
        if rejected:
            answer.partial_success.rejected_spans = rejected
            answer.partial_success.error_message = "told to"
        return answer


class _Metrics(_Service, metrics_service_pb2_grpc.MetricsServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:
        headers, certificate = self._admit(context)
        self._store.add_metrics(request, headers, request.ByteSize(), certificate)
        return metrics_service_pb2.ExportMetricsServiceResponse()


class _Logs(_Service, logs_service_pb2_grpc.LogsServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:
        headers, certificate = self._admit(context)
        self._store.add_logs(request, headers, request.ByteSize(), certificate)
        return logs_service_pb2.ExportLogsServiceResponse()


class GrpcReceiver:
    """Listens from construction until :meth:`close`; with certificates by TLS, and then ``want_client`` asks the peer for one."""

    def __init__(self, store: Store, faults: Faults, certificates: Certificates | None, want_client: bool, port: int = 0) -> None:
        self._make = lambda at: self._listen(store, faults, certificates, want_client, at)
        self._server, self.port = self._make(port)

    @staticmethod
    def _listen(store: Store, faults: Faults, certificates: Certificates | None, want_client: bool, port: int) -> Any:
        server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 64 << 20), ("grpc.so_reuseport", 0)])
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(_Traces(store, faults), server)
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(_Metrics(store, faults), server)
        logs_service_pb2_grpc.add_LogsServiceServicer_to_server(_Logs(store, faults), server)
        if certificates is None:
            port = server.add_insecure_port(f"127.0.0.1:{port}")
        else:
            key, chain, authority = certificates.server_pems()
            credentials = grpc.ssl_server_credentials([(key, chain)], authority if want_client else None, want_client)
            port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
        server.start()
        return server, port

    def refuse(self) -> None:
        """Stops listening at once."""
        self._server.stop(0).wait(10)

    def listen(self) -> None:
        """Reopens the same port."""
        self._server, self.port = self._make(self.port)

    def close(self) -> None:
        """Stops; calls in flight are cancelled."""
        self.refuse()
