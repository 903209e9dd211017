# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The applications, how each is served, and what each is asked. Routes are those of the application's own templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"


@dataclass(frozen=True)
class Ask:
    """One request; of method `WS` a WebSocket that sends `body`, hears one message and closes. `route` is what its span is to say."""

    path: str
    route: str | None
    method: str = "GET"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fails: str | None = None
    """Type of the exception that the span is to tell."""


def post(path: str, route: str | None, body: str = "{}", **more: object) -> Ask:
    """JSON, as all of them take it."""
    return Ask(path, route, "POST", body, {"content-type": "application/json", **more.pop("headers", {})}, **more)  # type: ignore[arg-type, dict-item]


@dataclass(frozen=True)
class Application:
    """`command` has {port} and {folder}, a new folder of each run; `prepare` runs there before."""

    command: Sequence[str]
    asks: Sequence[Ask]
    prepare: Sequence[Sequence[str]] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Written into the folder."""
    masks: Sequence[str] = ()
    """Regular expressions of what differs between any two runs."""


APPLICATIONS: dict[str, Application] = {
    "prefect": Application(
        ["prefect", "server", "start", "--host", "127.0.0.1", "--port", "{port}"],
        env={"PREFECT_HOME": "{folder}", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_API_URL": "http://127.0.0.1:{port}/api"},
        asks=[
            Ask("/api/health", "/api/health"),
            Ask("/api/admin/version", "/api/admin/version"),
            post("/api/flows/", "/api/flows/", '{"name": "spangard"}'),
            post("/api/flows/filter", "/api/flows/filter", '{"limit": 5}'),
            post("/api/flows/count", "/api/flows/count"),
            Ask("/api/flows/00000000-0000-0000-0000-000000000001", "/api/flows/{id}"),
            Ask("/api/flows/seven", None),
            post("/api/work_pools/", "/api/work_pools/", '{"name": "pool", "type": "process"}'),
            Ask("/api/work_pools/pool", "/api/work_pools/{name}"),
            Ask("/api/work_pools/pool", "/api/work_pools/{name}", "DELETE"),
            Ask("/api/nowhere", None),
            Ask("/ui-settings", "/ui-settings"),
            Ask("/", "/{path}"),
            Ask("/dashboard", "/{path}", headers={"accept": "text/html"}),
            Ask("/assets/none.js", "/{path}"),
            Ask("/docs", "/docs"),
        ],
    ),
    "mlflow": Application(
        [
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--workers",
            "2",
            "--backend-store-uri",
            "sqlite:///{folder}/m.db",
            "--default-artifact-root",
            "{folder}/artifacts",
        ],
        env={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        prepare=[["mlflow", "db", "upgrade", "sqlite:///{folder}/m.db"]],
        asks=[
            Ask("/health", "/health"),
            Ask("/version", "/version"),
            Ask("/", "/"),
            Ask("/static-files/none.js", "/static-files/<path:path>"),
            Ask("/api/2.0/mlflow/experiments/search?max_results=5", "/api/2.0/mlflow/experiments/search"),
            post("/api/2.0/mlflow/experiments/create", "/api/2.0/mlflow/experiments/create", '{"name": "spangard"}'),
            post("/api/2.0/mlflow/experiments/create", "/api/2.0/mlflow/experiments/create", '{"name": "spangard"}'),
            Ask("/api/2.0/mlflow/experiments/get-by-name?experiment_name=spangard", "/api/2.0/mlflow/experiments/get-by-name"),
            Ask("/api/2.0/mlflow/experiments/get?experiment_id=99", "/api/2.0/mlflow/experiments/get"),
            post("/ajax-api/2.0/mlflow/runs/search", "/ajax-api/2.0/mlflow/runs/search", '{"experiment_ids": ["0"]}'),
            Ask("/api/2.0/mlflow/runs/get?run_id=none", "/api/2.0/mlflow/runs/get"),
            Ask("/nowhere", "/{path}"),
        ],
    ),
    "litellm": Application(
        ["litellm", "--config", "{folder}/config.yaml", "--host", "127.0.0.1", "--port", "{port}"],
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "LITELLM_MASTER_KEY": "sk-test", "NO_DOCS": "False"},
        files={
            "config.yaml": "model_list:\n  - model_name: mock\n    litellm_params: {model: openai/mock, api_key: none, mock_response: hello}\nlitellm_settings: {telemetry: false}\n"
        },
        asks=[
            Ask("/health/liveliness", "/health/liveliness"),
            Ask("/health/readiness", "/health/readiness"),
            Ask("/v1/models", "/v1/models", headers={"authorization": "Bearer sk-test"}),
            Ask("/v1/models", "/v1/models", fails="ModuleNotFoundError"),  # what looks for the key wants a database
            post(
                "/chat/completions",
                "/chat/completions",
                '{"model": "mock", "messages": [{"role": "user", "content": "hi"}]}',
                headers={"authorization": "Bearer sk-test"},
            ),
            post(
                "/v1/chat/completions",
                "/v1/chat/completions",
                '{"model": "mock", "stream": true, "messages": [{"role": "user", "content": "hi"}]}',
                headers={"authorization": "Bearer sk-test"},
            ),
            post("/v1/chat/completions", "/v1/chat/completions", '{"model": "none", "messages": []}', headers={"authorization": "Bearer sk-test"}),
            post("/v1/embeddings", "/v1/embeddings", "{", headers={"authorization": "Bearer sk-test"}),
            Ask("/routes", "/routes", headers={"authorization": "Bearer sk-test"}),
            Ask("/", "/"),
            Ask("/nowhere", None),
        ],
    ),
    "gradio": Application(
        ["python", str(PROGRAMS / "gradio_app.py"), "{port}"],
        env={"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": "{folder}", "HF_HUB_OFFLINE": "1"},
        asks=[
            Ask("/config", "/config"),
            Ask("/", "/"),
            Ask("/gradio_api/info", "/gradio_api/info"),
            Ask("/theme.css", "/theme.css"),
            Ask("/nowhere", None),
            post("/gradio_api/run/greet", "/gradio_api/run/{api_name}", '{"data": ["Ann"]}'),
            post("/gradio_api/run/fail", "/gradio_api/run/{api_name}", '{"data": ["Ann"]}'),
            Ask("/gradio_api/heartbeat/none", "/gradio_api/heartbeat/{session_hash}", "POST"),
            Ask("/static/none.js", "/static/{path}"),
        ],
    ),
    "quart": Application(
        ["hypercorn", "-b", "127.0.0.1:{port}", "quart_app:app"],
        env={"PYTHONPATH": str(PROGRAMS)},
        asks=[
            Ask("/", "/"),
            Ask("/users/7", "/users/<int:user_id>"),
            Ask("/users/7", "/users/<int:user_id>", "HEAD"),
            Ask("/users/seven", None),
            post("/users", "/users", '{"name": "Ann"}'),
            Ask("/stream", "/stream"),
            *[Ask("/static/shop.css", "/static/<path:filename>")] * 20,
            Ask("/static/none.css", "/static/<path:filename>"),
            Ask("/teapot", "/teapot"),
            Ask("/fail", "/fail", fails="RuntimeError"),
            Ask("/live/lobby", "/live/<room>", "WS", "hello"),
            Ask("/nowhere", None),
        ],
    ),
    "django": Application(
        ["daphne", "-p", "{port}", "django_project:application"],
        env={"PYTHONPATH": str(PROGRAMS), "DJANGO_SETTINGS_MODULE": "django_project", "SHOP_FOLDER": "{folder}"},
        prepare=[["python", "-m", "django", "migrate", "--verbosity", "0"]],
        masks=["csrfmiddlewaretoken[^>]*", 'nonce="[^"]*"'],
        asks=[
            Ask("/", "/"),
            Ask("/items/7/", "/items/<int:pk>/"),
            Ask("/items/7/", "/items/<int:pk>/", "HEAD"),
            Ask("/items/7", None),
            Ask("/async/7/", "/async/<int:pk>/"),
            Ask("/stream/", "/stream/"),
            Ask("/fail/", "/fail/", fails="RuntimeError"),
            Ask("/async-fail/", "/async-fail/", fails="RuntimeError"),
            Ask("/gone/", "/gone/"),
            Ask("/admin/", "/admin/"),
            Ask("/admin/login/", "/admin/login/"),
            Ask("/ws/lobby/", "/ws/<str:room>/", "WS", "hello"),
            Ask("/nowhere", None),
        ],
    ),
    "wagtail": Application(
        ["uvicorn", "--app-dir", "{folder}", "--port", "{port}", "--no-access-log", "asgi_of_ours:application"],
        env={"DJANGO_SETTINGS_MODULE": "site_of_ours.settings.dev", "PYTHONPATH": "{folder}"},
        files={"asgi_of_ours.py": "from django.core.asgi import get_asgi_application\n\napplication = get_asgi_application()\n"},
        prepare=[
            ["wagtail", "start", "site_of_ours", "{folder}"],
            ["python", "manage.py", "migrate", "--verbosity", "0"],
        ],
        masks=["csrfmiddlewaretoken[^>]*", 'nonce="[^"]*"', r"\?v=[0-9a-f]+"],
        asks=[
            Ask("/", "/((?:[\\w\\-]+/)*)$"),
            Ask("/search/?query=x", "/search/"),
            Ask("/admin/", "/admin/"),
            Ask("/admin/login/", "/admin/login/"),
            Ask("/documents/7/none.pdf", "/documents/(\\d+)/(.*)$"),
            Ask("/nowhere/", "/((?:[\\w\\-]+/)*)$"),
            Ask("/nowhere", None),
        ],
    ),
    "bentoml": Application(
        ["bentoml", "serve", "bento_service:Shop", "--host", "127.0.0.1", "--port", "{port}", "--working-dir", str(PROGRAMS)],
        env={"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "{folder}"},
        asks=[
            Ask("/healthz", "/healthz"),
            Ask("/livez", "/livez"),
            Ask("/readyz", "/readyz"),
            Ask("/docs.json", "/docs.json"),
            Ask("/", "/"),
            post("/price", "/price", '{"item": "tea"}'),
            post("/price", "/price", '{"item": 7}'),
            post("/fail", "/fail", '{"item": "tea"}'),
            Ask("/price", "/price"),
            Ask("/nowhere", None),
        ],
    ),
    "sanic": Application(
        ["uvicorn", "--app-dir", str(PROGRAMS), "--port", "{port}", "--no-access-log", "sanic_app:app"],
        asks=[
            Ask("/", "/"),
            Ask("/v1/users/7", "/v1/users/<user_id:int>"),
            Ask("/v1/users/seven", None),
            Ask("/v1/users/7", None, "DELETE"),
            Ask("/stream", "/stream"),
            Ask("/fail", "/fail", fails="RuntimeError"),
            Ask("/busy", "/busy", fails="sanic.exceptions.ServiceUnavailable"),
            Ask("/live/lobby", "/live/<room:str>", "WS", "hello"),
            Ask("/nowhere", None),
        ],
    ),
    "connexion": Application(
        ["uvicorn", "--app-dir", str(PROGRAMS), "--port", "{port}", "--no-access-log", "connexion_app:app"],
        asks=[
            Ask("/v1/pets/7", "/v1/pets/{pet_id}"),
            Ask("/v1/pets/seven", None),
            Ask("/v1/pets/7", None, "DELETE"),
            post("/v1/pets", "/v1/pets", '{"name": "Rex"}'),
            post("/v1/pets", "/v1/pets", '{"nom": "Rex"}'),
            Ask("/v1/fail", "/v1/fail", fails="RuntimeError"),
            Ask("/v1/openapi.json", "/v1/openapi.json"),
            Ask("/v1/ui/", "/v1/ui/"),
            Ask("/nowhere", None),
        ],
    ),
}
