# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Runs with whichever frameworks are installed: current ones with the rest of it/, older ones as versions/ says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("spangard") is None:  # the older ones' environments have only the framework
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python" / "src"))

NEEDS = {
    "test_answered_exceptions.py": ["blacksheep", "connexion", "django", "falcon", "fastapi", "flask", "lilya", "litestar", "quart", "sanic", "starlette"],
    "test_blacksheep_routes.py": ["blacksheep", "django"],
    "test_channels_routes.py": ["channels"],
    "test_connexion_routes.py": ["connexion", "flask"],
    "test_django_routes.py": ["django"],
    "test_falcon_routes.py": ["falcon"],
    "test_fastapi_routes.py": ["fastapi"],
    "test_flask_routes.py": ["a2wsgi", "asgiref", "flask", "starlette", "uvicorn"],
    "test_lilya_routes.py": ["lilya", "django"],
    "test_litestar_routes.py": ["litestar"],
    "test_own_telemetry.py": ["opentelemetry.sdk"],
    "test_mounted_frameworks.py": ["starlette", "django", "falcon", "litestar", "quart"],
    "test_quart_routes.py": ["quart"],
    "test_sanic_routes.py": ["sanic"],
    "test_starlette_routes.py": ["starlette"],
}


def _is_missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:  # its package
        return True


collect_ignore = [file for file, packages in NEEDS.items() if any(map(_is_missing, packages))]


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPANGARD_ENGINE", "off")
    monkeypatch.setenv("SPANGARD_SOCKET", str(tmp_path / "engine.sock"))
