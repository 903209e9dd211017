# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans that a test makes by the API, as an engine reads them."""

from __future__ import annotations

import asyncio
import contextvars
import marshal
from typing import TYPE_CHECKING, Any

from spangard.trace import TracerProvider

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from engine import FakeEngine
    from spangard._buffer import Recorder
    from spangard.api.tracer import Tracer

SPAN_FIELDS = (
    "kind", "start", "end", "trace", "span_id", "parent", "name", "span_kind", "attributes", "extras", "scope",
)  # fmt: skip


def tracer(name: str = "shop") -> Tracer:
    """Of a new provider, which reads the variables of now."""
    return TracerProvider().get_tracer(name)  # type: ignore[return-value]


def noted(recorder: Recorder, kind: int = 19) -> dict[str, dict[str, Any]]:
    """What is noted so far and waits, as it is encoded, by name; nothing waits any more."""
    records = marshal.loads(marshal.dumps(recorder.records, 2))
    del recorder.records[:]
    del recorder.others[:]
    return {record[6]: named(record) for record in records if record[0] == kind}


def named(record: tuple[Any, ...]) -> dict[str, Any]:
    """The fields of a record by name, those of `trace` and `extras` among them."""
    found = dict(zip(SPAN_FIELDS, record))
    assert len(record) == len(SPAN_FIELDS)
    found["trace"], found["flags"], found["tracestate"] = found["trace"]
    extras = found["extras"] or (None, None, None, None, False)
    found["events"], found["links"], found["status"], found["dropped"], found["is_remote"] = extras
    return found


def told(engine: FakeEngine, count: int) -> dict[str, dict[str, Any]]:
    """Waits for ``count`` spans at the engine: by name."""
    engine.wait(lambda: sum(record[0] == 19 for record in engine.records()) >= count)
    spans = [named(record) for record in engine.records() if record[0] == 19]
    assert len(spans) == count
    return {span["name"]: span for span in spans}


def run(main: Coroutine[Any, Any, None]) -> None:
    """In a context of its own, in which nothing is current."""
    contextvars.Context().run(asyncio.run, main)


def parents(recorder: Recorder) -> dict[str, str | None]:
    """Name → name of the parent."""
    spans = noted(recorder)
    names = {span["span_id"]: name for name, span in spans.items()}
    return {name: names.get(span["parent"], span["parent"]) for name, span in spans.items()}
