# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``./dev bench instructions``: machine instructions that recording adds to a request under uvicorn, counted by valgrind.

Prints its table and writes docs/benchmarks/DATE-instructions-PYTHON.md. ``dev`` starts it in an environment with
bench/requirements.txt, with python/src on PYTHONPATH and a Java on PATH.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from pathlib import Path

from harness import against, instructions, machine
from harness.server import APPS

REPORTS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"


OURS_CALLED = ["spangard", "spangard-excluded", "spangard-1%"]
"""Of ours, in process."""


def main() -> int:
    options = parse()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)

    if not instructions.has_valgrind():
        print("bench: instructions are counted by valgrind, which is not on PATH; Debian has it in its package valgrind", file=sys.stderr)
        return 2
    served = ["bare", "upstream", "spangard"]
    called = ["bare", *OURS_CALLED]
    if options.against:
        against.checkout(options.against, say)
        served.append("before")
        called = ["bare", *[each for name in OURS_CALLED for each in (name.replace("spangard", "before"), name)]]
    facts = machine.facts(" ".join(["./dev bench instructions", *sys.argv[1:]]))
    in_process = {} if options.apps else instructions.in_process(called, say)
    counts = instructions.measure(options.apps or list(APPS), served, say)
    lines = [
        f"# Instructions, {facts.python}, {facts.date[:10]}",
        "",
        "Machine instructions of the application's process for a request, by callgrind: the difference of two runs, of few and of many",
        "requests. Under uvicorn over one kept-alive connection, with OTLP to a sink on loopback. Without the engine's part.",
        "",
        f"{facts.date}; {facts.machine}; {facts.packages}; spangard {facts.spangard}" + (f", before: {options.against}" if options.against else "") + ".",
        f"Command: `{facts.command}`",
        *(instructions.table("in process", in_process) if in_process else []),
        *instructions.table("under uvicorn", counts),
    ]
    page = "\n".join(lines) + "\n"
    print(page)
    if options.apps:
        print("only some applications: no report is written")
    else:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        path = REPORTS / f"{datetime.date.today()}-instructions-{version}.md"
        path.write_text(page)
        print(f"written: {path.relative_to(REPORTS.parent.parent)}")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench instructions", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("apps", nargs="*", metavar="APP", help=f"of {', '.join(APPS)}; all by default, which takes half an hour")
    parser.add_argument("--against", metavar="REVISION", help="count that revision of spangard, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
