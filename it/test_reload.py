# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""An application is recorded before and after its server has loaded it anew, as one instance of one service."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from kit.engine import Engine
from kit.http1 import get
from kit.process import poll
from kit.traces import Trace
from kit.world import Server, World

APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({{"type": "lifespan.startup.complete"}})
        await send({{"type": "lifespan.shutdown.complete"}})
    elif scope["type"] == "websocket":
        await receive()
        await send({{"type": "websocket.accept"}})
        await send({{"type": "websocket.send", "text": "{version}"}})
        await send({{"type": "websocket.close"}})
    else:
        await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]}})
        await send({{"type": "http.response.body", "body": b"{version}"}})
"""
# gunicorn's --reload does nothing with uvicorn-worker, recorded or not: its reloader's thread cannot end that worker
SERVERS = {
    "uvicorn": ("uvicorn", "--reload"),
    "gunicorn, asgi": ("gunicorn", "-k", "asgi", "--reload"),
    "hypercorn": ("hypercorn", "--reload"),
    "granian": ("granian", "--reload"),
}
ASK_THE_KERNEL = {"uvicorn", "granian"}
"""Those that learn of changes by inotify; the others take each file's time when they begin, which nothing shows."""


def watches(pid: int) -> bool:
    """Whether the process has asked the kernel for changes."""
    try:
        return any("inotify wd:" in file.read_text() for file in Path(f"/proc/{pid}/fdinfo").iterdir())
    except OSError:  # it, or the descriptor at hand, has just gone
        return False


def version(server: Server, trace: Trace) -> bytes:
    """What the application answers; nothing while its server is between two of them."""
    try:
        return get(server, "/", trace.header).body
    except OSError:
        return b""


def websocket(server: Server, trace: Trace) -> str:
    with connect(f"ws://127.0.0.1:{server.port}/", additional_headers=dict([trace.header]), open_timeout=20) as socket:
        text = str(socket.recv(timeout=20))
        with pytest.raises(ConnectionClosedOK):
            socket.recv(timeout=20)
        return text


def is_loaded_once_saved(file: Path, server: Server) -> bool:
    """Saves the second version. Who has not begun to take the files' times before that needs it saved again."""
    file.write_text(APP.format(version=2))
    try:
        return poll(lambda: version(server, Trace(flags="00")) == b"2", 10, server.process.describe)
    except AssertionError:
        return False


@pytest.mark.parametrize("kind", SERVERS)
def test_records_what_was_loaded_anew(shared: World, engine: Engine, tmp_path: Path, kind: str) -> None:
    sink = shared.sink(one_per_trace=True)
    name, *flags = SERVERS[kind]
    file = tmp_path / "reloaded.py"
    file.write_text(APP.format(version=1))
    # without this, a second version of the same size within a second could be read from the cache of the first
    env = {**sink.env, "PYTHONDONTWRITEBYTECODE": "1"}
    server = shared.serve(name, "reloaded:app", *flags, env=env, attach=True, cwd=tmp_path)
    before, after, upgraded = Trace(), Trace(), Trace()
    assert poll(lambda: version(server, before), 20, server.process.describe) == b"1"
    # a reloader begins to watch some time after its first server answers: what is changed before that, it never sees
    poll(lambda: kind not in ASK_THE_KERNEL or any(map(watches, shared.descendants())), 40, server.process.describe)
    assert any(is_loaded_once_saved(file, server) for _ in range(4)), server.process.describe()
    assert version(server, after) == b"2"
    assert websocket(server, upgraded) == "2"
    spans = [trace.span(sink) for trace in (before, after, upgraded)]
    assert [span.attributes["http.response.status_code"] for span in spans] == [200, 200, 101]
    assert len({repr(sorted(span.resource.items())) for span in spans}) == 1
    server.stop()
