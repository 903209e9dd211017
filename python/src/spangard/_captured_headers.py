# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Which headers of a request and a response are recorded, and which of these without their values."""

from __future__ import annotations

from ._facts import MAX_HEADERS, pairs
from ._log import warn
from ._settings import compiled, split
from ._values import items

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ._settings import AnyOf, Complain

HEADER_NAMES_REMEMBERED = 1024
"""How many distinct header names a HeaderCapture remembers its decision for: names come from clients."""

MAX_CAPTURED = 128
MAX_CAPTURED_NAME = 256
MAX_CAPTURED_TEXT = 8192
"""Headers that one record takes, and bytes of their names and values together; the last value is cut to fit."""

FORWARDED = frozenset(
    (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port")
)
"""What the engine is told of a request, each name behind a colon, where proxies are trusted."""
MAX_FORWARDED = 4096
"""Bytes of their values together. The ends of the last are kept: they are read from the right."""

_ARGUMENT = "http_capture_headers_"
_CAPTURE = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
_REDACTED = b"[REDACTED]"


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
    argument = f"{_ARGUMENT}server_{direction.lower()}"
    take = _expressions(wanted, argument, variable, environ, complain)
    conceal = _expressions(hide, f"{_ARGUMENT}sanitize_fields", f"{_CAPTURE}SANITIZE_FIELDS", environ, complain)
    if take is None and not told:
        return None
    search = None if conceal is None else conceal.search
    return HeaderCapture(None if take is None else take.fullmatch, search, told)


def _expressions(
    given: object, argument: str, variable: str, environ: Mapping[str, str], complain: Complain
) -> re.Pattern[str] | AnyOf | None:
    """What is any of those in an argument, else of those in a variable."""
    from collections.abc import Iterable

    if given is not None and (isinstance(given, (str, bytes)) or not isinstance(given, Iterable)):
        raise TypeError(f"{argument} must be a list of regular expressions; got {type(given).__name__}")
    expressions = list(given or ())
    for each in expressions:
        if not isinstance(each, str):
            raise TypeError(f"{argument} must be a list of regular expressions; {type(each).__name__} is in it")
    if expressions:
        return compiled(expressions, argument, fold_case=True)
    return compiled(split(environ.get(variable, "")), variable, complain, fold_case=True)
