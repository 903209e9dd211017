# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What `/metrics` shows has its name there, as Prometheus has it, in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from websockets.sync.client import connect

from kit.http1 import get
from kit.process import poll
from kit.world import World

DOCS = Path(__file__).parent.parent / "docs"
DOCUMENTED = set(re.findall(r"`([a-z_]+)`", (DOCS / "telemetry.md").read_text() + (DOCS / "configuration.md").read_text()))


@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_each_metric_that_is_scraped_is_documented_by_its_name_there(world: World, profile: str) -> None:
    sink = world.sink()
    engine = world.engine("--spool", str(world.folder / "spool"))
    env = {
        **sink.env,
        "SPANGARD_PROFILE": profile,
        "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN": "logs",
        "OTEL_METRIC_EXPORT_INTERVAL": "100",
        "SPANGARD_METRIC_CARDINALITY_LIMIT": "2",
    }
    server = world.serve("uvicorn", "asked_for:app", env=env, attach=True)
    assert get(server, "/fails").status == 500
    for plan in ("gold", "silver", "bronze"):
        assert get(server, f"/plans/{plan}").status == 200
    with connect(f"ws://127.0.0.1:{server.port}/echo", open_timeout=20) as socket:
        for text in ("a", "b"):
            socket.send(text)
            assert socket.recv(timeout=20) == text
    # those of the SDK come with the first export of each; the upstream profile has no log records
    for name in ("otel_sdk_metric_reader_collection_duration_seconds", *(["otel_sdk_exporter_log_exported_total"] if profile == "stable" else [])):
        poll(lambda name=name: f"# TYPE {name} " in engine.scrape(), 20, lambda: engine.told("otel"))
    scraped = {line.split()[2] for line in engine.scrape().splitlines() if line.startswith("# TYPE ")}
    assert len(scraped) > 20
    assert scraped - DOCUMENTED == set()
