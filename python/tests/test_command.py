# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The command `spangard`, as processes of their own: what a shell sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import child
from spangard import __version__
from spangard.attach.command import HOOK, hooked
from spangard.attach.flags import VARIABLES, UsageError, parse

SHOW = "import json, os; print(json.dumps([os.getpid(), dict(os.environ)]))"


def spangard(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return child.run("-m", "spangard", *arguments, **options)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("-h",),
        ("help",),
        ("attach", "--help"),
        ("attach", "--service-name", "x", "-h"),
        ("doctor", "--help"),
        ("doctor", "--service-name=x", "--help"),
    ],
)
def test_help_is_on_standard_output(arguments: tuple[str, ...]) -> None:
    done = spangard(*arguments)
    assert done.returncode == 0
    assert "spangard attach [FLAGS] -- CMD ARGS" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("attach", "--version"),
        ("attach", "--service-name", "x", "--version", "--", "true"),
        ("doctor", "--version"),
        ("engine", "--version"),
    ],
)
def test_version(arguments: tuple[str, ...]) -> None:
    done = spangard(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"spangard {__version__}\n", "")


def test_a_question_behind_the_flags_is_the_commands() -> None:
    done = spangard("attach", "--", sys.executable, "-c", "import sys; print(sys.argv[1])", "--version")
    assert (done.returncode, done.stdout) == (0, "--version\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "usage: spangard"),
        (("atach",), 2, "unknown command atach (did you mean attach?)"),
        (("--verson",), 2, "unknown command --verson (did you mean --version?)"),
        (("record",), 2, "unknown command record"),
        (("attach", "--verson", "--", "true"), 2, "unknown flag --verson (did you mean --version?)"),
        (("doctor", "--endpont=x"), 2, "unknown flag --endpont (did you mean --endpoint?)"),
        (("attach",), 2, "a command is missing"),
        (("attach", "--"), 2, "a command is missing"),
        (("attach", "--profile", "upsteam", "--", "true"), 2, "--profile upsteam is neither stable nor upstream"),
        (
            ("attach", "--service-nam", "x", "--", "true"),
            2,
            "unknown flag --service-nam (did you mean --service-name?)",
        ),
        (("attach", "--service-name"), 2, "--service-name needs a value"),
        (("attach", "--service-name", "--", "true"), 2, "--service-name needs a value"),
        (("attach", "--traces-sampler", "often", "--", "true"), 2, "OTEL_TRACES_SAMPLER='often' is not known"),
        (("attach", "--traces-sampler-arg", "2", "--", "true"), 2, "is not a ratio between 0 and 1"),
        (("attach", "--propagators", "b3,smoke", "--", "true"), 2, "OTEL_PROPAGATORS: 'smoke' is not known"),
        (("attach", "--excluded-urls", "a,(", "--", "true"), 2, "OTEL_PYTHON_EXCLUDED_URLS: '(' is not a regular"),
        (("doctor", "--excluded-urls", "a,(", "--"), 2, "OTEL_PYTHON_EXCLUDED_URLS: '(' is not a regular"),
        (("doctor", "uvicorn"), 2, "doctor takes flags alone, not uvicorn"),
        (("attach", "--", "no-such-command-here"), 127, "no-such-command-here: command not found"),
        (("attach", "no-such-command-here"), 127, "no-such-command-here: command not found"),
    ],
)
def test_mistakes_have_an_exit_code_and_one_clear_line(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = spangard(*arguments)
    assert done.returncode == code
    assert said in done.stderr.splitlines()[0]
    assert done.stdout == ""


def test_what_cannot_be_executed_exits_with_126(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("no interpreter line")
    script.chmod(0o755)
    assert spangard("attach", "--", script).returncode == 126
    script.chmod(0o644)
    for path in (script, tmp_path):
        done = spangard("attach", "--", path)
        assert (done.returncode, done.stderr) == (126, f"spangard: {path}: cannot be executed\n")


def test_engine_names_variables_of_ours_that_there_are_not(tmp_path: Path) -> None:
    done = spangard("engine", env={"JAVA_HOME": "", "PATH": str(tmp_path), "SPANGARD_SPOL": "/var/spool/x"})
    assert done.stderr.splitlines()[0] == (
        "spangard: SPANGARD_SPOL is not known and ignored; did you mean SPANGARD_SPOOL?"
    )


def test_engine_without_java_exits_with_3(tmp_path: Path) -> None:
    done = spangard("engine", env={"JAVA_HOME": "", "PATH": str(tmp_path)})
    assert done.returncode == 3
    assert done.stderr.startswith("spangard: ")
    done = spangard("engine", "--help", env={"JAVA_HOME": "", "PATH": str(tmp_path)})
    assert done.returncode == 0
    assert done.stdout.startswith("usage: spangard ")
    assert "no Java" in done.stderr or "has no engine" in done.stderr


@pytest.mark.parametrize("code", [0, 1, 3, 42])
def test_exit_code_is_the_commands(code: int) -> None:
    done = spangard("attach", "--", sys.executable, "-c", f"raise SystemExit({code})")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_signal_that_kills_the_command_is_seen() -> None:
    done = spangard("attach", "--", sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL


def test_input_and_output_are_the_commands() -> None:
    done = spangard("attach", "--", "cat", input="through\n")
    assert (done.stdout, done.stderr) == ("through\n", "")


def test_command_takes_the_place_of_this_process() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "spangard", "attach", "--", sys.executable, "-c", SHOW],
        env={**os.environ, "PYTHONPATH": str(child.SOURCES)},
        stdout=subprocess.PIPE,
    )
    out, _ = process.communicate(timeout=child.TIMEOUT_S)
    assert json.loads(out)[0] == process.pid


def test_flags_become_variables_for_the_command_alone(tmp_path: Path) -> None:
    done = spangard(
        *("attach", "--service_name=shop", "--traces-exporter", "console", "--socket", "x.sock", "--"),
        *(sys.executable, "-c", SHOW, "--service-name", "not ours"),
        cwd=tmp_path,
        env={"OTEL_SERVICE_NAME": "other"},
    )
    environment = json.loads(done.stdout)[1]
    assert environment["OTEL_SERVICE_NAME"] == "shop"
    assert environment["OTEL_TRACES_EXPORTER"] == "console"
    assert environment["SPANGARD_SOCKET"] == str(tmp_path / "x.sock")
    assert environment["PYTHONPATH"].split(os.pathsep) == [HOOK, str(child.SOURCES)]


def test_one_line_when_there_is_no_java_and_the_command_runs(tmp_path: Path) -> None:
    done = spangard(
        *("attach", "--", sys.executable, "-c", "print('ran')"),
        env={
            "SPANGARD_ENGINE": "",
            "JAVA_HOME": "",
            "PATH": str(tmp_path),
            "SPANGARD_SOCKET": str(tmp_path / "e.sock"),
        },
    )
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, HOOK), ("", HOOK), ("a:b", f"{HOOK}:a:b"), (f"{HOOK}:a", f"{HOOK}:a"), (":a", f"{HOOK}::a")],
)
def test_hook_comes_first_on_the_python_path_once(before: str | None, after: str) -> None:
    environment = {} if before is None else {"PYTHONPATH": before}
    assert hooked(environment)["PYTHONPATH"] == after


@pytest.mark.parametrize(("given", "passed_on"), [("b3,", "b3"), (" b3, ,none", "b3,none"), ("", ""), (",", "")])
def test_an_empty_element_among_the_propagators_would_end_the_application(given: str, passed_on: str) -> None:
    assert hooked({"OTEL_PROPAGATORS": given})["OTEL_PROPAGATORS"] == passed_on


@pytest.mark.parametrize(
    ("flag", "variable"),
    [
        ("--service-name", "OTEL_SERVICE_NAME"),
        ("--traces_exporter", "OTEL_TRACES_EXPORTER"),
        ("--endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("--exporter_otlp_traces_headers", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
        ("--fastapi-excluded-urls", "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS"),
        ("--python-fastapi-excluded-urls", "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS"),
        ("--semconv-stability-opt-in", "OTEL_SEMCONV_STABILITY_OPT_IN"),
    ],
)
def test_flag_is_spelt_as_its_variable(flag: str, variable: str) -> None:
    assert parse([flag, "v", "cmd"]) == ({variable: "v"}, ["cmd"])
    assert parse([f"{flag}=v", "--", "cmd"]) == ({variable: "v"}, ["cmd"])


def test_the_profile_is_a_flag() -> None:
    assert parse(["--profile", "upstream", "cmd"]) == ({"SPANGARD_PROFILE": "upstream"}, ["cmd"])


def test_value_may_be_empty_or_look_like_a_flag() -> None:
    assert parse(["--service-name=", "cmd"]) == ({"OTEL_SERVICE_NAME": ""}, ["cmd"])
    assert parse(["--service-name", "-x", "cmd", "-y"]) == ({"OTEL_SERVICE_NAME": "-x"}, ["cmd", "-y"])


def test_flags_are_of_one_make() -> None:
    assert all(flag.startswith("--") and "_" not in flag for flag in VARIABLES)
    with pytest.raises(UsageError):
        parse(["-x", "cmd"])
