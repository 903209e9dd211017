# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The flags of `spangard attach`: environment variables in other words, as `opentelemetry-instrument` has them."""

from __future__ import annotations

import os

from .._settings import PROFILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_OTLP = (
    "CERTIFICATE CLIENT_CERTIFICATE CLIENT_KEY COMPRESSION ENDPOINT HEADERS INSECURE PROTOCOL TIMEOUT "
    "TRACES_CERTIFICATE TRACES_CLIENT_CERTIFICATE TRACES_CLIENT_KEY TRACES_COMPRESSION TRACES_ENDPOINT TRACES_HEADERS "
    "TRACES_INSECURE TRACES_PROTOCOL TRACES_TIMEOUT METRICS_CERTIFICATE METRICS_CLIENT_CERTIFICATE METRICS_CLIENT_KEY "
    "METRICS_COMPRESSION METRICS_DEFAULT_HISTOGRAM_AGGREGATION METRICS_ENDPOINT METRICS_HEADERS METRICS_INSECURE "
    "METRICS_PROTOCOL METRICS_TEMPORALITY_PREFERENCE METRICS_TIMEOUT"
)
_OTHERS = (
    "ATTRIBUTE_COUNT_LIMIT ATTRIBUTE_VALUE_LENGTH_LIMIT BSP_EXPORT_TIMEOUT BSP_MAX_EXPORT_BATCH_SIZE "
    "BSP_MAX_QUEUE_SIZE BSP_SCHEDULE_DELAY CONFIG_FILE EVENT_ATTRIBUTE_COUNT_LIMIT EXPORTER_PROMETHEUS_HOST "
    "EXPORTER_PROMETHEUS_PORT INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS "
    "INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE "
    "INSTRUMENTATION_HTTP_KNOWN_METHODS "
    "INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS "
    "LINK_ATTRIBUTE_COUNT_LIMIT LOG_LEVEL METRICS_EXEMPLAR_FILTER "
    "METRICS_EXPORTER METRIC_EXPORT_INTERVAL METRIC_EXPORT_TIMEOUT PROPAGATORS PYTHON_EXCLUDED_URLS "
    "PYTHON_FASTAPI_EXCLUDED_URLS PYTHON_STARLETTE_EXCLUDED_URLS RESOURCE_ATTRIBUTES SDK_DISABLED "
    "SEMCONV_STABILITY_OPT_IN SERVICE_NAME SPAN_ATTRIBUTE_COUNT_LIMIT SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT "
    "SPAN_EVENT_COUNT_LIMIT SPAN_LINK_COUNT_LIMIT TRACES_EXPORTER TRACES_SAMPLER TRACES_SAMPLER_ARG"
)

PROFILE = "SPANGARD_PROFILE"


def _variables() -> dict[str, str]:
    names = [f"EXPORTER_OTLP_{name}" for name in _OTLP.split()] + _OTHERS.split()
    flags = {f"--{name.lower().replace('_', '-')}": f"OTEL_{name}" for name in names}
    # opentelemetry-instrument leaves PYTHON_ out
    flags.update({flag.replace("--python-", "--"): name for flag, name in flags.items()})
    flags["--profile"] = PROFILE
    return {**flags, "--socket": "SPANGARD_SOCKET", "--endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT"}


VARIABLES = _variables()
"""Flag to variable. Underscores in a flag are as good as hyphens."""


ASKING = ("-h", "--help", "--version")


class UsageError(Exception):
    """What is wrong with a command line: one sentence."""


class AskedError(Exception):
    """No command line to run, but a question: the message is one of ASKING."""


def parse(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """The variables that the flags set, and the command: what follows the flags, after `--` if there is one. Raises
    UsageError, and AskedError.
    """
    variables: dict[str, str] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        argument = rest.pop(0)
        if argument == "--":
            break
        if argument in ASKING:
            raise AskedError(argument)
        flag, equals, value = argument.partition("=")
        name = VARIABLES.get(flag.replace("_", "-"))
        if name is None:
            raise UsageError(f"unknown flag {flag}{suggestion(flag.replace('_', '-'), (*VARIABLES, *ASKING))}")
        if not equals:
            if not rest or rest[0] == "--":
                raise UsageError(f"{flag} needs a value")
            value = rest.pop(0)
        if name == PROFILE and value not in PROFILES:
            raise UsageError(f"--profile {value[:60]} is neither {' nor '.join(PROFILES)}")
        if "\0" in value:
            raise UsageError(f"the value of {flag} has a NUL character")
        variables[name] = value
    _check(variables)
    return variables, rest


def _check(variables: dict[str, str]) -> None:
    """What the recorder would have to warn of: said here, before anything runs. The engine reads the others."""
    from .._sampling import sampler_from
    from .._settings import PROPAGATORS, compiled, split

    complaint = None
    if "OTEL_TRACES_SAMPLER" in variables:
        _, complaint = sampler_from(
            {"OTEL_TRACES_SAMPLER_ARG": os.environ.get("OTEL_TRACES_SAMPLER_ARG", ""), **variables}
        )
    elif "OTEL_TRACES_SAMPLER_ARG" in variables:
        _, complaint = sampler_from({**variables, "OTEL_TRACES_SAMPLER": "traceidratio"})
    if complaint is not None:
        raise UsageError(complaint.partition(";")[0])
    for name in split(variables.get("OTEL_PROPAGATORS", "")):
        if name.lower() not in (*PROPAGATORS, "none"):
            raise UsageError(f"OTEL_PROPAGATORS: {name!r} is not known; known are {', '.join(PROPAGATORS)}, none")
    for variable, value in variables.items():
        if variable.endswith("_EXCLUDED_URLS") or "_CAPTURE_HEADERS_" in variable:
            try:
                compiled(split(value), variable)
            except ValueError as error:
                raise UsageError(str(error)) from None


def suggestion(given: str, known: Iterable[str]) -> str:
    """What of ``known`` is most like it, in brackets; nothing if nothing is."""
    from difflib import get_close_matches

    close = get_close_matches(given, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
