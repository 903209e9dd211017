# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans that a test makes by the API, as an engine reads them."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

from spangard.trace import TracerProvider

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder
    from spangard.api.tracer import Tracer

SPAN_FIELDS = (
    "kind", "start", "end", "trace", "span_id", "parent", "flags", "tracestate", "name", "span_kind", "attributes",
    "events", "links", "status", "dropped", "scope",
)  # fmt: skip


def tracer(name: str = "shop") -> Tracer:
    """Of a new provider, which reads the variables of now."""
    return TracerProvider().get_tracer(name)  # type: ignore[return-value]


def noted(recorder: Recorder, kind: int = 19) -> dict[str, dict[str, Any]]:
    """What is noted so far and waits, as it is encoded, by name; nothing waits any more."""
    records = marshal.loads(marshal.dumps(recorder.records, 2))
    del recorder.records[:]
    del recorder.others[:]
    return {record[8]: dict(zip(SPAN_FIELDS, record)) for record in records if record[0] == kind}


def told(engine: FakeEngine, count: int) -> dict[str, dict[str, Any]]:
    """Waits for ``count`` spans at the engine: by name."""
    engine.wait(lambda: sum(record[0] == 19 for record in engine.records()) >= count)
    spans = [dict(zip(SPAN_FIELDS, record)) for record in engine.records() if record[0] == 19]
    assert len(spans) == count
    return {span["name"]: span for span in spans}
