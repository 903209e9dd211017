# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The shop, wrapped by hand, twice, one inside the other: still one span a request."""

from shop import app as shop
from spangard import OpenTelemetryMiddleware

app = OpenTelemetryMiddleware(OpenTelemetryMiddleware(shop))
