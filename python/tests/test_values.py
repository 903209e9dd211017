# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever an application hands over costs bounded time and raises nothing; what can be told of it is."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import http
import os
import random
import subprocess
import sys
import types
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from spangard import _attributes, _values
from spangard._attributes import attribute, scalar
from spangard._values import integer, items, members, octets, text, truth

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 4096
ROUNDS = 150
HANG_S = 180
LEFT_OUT = "are left out of telemetry:"


def test_no_value_holds_up_fails_or_costs_a_request() -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    driver = Path(__file__).with_name("odd_requests.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "ignore", str(driver), str(seed), str(ROUNDS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, f"SEED={seed}\n{done.stderr[-4000:]}"
    assert done.stdout == f"right: {ROUNDS} requests\n"


def type_name(value: object) -> str:
    return type(value).__name__


class Number(int):
    def __int__(self) -> int:
        raise AssertionError

    __index__ = __eq__ = __hash__ = __str__ = __int__  # type: ignore[assignment]


class Plan(enum.Enum):
    GOLD = "gold"


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Number(7), 7),
        (http.HTTPStatus.NOT_FOUND, 404),
        (Plan.GOLD, "gold"),
        (Mode.READ | Mode.WRITE, 3),
        (True, True),
        (1 << 63, str(1 << 63)),
        (10**5000, None),
        (float("inf"), float("inf")),
        (b"\xff!", "\ufffd!"),
        (bytearray(b"b"), "b"),
        ("\ud800", "\ud800"),
        (decimal.Decimal("1.50"), "1.50"),
        (decimal.Decimal(10) ** 20000, "1.000000000000000000000000000E+20000"),
        (datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc), "2026-01-02 03:04:00+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.timedelta(days=1), "1 day, 0:00:00"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (1j, None),
        (object(), None),
        ({"a": 1}, None),
        (None, None),
    ],
    ids=type_name,
)
def test_a_scalar_is_told_as_its_builtin_type(value: object, told: object) -> None:
    found = scalar(value, ROOM)
    assert (type(found), found) == (type(told), told)


def test_a_time_zone_of_somebodys_own_is_not_asked() -> None:
    class Zone(datetime.tzinfo):
        def utcoffset(self, moment: Any) -> Any:
            raise AssertionError

        dst = tzname = utcoffset

    assert scalar(datetime.datetime(2026, 1, 1, tzinfo=Zone()), ROOM) is None


def test_numpys_scalars_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Generic:
        def item(self) -> object:
            return 5

    monkeypatch.setitem(sys.modules, "numpy", types.SimpleNamespace(generic=Generic))
    assert scalar(type("int64", (Generic,), {})(), ROOM) == 5


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([1, Number(2)], [1, 2]),
        (("a", None, Plan.GOLD), ["a", "gold"]),
        (range(10**30), list(range(_attributes.MAX_ITEMS))),
        (collections.deque([1.5]), [1.5]),
        ([1, "a"], None),
        ([[1]], None),
        ([], []),
    ],
    ids=type_name,
)
def test_a_list_is_told_when_its_items_are_of_one_type(value: object, told: object) -> None:
    assert attribute(value, ROOM)[0] == told


@pytest.mark.parametrize(
    "mapping",
    [
        {"k": 1},
        collections.OrderedDict(k=1),
        types.MappingProxyType({"k": 1}),
        collections.UserDict(k=1),
        {"k": 1, 5: 2, None: 3},
    ],
)
def test_members_are_those_of_a_dict_or_a_known_cover_of_one(mapping: object) -> None:
    assert members(mapping) == [("k", 1)]


@pytest.mark.parametrize(
    "mapping",
    [None, 5, "text", [("k", 1)], collections.ChainMap({"k": 1}), types.MappingProxyType(collections.ChainMap())],
)
def test_of_another_mapping_nothing_is_taken(mapping: object) -> None:
    assert members(mapping) == []


def test_attributes_of_the_sdks_spans_are_taken() -> None:
    attributes = pytest.importorskip("opentelemetry.attributes")
    assert members(attributes.BoundedAttributes(None, {"k": 1})) == [("k", 1)]


def test_a_type_that_is_left_out_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_values, "_said", set())
    for _ in range(3):
        scalar(1j, ROOM)
        members([1])
    assert [record.getMessage() for record in caplog.records] == [
        f"spangard: values of type complex {LEFT_OUT} give str, bool, int, float or a list of one of these",
        f"spangard: values of type list {LEFT_OUT} give a dict for attributes",
    ]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("201", 201),
        (Number(5), 5),
        (201.7, 201),
        (True, None),
        ("x", None),
        (float("nan"), None),
        (1 << 64, None),
        ([], None),
    ],
    ids=type_name,
)
def test_a_number_is_what_says_one(value: object, number: int | None) -> None:
    assert integer(value) == number


@pytest.mark.parametrize("value", [True, 1, 0.5, "x", b"x", [0], (0,), {"k": 0}, object()])
def test_a_flag_is_set_as_python_has_it(value: object) -> None:
    assert truth(value)


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", b"", [], (), {}])
def test_a_flag_is_not_set_as_python_has_it(value: object) -> None:
    assert not truth(value)


@pytest.mark.parametrize("cut", [text, octets])
def test_texts_are_cut_before_they_are_copied(cut: Callable[[Any, int], Any]) -> None:
    class Long(str):
        def __len__(self) -> int:
            raise AssertionError

        __getitem__ = __str__ = encode = __len__  # type: ignore[assignment]

    assert len(cut(Long("x" * 100_000), 10)) == 10
    assert items(Long(), 5) is None
