# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""hello.py wrapped by hand: ``app``, and ``lifeless``, which knows no lifespan. ``unrecorded`` is the latter bare."""

import hello
from spangard import OpenTelemetryMiddleware


async def unrecorded(scope, receive, send):
    if scope["type"] == "lifespan":
        raise ValueError("no lifespan")
    await hello.app(scope, receive, send)


app = OpenTelemetryMiddleware(hello.app)
lifeless = OpenTelemetryMiddleware(unrecorded)
