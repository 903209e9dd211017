# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Telemetry for ASGI applications, made outside the Python process.

    from spangard import OpenTelemetryMiddleware
    app = OpenTelemetryMiddleware(app)

or, with no change to the code, ``spangard attach -- uvicorn main:app``.
"""

from __future__ import annotations

from ._metric_attributes import set_metric_attributes
from ._route import set_route
from ._version import __version__
from .middleware import OpenTelemetryMiddleware

__all__ = ["OpenTelemetryMiddleware", "__version__", "set_metric_attributes", "set_route"]
