# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The `upstream` profile: what `opentelemetry-instrumentation-asgi` tells, by the same names."""
