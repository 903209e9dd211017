# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Values that wait, raise, lie or never end."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import http
import time
import types
import uuid
from typing import Any

HANG_S = 20.0
DUNDERS = """
    eq ne lt le gt ge hash bool len iter contains getitem int index float trunc round neg abs add radd mul mod str repr
    format bytes getattr call enter exit reversed next await instancecheck fspath complex reduce_ex sizeof length_hint
    missing buffer
"""


class Code(BaseException):
    """What a value's own code raises: more than an Exception."""


def waits(*_: Any, **__: Any) -> Any:
    time.sleep(2 * HANG_S)


def raises(*_: Any, **__: Any) -> Any:
    raise Code


def fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError


def odd(base: type, does: Any) -> type:
    """A subclass all of whose methods do that, its public ones too."""
    names = [f"__{name}__" for name in DUNDERS.split()]
    names += [name for name in dir(base) if not name.startswith("_")]
    return type(
        f"Odd{base.__name__.title()}",
        (base,),
        {name: does for name in names if base is not object or name != "__hash__"},
    )


class Liar:
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return str

    def __getattr__(self, name: str) -> Any:
        raise Code


class Plan(enum.Enum):
    GOLD = "gold"


class Flags(enum.Flag):
    A = 1
    B = 2


class Text(str, enum.Enum):
    A = "a"


def endless() -> Any:
    while True:
        yield "x"


def values(does: Any) -> list[Any]:
    itself: list[Any] = []
    itself.extend([itself, itself])
    laughs: Any = "ha"
    for _ in range(64):
        laughs = [laughs, laughs]
    around: dict[str, Any] = {}
    around["self"] = around
    with memoryview(b"gone") as gone:
        pass
    key: Any = type("Key", (str,), {"__eq__": does, "__len__": does, "__getitem__": does, "__hash__": str.__hash__})(
        "k"
    )
    made = [
        odd(str, does)("text"),
        odd(int, does)(7),
        odd(float, does)(0.5),
        odd(bytes, does)(b"b"),
        odd(bytearray, does)(b"b"),
        odd(list, does)(["x"]),
        odd(tuple, does)(("x", "y")),
        odd(dict, does)({"k": "v"}),
        odd(collections.OrderedDict, does)(),
        odd(object, does)(),
    ]
    return [
        *made,
        *[[value] for value in made],
        *[(value, 1) for value in made],
        {"k": made[0]},
        {key: 1},
        Liar(),
        itself,
        laughs,
        around,
        gone,
        memoryview(b"abcd")[::2],
        10**5000,
        -(10**5000),
        1 << 63,
        -(1 << 63),
        2**200,
        float("nan"),
        float("inf"),
        -0.0,
        "\ud800",
        "x" * 1_000_000,
        b"\xff" * 1_000_000,
        [1] * 1_000_000,
        range(10**30),
        dict.fromkeys(map(str, range(100_000)), 1),
        {1, 2},
        frozenset("a"),
        1j,
        ...,
        NotImplemented,
        endless(),
        iter([]),
        len,
        waits.__code__,
        Plan.GOLD,
        Plan,
        Flags.A | Flags.B,
        Text.A,
        http.HTTPStatus.OK,
        decimal.Decimal("1.5"),
        decimal.Decimal(10) ** 5000,
        datetime.datetime(2026, 1, 1),
        datetime.timedelta(1),
        datetime.timezone.utc,
        uuid.UUID(int=1),
        types.MappingProxyType({"k": 1}),
        types.SimpleNamespace(a=1),
        collections.deque([1]),
        collections.UserDict(k=1),
        collections.ChainMap({}),
        object(),
        None,
        True,
        0,
        "",
        b"",
        [],
        (),
        {},
        [None],
        ["a", 1],
        ValueError("v"),
        type,
    ]


def failing(pick: Any) -> BaseException:
    """An exception as bad as they come; but for what its ``__str__`` waits for, which is its own."""
    kind = type(
        "Odd", (ValueError,), {"__str__": raises, "__repr__": raises, "__getattribute__": raises, "__module__": pick()}
    )
    error: BaseException = kind(pick())
    below: BaseException = error
    for _ in range(300):
        above = ValueError("cause")
        BaseException.__dict__["__cause__"].__set__(below, above)
        below = above
    BaseException.__dict__["__dict__"].__get__(error)["__notes__"] = pick()
    return error
