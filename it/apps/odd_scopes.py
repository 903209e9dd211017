# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Rewrites the scope before the recorder sees it, as odd servers and middlewares do; the application answers with all its headers."""

from http import HTTPMethod

from recording import recorded
from witness import Inside, Outside


class Text(str):
    """marshal refuses it."""


def without(key):
    return lambda scope: scope.pop(key, None)


def having(key, make):
    def change(scope):
        scope[key] = make() if callable(make) else make

    return change


CHANGES = {
    "client_none": having("client", None),
    "client_empty": having("client", list),
    "client_unix": having("client", ("/run/client.sock", None)),
    "client_list": having("client", lambda: ["192.0.2.7", 5000]),
    "client_text": having("client", "192.0.2.7"),
    "client_port_text": having("client", ("192.0.2.7", "5000")),
    "client_one": having("client", ("192.0.2.7",)),
    "client_huge": having("client", lambda: ("h" * 1_000_000, 10**30)),
    "client_missing": without("client"),
    "server_none": having("server", None),
    "server_empty": having("server", list),
    "server_unix": having("server", ("/run/server.sock", None)),
    "server_none_host": having("server", (None, 80)),
    "server_ipv6": having("server", ("::1", 8000)),
    "server_missing": without("server"),
    "scheme_missing": without("scheme"),
    "http_version_missing": without("http_version"),
    "root_path_missing": without("root_path"),
    "query_missing": without("query_string"),
    "raw_path_missing": without("raw_path"),
    "headers_missing": without("headers"),
    "method_missing": without("method"),
    "path_missing": without("path"),
    "asgi_missing": without("asgi"),
    "extensions_missing": without("extensions"),
    "headers_none": having("headers", None),
    "headers_iterator": lambda scope: scope.update(headers=iter(scope["headers"])),
    "headers_generator": lambda scope: scope.update(headers=(pair for pair in list(scope["headers"]))),
    "headers_map": lambda scope: scope.update(headers=map(tuple, scope["headers"])),
    "headers_tuples": lambda scope: scope.update(headers=tuple(map(tuple, scope["headers"]))),
    "headers_lists": lambda scope: scope.update(headers=[list(pair) for pair in scope["headers"]]),
    "headers_text": having("headers", lambda: [("host", "x"), ("user-agent", "y")]),
    "headers_upper": lambda scope: scope.update(headers=[(n.upper(), v) for n, v in scope["headers"]]),
    "headers_triples": having("headers", lambda: [(b"a", b"b", b"c")]),
    "headers_numbers": having("headers", lambda: [(1, 2), None]),
    "query_none": having("query_string", None),
    "query_text": having("query_string", "a=1"),
    "query_bytes": having("query_string", b"q=\xff\xfe&\x00=\x80"),
    "query_megabyte": having("query_string", lambda: b"q" * 1_000_000),
    "path_surrogates": having("path", "/odd\udcff\ud800"),
    "path_nul": having("path", "/odd\x00\x1b[31m\r\n"),
    "path_subclass": having("path", Text("/odd")),
    "path_bytes": having("path", b"/odd"),
    "path_megabyte": having("path", lambda: "/" + "p" * 1_000_000),
    "root_path_number": having("root_path", 7),
    "method_lower": having("method", "get"),
    "method_unknown": having("method", "BREW"),
    "method_member": having("method", HTTPMethod.GET),
    "method_number": having("method", 7),
    "method_subclass": having("method", Text("GET")),
    "method_megabyte": having("method", lambda: "M" * 1_000_000),
    "scheme_odd": having("scheme", "gopher"),
    "scheme_none": having("scheme", None),
    "http_version_number": having("http_version", 1.1),
    "http_version_none": having("http_version", None),
    "route_odd": having("route", object),
    "route_text": having("route", "/looks/{like}"),
}


class Rewriting:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return
        CHANGES[scope["query_string"].decode()](scope)
        await self.app(scope, receive, send)


async def answer(scope, receive, send):
    lines = [repr(header).encode() for header in scope.get("headers") or ()]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"\n".join(lines)})


app = Rewriting(Outside(recorded(Inside(answer))))
