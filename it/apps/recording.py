# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The switch between the two servers of a comparison: RECORD=1 wraps, RECORD=0 leaves bare."""

import os


def recorded(app):
    """``app``, wrapped if this is the recorded server."""
    if os.environ["RECORD"] != "1":
        return app
    from spangard import OpenTelemetryMiddleware

    return OpenTelemetryMiddleware(app)
