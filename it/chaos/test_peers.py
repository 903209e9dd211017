# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Others at the engine's socket misbehave: whoever behaves notices nothing."""

from __future__ import annotations

import random
import socket
import sys
from pathlib import Path

from chaos.case import Case
from kit.load import Background
from kit.process import poll
from kit.world import World

IT = Path(__file__).parent.parent
GARBAGE_PEERS = 200
FLOOD_FRAMES = 300_000
FITS = 3_000
"""Requests that one recorder holds: none may be lost, however little of the processor is left to the engine."""


def speak(path: Path, said: bytes) -> None:
    """Says it and stays until the engine hangs up."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(str(path))
        try:
            peer.sendall(said)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(4096):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass


def test_garbage(world: World) -> None:
    case = Case(world)
    chance = random.Random(4)
    with Background(case.server.port, total=FITS) as background:
        for n in range(GARBAGE_PEERS):
            # Below 4 MiB, so that it is a frame, and above, so that it is none.
            length = chance.randrange(1, 64) if n % 2 else chance.randrange(1 << 22, 1 << 32)
            speak(case.engine.socket, length.to_bytes(4, "big") + chance.randbytes(chance.randrange(64, 4096)))
    assert background.load.failed == []
    case.finished += background.load.answered
    assert case.engine.total("spangard_connections_total", outcome="cut_off") == GARBAGE_PEERS
    row = case.row(f"{GARBAGE_PEERS} peers send garbage")
    assert row.dropped == {}


def test_flood(world: World) -> None:
    case = Case(world)
    flood = world.run([sys.executable, "-m", "chaos.flood", str(case.engine.socket), str(FLOOD_FRAMES)], "flood", cwd=IT)
    poll(lambda: case.engine.total("spangard_recorders") == 2 or flood.returncode is not None, 30, flood.describe)
    case.send(FITS)
    assert flood.wait(60) == 0, flood.describe()
    written, rate = map(int, flood.out.split())
    assert written == FLOOD_FRAMES or case.engine.total("spangard_connections_total", outcome="cut_off") == 1
    row = case.row(f"a peer sends {rate:,} frames/s")
    assert row.dropped == {}
