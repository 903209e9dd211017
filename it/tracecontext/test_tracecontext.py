# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The cases of the W3C's validation service for Trace Context (github.com/w3c/trace-context, test/), said again.

Not among them: several calls of one request with a span id each, which need a span for each call.
"""

from __future__ import annotations

import string

import pytest

from .caller import PARENT, SPAN, TRACE, UNSAMPLED, Caller

OTHER = TRACE[::-1]
WITHIN_A_VALUE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")


def test_without_a_parent_there_is_a_new_trace(caller: Caller) -> None:
    assert not caller.ask().continues


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_parent_is_continued_by_a_span_of_its_own(caller: Caller, flags: str) -> None:
    assert caller.with_parent(f"00-{TRACE}-{SPAN}-{flags}").continues


@pytest.mark.parametrize("name", ["traceparent", "TraceParent", "TrAcEpArEnT", "TRACEPARENT"])
def test_the_case_of_its_name_does_not_matter(caller: Caller, name: str) -> None:
    assert caller.ask((name, PARENT)).continues


@pytest.mark.parametrize("name", ["trace-parent", "trace.parent"])
def test_another_name_is_not_read(caller: Caller, name: str) -> None:
    assert not caller.ask((name, PARENT)).continues


def test_of_two_parents_neither_is_continued(caller: Caller) -> None:
    sent = caller.ask(("traceparent", f"00-{OTHER}-{SPAN}-01"), ("traceparent", PARENT))
    assert sent.trace not in (TRACE, OTHER)


def test_the_same_parent_twice_is_not_continued(caller: Caller) -> None:
    assert not caller.ask(("traceparent", PARENT), ("traceparent", PARENT)).continues


@pytest.mark.parametrize("padded", [f" {PARENT}", f"\t{PARENT}", f"{PARENT} ", f"{PARENT}\t", f"\t {PARENT} \t"])
def test_blanks_and_tabs_around_a_parent_are_not_part_of_it(caller: Caller, padded: str) -> None:
    assert caller.with_parent(padded).continues


@pytest.mark.parametrize("later", [f"cc{PARENT[2:]}", f"cc{PARENT[2:]}-what-the-future-will-be-like"])
def test_a_later_version_is_read_as_far_as_it_is_known(caller: Caller, later: str) -> None:
    assert caller.with_parent(later).continues


def test_the_flag_for_a_random_trace_id_goes_on(caller: Caller) -> None:
    sent = caller.with_parent(f"00-{TRACE}-{SPAN}-02")
    assert sent.continues
    assert sent.flags & 2


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        f"{PARENT}.",
        f"{PARENT}-what-the-future-will-be-like",
        f"cc{PARENT[2:]}.what-the-future-will-be-like",
        f"ff{PARENT[2:]}",
        f".0{PARENT[2:]}",
        f"0.{PARENT[2:]}",
        f"0{PARENT}",
        f"00{PARENT}",
        PARENT[1:],
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[:-1]}.-{SPAN}-01",
        f"00-{TRACE}3-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-.{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN[:-1]}.-01",
        f"00-{TRACE}-{SPAN}7-01",
        f"00-{TRACE}-{SPAN[:-1]}-01",
        f"00-{TRACE}-{SPAN}-.0",
        f"00-{TRACE}-{SPAN}-0.",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE.replace('2', 'A')}-{SPAN}-01",
    ],
)
def test_a_malformed_parent_is_not_continued(caller: Caller, malformed: str) -> None:
    sent = caller.ask(("traceparent", malformed), ("tracestate", "foo=1"))
    assert not sent.continues
    assert sent.trace not in malformed
    assert sent.tracestate == ""


def test_tracestate_without_a_parent_is_left_out(caller: Caller) -> None:
    assert caller.ask(("tracestate", "foo=1,bar=2")).tracestate == ""


@pytest.mark.parametrize("traceparent", [PARENT, UNSAMPLED])
def test_tracestate_goes_on_in_its_order_sampled_or_not(caller: Caller, traceparent: str) -> None:
    assert caller.with_state("foo=1,bar=2", traceparent=traceparent).tracestate == "foo=1,bar=2"


@pytest.mark.parametrize("name", ["TraceState", "TrAcEsTaTe", "TRACESTATE"])
def test_the_case_of_tracestates_name_does_not_matter(caller: Caller, name: str) -> None:
    assert caller.ask(("traceparent", UNSAMPLED), (name, "foo=1")).state == {"foo": "1"}


@pytest.mark.parametrize("name", ["trace-state", "trace.state"])
def test_another_name_than_tracestates_is_not_read(caller: Caller, name: str) -> None:
    assert caller.ask(("traceparent", UNSAMPLED), (name, "foo=1")).tracestate == ""


@pytest.mark.parametrize("lines", [[""], ["foo=1", ""], ["", "foo=1"], ["foo=1,,", ","]])
def test_empty_members_and_lines_of_tracestate_are_left_out(caller: Caller, lines: list[str]) -> None:
    assert caller.with_state(*lines).tracestate == ("foo=1" if any("foo" in line for line in lines) else "")


def test_several_lines_of_tracestate_are_one_list(caller: Caller) -> None:
    assert caller.with_state("foo=1,bar=2", "rojo=1,congo=2", "baz=3").tracestate == "foo=1,bar=2,rojo=1,congo=2,baz=3"


@pytest.mark.parametrize("lines", [["foo=1,foo=1"], ["foo=1,foo=2"], ["foo=1", "foo=1"], ["foo=1", "foo=2"]])
def test_of_a_key_that_comes_twice_one_is_kept(caller: Caller, lines: list[str]) -> None:
    assert caller.with_state(*lines).tracestate == "foo=1"


@pytest.mark.parametrize("vendor", ["", "@a-z0-9_-*/"])
def test_every_character_that_is_allowed_goes_on(caller: Caller, vendor: str) -> None:
    key = f"{string.ascii_lowercase}{string.digits}_-*/{vendor}"
    assert caller.with_state(f"{key}={WITHIN_A_VALUE}").state == {key: WITHIN_A_VALUE}


@pytest.mark.parametrize(
    "line",
    [
        "foo=1 \t , \t bar=2, \t baz=3",
        "foo=1\t \t,\t \tbar=2,\t \tbaz=3",
        " foo=1,bar=2,baz=3",
        "\tfoo=1,bar=2,baz=3 ",
        "foo=1,bar=2,baz=3\t",
        "\t foo=1,bar=2,baz=3 \t",
    ],
)
def test_blanks_and_tabs_around_members_are_not_part_of_them(caller: Caller, line: str) -> None:
    assert caller.with_state(line).state == {"foo": "1", "bar": "2", "baz": "3"}


@pytest.mark.parametrize("line", ["foo =1", "FOO=1", "foo.bar=1", "@foo=1,bar=2", "=1,bar=2", "foo=bar=baz", "foo=,bar=3", "foo", "föö=1"])
def test_a_member_against_the_grammar_takes_the_list_with_it_and_not_the_trace(caller: Caller, line: str) -> None:
    assert caller.with_state("before=1", line).tracestate == ""


@pytest.mark.parametrize("key", ["foo@", "foo@@bar", "foo@bar@baz", "1a", "z" * 256, "t" * 241 + "@" + "v" * 14, "t" * 242 + "@v", "t@" + "v" * 15])
def test_a_key_by_the_grammar_of_level_2_goes_on(caller: Caller, key: str) -> None:
    assert caller.with_state("foo=1", f"{key}=2").state == {"foo": "1", key: "2"}


@pytest.mark.parametrize("line", ["z" * 257 + "=1", "foo=" + "v" * 257])
def test_a_member_that_is_too_long_takes_the_list_with_it(caller: Caller, line: str) -> None:
    assert caller.with_state("before=1", line).tracestate == ""


def test_a_list_has_32_members_at_most(caller: Caller) -> None:
    lines = [",".join(f"bar{n:02}={n:02}" for n in range(first, first + 8)) for first in (1, 9, 17, 25)]
    assert len(caller.with_state(*lines).state) == 32
    assert caller.with_state(*lines, "bar33=33").tracestate == ""


def test_what_is_beyond_the_limit_is_left_out_by_whole_members_the_large_ones_first(caller: Caller) -> None:
    state = caller.with_state(*[f"small{n:02}={'s' * 90}" for n in range(20)], *[f"large{n}={'l' * 200}" for n in range(6)]).state
    assert state == {f"small{n:02}": "s" * 90 for n in range(20)}


def test_several_lines_of_baggage_are_one_list(caller: Caller) -> None:
    sent = caller.ask(("baggage", "tenant=acme"), ("baggage", "region=eu,plan=gold"), ("Baggage", "last=1"))
    assert sorted(sent.baggage.split(",")) == ["last=1", "plan=gold", "region=eu", "tenant=acme"]
