# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``./dev bench attach``: what recording costs, the upstream package against spangard, in one run with the rivals in turns.

Prints its tables and writes docs/benchmarks/DATE-attach-PYTHON.md. ``dev`` starts it in an environment with bench/requirements.txt, with
python/src on PYTHONPATH and a Java on PATH. Exits 1 if a *must* does not hold or something was lost on the way.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from pathlib import Path

from harness import against, imports, inprocess, machine, report, server, variants

REPORTS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"


def main() -> int:
    options = parse()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {text}", file=sys.stderr, flush=True)

    quick = options.quick
    older = against.checkout(options.against, say) if options.against else None
    facts = machine.facts(" ".join(["./dev bench attach", *sys.argv[1:]]))
    if facts.load > 0.3:
        say(f"note: this machine is busy (load {facts.load}); numbers of a quiet one spread less")
    import_ms = imports.measure(5 if quick else 15)
    in_process = inprocess.measure(3 if quick else 40, say, [name for name in variants.ENVIRONMENT if not name.startswith("before")])
    if older is not None:
        older.measure(2 if quick else 45, say)
    apps = ["hello"] if quick else list(server.APPS)
    served = server.measure(apps, 2 if quick else 9, 0.5 if quick else 1.0, say)
    pages = report.Report(facts, import_ms, in_process, served, older, seconds=time.monotonic() - started)
    print(pages.terminal())
    if quick:
        print("quick: a smoke run, not a result; no report is written")
    else:
        REPORTS.mkdir(parents=True, exist_ok=True)
        path = REPORTS / f"{datetime.date.today()}-attach-{sys.version_info[0]}.{sys.version_info[1]}.md"
        path.write_text(pages.markdown())
        print(f"written: {path.relative_to(REPORTS.parent.parent)}")
    return 0 if pages.holds() else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench attach", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a smoke run of a minute or two: few rounds, hello only under uvicorn, no report",
    )
    parser.add_argument("--against", metavar="REVISION", help="measure that revision of spangard, too, in the same rounds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
