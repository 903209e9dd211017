# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Methods, schemes, versions, addresses, agents: the attributes of a request."""

from __future__ import annotations

from ..applications import plain
from ..scopes import HOST, MISSING, http
from ..side import Side, scenario


@scenario
async def known_methods(side: Side) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"):
        await side.call(plain, http(method))


@scenario
async def method_unknown(side: Side) -> None:
    await side.call(plain, http("BREW"))


@scenario
async def method_in_lower_case(side: Side) -> None:
    await side.call(plain, http("get"))


@scenario
async def method_with_spaces(side: Side) -> None:
    await side.call(plain, http(" get "))


@scenario
async def method_empty(side: Side) -> None:
    await side.call(plain, http(""))


@scenario
async def method_missing(side: Side) -> None:
    await side.call(plain, http(MISSING))


@scenario
async def schemes(side: Side) -> None:
    for scheme in ("https", "HTTP", "", None, MISSING):
        if scheme is not None:  # upstream's sum of texts fails
            await side.call(plain, http(scheme=scheme))


@scenario
async def http_versions(side: Side) -> None:
    for version in ("1.0", "2", "3", "", None, MISSING):
        await side.call(plain, http(http_version=version))


@scenario
async def server_addresses(side: Side) -> None:
    for server in (("127.0.0.1", 80), ("example.test", 443), ("::1", 8000), ["10.0.0.1", 9000], None, MISSING, ()):
        await side.call(plain, http(server=server))


@scenario
async def server_is_a_unix_socket(side: Side) -> None:
    await side.call(plain, http(server=("/run/app.sock", None)))


@scenario
async def server_addresses_without_host_header(side: Side) -> None:
    for server in (("127.0.0.1", 80), ("example.test", 443), ("::1", 8000), ("/run/app.sock", None), None, MISSING):
        await side.call(plain, http(server=server, headers=[]))


@scenario
async def client_addresses(side: Side) -> None:
    for client in (("198.51.100.1", 40000), ["198.51.100.1", 40000], ("2001:db8::1", 1), ("198.51.100.1", 0), ("", 0), None, MISSING):
        await side.call(plain, http(client=client))


@scenario
async def host_headers(side: Side) -> None:
    for host in (b"shop.test", b"shop.test:80", b"SHOP.test:443", b"[::1]:8000", b"a:b:c", b""):
        await side.call(plain, http(headers=[(b"host", host)]))


@scenario
async def host_header_twice(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"host", b"second.test")))


@scenario
async def host_header_in_upper_case(side: Side) -> None:
    await side.call(plain, http(headers=[(b"Host", b"upper.test")]))


@scenario
async def user_agents(side: Side) -> None:
    for agent in (b"curl/8.5", b"", "Mozilla/5.0 (Zürich)".encode(), b"a" * 300):
        await side.call(plain, http("GET", "/", (b"user-agent", agent)))


@scenario
async def user_agent_twice(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", b"one"), (b"user-agent", b"two")))


@scenario
async def user_agents_of_machines(side: Side) -> None:
    for agent in (b"Googlebot/2.1", b"bingbot/2.0", b"AlwaysOn", b"googlebot alwayson", b"otherbot/1"):
        await side.call(plain, http("GET", "/", (b"user-agent", agent)))


@scenario
async def headers_missing(side: Side) -> None:
    for headers in (MISSING, None, [], ()):
        await side.call(plain, http(headers=headers))


@scenario
async def headers_as_tuple(side: Side) -> None:
    await side.call(plain, http(headers=(HOST, (b"user-agent", b"tuple"))))


@scenario
async def headers_as_lists(side: Side) -> None:
    await side.call(plain, http(headers=[list(HOST), [b"user-agent", b"list"]]))
