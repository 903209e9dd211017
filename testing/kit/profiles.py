# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The profiles in which the same must hold, as environments."""

from __future__ import annotations

UPSTREAM = {"SPANGARD_PROFILE": "upstream"}
PROFILES: dict[str, dict[str, str]] = {"stable": {}, "upstream": {**UPSTREAM, "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"}}
"""Upstream's with the attributes of both of its conventions."""

STATUS = ("http.response.status_code", "http.status_code")
"""The names of a response's status."""
