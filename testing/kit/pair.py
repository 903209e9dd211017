# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Two servers of one application, bare and recorded, to which the same bytes are sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from otlp_sink import Sink

from .http1 import Reply, send
from .process import poll
from .world import World


class Seen:
    """One server's witness file (see apps/witness.py)."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def next(self) -> list[dict[str, Any]]:
        """What was written about the next request: from inside, if the application was called, then from outside."""

        def lines() -> list[dict[str, Any]]:
            if not self._file.exists():
                return []
            new = [json.loads(line) for line in self._file.read_text().splitlines()[self._read :]]
            return new if any(note["side"] == "outside" for note in new) else []

        found = poll(lines, 20, lambda: f"no further line in {self._file}")
        self._read += len(found)
        return found


class Pair:
    """``send`` proves that neither client nor server nor application can tell the two apart, and returns what all saw."""

    def __init__(self, world: World, sink: Sink, app: str, *flags: str) -> None:
        self.sink = sink
        number = len(list(world.folder.glob("*.witness")))
        bare_file = world.folder / f"bare{number}.witness"
        ours_file = world.folder / f"ours{number}.witness"
        bare_file.touch()
        ours_file.touch()
        self.bare = world.serve("uvicorn", app, *flags, env={"RECORD": "0", "WITNESS": str(bare_file)})
        self.ours = world.serve("uvicorn", app, *flags, env={"RECORD": "1", "WITNESS": str(ours_file), **sink.env})
        self.bare_seen = Seen(bare_file)
        self.ours_seen = Seen(ours_file)

    def send(self, request: bytes) -> tuple[Reply, dict[str, dict[str, Any]]]:
        """The reply and the notes by side."""
        bare = send(self.bare, request)
        ours = send(self.ours, request)
        assert ours.undated == bare.undated
        assert ours.reset == bare.reset
        bare_notes = self.bare_seen.next()
        assert self.ours_seen.next() == bare_notes
        return ours, {note["side"]: note for note in bare_notes}
