# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The README's first command, as a reader runs it in a checkout."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from kit.http1 import get
from kit.process import poll
from kit.traces import Trace
from kit.world import Server, World, free_port

ROOT = Path(__file__).parent.parent

# the demo may have to make the example's environment from PyPI first
START_SECONDS = 240


@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_serves_the_example_and_prints_each_request(world: World, number: int) -> None:
    port = free_port()
    process = world.run(["./dev", "demo"], env={"PORT": str(port)}, cwd=ROOT, stdout="pipe")
    server = Server(process, port, "")
    process.until(server.listens, START_SECONDS)
    expected = {"/items/1": ("/items/{item_id}", 200), "/items/99": ("/items/{item_id}", 404), "/stream": ("/stream", 200), "/error": ("/error", 500)}
    traces = {path: Trace() for path in expected}
    for path, (_, status) in expected.items():
        assert get(server, path, traces[path].header).status == status
    for path, (route, status) in expected.items():
        line = poll(lambda path=path: line_of(process.out, traces[path]), 20, lambda: process.describe())
        for part in ("GET", route, str(status)):
            assert part in line
        assert re.search(r"\d ?(ms|µs|s)\b", line)
    process.interrupt_group() if number == signal.SIGINT else process.send_signal(number)
    assert process.wait() == 0
    process.wait_for_end_of_output()
    assert process.err.count("Traceback") <= 1, "that of /error only"


def line_of(text: str, trace: Trace) -> str:
    return next((line for line in text.splitlines() if trace.trace_id in line), "")
