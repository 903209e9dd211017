# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A user's own opentelemetry-sdk in the application: its spans are children of ours and go where that SDK sends them."""

import os
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from fastapi import FastAPI
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider(resource=Resource({"service.name": "the-users-sdk"}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(os.environ["USER_SDK_ENDPOINT"] + "/v1/traces")))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("users.tracer")
app = FastAPI()


class Downstream(BaseHTTPRequestHandler):
    """Another service: answers with the traceparent it got."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers.get("traceparent", "").encode())

    def log_message(self, *args):
        pass


downstream = HTTPServer(("127.0.0.1", 0), Downstream)
threading.Thread(target=downstream.serve_forever, daemon=True).start()


@app.get("/jobs/{name}")
def work(name: str) -> dict:
    with tracer.start_as_current_span("inner work") as inner:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        request = urllib.request.Request(f"http://127.0.0.1:{downstream.server_port}/", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            got = response.read().decode()
        return {"inner": f"{inner.get_span_context().span_id:016x}", "downstream": got}
