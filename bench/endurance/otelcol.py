# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenTelemetry Collector itself: built by its own builder from the Go module proxy, once a checkout, and run with a configuration of ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from kit.engine import samples
from kit.process import Process
from kit.world import World, free_port
from otlp_sink import Certificates

VERSION = "0.159.0"
NEEDS_GO = (1, 26)
FOLDER = Path(__file__).resolve().parent.parent.parent / ".venvs" / f"otelcol-{VERSION}"
BUILD = f"""\
dist: {{name: otelcol, version: {VERSION}, output_path: ./dist}}
receivers: [{{gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v{VERSION}}}]
exporters: [{{gomod: go.opentelemetry.io/collector/exporter/debugexporter v{VERSION}}}]
"""
LOGGED = re.compile(r'\tTraces\t.*"spans": (\d+)')
"""What the debug exporter writes of each batch, before the sender is answered."""


def build() -> Path:
    """The collector's binary. Minutes the first time; ends the run with one line where it cannot be built."""
    binary = FOLDER / "otelcol"
    if binary.exists():
        return binary
    go = shutil.which("go")
    found = re.search(r"go(\d+)\.(\d+)", subprocess.run([go, "version"], capture_output=True, text=True).stdout) if go else None
    if go is None or found is None or (int(found[1]), int(found[2])) < NEEDS_GO:
        sys.exit("bench collector: needs Go 1.26 or newer on PATH, to build the collector")
    print(f"building the collector in {FOLDER.parent.name}/{FOLDER.name}: some minutes, once", file=sys.stderr, flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "build.yaml").write_text(BUILD)
    environment = {**os.environ, "GOPATH": str(FOLDER / "go"), "GOBIN": str(FOLDER), "GOFLAGS": "-modcacherw"}
    subprocess.run([go, "install", f"go.opentelemetry.io/collector/cmd/builder@v{VERSION}"], check=True, env=environment, cwd=FOLDER)
    subprocess.run([str(FOLDER / "builder"), "--config", "build.yaml"], check=True, env=environment, cwd=FOLDER)
    (FOLDER / "dist" / "otelcol").rename(binary)
    shutil.rmtree(FOLDER / "go", ignore_errors=True)
    return binary


class Collector:
    """OTLP over HTTP and gRPC, both with TLS that asks for a client's certificate. Killed and started again; the ports stay."""

    def __init__(self, world: World, binary: Path) -> None:
        self._world = world
        self._binary = binary
        self.certificates = Certificates(world.folder)
        key, chain, _ = self.certificates.server_pems()
        (world.folder / "server.key").write_bytes(key)
        (world.folder / "server.pem").write_bytes(chain)
        self.ports = {"http/protobuf": free_port(), "grpc": free_port()}
        self._telemetry = free_port()
        self._config = world.folder / "otelcol.yaml"
        self._config.write_text(self._yaml())
        self.lives: list[Process] = []
        self.start()

    def _yaml(self) -> str:
        folder = self._world.folder
        tls = f"{{cert_file: {folder}/server.pem, key_file: {folder}/server.key, client_ca_file: {self.certificates.ca}}}"
        return f"""\
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:{self.ports["http/protobuf"]}", tls: {tls}}}
      grpc: {{endpoint: "127.0.0.1:{self.ports["grpc"]}", tls: {tls}}}
exporters:
  debug: {{verbosity: basic, sampling_initial: 1000000, sampling_thereafter: 1}}
service:
  telemetry:
    logs: {{sampling: {{enabled: false}}}}
    metrics: {{level: normal, readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {self._telemetry}}}}}}}}}]}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug]}}
    metrics: {{receivers: [otlp], exporters: [debug]}}
"""

    def start(self) -> None:
        """And waits until it serves."""
        process = self._world.run([str(self._binary), "--config", str(self._config)], f"otelcol{len(self.lives)}")
        self.lives.append(process)
        process.until(lambda: "Everything is ready" in process.err)

    def kill(self) -> None:
        """SIGKILL."""
        self.lives[-1].send_signal(9)
        self.lives[-1].wait()

    @property
    def accepted(self) -> int:
        """Spans the receiver has accepted in this life, by the collector's own metric."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._telemetry}/metrics", timeout=10) as answer:
            found = samples(answer.read().decode())
        return round(sum(n for name, points in found.items() if name.startswith("otelcol_receiver_accepted_spans") for n in points.values()))

    def logged(self, life: int) -> int:
        """Spans its pipeline has taken in one life, by its log, which outlives it."""
        return sum(int(spans) for spans in LOGGED.findall(self.lives[life].err))

    def env(self, protocol: str) -> dict[str, str]:
        """For an application that exports to it."""
        return {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"https://localhost:{self.ports[protocol]}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_CERTIFICATE": str(self.certificates.ca),
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": str(self.certificates.client_certificate),
            "OTEL_EXPORTER_OTLP_CLIENT_KEY": str(self.certificates.client_key),
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": str(BATCH),
        }


BATCH = 256
"""Spans: no more are on their way when the collector is killed, so no more can be sent twice."""
