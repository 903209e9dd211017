# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The grammar of the W3C's headers to the byte, and what is asked of spans that are not ours."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context.context import Context

from spangard._parents import _is_a_servers, state_of, trace_state, valid_context
from spangard._tracecontext import (
    LARGE_MEMBER,
    MAX_BAGGAGE_BYTES,
    MAX_TRACESTATE,
    joined,
    traceparent,
    tracestate,
    whole,
)

VALID = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def state(*lines: bytes) -> bytes:
    return tracestate([(b"tracestate", line) for line in lines])


@pytest.mark.parametrize(
    "member",
    [
        b"k" * 256 + b"=v",
        b"k=" + b"v" * 256,
        b"0a_-*/@z=!~",
        b"a= b",
        b"a=b c",
    ],
)
def test_a_member_of_tracestate_at_the_edge_of_its_grammar_is_taken(member: bytes) -> None:
    assert state(b"x=1," + member) == b"x=1," + member


@pytest.mark.parametrize(
    "member",
    [
        b"k" * 257 + b"=v",
        b"k=" + b"v" * 257,
        b"=v",
        b"k=",
        b"k",
        b"_k=v",
        b"@k=v",
        b"K=v",
        b"k.=v",
        b"k =v",
        b"k=v=w",
        b"k=v\x7f",
        b"k=\x1f",
        b"k=v\tw",
        b"k=\xc3\xa9",
        b"\x0bk=v",
        b"k=v\x0c",
    ],
)
def test_a_member_against_the_grammar_costs_all_of_tracestate(member: bytes) -> None:
    assert state(b"x=1," + member) == b""
    assert state(b"x=1", member, b"y=1") == b""


def test_blanks_and_tabs_around_members_and_empty_ones_are_nothing() -> None:
    assert state(b" a=1\t,, \t ,b=2 ", b"", b"\tc=3") == b"a=1,b=2,c=3"


def test_a_tracestate_is_whole_up_to_its_limit() -> None:
    large = b"l=" + b"v" * (LARGE_MEMBER - 1)
    some = b",".join(b"%02d=" % at + b"v" * 100 for at in range(18))

    def last(*others: bytes) -> bytes:
        """What fills it up behind these, to the byte."""
        return b"z=".ljust(MAX_TRACESTATE - len(b",".join(others)) - 1, b"v")

    fits = last(large, some)
    assert state(large, some, fits) == b",".join((large, some, fits))
    assert state(large, some, fits + b"v") == b",".join((some, fits + b"v")), "the large one goes"
    more = some + b",99=" + b"v" * 100
    fits = last(more)
    assert state(large, more, fits) == more + b"," + fits
    assert state(large, more, fits + b"v") == more, "and then the last"


def test_what_is_no_header_hides_no_line_behind_it() -> None:
    odd: list[Any] = [(b"tracestate", b"a=1"), None, (b"tracestate",), (b"tracestate", "b=2"), (5, b"")]
    assert tracestate([*odd, (b"TraceState", b"c=3")]) == b"a=1,c=3"


@pytest.mark.parametrize("value", [b"\t " + VALID, VALID + b" \t", VALID])
def test_blanks_and_tabs_around_traceparent_are_nothing(value: bytes) -> None:
    assert traceparent(value) == VALID


@pytest.mark.parametrize("value", [VALID + b"\n", b"\x0b" + VALID, VALID + b"\x0c", b"01" + VALID[2:] + b"\r"])
def test_other_white_space_is_no_part_of_traceparent(value: bytes) -> None:
    assert traceparent(value) is None


def test_a_flag_of_a_later_version_is_a_digit() -> None:
    assert traceparent(b"01" + VALID[2:53] + b"0X") is None


def test_one_line_of_baggage_is_as_it_came() -> None:
    odd = b" a=1 ,, b=2;p"
    assert whole([(b"baggage", odd)], odd) is odd
    assert whole([(b"baggage", odd), (b"Baggage", b"c=3")], odd) == b"a=1,b=2;p,c=3"


def test_baggage_is_joined_within_its_limit() -> None:
    half = MAX_BAGGAGE_BYTES // 2
    first, fits = b"a" * half, b"b" * (half - 2)
    assert joined([first, fits]) == first + b"," + fits
    assert joined([first, fits + b"bb", b"c"]) == first + b",c"
    assert joined([b"x" * 9 + b"\x0b"]) == b"x" * 9 + b"\x0b", "no blank of HTTP's"
    assert joined([b"y" * (MAX_BAGGAGE_BYTES + 1) + b",z", b"w"]) == b"w", "too long a line to look at"
    assert joined([b" ,,\t"]) is None


class Call:
    def receive(self) -> None: ...


def test_whose_a_call_is_is_seen_by_where_it_was_written() -> None:
    served = type("Protocol", (Call,), {"__module__": "uvicorn.protocols.http.h11_impl"})()
    assert not _is_a_servers(Call().receive)
    assert _is_a_servers(served.receive)
    assert _is_a_servers(served)

    def call() -> None: ...

    assert not _is_a_servers(call)
    call.__module__ = "hypercorn.asyncio"
    assert _is_a_servers(call)

    class Odd:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError

        __module__ = None  # type: ignore[assignment]

    assert not _is_a_servers(Odd())


def test_only_a_valid_context_is_one() -> None:
    assert valid_context(trace.INVALID_SPAN) is None
    context = trace.SpanContext(1, 2, False)
    assert valid_context(trace.NonRecordingSpan(context)) is context


def test_a_state_is_what_its_header_was() -> None:
    made = trace_state(b"a=1,b=2=3")
    assert list(made.items()) == [("a", "1"), ("b", "2=3")]
    assert state_of(trace.SpanContext(1, 2, False, trace_state=made)) == b"a=1,b=2=3"
    assert state_of(trace.SpanContext(1, 2, False)) == b""

    class Odd:
        trace_state = Context({"a": 1})

    odd: Any = Odd()
    assert state_of(odd) == b""
