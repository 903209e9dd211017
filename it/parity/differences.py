# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Where our ``upstream`` profile is allowed to differ from upstream's middleware, each with its reason.

Numbers are those of upstream's defects in docs/telemetry.md. A difference turns what upstream exported into what ours is to export. One that changes
nothing any more, in no scenario, fails the suite: then upstream has mended it, and the entry is to go.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from .changes import Case, Change, adds, adds_exception, both, counted_sizes, message, of, same_as, span, unmeasured, value, without
from .exported import Exported


@dataclass(frozen=True)
class Difference:
    """One entry of the list."""

    defect: str
    reason: str
    change: Change


SURVIVED = "Upstream fails the request; ours records it as one without the oddity."
LATIN_1 = "Bytes that are not UTF-8 are Latin-1, character for character. Upstream undoes escapes in them, and fails the request if there is half of one."
HIDDEN = "A secret is hidden in each attribute that has the query or the host, by its key, and every other byte is kept."
EMPTY = "An empty element of a list is nothing. Upstream's matches everything."
LEFT = "Who was cancelled, or whose client left, can be told from a success; status and names stay."

DIFFERENCES: list[Difference] = [
    Difference("B6", "An empty Host header names no host.", of("host_headers")(value("http.url", ("http:///items/7", "http://127.0.0.1:8000/items/7")))),
    Difference("B7", HIDDEN, of("credentials_in_the_host_header")(value("http.server_name", ("user:password@shop.test", "REDACTED:REDACTED@shop.test")))),
    Difference(
        "B7",
        HIDDEN,
        of("query_with_secret_keys")(
            value(
                "url.query",
                ("sig=abc", "sig=REDACTED"),
                ("x=1&Signature=abc", "x=1&Signature=REDACTED"),
                ("AWSAccessKeyId=abc", "AWSAccessKeyId=REDACTED"),
                ("X-Goog-Signature=abc", "X-Goog-Signature=REDACTED"),
            )
        ),
    ),
    Difference(
        "B7",
        HIDDEN,
        of("query_with_secret_keys_and_more")(
            both(
                value("url.query", ("b=&sig=1&a=x+y&sig=2&a=%26z", "b=&sig=REDACTED&a=x+y&sig=REDACTED&a=%26z")),
                value(
                    "http.url",
                    (
                        "http://shop.test:8080/items/7?sig=REDACTED&a=x+y",
                        "http://shop.test:8080/items/7?b=&sig=REDACTED&a=x+y&sig=REDACTED&a=&z",
                    ),
                ),
            )
        ),
    ),
    Difference(
        "B7",
        HIDDEN,
        of("host_of_a_bad_address_and_a_secret")(
            both(
                value("url.query", ("sig=1", "sig=REDACTED")),
                value("http.url", ("http://[::1/items/7?sig=1", "http://[::1/items/7?sig=REDACTED")),
            )
        ),
    ),
    Difference("B8", SURVIVED, of("client_of_no_elements")(same_as("client_none"))),
    Difference(
        "B8",
        "Upstream fails the request; ours says of the server what is known.",
        of("server_without_a_host")(
            both(
                same_as("server_none"),
                without("http.host"),
                without("server.address"),
                value("net.host.port", (80, 8000)),
                value("server.port", (80, 8000)),
            )
        ),
    ),
    Difference("B8", SURVIVED, of("headers_as_text")(same_as("headers_empty"))),
    Difference("B8", SURVIVED, of("header_name_of_half_an_escape")(same_as("harmless"))),
    Difference("B8", SURVIVED, of("span_details_without_attributes")(same_as("span_details_with_a_name_alone"))),
    Difference(
        "B8",
        "Upstream fails the request; ours takes the usual details, and the exception is an event.",
        of("span_details_that_raise")(both(same_as("nothing_odd"), adds_exception("ValueError", "details"))),
    ),
    Difference("B8", LATIN_1, of("user_agent_of_half_an_escape")(same_as("user_agent_of_half_an_escape_in_utf_8"))),
    Difference("B8", LATIN_1, of("captured_header_of_half_an_escape")(same_as("captured_header_of_half_an_escape_in_utf_8"))),
    Difference("B8", LATIN_1, of("query_that_is_not_utf_8")(same_as("query_of_latin_1"))),
    Difference("B9", LATIN_1, of("user_agent_of_latin_1_with_a_backslash")(same_as("user_agent_of_utf_8_with_a_backslash"))),
    Difference("B12", "Headers given once are passed on.", of("request_headers_from_an_iterator")(same_as("request_headers_from_a_list"))),
    Difference("B12", "Headers given once are passed on.", of("response_headers_from_an_iterator")(same_as("response_headers_from_a_list"))),
    Difference(
        "B13",
        "traceresponse is a header of the response's start. Upstream adds it to messages that have no headers.",
        message(r"^(\{'type': '(?:http\.response\.body|websocket\.send)'.*), 'headers': \[\(b'traceresponse'.*\]\}$", r"\1}"),
    ),
    Difference(
        "",
        "Ours does not say of a trace id that it is random, which is trace flag 02 of W3C's level 2.",
        message(r"(traceresponse', b'00-<trace>-<[^>]*>-)03", r"\g<1>01"),
    ),
    Difference("B14", EMPTY, of("sanitizes_by_a_list_with_an_empty_element")(same_as("sanitizes_by_a_list"))),
    Difference("B14", EMPTY, of("excludes_by_a_list_with_an_empty_element")(same_as("excludes_by_a_list"))),
    Difference("B14", "false is false. To upstream any text is true.", of("all_methods_said_to_be_false")(same_as("all_methods_unsaid"))),
    Difference(
        "B18",
        "Names that fall together keep all values; upstream keeps the last.",
        of("captures_names_that_become_one")(value("http.request.header.x_a", (["3"], ["1", "2", "3"]))),
    ),
    Difference("B20", LEFT, of("is_cancelled", "is_cancelled_after_the_start", "exits")(adds("spangard.cancelled", True))),
    Difference("B20", LEFT, of("disconnect_after_the_request")(adds("spangard.client.disconnected", True))),
    Difference("B21", "An exception after the response is an event.", of("raises_after_the_response")(adds_exception("ValueError", "late"))),
    Difference("B22", "Upstream takes it for an ASGI 2 application and fails.", of("application_that_is_no_coroutine_function")(same_as("harmless"))),
    Difference("B24", "The outermost of nested middlewares records.", of("one_middleware_in_another")(same_as("nothing_odd"))),
    Difference(
        "",
        "Whether an active span's context came from another process is not recorded, so OTLP's flag for a remote parent is not set.",
        of("active_span_of_another_process")(span("remote parent", False)),
    ),
    # after those that take another scenario's, which they then alter alike
    Difference("B1-B3", "Sizes are counted, for each request. Upstream's are declared ones, also of an earlier request.", counted_sizes),
    Difference(
        "B1-B3",
        "The size of a file that the server sends is known where it was declared.",
        of("pathsend")(both(unmeasured("http.server.response.size"), unmeasured("http.server.response.body.size"))),
    ),
]


def expected(name: str, upstream: dict[str, Exported]) -> tuple[Exported, list[Difference]]:
    """What ours must export, and the differences that are in it."""
    case = Case(name, copy.deepcopy(upstream[name]), upstream)
    used = []
    for difference in DIFFERENCES:
        before = copy.deepcopy(case.expected)
        difference.change(case)
        if case.expected != before:
            used.append(difference)
    return case.expected, used
