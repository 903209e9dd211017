# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Telemetry for ASGI applications, made outside the Python process.

    from spangard import OpenTelemetryMiddleware
    app = OpenTelemetryMiddleware(app)

or, with no change to the code, ``spangard attach -- uvicorn main:app``.
"""

from __future__ import annotations

from ._version import __version__
from .middleware import OpenTelemetryMiddleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._metric_attributes import set_metric_attributes
    from ._route import set_route

__all__ = ["OpenTelemetryMiddleware", "__version__", "set_metric_attributes", "set_route"]


def __getattr__(name: str) -> Any:
    """What few applications call is imported by those that do: https://peps.python.org/pep-0562/."""
    if name == "set_metric_attributes":
        from ._metric_attributes import set_metric_attributes

        return set_metric_attributes
    if name == "set_route":
        from ._route import set_route

        return set_route
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
