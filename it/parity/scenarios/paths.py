# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Paths, queries, what is excluded and what is redacted."""

from __future__ import annotations

from ..applications import plain
from ..scopes import MISSING, http
from ..side import Side, scenario


@scenario
async def path_with_unicode(side: Side) -> None:
    await side.call(plain, http(path="/café/日本"))


@scenario
async def path_with_spaces(side: Side) -> None:
    await side.call(plain, http(path="/a b "))


@scenario
async def path_empty_or_missing(side: Side) -> None:
    for path in ("", MISSING):
        await side.call(plain, http(path=path, query_string=b"a=1"))


@scenario
async def path_is_root(side: Side) -> None:
    await side.call(plain, http(path="/"))


@scenario
async def path_with_marks_of_a_query(side: Side) -> None:
    await side.call(plain, http(path="/what?now#here"))


@scenario
async def root_path(side: Side) -> None:
    await side.call(plain, http(path="/mounted/items/7", root_path="/mounted"))
    await side.call(plain, http(path="/items/7", root_path="/elsewhere"))


@scenario
async def query(side: Side) -> None:
    for text in (b"a=1&b=2", b"q=%C3%A9+x", b"q=%3D%26%23", b"&&==", b"flag"):
        await side.call(plain, http(query_string=text))


@scenario
async def query_with_secret_keys(side: Side) -> None:
    for text in (b"sig=abc", b"x=1&Signature=abc", b"AWSAccessKeyId=abc", b"X-Goog-Signature=abc"):
        await side.call(plain, http(query_string=text))


@scenario
async def query_with_secret_keys_and_more(side: Side) -> None:
    await side.call(plain, http(query_string=b"b=&sig=1&a=x+y&sig=2&a=%26z"))


@scenario
async def query_with_keys_that_only_look_secret(side: Side) -> None:
    await side.call(plain, http(query_string=b"SIG=abc&signature=abc&token=abc"))


@scenario
async def query_as_text_or_none(side: Side) -> None:
    for text in ("a=1", None, MISSING):
        await side.call(plain, http(query_string=text))


@scenario
async def credentials_in_the_host_header(side: Side) -> None:
    await side.call(plain, http(headers=[(b"host", b"user:password@shop.test")]))


@scenario
async def excluded_urls(side: Side) -> None:
    for path in ("/health", "/healthy", "/items/7", "/Health"):
        await side.call(plain, http(path=path), excluded_urls="health,metrics")


@scenario
async def excluded_urls_by_host_and_end(side: Side) -> None:
    for path in ("/items/7", "/items/8"):
        await side.call(plain, http(path=path, query_string=b"/items/7"), excluded_urls=r"shop\.test:8080/items/7$")


@scenario
async def excluded_urls_as_object(side: Side) -> None:
    class Excluding:
        def url_disabled(self, url: str) -> bool:
            side.note(url)
            return url.endswith("/health")

    for path in ("/health", "/items/7"):
        await side.call(plain, http(path=path), excluded_urls=Excluding())


@scenario
async def excluded_urls_empty(side: Side) -> None:
    await side.call(plain, http(), excluded_urls="")
