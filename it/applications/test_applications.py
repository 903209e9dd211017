# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Published applications, served bare and attached: the same answers, one span a request, the right route, no false error.

Run by `./dev test applications [NAME]`, which makes an environment for each and gives its name and place.
"""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from kit.traces import Trace
from kit.world import Server, World, free_port
from otlp_sink.model import ERROR, SERVER, Span
from websockets.sync.client import connect

from .catalogue import APPLICATIONS, Ask

START_S = 240
NAME, PLACE = os.environ["SPANGARD_APPLICATION"], Path(os.environ["SPANGARD_APPLICATION_ENV"])
APPLICATION = APPLICATIONS[NAME]
VOLATILE = re.compile(r"[0-9a-fA-F]{6,}[0-9a-fA-F-]*|\d+(\.\d+)?")
"""Ids, times and ports: what two bare runs may differ in."""

Answer = tuple[int, str, str]
"""Status, content type, body with neither folder nor port in it."""


class Run:
    """The application in a folder of its own, bare or attached."""

    def __init__(self, world: World, name: str, attached: bool, env: dict[str, str]) -> None:
        self.world, self.folder, self.port = world, world.folder / name, free_port()
        self.folder.mkdir()
        for file, text in APPLICATION.files.items():
            (self.folder / file).write_text(text)
        self.env = {"PATH": f"{PLACE / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder), **{k: self._said(v) for k, v in APPLICATION.env.items()}, **env}
        for number, command in enumerate(APPLICATION.prepare):
            assert world.run(self._command(command), f"{name}-prepare{number}", self.env, cwd=self.folder).wait(START_S) == 0
        command = self._command(APPLICATION.command)
        if attached:
            command = [str(PLACE / "bin" / "spangard"), "attach", "--", *command]
        process = world.run(command, name, self.env, cwd=self.folder)
        self.server = Server(process, self.port, "")
        process.until(self.server.listens, START_S)
        process.until(self._answers, START_S)

    def stop(self) -> None:
        """As Ctrl-C does it: the whole group is told, and what is still there has missed that."""
        pid = self.server.process.pid
        os.killpg(pid, signal.SIGINT)
        try:
            self.server.process.wait(60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _said(self, text: str) -> str:
        return text.replace("{port}", str(self.port)).replace("{folder}", str(self.folder))

    def _command(self, parts: tuple[str, ...] | list[str]) -> list[str]:
        program, *arguments = [self._said(part) for part in parts]
        return [str(PLACE / "bin" / program), *arguments]

    def _answers(self) -> bool:
        """Managers of processes listen before their workers do."""
        try:
            self.ask(APPLICATION.asks[0], Trace())
        except OSError:
            return False
        return True

    def ask(self, ask: Ask, trace: Trace) -> Answer:
        headers = {**ask.headers, **dict([trace.header])}
        if ask.method == "WS":
            with connect(f"ws://127.0.0.1:{self.port}{ask.path}", additional_headers=headers) as socket:
                socket.send(ask.body)
                return 101, "", str(socket.recv())
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(ask.method, ask.path, body=ask.body or None, headers=headers)
            response = connection.getresponse()
            return (
                response.status,
                response.headers.get("content-type", ""),
                response.read().decode(errors="replace").replace(str(self.folder), "FOLDER").replace(str(self.port), "PORT"),
            )
        finally:
            connection.close()

    def all(self) -> list[tuple[Ask, Trace, Answer]]:
        found = []
        for ask in APPLICATION.asks:
            trace = Trace()
            found.append((ask, trace, self.ask(ask, trace)))
        return found


@pytest.mark.timeout(1500)
def test_is_served_attached_as_bare_with_one_right_span_a_request(world: World) -> None:
    bare = []
    for name in ("bare", "again"):
        run = Run(world, name, False, {})
        bare.append([answer for _, _, answer in run.all()])
        run.stop()
    sink = world.sink()
    engine = world.engine()
    run = Run(world, "attached", True, sink.env)
    asked = run.all()
    sink.wait_until(lambda: {trace.trace_id for _, trace, _ in asked} <= {span.trace_id for span in sink.spans()}, 60, "a span of each request")
    run.stop()

    wrong = [line for (ask, _, answer), first, second in zip(asked, *bare, strict=True) for line in differences(ask, answer, first, second)]
    engine.stop()
    rows = []
    for ask, trace, answer in asked:
        spans = [span for span in trace.all(sink) if span.kind == SERVER]
        if len(spans) != 1:
            wrong.append(f"{ask.method} {ask.path}: {len(spans)} spans: {[span.name for span in spans]}")
        for span in spans[:1]:
            wrong += faults(ask, answer, span)
            told = [event.attributes.get("exception.type") for event in span.events if event.name == "exception"]
            rows.append(
                f"{ask.method:6} {ask.path[:60]:60} {answer[0]} {span.attributes.get('http.route')!s:45} {span.attributes.get('error.type') or ''} {told or ''}"
            )
    strangers = [span.name for span in sink.spans() if span.scope != "spangard"]
    print("\n".join([f"{NAME}: {len(asked)} requests, {len(sink.spans())} spans, not ours {strangers}", *rows]))
    assert not wrong, "\n".join(wrong)


def differences(ask: Ask, attached: Answer, first: Answer, second: Answer) -> list[str]:
    """In what is the same in two bare runs; else in what is left of it without what differs between any two."""
    told = []
    for what, here, there, again in zip(("status", "content type", "body"), attached, first, second, strict=True):
        if there != again:
            here, there, again = (masked(text) for text in (here, there, again))
        if there == again and here != there:
            told.append(f"{ask.method} {ask.path}: {what} {str(here)[:300]!r} attached, {str(there)[:300]!r} bare")
    return told


def masked(text: object) -> str:
    for mask in APPLICATION.masks:
        text = re.sub(mask, "-", str(text))
    return VOLATILE.sub("#", str(text))


def faults(ask: Ask, answer: Answer, span: Span) -> list[str]:
    """What its span says otherwise than what came, or than what is known of the application."""
    told, attributes = [], span.attributes
    expected = {"http.response.status_code": answer[0], "http.route": ask.route, "url.path": ask.path.partition("?")[0]}
    for name, value in expected.items():
        if attributes.get(name) != value:
            told.append(f"{ask.method} {ask.path}: {name} is {attributes.get(name)!r}, not {value!r}")
    if (span.status == ERROR) != (answer[0] >= 500):
        told.append(f"{ask.method} {ask.path}: {answer[0]} has status {span.status}, error.type {attributes.get('error.type')!r}")
    exceptions = [event.attributes.get("exception.type") for event in span.events if event.name == "exception"]
    if exceptions != ([ask.fails] if ask.fails else []) and (ask.fails or answer[0] < 500 or len(exceptions) > 1):
        told.append(f"{ask.method} {ask.path}: {answer[0]} tells {exceptions}, not {ask.fails}")
    return told
