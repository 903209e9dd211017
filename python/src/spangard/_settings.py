# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the recorder itself needs of the configuration; all else goes to the engine in HELLO.

Nothing here runs per request except the small callables it returns.
"""

from __future__ import annotations

from ._log import warn
from ._sampling import Sampler, sampler_from
from ._variables import start_complaint, unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from ._propagators import Propagators

    Complain = Callable[[str], None]
    """Takes one sentence about a value that is not used as it is given."""

PROPAGATORS = ("tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace")

PROFILES = ("stable", "upstream")
"""What telemetry looks like, the default first: docs/telemetry.md."""

MEASURED = frozenset(("server.address", "server.port", "user_agent.synthetic.type"))
"""Opt-in attributes of measurements."""


def effective(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What configures this process: ``environ``, or the file that it names. A file that cannot be used is a warning."""
    if "OTEL_CONFIG_FILE" not in environ and "SPANGARD_CONFIGURATION" not in environ:
        return environ
    from ._configuration_file import ConfigurationFileError, declared, ignore, is_declared

    if not is_declared(environ):
        return environ
    try:
        return declared(environ, warn)
    except ConfigurationFileError as error:
        warn(f"{error}; the environment is used")
        ignore(environ)
        return environ


class Settings:
    """The environment's part of a middleware's configuration, read once at construction."""

    __slots__ = ("baggage", "disabled", "propagators", "sampler", "wants_measurement_facts")

    def __init__(self, environ: Mapping[str, str], complain: Complain = warn) -> None:
        for complaint in (*unknown(environ), start_complaint(environ), _switch_complaint(environ, "OTEL_SDK_DISABLED")):
            if complaint:
                complain(complaint)
        self.disabled = is_disabled(environ)
        self.propagators, self.baggage = _propagators(environ, complain)
        # Measurements, also of requests that are not sampled, are made of more than their records have by default.
        proxies = split(environ.get("SPANGARD_TRUSTED_PROXIES", ""))
        self.wants_measurement_facts = bool(proxies) or not MEASURED.isdisjoint(
            split(environ.get("SPANGARD_ATTRIBUTES", ""))
        )
        self.sampler = chosen_sampler(environ, complain)


def is_disabled(environ: Mapping[str, str]) -> bool:
    return environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def chosen_sampler(environ: Mapping[str, str], complain: Complain = warn) -> Sampler:
    """What OTEL_TRACES_SAMPLER names. One that can not be had is complained of, and the default is used."""
    sampler, complaint = sampler_from(environ)
    if complaint:
        complain(complaint)
    return sampler


def _switch_complaint(environ: Mapping[str, str], name: str) -> str | None:
    """Of a Boolean variable, which is false unless it is ``true`` (OpenTelemetry, Boolean variables)."""
    given = environ.get(name, "").strip()
    if given.lower() in ("", "true", "false"):
        return None
    return f"{name}={given[:60]!r} is neither true nor false; using false"


def _propagators(environ: Mapping[str, str], complain: Complain) -> tuple[Propagators | None, bool]:
    """What finds a request's parent, None for traceparent alone; and whether any baggage is read."""
    names = []
    for name in split(environ.get("OTEL_PROPAGATORS", "")) or ["tracecontext", "baggage"]:
        if name.lower() in PROPAGATORS:
            names.append(name.lower())
        elif name.lower() != "none":
            complain(f"OTEL_PROPAGATORS: {name!r} is not known and ignored; known are {', '.join(PROPAGATORS)}, none")
    if "tracecontext" in names and set(names) <= {"tracecontext", "baggage"}:
        return None, "baggage" in names
    from ._propagators import Propagators

    return Propagators(names), True


def profile_name(argument: str | None, environ: Mapping[str, str], complain: Complain = warn) -> str:
    """One of PROFILES. An impossible argument is a ValueError, an impossible variable a warning and the default."""
    if argument is not None:
        if argument not in PROFILES:
            raise ValueError(f"profile must be stable or upstream; got {argument!r}")
        return argument
    named = environ.get("SPANGARD_PROFILE", "").strip()
    if named in PROFILES:
        return named
    if named:
        complain(f"SPANGARD_PROFILE={named!r} is neither stable nor upstream; using stable")
    return PROFILES[0]


def url_excluder(excluded_urls: object, app: object, environ: Mapping[str, str]) -> Callable[[str], object] | None:
    """What says whether a URL is excluded: upstream's ``ExcludeList``, a comma list of regexes, or the environment."""
    disabled = getattr(excluded_urls, "url_disabled", None)
    if disabled is not None:
        return disabled  # type: ignore[no-any-return]
    if excluded_urls:
        if not isinstance(excluded_urls, str):
            raise TypeError(
                "excluded_urls must be a comma separated string of regular expressions, or have url_disabled(url);"
                f" got {type(excluded_urls).__name__}"
            )
        pattern = compiled(split(excluded_urls), "excluded_urls")
        return pattern.search if pattern is not None else None
    framework = type(app).__module__.split(".", 1)[0].upper()
    variable = f"OTEL_PYTHON_{framework}_EXCLUDED_URLS"
    if variable not in environ:
        variable = "OTEL_PYTHON_EXCLUDED_URLS"
    pattern = compiled(split(environ.get(variable, "")), variable, warn)
    return pattern.search if pattern is not None else None


def compiled(
    patterns: list[str], source: str, complain: Complain | None = None, *, fold_case: bool = False
) -> re.Pattern[str] | AnyOf | None:
    """What is any of ``patterns``. A bad one is left out and complained of; without ``complain``, as in an argument or
    a flag, it is a ValueError.
    """
    if not patterns:
        return None
    import re

    flags = re.IGNORECASE if fold_case else 0
    good = []
    for pattern in patterns:
        try:
            good.append(re.compile(pattern, flags))
        except re.error as error:
            complaint = f"{source}: {pattern!r} is not a regular expression: {error}"
            if complain is None:
                raise ValueError(complaint) from None
            complain(complaint)
    if not good:
        return None
    if len(good) > 1 and any("(" in pattern.pattern for pattern in good):
        return AnyOf(good)
    return re.compile("|".join(pattern.pattern for pattern in good), flags)


class AnyOf:
    """Expressions that cannot be one: they may set flags, or have groups whose names or numbers are their own."""

    __slots__ = ("_patterns",)

    def __init__(self, patterns: list[re.Pattern[str]]) -> None:
        self._patterns = patterns

    def search(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._patterns)

    def fullmatch(self, text: str) -> bool:
        return any(pattern.fullmatch(text) for pattern in self._patterns)


def split(text: str) -> list[str]:
    """The elements of a comma list; empty ones are nothing (docs/telemetry.md, B14)."""
    return [part for part in (raw.strip() for raw in text.split(",")) if part]
