# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Who gets to the engine's socket: its user's processes, those that are named, and nobody else."""

from __future__ import annotations

import os
import pwd
import socket
import struct
import subprocess
import sys
from marshal import dumps, loads
from pathlib import Path

import pytest

from kit.http1 import get
from kit.load import load
from kit.world import World

HELLO_PROCESS = {"pid": 1, "instance": "x", "service": None}
TRY = """
import os, socket, sys
os.setgroups([]); os.setgid({gid}); os.setuid({uid})
path = sys.argv[1]
try:
    {do}
except OSError as e:
    sys.exit(f"{{type(e).__name__}}")
print("done")
"""


def frame(value: object) -> bytes:
    body = dumps(value, 2)
    return struct.pack(">I", len(body)) + body


def answer(engine_socket: Path, sent: bytes) -> tuple[object, ...]:
    """What the engine says first; empty if it says nothing."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(str(engine_socket))
        peer.sendall(sent)
        said = peer.recv(4096)
    return loads(said[4:]) if said else ()


@pytest.mark.parametrize("version", [3, 5])
def test_refuses_other_versions_in_one_line_and_counts_them(world: World, version: int) -> None:
    engine = world.engine()
    kind, reason, again_s = answer(engine.socket, frame((0, version, 1, 0, 0, 0, None, HELLO_PROCESS, {})))
    assert (kind, again_s) == (17, 60)
    assert f"speaks version 4 of the spangard protocol, the recorder version {version}" in str(reason)
    older = "older_version" if version == 3 else "newer_version"
    engine.wait_for_total("spangard_connections_total", 1, outcome="refused", reason=older)


@pytest.mark.parametrize(
    "do",
    [
        "socket.socket(socket.AF_UNIX).connect(path)",
        "open(path).read()",
        "open(path + '.ledger').read()",
        "os.unlink(path)",
        "os.rename(path, path + '.old')",
        "socket.socket(socket.AF_UNIX).bind(path + '.mine')",
    ],
)
def test_another_user_cannot_connect_read_or_replace_it(world: World, do: str) -> None:
    """As nobody where root runs the tests; whoever else runs them is, for a socket of mode 0, another user as well."""
    engine = world.engine()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        script = TRY.format(uid=nobody.pw_uid, gid=nobody.pw_gid, do=do)
        done = subprocess.run([sys.executable, "-S", "-c", script, str(engine.socket)], capture_output=True, text=True, cwd="/", check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "PermissionError" in done.stderr
    assert engine.socket.stat().st_mode & 0o777 == 0o600
    assert engine.socket.parent.stat().st_mode & 0o777 == 0o700
    assert answer(engine.socket, frame((0, 4, 1, 0, 0, 0, None, HELLO_PROCESS, {})))[0] == 16


def test_serves_a_user_it_was_told_to_and_refuses_the_next(world: World) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    engine = world.engine("--allow-uid", str(nobody))
    assert engine.socket.stat().st_mode & 0o777 == 0o666
    assert engine.socket.parent.stat().st_mode & 0o777 == 0o711
    if os.geteuid() == 0:
        hello = frame((0, 4, 1, 0, 0, 0, None, HELLO_PROCESS, {})).hex()
        # a user who is refused is told so before he has said anything, and what he says then may find nobody
        for uid, says, kind in ((nobody, "s.sendall(bytes.fromhex(sys.argv[2]));", 16), (nobody - 1, "", 17)):
            do = f"s = socket.socket(socket.AF_UNIX); s.connect(path); {says} print(s.recv(4096)[4:])"
            script = TRY.format(uid=uid, gid=uid, do=do)
            done = subprocess.run([sys.executable, "-S", "-c", script, str(engine.socket), hello], capture_output=True, text=True, cwd="/", check=False)
            assert f"\\x00\\x00\\x00i\\x{kind:02x}" in done.stdout, done.stderr
        engine.wait_for_total("spangard_connections_total", 1, outcome="refused", reason="user")


def test_refuses_a_directory_that_others_may_write_to(world: World) -> None:
    """On both sides, each with one line."""
    world.folder.chmod(0o770)
    command = [sys.executable, "-m", "spangard", "engine", "--socket", str(world.socket), "--admin", "off"]
    process = world.run(command, "engine-open")
    assert process.wait() == 3
    assert f"{world.folder} must have mode rwx------ (0700), not rwxrwx---" in process.err
    server = world.serve("uvicorn", "shop:app", attach=True)
    assert load(server.port, 300).statuses == {200: 300}
    server.stop()
    assert (server.process.err + server.process.out).count("that no other may write to") == 1
    world.folder.chmod(0o700)


def test_a_peer_of_a_hundred_thousand_frames_a_second_harms_no_other(world: World) -> None:
    engine = world.engine()
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    get(server, "/items/1")
    with socket.socket(socket.AF_UNIX) as hasty:
        hasty.connect(str(engine.socket))
        hasty.sendall(frame((0, 4, 1, 0, 0, 0, None, HELLO_PROCESS, {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"})))
        hasty.setblocking(False)
        empty = frame((1, 0, 0, 0, None, 0, 0.0, [])) * 1000
        pushed = 0
        while not engine.total("spangard_connections_total", outcome="throttled"):
            try:
                pushed += hasty.send(empty)
            except BlockingIOError:
                pass
        assert load(server.port, 999).statuses == {200: 999}
    sink.wait_for(1000)
    assert engine.total("spangard_requests_dropped_total") == 0
