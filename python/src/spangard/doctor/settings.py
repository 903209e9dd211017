# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the recorder would not take as it is given, by the recorder's own code."""

from __future__ import annotations

from .._captured_headers import header_capture
from .._farewell import exit_wait
from .._process import those_told
from .._settings import Settings, compiled, profile_name, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .report import Report


def settings(report: Report, environ: Mapping[str, str]) -> None:
    """All that a middleware reads of its environment, and the process at its end. No framework is known here, so that
    the excluded URLs of each are looked at.
    """
    said: list[str] = []
    complain = said.append
    read = Settings(environ, complain)
    profile_name(None, environ, complain)
    for direction in ("REQUEST", "RESPONSE"):
        header_capture(direction, None, None, environ, complain)
    for name, value in environ.items():
        if name.startswith("OTEL_PYTHON_") and name.endswith("EXCLUDED_URLS"):
            compiled(split(value), name, complain)
    exit_wait(complain)
    those_told(environ, complain)
    for complaint in dict.fromkeys(said):
        report.warn(complaint)
    if read.disabled:
        report.fail("OTEL_SDK_DISABLED=true: nothing is recorded", "leave it out to have requests recorded")
