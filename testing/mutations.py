# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Mutation testing by hand: what of a change to the code no test would notice. ./dev mutate runs it; nothing in CI does.

    mutations.py python FOLDER [MODULE ...]   mutates modules of the recorder in a copy of it below FOLDER, by mutmut
    mutations.py java REPORT ...              tells PIT's mutations.xml

Prints a row for each module or class, the score of all, and every survivor. What hangs is killed: somebody would notice.
"""

from __future__ import annotations

import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

MODULES = (
    "_sampling",
    "_tracecontext",
    "_parents",
    "_propagators",
    "_facts",
    "_settings",
    "_context",
    "_link",
    "_buffer",
    "_frames",
    "_farewell",
    "middleware",
)
"""Those that decide: sampling, parents, redaction, what is kept and counted."""

OF_PROCESSES = ("attach_hook", "command", "engine_start", "instance", "java", "the_suite")
"""Tests that start Pythons: mutmut's own imports in each of them take a second, and none is of these modules."""

NO_TRAMPOLINES = ("test_middleware.py::test_importing_the_package_imports_nothing_heavy", "test_tracebacks.py")
"""Tests that mutmut fails by being there: it imports much, and has a frame beside each of ours."""

KILLED = ("killed", "timeout", "caught by type check", "segfault", "KILLED", "TIMED_OUT", "MEMORY_ERROR", "RUN_ERROR", "NON_VIABLE")

Rows = dict[str, collections.Counter[bool]]


def tell(rows: Rows) -> None:
    width = max(map(len, rows), default=0)
    for name, counts in sorted(rows.items()):
        print(f"{name:{width}} {counts[True]:5} of {counts.total():4} killed {counts[True] / counts.total():6.1%}")
    killed = sum(counts[True] for counts in rows.values())
    total = sum(counts.total() for counts in rows.values())
    print(f"{'all':{width}} {killed:5} of {total:4} killed {killed / max(total, 1):6.1%}")


def mutate_python(folder: pathlib.Path, modules: list[str]) -> int:
    source = pathlib.Path(__file__).resolve().parents[1] / "python"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("src", "tests"):
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_jars"))
    left_out = [f"--ignore=tests/test_{name}.py" for name in OF_PROCESSES]
    left_out += [f"--deselect=tests/{name}" for name in NO_TRAMPOLINES]
    configuration = {
        "source_paths": ["src"],
        "only_mutate": [f"src/spangard/{module}.py" for module in modules],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", *left_out],
        "pytest_add_cli_args_test_selection": ["tests"],
        "process_isolation": "forkserver",
        "use_git_change_detection": False,
        "timeout_multiplier": 8.0,
        "timeout_constant": 5.0,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in configuration.items()]
    text = (source / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text("\n".join([text, "[tool.mutmut]", *lines, ""]))

    mutmut = [sys.executable, "-m", "mutmut"]
    with open(folder / "log", "wb") as log:
        done = subprocess.run([*mutmut, "run", "--max-children", "2"], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        print((folder / "log").read_text()[-2000:])
        return done.returncode
    listed = subprocess.run([*mutmut, "results", "--all", "true"], cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    rows: Rows = collections.defaultdict(collections.Counter)
    survivors = []
    for name, status in re.findall(r"^ *(\S+): (.+)$", listed.stdout, re.MULTILINE):
        rows[name.split(".")[1]][status in KILLED] += 1
        if status not in KILLED:
            survivors.append((name, status))
    for name, status in survivors:
        shown = subprocess.run([*mutmut, "show", name], cwd=folder, stdout=subprocess.PIPE, text=True)
        changes = [line for line in shown.stdout.splitlines() if re.match(r"[-+](?![-+]{2})", line)]
        print("\n".join([f"{name}: {status}", *changes]))
    tell(rows)
    return 0


def tell_java(reports: list[str]) -> int:
    rows: Rows = collections.defaultdict(collections.Counter)
    survivors = []
    for report in reports:
        for mutation in ElementTree.parse(report).getroot():
            text = {child.tag: child.text or "" for child in mutation}
            name = text["mutatedClass"].removeprefix("dev.spangard.").partition("$")[0]
            is_killed = mutation.get("status") in KILLED
            rows[name][is_killed] += 1
            if not is_killed:
                survivors.append((name, int(text["lineNumber"]), text["mutatedMethod"], mutation.get("status"), text["description"]))
    for name, line, method, status, description in sorted(survivors):
        print(f"{name}:{line} {method}: {status}: {description}")
    tell(rows)
    return 0


def main(arguments: list[str]) -> int:
    if arguments[0] == "java":
        return tell_java(arguments[1:])
    return mutate_python(pathlib.Path(arguments[1]), arguments[2:] or list(MODULES))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
