# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Drives every way into the recorder with values that wait, raise, lie or never end. Run by test_values.py.

`python odd_requests.py SEED ROUNDS` exits 0 when each request was answered as without us and told by one record, and is
ended by faulthandler, which says where it was, when something waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import marshal
import random
import sys
import time
from typing import Any

from opentelemetry import trace

import spangard
from asgi import http_scope, websocket_scope
from odd_values import HANG_S, failing, fails, raises, values, waits
from spangard import _buffer, _frames


class Sink:
    """In place of the link: reads each frame as an engine would."""

    recorder_id = 1
    ends = False

    def __init__(self) -> None:
        self.records: list[Any] = []

    def ensure_connected(self, hello: Any) -> bool:
        return True

    def write(self) -> bool:
        return True

    def waiting(self) -> bool:
        return False

    connected = waiting

    def queue(self, frame: bytes, finished: int, spans: int) -> None:
        told = marshal.loads(frame[4:])[7]
        assert finished == sum(record[0] in _frames.FINISHED for record in told)
        self.records += told

    def is_drained(self) -> bool:
        return True

    is_settled = is_drained

    def hurry(self) -> None:
        pass

    def broken(self) -> None:
        raise AssertionError("a record ended the connection")

    def goodbye(self, frame: bytes) -> None:
        pass


class Late:
    """An ``__eq__`` that is true once and then raises."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, other: Any) -> bool:
        if self.asked:
            raises()
        self.asked = True
        return True


def on_span(span: Any, pick: Any) -> None:
    """Every method, with anything in any place, too many and too few."""
    calls = [
        (span.set_attribute, ("key", "value")),
        (span.set_attributes, ("attributes",)),
        (span.add_event, ("name", "attributes", "timestamp")),
        (span.record_exception, ("exception", "attributes", "timestamp", "escaped")),
        (span.add_link, ("context", "attributes")),
        (span.set_status, ("status", "description")),
        (span.update_name, ("name",)),
        (span.end, ("end_time",)),
    ]
    for method, names in calls:
        method(*[pick() for _ in names])
        method(**{name: pick() for name in names}, older=pick())
        method(*[pick() for _ in range(5)])
        method()
    span.set_attribute("k", pick())
    span.set_attributes({"k": pick(), "l": [pick(), pick()]})
    span.add_event("e", {"k": pick()}, pick())
    span.add_link(trace.SpanContext(1, 2, False), {"k": pick()})
    span.set_status(trace.Status(pick(), None))
    span.record_exception(failing(pick), {"k": pick()})


def application(pick: Any, raise_at_end: bool) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        on_span(trace.get_current_span(), pick)
        for _ in range(3):
            spangard.set_metric_attributes(scope, pick())
            spangard.set_metric_attributes(scope, {"k": pick(), "l": pick()})
            spangard.set_metric_attributes(pick(), {"k": 1})
            spangard.set_route(scope, pick())
            spangard.set_route(pick(), "/x/{id}")
        await receive()
        if dict.get(scope, "type") == "websocket":
            await send({"type": "websocket.accept", "subprotocol": pick(), "headers": []})
            await send({"type": "websocket.send", "bytes": pick()})
            await send({"type": "websocket.close", "code": pick(), "reason": pick()})
        else:
            await send({"type": "http.response.start", "status": pick(), "headers": [(b"a", b"b")], "trailers": pick()})
            await send({"type": "http.response.body", "body": pick(), "more_body": True})
            await send({"type": "http.response.zerocopysend", "count": pick(), "more_body": pick()})
            await send({"type": "http.response.trailers", "more_trailers": pick()})
        if raise_at_end:
            raise failing(pick)

    return app


def asked(pick: Any) -> Any:
    """As above with what the server asks of a message, too, and might as well wait for."""
    inner = application(pick, False)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        await send({"type": pick(), "status": pick()})
        await send({"type": "http.response.start", "status": 200, "headers": pick()})
        await send({"type": "http.response.start", "status": 200, "headers": [pick(), (pick(), pick()), (b"a", b"b")]})
        await send({"type": "http.response.body", "body": pick(), "more_body": pick()})
        await send({"type": "websocket.send", "text": pick(), "bytes": pick()})

    return app


async def one(app: Any, scope: Any, pick: Any) -> None:
    sent = 0

    async def receive() -> Any:
        if dict.get(scope, "type") == "websocket":
            return {"type": "websocket.disconnect", "code": pick(), "reason": pick()}
        return {"type": "http.request", "body": pick(), "more_body": pick()}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += 1

    try:
        await app(scope, receive, send)
    except ValueError:  # the application's own
        pass
    assert sent >= 3


FIELDS = ("client", "server", "path", "query_string", "method", "scheme", "http_version", "root_path", "state", "extra")


def main(seed: int, rounds: int) -> None:
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    draw = random.Random(seed)
    recorder = _buffer.recorder()
    sink: Any = Sink()
    recorder.link = sink
    slow, bad = values(waits) + values(raises), values(fails)
    requests = 0
    for number in range(rounds):
        only_bad = draw.random() < 0.3
        having = bad if only_bad else slow

        def pick(having: list[Any] = having) -> Any:
            return draw.choice(having)

        def details(scope: Any) -> Any:
            return draw.choice([pick(), (pick(), pick()), ("name", {"k": pick()})])

        def hook(span: Any, *_: Any) -> None:
            on_span(span, pick)
            raise failing(pick) if draw.random() < 0.5 else ValueError

        hooks: dict[str, Any] = {}
        if draw.random() < 0.5:
            hooks = {
                "default_span_details": details,
                "server_request_hook": hook,
                "client_request_hook": hook,
                "client_response_hook": hook,
            }
        with contextlib.suppress(KeyError):
            del sys.modules["os"].environ["OTEL_TRACES_SAMPLER"]
        if draw.random() < 0.4:
            sys.modules["os"].environ["OTEL_TRACES_SAMPLER"] = "always_off"
        captures = {"http_capture_headers_server_request": [".*"], "http_capture_headers_server_response": [".*"]}
        inner = asked(pick) if only_bad else application(pick, draw.random() < 0.5)
        app = spangard.OpenTelemetryMiddleware(inner, profile=draw.choice(["stable", "upstream"]), **hooks, **captures)  # type: ignore[arg-type]
        odd_fields = {name: pick() for name in FIELDS if draw.random() < 0.4}
        if draw.random() < 0.3:
            odd_fields["client"] = (pick(), pick())
        if only_bad and draw.random() < 0.5:
            odd_fields["headers"] = draw.choice(
                [pick(), [pick(), (b"traceparent", pick()), (pick(), pick())], [(b"host", pick())]]
            )
        elif draw.random() < 0.1:  # a name is hashed, as by whoever looks for one
            name = type("Name", (bytes,), {"__hash__": raises, "__eq__": raises})(b"host")
            late = type("Name", (bytes,), {"__hash__": bytes.__hash__, "__eq__": Late()})(b"content-length")
            odd_fields["headers"] = draw.choice([[(name, b"localhost")], [(b"host", b"localhost"), (late, b"4")]])
        elif draw.random() < 0.3:
            odd_fields["headers"] = [
                (b"host", b"localhost"), (b"user-agent", b"x"), (b"content-length", pick()), (b"traceparent", pick())
            ]  # fmt: skip
        scope = (http_scope if draw.random() < 0.7 else websocket_scope)(**odd_fields)
        for name, value in odd_fields.items():
            scope[name] = value
        if number % 3 == 0:
            _buffer.OPEN_AFTER_S = 0.0
        asyncio.run(one(app, scope, pick))
        requests += 1
        recorder._announce(time.perf_counter())
        recorder.flush()
    recorder.flush()
    finished = [record for record in sink.records if record[0] in _frames.FINISHED]
    assert len(finished) == requests, f"{len(finished)} records of {requests} requests"
    assert not any(record[0] == _frames.LOST for record in finished), "a value costs no record"
    assert not recorder.live
    print("right:", requests, "requests")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
