# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Which variables are spangard's own, and what is wrong with those that are set."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "SPANGARD_"
NAMES = frozenset(
    (
        "SPANGARD_ATTRIBUTES",
        "SPANGARD_CONFIGURATION",  # what `spangard attach` has read of OTEL_CONFIG_FILE
        "SPANGARD_ENGINE",
        "SPANGARD_ENGINE_UID",
        "SPANGARD_EXIT_WAIT",
        "SPANGARD_INSTANCE",
        "SPANGARD_METRIC_CARDINALITY_LIMIT",
        "SPANGARD_PROFILE",
        "SPANGARD_SOCKET",
        "SPANGARD_SPOOL",
        "SPANGARD_SPOOL_MAX_BYTES",
        "SPANGARD_TRUSTED_PROXIES",
        "SPANGARD_WEBSOCKET_EVENTS",
        "SPANGARD_WORKER_PID",
    )
)
"""The recorder's and the engine's: docs/configuration.md has what they mean."""

ON = ("", "on", "auto", "1", "true", "yes")
OFF = ("off", "0", "false", "no")
"""What SPANGARD_ENGINE may be, in upper or lower case."""

_OF_KUBERNETES = r"_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$"
"""What a pod is told of a service whose name begins with ours: nobody has set it."""


def unknown(environ: Mapping[str, str]) -> list[str]:
    """One sentence for each variable that is named as ours are and is none."""
    names = sorted(name for name in environ if name.startswith(PREFIX) and name not in NAMES)
    if not names:
        return []
    import re
    from difflib import get_close_matches

    found = []
    for name in names:
        if environ[name].strip() and not re.search(_OF_KUBERNETES, name):
            # without what all have in common, which would make any two alike
            close = get_close_matches(name[len(PREFIX) :], [known[len(PREFIX) :] for known in NAMES], n=1)
            advice = f"; did you mean {PREFIX}{close[0]}?" if close else ""
            found.append(f"{name[:80]} is not known and ignored{advice}")
    return found


def start_complaint(environ: Mapping[str, str]) -> str | None:
    """What is wrong with SPANGARD_ENGINE, if anything: one sentence."""
    given = environ.get("SPANGARD_ENGINE", "").strip()
    if given.lower() in (*ON, *OFF):
        return None
    return f"SPANGARD_ENGINE={given[:60]!r} is neither on nor off; using on"
