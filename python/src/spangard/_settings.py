# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the recorder itself needs of the configuration; all else goes to the engine in HELLO.

Nothing here runs per request except the small callables it returns.
"""

from __future__ import annotations

from ._facts import MAX_HEADERS, pairs
from ._log import warn
from ._sampling import Sampler, sampler_from
from ._values import items
from ._variables import start_complaint, unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ._propagators import Propagators

    Complain = Callable[[str], None]
    """Takes one sentence about a value that is not used as it is given."""

HEADER_NAMES_REMEMBERED = 1024
"""How many distinct header names a HeaderCapture remembers its decision for: names come from clients."""

MAX_CAPTURED = 128
MAX_CAPTURED_NAME = 256
MAX_CAPTURED_TEXT = 8192
"""Headers that one record takes, and bytes of their names and values together; the last value is cut to fit."""

PROPAGATORS = ("tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace")

PROFILES = ("stable", "upstream")
"""What telemetry looks like, the default first: docs/telemetry.md."""

FORWARDED = frozenset(
    (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port")
)
"""What the engine is told of a request, each name behind a colon, where proxies are trusted."""
MAX_FORWARDED = 4096
"""Bytes of their values together. The ends of the last are kept: they are read from the right."""

MEASURED = frozenset(("server.address", "server.port", "user_agent.synthetic.type"))
"""Opt-in attributes of measurements."""

_CAPTURE = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
_REDACTED = b"[REDACTED]"


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


class HeaderCapture:
    """Picks the headers that the configuration asks for, and hides the values it says to hide.

    ``told`` are for the engine's eyes besides: it makes no attributes of them.

    Called on the application's threads; holds no lock: a lost update of ``_known`` costs one regex.
    """

    __slots__ = ("_hide", "_known", "_told", "_wanted")

    def __init__(
        self,
        wanted: Callable[[str], object] | None,
        hide: Callable[[str], object] | None,
        told: frozenset[bytes] = frozenset(),
    ) -> None:
        self._wanted = wanted
        self._hide = hide
        self._told = told
        self._known: dict[bytes, int] = {}  # 0 leave, 1 take, 2 take hidden

    def __call__(self, headers: Iterable[Any]) -> list[bytes] | None:
        taken = self.for_the_engine(headers) if self._told else []
        known, before = self._known, len(taken)
        try:
            for name, value in headers:
                decision = known[name]
                if decision == 1:
                    taken += (name, value)
                elif decision:
                    taken += (name, _REDACTED)
            # A join tells bytes from others, too
            if len(b"".join(taken)) <= MAX_CAPTURED_TEXT and len(taken) <= 2 * MAX_CAPTURED:
                return taken or None
        except BaseException as raised:  # a name not seen before, or not a pair of byte strings
            if type(raised) is KeyboardInterrupt:
                raise
        del taken[before:]
        return self._carefully(headers, taken)

    def _carefully(self, headers: Iterable[Any], taken: list[bytes]) -> list[bytes] | None:
        most = len(taken) + 2 * MAX_CAPTURED
        room = MAX_CAPTURED_TEXT
        known = self._known
        for name, value in pairs(items(headers, MAX_HEADERS) or []):
            decision = known.get(name)
            if decision is None:
                decision = self._decide(name)
            if decision:
                name = name[:MAX_CAPTURED_NAME]
                room -= len(name)
                value = _REDACTED if decision == 2 else value[: max(0, room)]
                room -= len(value)
                taken += (name, value)
                if room <= 0 or len(taken) >= most:
                    break
        return taken or None

    def for_the_engine(self, headers: Iterable[Any]) -> list[bytes]:
        """What proxies say alone, each name marked."""
        found: list[bytes] = []
        room = MAX_FORWARDED
        for name, value in reversed(pairs(items(headers, MAX_HEADERS) or [])):
            if name in self._told:
                value = value[-room:]
                found[:0] = (b":" + name, value)
                room -= len(value)
                if room <= 0 or len(found) >= 2 * MAX_CAPTURED:
                    break
        return found

    def _decide(self, name: bytes) -> int:
        text = name.decode("latin-1")
        hidden = self._hide is not None and self._hide(text)
        wanted = self._wanted is not None and not text.startswith(":") and self._wanted(text)
        decision = (2 if hidden else 1) if wanted else 0
        if len(self._known) < HEADER_NAMES_REMEMBERED and len(name) <= MAX_CAPTURED_NAME:
            self._known[name] = decision
        return decision


def header_capture(
    direction: str,
    wanted: Iterable[str] | None,
    hide: Iterable[str] | None,
    environ: Mapping[str, str],
    complain: Complain = warn,
) -> HeaderCapture | None:
    """``direction`` is REQUEST or RESPONSE. None if nothing is to be captured, and no proxy trusted.

    As upstream an empty argument falls back to the environment; unlike upstream an empty list element matches
    nothing (docs/telemetry.md, B14).
    """
    variable = f"{_CAPTURE}SERVER_{direction}"
    trusting = direction == "REQUEST" and split(environ.get("SPANGARD_TRUSTED_PROXIES", ""))
    told = FORWARDED if trusting else frozenset()
    patterns = list(wanted or ()) or split(environ.get(variable, ""))
    hidden = list(hide or ()) or split(environ.get(f"{_CAPTURE}SANITIZE_FIELDS", ""))
    take = compiled(patterns, variable, None if wanted else complain, fold_case=True)
    conceal = compiled(hidden, f"{_CAPTURE}SANITIZE_FIELDS", None if hide else complain, fold_case=True)
    if take is None and not told:
        return None
    search = None if conceal is None else conceal.search
    return HeaderCapture(None if take is None else take.fullmatch, search, told)


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
