# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder's warnings. Every module may have one to give, so this one imports none of them."""

from __future__ import annotations

import sys


def warn(message: str) -> None:
    """One line through the application's logging; on standard error where none is configured."""
    try:
        import logging

        logging.getLogger("spangard").warning("spangard: %s", message)
    except Exception:  # the application's own handlers may raise; telemetry never hurts it
        try:
            sys.stderr.write(f"spangard: {message}\n")
        except Exception:  # closed, or none: nobody to tell
            pass
