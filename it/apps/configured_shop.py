# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The shop, with a middleware of ours inside of it that is given arguments."""

from shop import app
from spangard import OpenTelemetryMiddleware

app.add_middleware(OpenTelemetryMiddleware, excluded_urls="/items", exclude_spans=["send"])
