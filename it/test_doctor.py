# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""`spangard doctor` as a user runs it, against collectors that answer, refuse, speak something else, hang, or are not there."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kit.world import World, free_port
from otlp_sink import Certificates, Sink

DOCTOR = [sys.executable, "-m", "spangard", "doctor"]
SECRET = "s3cret-of-the-test"


def doctor(world: World, *flags: str, env: Mapping[str, str] | None = None, stdout: str = "file") -> tuple[int, str]:
    """Exit code and what it printed; nothing on standard error."""
    process = world.run([*DOCTOR, *flags], env={"SPANGARD_ENGINE": "on", **(env or {})}, stdout=stdout)
    code = process.wait(60)
    if stdout != "file":
        process.wait_for_end_of_output()
    assert process.err == ""
    return code, process.out


def lines(out: str, grade: str) -> list[str]:
    return [line.removeprefix(grade).strip() for line in out.splitlines() if line.startswith(grade + " ")]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_collector_that_answers(shared: World, protocol: str) -> None:
    sink = shared.sink(protocol=protocol)
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={SECRET}"}
    code, out = doctor(shared, env=env)
    assert lines(out, "fail") == []
    assert code == 0
    taken = [line for line in lines(out, "ok") if line.endswith("the collector takes them")]
    assert taken == [f"{signal} by {protocol} to {where}: the collector takes them" for signal, where in targets(sink, protocol)]
    assert len(sink.requests) == 2, "an export of each signal"
    assert sink.spans() == []
    assert "OTEL_EXPORTER_OTLP_HEADERS=x-key=*** (environment)" in out
    assert SECRET not in out
    assert len(out.splitlines()) <= 40, "one screen"


def targets(sink: Sink, protocol: str) -> list[tuple[str, str]]:
    return [(signal, sink.endpoint if protocol == "grpc" else f"{sink.endpoint}/v1/{signal}") for signal in ("traces", "metrics")]


def test_says_where_each_value_is_from(shared: World, tmp_path: Path) -> None:
    code, out = doctor(shared, "--service-name", "shop", env={"OTEL_TRACES_SAMPLER": "always_on", "OTEL_EXPORTER_OTLP_ENDPOINT": " "})
    assert code == 0
    for line in (
        "OTEL_SERVICE_NAME=shop (flag)",
        "OTEL_TRACES_SAMPLER=always_on (environment)",
        "OTEL_PROPAGATORS=tracecontext,baggage (default)",
        "OTEL_TRACES_EXPORTER=compact on a terminal, else none (default)",
    ):
        assert f"      {line}\n" in out
    assert lines(out, "ok")[-1] == "no collector is configured"
    file = tmp_path / "otel.yaml"
    file.write_text("file_format: '1.0'\nresource: {attributes_list: service.name=shop}\nlogger_provider: {}\n")
    code, out = doctor(shared, env={"OTEL_CONFIG_FILE": str(file)})
    assert code == 0
    assert "OTEL_RESOURCE_ATTRIBUTES=service.name=shop (file)" in out
    assert "OTEL_CONFIG_FILE: logger_provider is not supported and ignored" in lines(out, "warn")


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "it answers 401"), (404, "it answers 404"), (500, "it answers 500"), (503, "it answers 503")],
)
def test_collector_that_refuses(shared: World, status: int, said: str) -> None:
    sink = shared.sink()
    sink.fail(status)
    code, out = doctor(shared, env={"OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint})
    assert code == 1
    assert [line.rpartition(": ")[2] for line in lines(out, "fail")] == [said, said]
    assert sink.turned_away == 2, "one export of each signal, none of them tried again"


@pytest.mark.parametrize(
    ("spoken", "tried", "advice"),
    [
        ("grpc", "http/protobuf", "set OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        ("http/protobuf", "grpc", "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
    ],
)
def test_collector_of_the_other_protocol(shared: World, spoken: str, tried: str, advice: str) -> None:
    sink = shared.sink(protocol=spoken)
    code, out = doctor(shared, env={"OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": tried})
    assert code == 1
    assert len(lines(out, "fail")) == 2
    assert advice in out


@pytest.mark.parametrize(("protocol", "port"), [("http/protobuf", 4317), ("grpc", 4318)])
def test_port_of_the_other_protocol_is_named_without_a_look_at_the_collector(shared: World, protocol: str, port: int) -> None:
    _, out = doctor(shared, env={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{port}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
    [warning] = [line for line in lines(out, "warn") if "port" in line]
    assert warning.startswith(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}, but the endpoint's port {port} is usually ")


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_nobody_there(shared: World, protocol: str) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    code, out = doctor(shared, env=env)
    assert code == 1
    assert [line.rpartition(": ")[2] for line in lines(out, "fail")] == ["nobody listens there"] * 2
    assert "start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT" in out


def test_host_that_is_not_known(shared: World) -> None:
    code, out = doctor(shared, env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://no-such-host.invalid:4318", "OTEL_METRICS_EXPORTER": "none"})
    assert code == 1
    assert [line.rpartition(": ")[2] for line in lines(out, "fail")] == ["its host name is not known"]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_collector_that_never_answers_is_not_waited_for(shared: World, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{deaf.getsockname()[1]}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
        code, out = doctor(shared, env=env)
    assert code == 1
    assert [line.rpartition(": ")[2] for line in lines(out, "fail")] == ["no answer within 5 seconds"] * 2


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_tls(shared: World, tmp_path: Path, protocol: str) -> None:
    certificates = Certificates(tmp_path)
    sink = shared.sink(protocol=protocol, certificates=certificates)
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    code, out = doctor(shared, env=env)
    assert code == 1
    assert all("TLS failed" in line for line in lines(out, "fail"))
    assert "OTEL_EXPORTER_OTLP_CERTIFICATE names the authority" in out
    code, out = doctor(shared, env={**env, "OTEL_EXPORTER_OTLP_CERTIFICATE": str(certificates.ca)})
    assert (code, lines(out, "fail")) == (0, [])
    assert ssl.get_server_certificate(("localhost", sink.port)).startswith("-----BEGIN")


def test_what_cannot_be_configured_is_one_line(shared: World, tmp_path: Path) -> None:
    code, out = doctor(shared, env={"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_BSP_MAX_QUEUE_SIZE": "many", "OTEL_BLRP_MAX_QUEUE_SIZE": "5"})
    assert code == 1
    assert lines(out, "fail") == ["OTEL_TRACES_EXPORTER=zipkin: OpenTelemetry has dropped this exporter; Zipkin and Jaeger take otlp"]
    assert "OTEL_BSP_MAX_QUEUE_SIZE=many is not a whole number from 1; using 8192" in lines(out, "warn")
    assert "without effect here: OTEL_BLRP_MAX_QUEUE_SIZE" in lines(out, "warn")
    code, out = doctor(shared, env={"OTEL_CONFIG_FILE": str(tmp_path / "none.yaml")})
    assert code == 1
    assert lines(out, "fail") == [f"OTEL_CONFIG_FILE={tmp_path / 'none.yaml'} cannot be read: there is no such file"]


def test_what_is_not_taken_as_it_is_given_is_a_warning(shared: World) -> None:
    """The recorder's settings and the engine's, which read them here as they do for an application."""
    sink = shared.sink()
    given = {
        "OTEL_TRACES_SAMPLER": ("often", "OTEL_TRACES_SAMPLER='often' is not known; using parentbased_always_on"),
        "OTEL_PYTHON_EXCLUDED_URLS": ("(", "OTEL_PYTHON_EXCLUDED_URLS: '(' is not a regular expression"),
        "SPANGARD_PROFILE": ("upsteam", "SPANGARD_PROFILE='upsteam' is neither stable nor upstream; using stable"),
        "SPANGARD_EXIT_WAIT": ("abc", "SPANGARD_EXIT_WAIT: 'abc' is no number of seconds; 8 is used"),
        "SPANGARD_ENGINE": ("of", "SPANGARD_ENGINE='of' is neither on nor off; using on"),
        "SPANGARD_PROFIL": ("x", "SPANGARD_PROFIL is not known and ignored; did you mean SPANGARD_PROFILE?"),
        "SPANGARD_WORKER_PID": ("yes", "SPANGARD_WORKER_PID=yes is neither true nor false; using false"),
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ("often", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=often is not known"),
        "OTEL_RESOURCE_ATTRIBUTES": ("shop", "OTEL_RESOURCE_ATTRIBUTES has an element that is not key=value"),
        "OTEL_METRIC_EXPORT_TIMEOUT": ("soon", "OTEL_METRIC_EXPORT_TIMEOUT=soon is not a whole number"),
    }
    code, out = doctor(shared, env={**sink.env, **{name: value for name, (value, _) in given.items()}})
    warned = lines(out, "warn")
    for _, said in given.values():
        assert [line.startswith(said) for line in warned].count(True) == 1, f"{said}\n{out}"
    assert (code, lines(out, "fail")) == (0, [])


def test_what_loses_everything_is_a_failure(shared: World) -> None:
    code, out = doctor(shared, env={"OTEL_SDK_DISABLED": "true"})
    assert (code, lines(out, "fail")) == (1, ["OTEL_SDK_DISABLED=true: nothing is recorded"])
    code, out = doctor(shared, env={"SPANGARD_ENGINE_UID": "me"})
    assert (code, lines(out, "fail")) == (1, ["SPANGARD_ENGINE_UID must be the number of a user: 'me'"])


def test_engine_that_runs(world: World) -> None:
    from spangard import __version__

    engine = world.engine()
    code, out = doctor(world)
    assert code == 0
    assert f"engine {__version__} answers at {world.socket}, pid {engine.process.pid}" in lines(out, "ok")


def test_engine_that_does_not(world: World) -> None:
    assert "no engine runs; the first recorder starts one" in lines(doctor(world)[1], "ok")
    code, out = doctor(world, env={"SPANGARD_ENGINE": "off"})
    assert code == 1
    assert lines(out, "fail") == [f"no engine answers at {world.socket}"]


def test_directory_that_others_may_write_to(world: World, tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    _, out = doctor(world, "--socket", str(open_to_all / "engine.sock"))
    assert any(f"{open_to_all} must be a directory of this user that no other may write to" in line for line in lines(out, "fail"))


def test_names_a_place_where_no_engine_can_be_started(shared: World, tmp_path: Path) -> None:
    readable = tmp_path / "readable"
    readable.mkdir(mode=0o755)
    code, out = doctor(shared, env={"SPANGARD_SOCKET": str(readable / "engine.sock")})
    assert code == 1
    assert lines(out, "fail") == [f"no engine is started in {readable}: others may read it"]
    file = tmp_path / "file"
    file.touch()
    code, out = doctor(shared, env={"SPANGARD_SOCKET": str(file / "run" / "engine.sock")})
    assert code == 1
    assert lines(out, "fail") == [f"{file / 'run'} can not be made by this user in {file}"]


def test_who_else_would_record(shared: World, tmp_path: Path) -> None:
    """Made-up installations: the real packages would instrument this test's own environment."""
    installed = tmp_path / "opentelemetry_instrumentation_fastapi-0.66b2.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: opentelemetry-instrumentation-fastapi\nVersion: 0.66b2\n")
    _, out = doctor(shared, env={"PYTHONPATH": str(tmp_path), "FASTAPI_OTEL_AUTO_CONFIGURE": "true"})
    assert any("opentelemetry-instrumentation-fastapi" in line.partition(":")[0] for line in lines(out, "warn"))
    assert any(line.startswith("FASTAPI_OTEL_AUTO_CONFIGURE: ") for line in lines(out, "warn"))
    active = tmp_path / "opentelemetry" / "instrumentation" / "auto_instrumentation"
    active.mkdir(parents=True)
    code, out = doctor(shared, env={"PYTHONPATH": str(active)})
    assert code == 1
    assert lines(out, "fail") == ["opentelemetry-instrument is active: requests would be recorded twice"]


def test_servers_and_java(shared: World) -> None:
    _, out = doctor(shared)
    [servers] = [line for line in lines(out, "ok") if line.startswith("attach works with")]
    assert [part.split()[0] for part in servers.removeprefix("attach works with ").split(", ")] == ["uvicorn", "gunicorn", "hypercorn", "daphne", "granian"]
    assert lines(out, "ok")[0].startswith("Java 2")
    empty = {"JAVA_HOME": "", "PATH": ""}
    code, out = doctor(shared, env=empty)
    assert code == 1
    assert lines(out, "fail")[0].startswith("no Java 25 for the engine")


def test_propagator_that_the_api_would_end_the_application_over(shared: World) -> None:
    code, out = doctor(shared, env={"OTEL_PROPAGATORS": "tracecontext,b3,datadog"})
    assert code == 1
    assert lines(out, "fail") == ["OTEL_PROPAGATORS: opentelemetry-api has no datadog, and ends an application over that"]


def test_colours_on_a_terminal_only(shared: World) -> None:
    assert "\033[32mok" in doctor(shared, stdout="tty")[1]
    assert "\033" not in doctor(shared, stdout="tty", env={"NO_COLOR": "1"})[1]
    assert "\033" not in doctor(shared, stdout="pipe")[1]


def test_wrong_flag_is_one_line_and_two(shared: World) -> None:
    process = shared.run([*DOCTOR, "--no-such-flag"], env={})
    assert process.wait(30) == 2
    assert process.err.splitlines() == ["spangard: unknown flag --no-such-flag"]
