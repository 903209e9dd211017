# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Variables that upstream reads when a middleware is made, or at each request; set before that in the scenario's own process."""

from __future__ import annotations

import os

from ..applications import plain, responds
from ..scopes import http
from ..side import Side, scenario

HEADERS = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
METHODS = "OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS"
SENT = ((b"x-first", b"1"), (b"x-second", b"2"), (b"x-third", b"3"))


@scenario
async def captures_by_variable(side: Side) -> None:
    os.environ[HEADERS + "SERVER_REQUEST"] = "x-first, x-sec.*"
    os.environ[HEADERS + "SERVER_RESPONSE"] = "x-answer"
    os.environ[HEADERS + "SANITIZE_FIELDS"] = "second"
    await side.call(responds(200, [(b"x-answer", b"a")]), http("GET", "/", *SENT))


@scenario
async def captures_by_argument_before_variable(side: Side) -> None:
    os.environ[HEADERS + "SERVER_REQUEST"] = "x-first"
    await side.call(plain, http("GET", "/", *SENT), http_capture_headers_server_request=["x-third"])


@scenario
async def sanitizes_by_a_list_with_an_empty_element(side: Side) -> None:
    os.environ[HEADERS + "SERVER_REQUEST"] = "x-first,x-second"
    os.environ[HEADERS + "SANITIZE_FIELDS"] = "second,"
    await side.call(plain, http("GET", "/", *SENT))


@scenario
async def sanitizes_by_a_list(side: Side) -> None:
    os.environ[HEADERS + "SERVER_REQUEST"] = "x-first,x-second"
    os.environ[HEADERS + "SANITIZE_FIELDS"] = "second"
    await side.call(plain, http("GET", "/", *SENT))


@scenario
async def excludes_by_a_list_with_an_empty_element(side: Side) -> None:
    for path in ("/health", "/items/7"):
        await side.call(plain, http(path=path), excluded_urls="health,")


@scenario
async def excludes_by_a_list(side: Side) -> None:
    for path in ("/health", "/items/7"):
        await side.call(plain, http(path=path), excluded_urls="health")


@scenario
async def all_methods(side: Side) -> None:
    os.environ[METHODS] = "true"
    for method in ("BREW", "get", ""):
        await side.call(plain, http(method))


@scenario
async def all_methods_said_to_be_false(side: Side) -> None:
    os.environ[METHODS] = "false"
    await side.call(plain, http("BREW"))


@scenario
async def all_methods_unsaid(side: Side) -> None:
    await side.call(plain, http("BREW"))
