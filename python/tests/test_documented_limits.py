# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Documents tell the recorder's limits as the code has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from spangard import (
    _buffer,
    _captured_headers,
    _current_span,
    _engine,
    _facts,
    _farewell,
    _frames,
    _link,
    _messages,
    _metric_attributes,
    _process,
    _tracecontext,
    _values,
)
from spangard.api import limits, values
from spangard.attach import command, watch

# of the checkout, which mutation tests copy this file away from
ROOT = next(directory for directory in Path(__file__).parents if (directory / "docs/wire-protocol.md").exists())

README = "README.md"
RATIONALE = "RATIONALE.md"
SECURITY = "SECURITY.md"
CONFIGURATION = "docs/configuration.md"
OPERATIONS = "docs/operations.md"
TELEMETRY = "docs/telemetry.md"
WIRE = "docs/wire-protocol.md"


def kib(size: float) -> str:
    return f"{size / 1024:g} KiB"


def mib(size: float) -> str:
    return f"{size / (1 << 20):g} MiB"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:g} ms"


SENTENCES = [
    (SECURITY, "| records that wait in one recorder | {} |", f"{_buffer.MAX_RECORDS:,}"),
    (CONFIGURATION, "{} records wait for the engine", f"{_buffer.MAX_RECORDS:,}"),
    (OPERATIONS, "what does not fit waits in {} places", f"{_buffer.MAX_RECORDS:,}"),
    (OPERATIONS, "keep up to {} records meanwhile", f"{_buffer.MAX_RECORDS:,}"),
    (TELEMETRY, "more than {} records wait for an engine", f"{_buffer.MAX_RECORDS:,}"),
    (SECURITY, "| spans of the application's own among them | {} |", f"{_buffer.MAX_SPANS:,}"),
    (CONFIGURATION, "the application's own while there are {};", f"{_buffer.MAX_SPANS:,}"),
    (TELEMETRY, "of spans of the application's own more than {} |", f"{_buffer.MAX_SPANS:,}"),
    (TELEMETRY, "| the same, at most {} each |", f"{limits.MAX_COUNT:,}"),
    (TELEMETRY, "says otherwise, at most {};", f"{limits.MAX_TEXT_OF_A_SPAN:,}"),
    (TELEMETRY, "events and links, have {} together |", f"{limits.MAX_TEXT_OF_A_SPAN:,}"),
    (TELEMETRY, "longer than {} characters, and all", limits.SHORT),
    (TELEMETRY, "| {} in one another, 1,024 items each |", values.MAX_NESTING),
    (TELEMETRY, "| 6 in one another, {} items each |", f"{values.MAX_ITEMS:,}"),
    (WIRE, "at most {} in one another.", values.MAX_NESTING),
    (CONFIGURATION, "| 128 | of those spans; at most {} |", f"{limits.MAX_COUNT:,}"),
    (CONFIGURATION, "| {} | of those spans; at most 1,024 |", limits.DEFAULT_COUNT),
    (CONFIGURATION, "characters, of those spans; at most {} |", f"{limits.MAX_TEXT_OF_A_SPAN:,}"),
    (README, "at {} records, or after 50 ms", _buffer.BATCH),
    (README, "at 128 records, or after {}", ms(_buffer.TICK_S)),
    (RATIONALE, "batches of {} and a 50 ms timer", _buffer.BATCH),
    (RATIONALE, "batches of 128 and a {} timer", ms(_buffer.TICK_S)),
    (RATIONALE, "at most every {}.", ms(_buffer.FLUSH_INTERVAL_S)),
    (TELEMETRY, "the last {} if idle, 50 ms if busy", ms(_buffer.FLUSH_INTERVAL_S)),
    (TELEMETRY, "the last 10 ms if idle, {} if busy", ms(_buffer.TICK_S)),
    (OPERATIONS, "| the application is killed | its last {};", ms(_buffer.TICK_S)),
    (OPERATIONS, "connect again within {:g} s.", _link.RETRY_S),
    (OPERATIONS, "that recorder tries again each {:g} s,", _link.RETRY_REFUSED_S),
    (WIRE, "for `again_s` seconds, from 1 to {:g}:", _link.RETRY_REFUSED_S),
    (CONFIGURATION, "| `SPANGARD_EXIT_WAIT` | {:g} |", _farewell.EXIT_WAIT_S),
    (RATIONALE, "{:g} s at most in all its life", _farewell.EXIT_WAIT_S),
    (OPERATIONS, "no recorder has been there for {} s (10 s where", _engine.IDLE_EXIT_S),
    (OPERATIONS, "for 60 s ({} s where a terminal started it)", _engine.IDLE_EXIT_AT_TERMINAL_S),
    (CONFIGURATION, "A CMD that has served for {:g} s, or ends,", watch.SERVED_S),
    (CONFIGURATION, "A server of the above has {:g} s,", watch.LOADING_S),
    (CONFIGURATION, "{} if there is no CMD,", command.NOT_FOUND),
    (CONFIGURATION, "{} if it can not be executed", command.NOT_EXECUTABLE),
    (WIRE, "Version: **{}**", _frames.VERSION),
    (WIRE, "`1 ≤ N ≤ {}`", mib(_frames.MAX_FRAME_BYTES)),
    (SECURITY, "| a frame | {} |", mib(_frames.MAX_FRAME_BYTES)),
    (WIRE, "| 7 | records | list of tuples | at most {} |", _frames.MAX_BATCH),
    (SECURITY, "| one record | {} |", mib(_frames.MAX_RECORD_BYTES)),
    (WIRE, "or not in {};", mib(_frames.MAX_RECORD_BYTES)),
    (WIRE, "variables, at most {}, each", _process.MAX_SETTINGS),
    (WIRE, "at most 512, each at most {} and all 48 KiB", kib(_process.MAX_SETTING_BYTES)),
    (WIRE, "each at most 8 KiB and all {};", kib(_process.MAX_SETTINGS_BYTES)),
    (CONFIGURATION, "{} of a client's texts in a record,", kib(_facts.MAX_REQUEST_TEXT)),
    (SECURITY, "| a text of a record | {} |", kib(_facts.MAX_REQUEST_TEXT)),
    (CONFIGURATION, "at most {} more each of its address", kib(_facts.MAX_FIELD_TEXT)),
    (TELEMETRY, "mounts included, at most {} characters", f"{_facts.MAX_FIELD_TEXT:,}"),
    (CONFIGURATION, "and {} of captured headers", kib(_captured_headers.MAX_CAPTURED_TEXT)),
    (CONFIGURATION, "a message {} and a stack trace", kib(_facts.MAX_MESSAGE)),
    (CONFIGURATION, "a stack trace {} of an exception", kib(_facts.MAX_STACKTRACE)),
    (SECURITY, "| a stack trace of a record | {} |", kib(_facts.MAX_STACKTRACE)),
    (CONFIGURATION, "{} attributes, 128 events, 128 links", _current_span.MAX_ATTRIBUTES),
    (CONFIGURATION, "128 attributes, {} events, 128 links", _current_span.MAX_EVENTS),
    (CONFIGURATION, "128 attributes, 128 events, {} links", _current_span.MAX_LINKS),
    (CONFIGURATION, "{} of text on the current span", kib(_current_span.MAX_TEXT_OF_A_SPAN)),
    (TELEMETRY, "at most {} attributes, events and links", _current_span.MAX_ATTRIBUTES),
    (TELEMETRY, "{} characters a text, 65,536 characters together", f"{_values.MAX_VALUE:,}"),
    (TELEMETRY, "4,096 characters a text, {} characters together", f"{_current_span.MAX_TEXT_OF_A_SPAN:,}"),
    (TELEMETRY, "for a body above {}, when", kib(_messages.WRITTEN_AT_ONCE)),
    (WIRE, "for a body above {}, where the server waits", kib(_messages.WRITTEN_AT_ONCE)),
    (TELEMETRY, "At most {}, texts of at most 256 characters.", _metric_attributes.MAX_ATTRIBUTES),
    (TELEMETRY, "At most 16, texts of at most {} characters.", _metric_attributes.MAX_TEXT),
    (WIRE, "at most {} attributes (str, bool, int or float;", _metric_attributes.MAX_ATTRIBUTES),
    (WIRE, "name and text at most {} characters", _metric_attributes.MAX_TEXT),
    (TELEMETRY, "there are more than {}, whole members", _tracecontext.MAX_MEMBERS),
    (TELEMETRY, "whole members above {} bytes", f"{_tracecontext.MAX_TRACESTATE:,}"),
    (WIRE, "without blanks, at most {} bytes", f"{_tracecontext.MAX_TRACESTATE:,}"),
    (TELEMETRY, "({} members, 8,192 bytes)", _tracecontext.MAX_BAGGAGE_ENTRIES),
    (TELEMETRY, "(180 members, {} bytes)", f"{_tracecontext.MAX_BAGGAGE_BYTES:,}"),
]


@pytest.mark.parametrize(("file", "sentence", "limit"), SENTENCES)
def test_says_what_the_code_has(file: str, sentence: str, limit: object) -> None:
    words = " ".join((ROOT / file).read_text(encoding="utf-8").split())
    assert sentence.format(limit) in words
