# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What is installed in this environment: servers to attach to, and others who would record the same requests."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distributions, entry_points, version
from importlib.util import find_spec

from .._settings import split
from ..attach.servers import PATCHES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .report import Report

SERVERS = {module.partition(".")[0]: module for module in PATCHES}
"""Distribution to the module that attach patches."""

OTHER_SERVERS = ("sanic", "emmett", "emmett55")
"""Frameworks with ASGI applications whose own server, which most use, calls them otherwise."""

ASGI_INSTRUMENTATIONS = ("asgi", "fastapi", "starlette", "django", "falcon", "quart", "litestar")


def servers(report: Report) -> None:
    found: list[str] = []
    missing: list[str] = []
    for name, module in SERVERS.items():
        release = _version(name)
        if release is not None:
            (found if _is_there(module) else missing).append(f"{name} {release}")
    if found:
        report.ok(f"attach works with {', '.join(found)}")
    for server in missing:
        if server.startswith("gunicorn"):
            report.ok(f"attach works with {server} -k uvicorn_worker.UvicornWorker; it has no ASGI worker of its own")
        else:
            report.warn(f"attach does not know this {server}", "wrap the application: OpenTelemetryMiddleware(app)")
    for name in OTHER_SERVERS:
        release = _version(name)
        if release is not None:
            report.warn(
                f"attach records nothing under the own server of {name} {release}, which serves no ASGI application",
                "serve the application by one of those above",
            )
    if not found and not missing:
        report.warn("no ASGI server is installed beside spangard", f"attach works with {', '.join(SERVERS)}")


def conflicts(report: Report, environ: Mapping[str, str]) -> None:
    """Who else would record each request."""
    installed = sorted(
        name
        for name in {(distribution.metadata["Name"] or "").lower() for distribution in distributions()}
        if name in {f"opentelemetry-instrumentation-{framework}" for framework in ASGI_INSTRUMENTATIONS}
    )
    path = environ.get("PYTHONPATH", "").split(os.pathsep)
    is_active = any("opentelemetry/instrumentation/auto_instrumentation" in part.replace(os.sep, "/") for part in path)
    if is_active:
        report.fail(
            "opentelemetry-instrument is active: requests would be recorded twice",
            "run without it, or set OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=" + ",".join(ASGI_INSTRUMENTATIONS),
        )
    elif installed:
        report.warn(
            f"{', '.join(installed)}: with opentelemetry-instrument, or instrument_app(), requests are recorded twice",
            "run without these, or uninstall them",
        )
    if environ.get("FASTAPI_OTEL_AUTO_CONFIGURE", "").strip().lower() in ("1", "true", "yes", "on"):
        report.warn(
            "FASTAPI_OTEL_AUTO_CONFIGURE: FastAPI exports by itself, from each worker, beside the engine",
            "unset it; spangard leaves FastAPI's request spans out, not its metrics and logs",
        )


def propagators(report: Report, environ: Mapping[str, str]) -> None:
    """opentelemetry-api ends an application whose OTEL_PROPAGATORS names what is not installed."""
    if _version("opentelemetry-api") is None:
        report.warn("opentelemetry-api is not installed: the application cannot see the current span", "")
        return
    known = _entry_points("opentelemetry_propagator")
    unknown = [name for name in split(environ.get("OTEL_PROPAGATORS", "")) if name not in known and name != "none"]
    if unknown:
        report.fail(
            f"OTEL_PROPAGATORS: opentelemetry-api has no {', '.join(unknown)}, and ends an application over that",
            f"install what has them, such as opentelemetry-propagator-{unknown[0]}",
        )


def _entry_points(group: str) -> set[str]:
    points: Any = entry_points()
    select = getattr(points, "select", None)  # from Python 3.10 on
    return {point.name for point in (select(group=group) if select is not None else points.get(group, ()))}


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except Exception:  # its package cannot be imported
        return False
