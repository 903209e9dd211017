# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What is taken of a message or a request, at its edges."""

from __future__ import annotations

from typing import Any

import pytest

from spangard._facts import (
    MAX_CLOSE_REASON,
    MAX_FIELD_TEXT,
    MAX_STACKTRACE,
    close_of,
    cut,
    failure,
    size_of,
)
from spangard._values import octets, text


@pytest.mark.parametrize(
    ("message", "closed"),
    [
        ({}, 1005),
        ({"code": None, "reason": None}, 1005),
        ({"code": 1001, "reason": ""}, 1001),
        ({"code": 1001, "reason": "going away"}, (1001, "going away")),
        ({"reason": "r" * MAX_CLOSE_REASON}, (1005, "r" * MAX_CLOSE_REASON)),
        ({"reason": "r" * MAX_CLOSE_REASON + "x"}, (1005, "r" * MAX_CLOSE_REASON)),
        ({"code": 1001, "reason": b"bytes"}, 1001),
    ],
)
def test_a_close_tells_its_code_and_the_reason_that_was_given(message: dict[str, Any], closed: object) -> None:
    assert close_of(message, 1005) == closed


@pytest.mark.parametrize(
    ("body", "size"),
    [("", 0), ("text", 4), ("h\u00e9", 3), ("\ud800", 3), (b"12", 2), (bytearray(3), 3), (memoryview(b"1234"), 4)],
)
def test_a_size_is_of_the_bytes_that_go_over_the_wire(body: object, size: int) -> None:
    assert size_of(body) == size


def test_a_memoryview_is_as_large_as_its_bytes_not_its_items() -> None:
    assert size_of(memoryview(bytes(16)).cast("Q")) == 16


def test_each_text_is_cut_to_its_bound() -> None:
    long = "x" * (MAX_FIELD_TEXT + 1)
    kept = long[:MAX_FIELD_TEXT]
    assert cut(long, long, long, long, long.encode(), long) == (kept, kept, kept, kept, kept.encode(), kept.encode())
    assert cut(None, b"/\xff", None, 5, None, bytearray(b"b"), 5) == (None, "/\ufffd", None, None, b"", b"b", b"")


def test_what_should_be_text_or_bytes_is() -> None:
    assert [text(value, 9) for value in (None, "a", b"\xff", 5)] == [None, "a", "\ufffd", None]
    found = [octets(value, 9) for value in (b"a", "h\u00e9\ud800", bytearray(b"b"), memoryview(b"c"), None, 5)]
    assert found == [b"a", b"h\xc3\xa9\xed\xa0\x80", b"b", b"c", b"", b""]


def raised(error: BaseException, depth: int = 0) -> BaseException:
    try:
        if depth:
            raise raised(error, depth - 1)
        raise error
    except BaseException as caught:
        return caught


class Cancelled(BaseException):
    """As trio calls its own."""


@pytest.mark.parametrize("error", [Cancelled("why"), GeneratorExit("why")])
def test_a_cancellation_has_no_stack_trace(error: BaseException) -> None:
    name, message, stacktrace, is_cancelled = failure(raised(error))
    assert name.endswith(type(error).__qualname__)
    assert (message, stacktrace, is_cancelled) == ("why", "", True)


def test_an_exception_that_cannot_be_told_has_its_type() -> None:
    class UntoldError(ValueError):
        def __str__(self) -> str:
            raise RuntimeError

    name, message, _, is_cancelled = failure(raised(UntoldError()))
    assert (name, message, is_cancelled) == (f"{__name__}.{UntoldError.__qualname__}", "", False)


def test_of_a_long_stack_trace_the_last_frames_are_kept() -> None:
    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        else:
            raise ValueError("here")

    try:
        deep(200)
    except ValueError as error:
        stacktrace = failure(error)[2]
    assert "test_of_a_long_stack" not in stacktrace, "which called the first of them"
    assert stacktrace.endswith("ValueError: here\n")


@pytest.mark.parametrize("surplus", [0, 1, MAX_STACKTRACE])
def test_of_a_large_stack_trace_both_ends_are_kept_and_more_of_the_last(surplus: int) -> None:
    def trace(said: str) -> str:
        error = raised(ValueError(said))
        return failure(error)[2]

    frame = len(trace(""))
    stacktrace = trace("<" + "x" * (MAX_STACKTRACE + surplus - frame - len(": <>")) + ">")
    assert len(stacktrace) == MAX_STACKTRACE
    assert stacktrace.startswith("Traceback")
    assert stacktrace.endswith("x>\n")
    assert stacktrace.find("\n  \u2026\n") == (MAX_STACKTRACE // 4 if surplus else -1)
