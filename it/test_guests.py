# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A hostile process of a user that ``--allow-uid`` lets in: whatever it says, the engine writes, opens, listens and reads nothing for it,
stays alive, and loses nothing of the others. Where root runs the tests it is nobody's; elsewhere another user cannot be had, and the
engine's own user is as hostile as it can be."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys

import pytest
from kit.engine import Engine
from kit.http1 import get
from kit.load import load
from kit.world import World, free_port

NOBODY = pwd.getpwnam("nobody").pw_uid

PRELUDE = f"""
import os, socket, sys
from marshal import dumps, loads
if os.geteuid() == 0:
    os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
path = sys.argv[1]
WALL_NS = 1_700_000_000_000_000_000
PROCESS = {{"pid": 1, "instance": "x", "service": "guest"}}

def frame(*fields):
    body = dumps(fields, 2)
    return len(body).to_bytes(4, "big") + body

def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)  # without a timeout, which would make a full backlog an error
    s.settimeout(20)
    return s

def answer(s):
    said = s.recv(4096)
    return loads(said[4:]) if said else ()

def hello(settings, process=PROCESS, recorder=11, seen=0, dropped=0, sent=0):
    s = connect()
    try:
        s.sendall(frame(0, 4, recorder, sent, seen, dropped, None, process, settings))
        return s, answer(s)
    except OSError as error:
        return s, (type(error).__name__,)

def http(span, path="/canary", route="/canary", measured=None):
    record = (1, 999.0, 999.25, span, span, b"", None, "GET", "http", "1.1", None, path, b"", None, None, b"", b"", b"", None,
              route, 200, None, None, None, 0, None, None, 1)
    return record if measured is None else (17, measured, record)

def batch(seen, *records):
    return frame(1, 0, seen, 0, None, 1_700_000_000_000_000_000, 1000.0, list(records))
"""


def guest(engine: Engine, script: str, *arguments: str, stdout: int = subprocess.PIPE) -> str:
    """Runs it to its end and gives what it printed, and whoever else printed there."""
    command = [sys.executable, "-S", "-c", PRELUDE + script, str(engine.socket), *arguments]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, cwd="/", check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout or ""


@pytest.fixture
def engine(world: World) -> Engine:
    return world.engine("--allow-uid", str(NOBODY))


PRINT = """
for target in sys.argv[2:]:
    for told in ({"console": target, "tty": 1}, {"console": target, "tty": target}, {"console": f"/proc/{os.getppid()}/fd/1", "tty": target}):
        for exporter in ("console", "compact", "console,compact"):
            settings = {"OTEL_TRACES_EXPORTER": exporter, "OTEL_METRICS_EXPORTER": "console", "OTEL_BSP_SCHEDULE_DELAY": "1",
                        "OTEL_METRIC_EXPORT_INTERVAL": "10"}
            s, said = hello(settings, {**PROCESS, **told, "instance": target + exporter, "pid": os.getppid()})
            assert said[0] == 16, said
            s.sendall(batch(1, http(5)) + frame(2, 1, 0, None, WALL_NS))
            while s.recv(100):
                pass
"""


def test_cannot_make_the_engine_write(world: World, engine: Engine) -> None:
    """Not to a file that it names, not to a process that it names, and where it is another user's not to its own output either."""
    secret = world.folder / "secret"
    secret.write_text("root's\n")
    secret.chmod(0o600)
    printed = guest(engine, PRINT, str(secret), "/dev/tty", str(engine.socket) + ".ledger")
    # it is told and counted before the engine ends, and written to nobody
    engine.wait_for_total("spangard_requests_seen_total", 27)
    assert engine.stop() == 0
    assert secret.read_text() == "root's\n"
    if os.geteuid() == 0:
        assert printed == ""


def test_cannot_have_the_engine_s_user_print_to_its_own_file_either(world: World, engine: Engine) -> None:
    """A process of the engine's user is no guest; what is printed for it goes where it prints, and not where it says."""
    named = world.folder / "named"
    named.write_text("")
    own = world.folder / "own"
    script = PRINT.replace("os.geteuid()", "1") + "import time\n"
    prelude = PRELUDE.replace("if os.geteuid() == 0:", "if False:")
    with own.open("ab") as out:
        command = [sys.executable, "-S", "-c", prelude + script, str(engine.socket), str(named)]
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, cwd="/", check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    engine.wait_for_total("spangard_requests_seen_total", 9)
    assert engine.stop() == 0
    assert named.read_text() == ""
    assert "/canary" in own.read_text()


LISTEN = """
ports = [int(port) for port in sys.argv[2:]]
for host in ("127.0.0.1", "0.0.0.0", "::", "localhost"):
    for port in ports:
        s, said = hello({"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "prometheus",
                         "OTEL_EXPORTER_PROMETHEUS_HOST": host, "OTEL_EXPORTER_PROMETHEUS_PORT": str(port)})
        assert said[0] == 16, said
"""


def test_cannot_make_the_engine_listen(engine: Engine) -> None:
    ports = [free_port() for _ in range(5)]
    guest(engine, LISTEN, *map(str, ports))
    engine.wait_for_total("spangard_recorders", 0)
    if os.geteuid() == 0:
        for port in ports:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0


READ = """
for variable in ("CERTIFICATE", "CLIENT_KEY", "TRACES_CERTIFICATE", "METRICS_CLIENT_CERTIFICATE"):
    for file in ("/dev/zero", "/proc/kmsg", sys.argv[2]):
        s, said = hello({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_" + variable: file})
        assert said[0] == 17, said
"""


def test_cannot_make_the_engine_read_files(world: World, engine: Engine) -> None:
    fifo = world.folder / "fifo"
    os.mkfifo(fifo)
    guest(engine, READ, str(fifo))
    engine.wait_for_total("spangard_connections_total", 12, outcome="refused", reason="settings")


EXHAUST = """
held = []
for n in range(300):  # HELLOs as large as may be, each another service
    settings = {f"OTEL_{n}_{i}": "x" * 8000 for i in range(7)}
    held.append(hello({**settings, "OTEL_TRACES_EXPORTER": "none"}, {**PROCESS, "instance": str(n)}, n + 1))
welcomed = sum(said[:1] == (16,) for _, said in held)
print("services", welcomed)
for s, _ in held:
    s.close()
held = []
for n in range(300):  # frames that claim to be large, before and after a HELLO
    s = connect()
    try:
        if n % 2:
            s.sendall(frame(0, 4, n + 1, 0, 0, 0, None, PROCESS, {"OTEL_TRACES_EXPORTER": "none"}))
        s.setblocking(False)
        s.send((4 << 20).to_bytes(4, "big"))
        for _ in range(64):
            s.send(bytes(65536))
    except OSError:
        pass
    held.append(s)
for s in held:
    s.close()
"""


SERIES = """
for n in range(20):  # routes as long as may be, each another series, in as many services as pay
    settings = {"OTEL_TRACES_EXPORTER": "none", "SPANGARD_METRIC_CARDINALITY_LIMIT": "10000", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "8192"}
    s, said = hello(settings, {**PROCESS, "instance": str(n)}, n + 1)
    if said[:1] != (16,):
        continue
    s.settimeout(60)
    for i in range(100):
        s.sendall(batch(20 * i + 20, *(http(1 + 20 * i + k, route=f"/{n}/{i}/{k}/" + "r" * 8000) for k in range(20))))
    s.sendall(frame(2, 2000, 0, None, WALL_NS))
    while s.recv(100):
        pass
"""


def test_cannot_exhaust_the_engine_s_memory(world: World, engine: Engine) -> None:
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    get(server, "/items/1")
    printed = guest(engine, EXHAUST)
    assert 1 <= int(printed.split()[1]) <= 128
    assert load(server.port, 999).statuses == {200: 999}
    sink.wait_for(1000)
    assert engine.process.returncode is None
    assert engine.total("spangard_requests_dropped_total", service_name="shop") == 0


TAKE = """
for sent, seen, dropped in ((1 << 40, 1 << 40, 1 << 40), (0, 1 << 62, 1 << 62)):
    s, said = hello({"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_SERVICE_NAME": "victim"},
                    recorder=int(sys.argv[2]), sent=sent, seen=seen, dropped=dropped)
    assert said[0] == 16, said
    s.sendall(frame(2, seen, dropped, None, WALL_NS))
    while s.recv(100):
        pass
"""


def test_cannot_exhaust_it_by_series(world: World, engine: Engine) -> None:
    """40,000 series of 8 KB would be half a gigabyte."""
    guest(engine, SERIES)
    assert engine.process.returncode is None
    assert engine.total("spangard_metric_overflow_measurements_total") > 0
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    assert load(server.port, 999).statuses == {200: 999}
    sink.wait_for(999)


@pytest.mark.parametrize("victim", [7, (1 << 63) - 1])
def test_cannot_lose_another_s_counts_or_connection(engine: Engine, victim: int) -> None:
    """It says the same settings, the same instance and the victim's own number."""
    if os.geteuid() != 0:
        return  # processes of one user are not defended against each other: SECURITY.md
    settings = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_SERVICE_NAME": "victim"}
    namespace: dict[str, object] = {}
    prelude = PRELUDE.replace("if os.geteuid() == 0:", "if False:").replace("sys.argv[1]", repr(str(engine.socket)))
    exec(prelude, namespace)
    connection, said = namespace["hello"](settings, recorder=victim)  # type: ignore[operator]
    with connection:
        assert said[0] == 16
        connection.sendall(namespace["batch"](1, namespace["http"](5)))  # type: ignore[operator]
        engine.wait_for_total("spangard_requests_seen_total", 1, service_name="victim")
        guest(engine, TAKE, str(victim))
        connection.sendall(namespace["batch"](2, namespace["http"](6)))  # type: ignore[operator]
        own = {labels: value for labels, value in engine.values("spangard_requests_seen_total").items() if ("duplicate", "2") not in labels}
        engine.wait_for_total("spangard_recorders", 1)
        connection.sendall(namespace["frame"](2, 2, 0, namespace["WALL_NS"]))  # type: ignore[operator]
        engine.wait_for_total("spangard_recorders", 0)
        seen = [v for k, v in engine.values("spangard_requests_seen_total").items() if ("service_name", "victim") in k and k in own]
        assert seen == [2.0]
