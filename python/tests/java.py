# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A Java runtime for tests."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

FAKE_JAVA = """#!{python}
import json, os, socket, sys
with open({told!r}, "a") as file:
    print(json.dumps({{"pid": os.getpid(), "parent": os.getppid(), "session": os.getsid(0), "cwd": os.getcwd(),
        "name": os.path.basename(sys.argv[0]),
        "arguments": sys.argv[1:], "environment": dict(os.environ)}}), file=file)
print("hello from the engine", file=sys.stderr, flush=True)
if {exits}:
    sys.exit({code})
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[sys.argv.index("--socket") + 1])
listener.listen(16)
listener.settimeout(60)
while True:
    listener.accept()[0].close()
"""


class FakeJava:
    """A Java runtime whose `java` tells how it was started, then listens like an engine, or exits with 3."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.told = home / "told"
        self.jars = home / "jars"
        self.jars.mkdir(parents=True)
        (self.jars / "cli.jar").touch()
        (home / "release").write_text('JAVA_VERSION="25.0.1"\n')
        (home / "bin").mkdir()
        self.script(exits=False)

    def script(self, exits: bool, code: int = 3) -> None:
        java = self.home / "bin" / "java"
        java.write_text(FAKE_JAVA.format(python=sys.executable, told=str(self.told), exits=exits, code=code))
        java.chmod(0o755)

    def starts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told.read_text().splitlines()] if self.told.exists() else []

    def stop(self) -> None:
        for start in self.starts():
            try:
                os.kill(start["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass
