# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""``python -m parity.child upstream|ours FOLDER``: runs every scenario, each in a fork, and writes a file of each.

The mode is ``OTEL_SEMCONV_STABILITY_OPT_IN``, which upstream reads once a process. A fork gives every scenario new global state, and to ours a
service of its own, so that its metrics are told apart.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import json
import os
import signal
import sys
import traceback
from pathlib import Path

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from . import scenarios  # noqa: F401  registers them
from .applications import plain
from .side import SCENARIOS, Side, middleware_of

SECONDS = 60
"""After which a scenario that hangs is ended."""


def run(upstream: bool, name: str, file: Path) -> None:
    """One scenario, in this process."""
    side = Side(upstream)
    asyncio.run(SCENARIOS[name](side))
    metrics = side.reader.get_metrics_data()
    file.write_text(
        json.dumps(
            {
                "calls": side.calls,
                "notes": side.notes,
                "spans": base64.b64encode(encode_spans(side.spans.get_finished_spans()).SerializeToString()).decode(),
                "metrics": "" if metrics is None else base64.b64encode(encode_metrics(metrics).SerializeToString()).decode(),
            }
        )
    )
    if not upstream:
        _hand_over()
    atexit._run_exitfuncs()  # a fork ends without; the recorder says goodbye in one


def _hand_over() -> None:
    """Waits for an engine on a busy machine longer than a process that ends would."""
    from spangard._buffer import recorder

    ours = recorder()
    while ours.records or not ours.link.is_drained():
        ours.drain()


def main(kind: str, folder: Path) -> int:
    """Runs all; the exit code is how many failed."""
    middleware_of(kind == "upstream")(plain)  # imports what every fork needs
    failed = 0
    service = os.environ["OTEL_SERVICE_NAME"]
    for name in SCENARIOS:
        pid = os.fork()
        if pid:
            failed += os.waitpid(pid, 0)[1] != 0
            continue
        try:
            signal.alarm(SECONDS)
            os.environ["OTEL_SERVICE_NAME"] = f"{service} {name}"
            run(kind == "upstream", name, folder / f"{name}.json")
        except BaseException:
            print(f"scenario {name}", file=sys.stderr)
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
