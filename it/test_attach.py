# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""``spangard attach -- CMD``: CMD runs as it would have run, with its application recorded, once."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from kit.engine import Engine
from kit.http1 import get
from kit.process import Process
from kit.traces import Trace
from kit.world import APPS, World

ATTACH = [sys.executable, "-m", "spangard", "attach"]


def both(world: World, command: list[str], env: Mapping[str, str] | None = None) -> tuple[Process, Process]:
    """The same command bare and attached."""
    return world.run(command, env=env), world.run([*ATTACH, "--", *command], env=env)


@pytest.mark.parametrize("code", [0, 1, 3, 42, 255])
def test_ends_with_the_exit_code_of_the_command(world: World, code: int) -> None:
    bare, attached = both(world, [sys.executable, "exits.py", "code", str(code)])
    assert (bare.wait(), attached.wait()) == (code, code)
    assert attached.out == bare.out
    assert attached.err == bare.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGUSR1])
def test_dies_of_the_signal_the_command_dies_of(world: World, number: int) -> None:
    bare, attached = both(world, [sys.executable, "exits.py", "signal", str(int(number))])
    assert attached.wait() == bare.wait()
    assert attached.out == bare.out
    assert attached.err == bare.err


def test_leaves_the_traceback_of_a_failing_command_alone(world: World) -> None:
    bare, attached = both(world, [sys.executable, "exits.py", "raise", "0"])
    assert (bare.wait(), attached.wait()) == (1, 1)
    assert attached.err == bare.err


def test_passes_every_argument_on(world: World) -> None:
    odd = ["--", "-x", "two words", "", "$HOME", "*", "é", "--socket=x", "attach"]
    bare, attached = both(world, [sys.executable, "exits.py", "code", "0", *odd])
    assert (bare.wait(), attached.wait()) == (0, 0)
    assert attached.out == bare.out


def test_says_that_there_is_no_such_command(world: World) -> None:
    process = world.run([*ATTACH, "--", "no-such-command-here"])
    assert process.wait() == 127
    assert "no-such-command-here" in process.err
    assert "Traceback" not in process.err


def test_without_a_command_is_a_mistake(world: World) -> None:
    for arguments in ([], ["--"], ["--no-such-flag", "--", "true"]):
        process = world.run([*ATTACH, *arguments])
        assert process.wait() == 2
        assert process.err
        assert "Traceback" not in process.err


@pytest.mark.parametrize("flags", [[], ["--workers", "2"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_on_a_signal_as_it_would_have(world: World, number: int, flags: list[str]) -> None:
    codes = []
    for attach in (False, True):
        server = world.serve("uvicorn", "shop:app", *flags, attach=attach)
        get(server, "/")
        codes.append(server.stop(number))
    assert codes[0] == codes[1]


def test_ctrl_c_reaches_the_whole_group_once(world: World, engine_of_test: Engine) -> None:
    sink = world.sink()
    server = world.serve("gunicorn", "shop:app", "-w", "2", "-k", "uvicorn_worker.UvicornWorker", env=sink.env, attach=True)
    get(server, "/")
    server.process.interrupt_group()
    assert server.process.wait() == 0
    sink.wait_for(1)
    assert engine_of_test.process.returncode is None


@pytest.fixture
def engine_of_test(world: World) -> Engine:
    return world.engine()


def test_output_of_a_server_is_its_own(shared: World, engine: Engine) -> None:
    """With telemetry going to a collector neither stream has a line more than bare."""
    sink = shared.sink()
    shapes = []
    for attach in (False, True):
        server = shared.serve("uvicorn", "shop:app", "--access-log", env=sink.env, attach=attach)
        get(server, "/items/1")
        server.stop()
        shapes.append((masked(server.process.out), masked(server.process.err)))
    assert shapes[0] == shapes[1]


def test_arguments_of_a_middleware_in_the_application_are_named_once(shared: World, engine: Engine) -> None:
    """attach records outside of it: the application's own arguments would be without effect without a word."""
    sink = shared.sink(one_per_trace=True)
    server = shared.serve("uvicorn", "configured_shop:app", env=sink.env, attach=True)
    for _ in range(2):
        trace = Trace()
        get(server, "/items/1", trace.header)
        assert trace.span(sink).name == "GET /items/{item_id}"
    server.stop()
    assert server.process.err.count("without effect: excluded_urls, exclude_spans of an OpenTelemetryMiddleware") == 1


def masked(text: str) -> str:
    """Without pids and ports."""
    import re

    return re.sub(r"\d{3,}", "N", text)


def test_chains_to_an_existing_sitecustomize(shared: World, engine: Engine) -> None:
    sink = shared.sink(one_per_trace=True)
    ran = shared.folder / "custom-hook"
    env = {**sink.env, "PYTHONPATH": str(APPS / "custom"), "CUSTOM_HOOK_RAN": str(ran)}
    server = shared.serve("uvicorn", "shop:app", "--workers", "2", env=env, attach=True)
    trace = Trace()
    get(server, "/items/1", trace.header)
    assert trace.span(sink).name == "GET /items/{item_id}"
    assert len(set(ran.read_text().split())) >= 3, "the master and both workers"


def test_a_failing_sitecustomize_fails_as_before(world: World) -> None:
    folder = world.folder / "failing"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("raise RuntimeError('canary of the user')\n")
    bare, attached = both(world, [sys.executable, "exits.py", "code", "0"], {"PYTHONPATH": str(folder)})
    assert (bare.wait(), attached.wait()) == (0, 0)
    assert "canary of the user" in bare.err
    assert "canary of the user" in attached.err
    assert attached.out == bare.out


def test_keeps_the_user_s_pythonpath(world: World) -> None:
    code = "import os, sys; print(os.environ.get('PYTHONPATH')); print(sys.path)"
    for before in ({}, {"PYTHONPATH": "/a:/b"}):
        bare, attached = both(world, [sys.executable, "-c", code], before)
        assert (bare.wait(), attached.wait()) == (0, 0)
        paths, ours = (p.out.splitlines()[1] for p in (bare, attached))
        assert set(eval(paths)) <= set(eval(ours))
        if before:
            assert ours.index("'/a'") < ours.index("'/b'")


def test_records_once_however_often_it_is_wrapped(shared: World, engine: Engine) -> None:
    sink = shared.sink(one_per_trace=True)
    server = shared.serve("uvicorn", "wrapped_shop:app", env=sink.env, attach=True)
    traces = [Trace() for _ in range(20)]
    for trace in traces:
        get(server, "/inner/orders/1", trace.header)
    for trace in traces:
        assert trace.span(sink).name == "GET /inner/orders/{order}"
    server.stop()
    shared.recorded_exactly(sink, 20)


@pytest.mark.parametrize("attach", [True, False])
def test_fastapi_s_own_telemetry_does_not_double_ours(shared: World, engine: Engine, attach: bool) -> None:
    sink = shared.sink(one_per_trace=True)
    env = {**sink.env, "FASTAPI_OTEL_AUTO_CONFIGURE": "true"}
    app = "shop:app" if attach else "wrapped_shop:app"
    server = shared.serve("uvicorn", app, env=env, attach=attach)
    traces = [Trace() for _ in range(10)]
    for trace in traces:
        assert get(server, "/items/1", trace.header).status == 200
    server.stop()
    shared.recorded_exactly(sink, 10)
    assert Counter(s.name for s in sink.spans()) == {"GET /items/{item_id}": 10}


def test_fastapi_s_own_telemetry_is_there_without_us(world: World) -> None:
    """Keeps the test above from passing because that telemetry was never on."""
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env={**sink.env, "FASTAPI_OTEL_AUTO_CONFIGURE": "true"})
    get(server, "/items/1")
    server.stop()
    assert sink.wait_for(1)


def test_attaches_to_python_started_by_a_shell(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    from kit.world import Server, free_port

    port = free_port()
    process = shared.run([*ATTACH, "--", "sh", "-c", f"exec uvicorn shop:app --port {port}"], env=sink.env)
    server = Server(process, port, "")
    process.until(server.listens)
    get(server, "/items/1")
    sink.wait_for(1)
    assert Path(APPS).exists()
