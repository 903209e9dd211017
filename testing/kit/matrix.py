# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Every framework under every server: what is tried, what a framework does not have, and the table that docs/telemetry.md shows of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

CHECKS = {
    "R": "the HTTP route names the span",
    "W": "a WebSocket is one span",
    "E": "an exception is an error",
    "S": "a streamed response is counted whole",
    "B": "a background task is not the request's time, and sees its span",
    "C": "a synchronous view sees the current span",
}


@dataclass(frozen=True)
class Framework:
    """``module`` of apps/matrix, the routes as its templates say them, and the checks it cannot take, with the reason."""

    module: str
    item: str | None
    room: str | None
    lacks: tuple[tuple[str, str], ...] = ()


NO_TASKS = ("B", "has no background tasks of its own")

FRAMEWORKS = {
    "FastAPI": Framework("on_fastapi", "/items/{item}", "/rooms/{room}"),
    "Starlette": Framework("on_starlette", "/items/{item}", "/rooms/{room}"),
    "Django": Framework("on_django", "/items/<int:item>", None, (("W", "its own ASGI handler takes HTTP only"), NO_TASKS)),
    "Channels": Framework("on_channels", "/items/<int:item>", "/rooms/<str:room>", lacks=(NO_TASKS,)),
    "Quart": Framework("on_quart", "/items/<int:item>", "/rooms/<room>"),
    "Litestar": Framework("on_litestar", "/items/{item}", "/rooms/{room}"),
    "Falcon": Framework("on_falcon", "/items/{item:int}", "/rooms/{room}", (("C", "its responders are coroutines"),)),
    "plain ASGI": Framework("on_asgi", None, None),
}
SERVERS = {
    "uvicorn": ("uvicorn",),
    "gunicorn, uvicorn-worker": ("gunicorn", "-k", "uvicorn_worker.UvicornWorker"),
    "gunicorn, asgi": ("gunicorn", "-k", "asgi"),
    "hypercorn": ("hypercorn",),
    "daphne": ("daphne",),
    "granian": ("granian",),
}


# What fails without any telemetry, too
UNABLE = {
    ("Quart", "daphne"): ("W", "Quart reads a WebSocket's `scheme`, which daphne leaves out of the scope"),
    ("Quart", "granian"): ("W", "granian holds back the close that Quart sends until the client has closed, recorded or not"),
}


def lacks(framework: str, server: str) -> dict[str, str]:
    """Letters that are not tried in this cell, and why."""
    here = UNABLE.get((framework, server))
    return dict([*FRAMEWORKS[framework].lacks, *([here] if here else [])])


def table() -> str:
    """The section of docs/telemetry.md, from its legend to the notes."""
    lines = [_prose(", ".join(f"**{letter}** {what}" for letter, what in CHECKS.items()) + "."), ""]
    lines += ["| | " + " | ".join(SERVERS) + " |", "|---" * (len(SERVERS) + 1) + "|"]
    notes: list[str] = []
    for framework in FRAMEWORKS:
        cells = []
        for server in SERVERS:
            missing = lacks(framework, server)
            notes += [reason for reason in missing.values() if reason not in notes]
            cells.append(" ".join(f"\N{EN DASH}{_superscript(notes.index(missing[letter]) + 1)}" if letter in missing else letter for letter in CHECKS))
        lines.append(f"| {framework} | " + " | ".join(cells) + " |")
    lines += ["", _prose("; ".join(f"{_superscript(n)} {reason}" for n, reason in enumerate(notes, 1)) + ".")]
    return "\n".join(lines)


def _prose(text: str) -> str:
    """In lines as long as those of the documentation."""
    return textwrap.fill(text, 120, break_on_hyphens=False)


def _superscript(number: int) -> str:
    return "⁰¹²³⁴⁵⁶⁷⁸⁹"[number]
