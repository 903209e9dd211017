# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""``python -m otlp_sink [--grpc] [--port N]``: a sink in a process of its own, counting only.

Prints its endpoint; ``GET /stats`` (HTTP only) and SIGTERM give the counts as one JSON line.
"""

from __future__ import annotations

import argparse
import json
import signal

from .sink import Sink


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="otlp_sink")
    parser.add_argument("--grpc", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with Sink("grpc" if arguments.grpc else "http/protobuf", port=arguments.port, keep=False) as sink:
        print(sink.endpoint, flush=True)
        signal.sigwait(signals)
        print(json.dumps(sink.stats), flush=True)


main()
