# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The start-up hook in processes of its own, with made-up servers; the real ones are in it/."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import child
from spangard.attach.command import HOOK

CONFIG = """
class Config:
    def __init__(self, app, interface="asgi3"):
        self.app, self.interface = app, interface

    def load(self):
        "Loads."
        self.loaded_app = self.app
        return "loaded"
"""
APP = "async def app(scope, receive, send): ..."


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory of packages with a uvicorn in it."""
    package = tmp_path / "site" / "uvicorn"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "config.py").write_text(CONFIG)
    return tmp_path / "site"


def attached(site: Path, code: str, *more: object) -> tuple[int, str, str]:
    path = os.pathsep.join(str(part) for part in (HOOK, site, *more))
    done = child.run("-c", code, env={"PYTHONPATH": path})
    return done.returncode, done.stdout, done.stderr


def test_application_is_wrapped_where_it_is_served(site: Path) -> None:
    code = f"""
import sys
{APP}
from uvicorn.config import Config
assert "spangard" not in sys.modules
config = Config(app)
assert config.load() == "loaded"
assert Config.load.__doc__ == "Loads."
print(type(config.loaded_app).__module__, config.loaded_app.app is app)
config.app = config.loaded_app
config.load()
print(config.loaded_app is config.app)
"""
    assert attached(site, code, child.SOURCES) == (0, "spangard.middleware True\nTrue\n", "")


def test_works_where_the_package_is_of_another_environment(site: Path) -> None:
    code = f"""
{APP}
from uvicorn.config import Config
config = Config(app)
config.load()
import spangard
print(type(config.loaded_app) is spangard.OpenTelemetryMiddleware)
"""
    assert attached(site, code) == (0, "True\n", "")


def test_what_the_server_makes_of_a_wsgi_application_is_wrapped(site: Path) -> None:
    code = """
from uvicorn.config import Config
config = Config(lambda environ, start_response: [], interface="wsgi")
config.load()
print(type(config.loaded_app).__module__, config.loaded_app.app is config.app)
"""
    assert attached(site, code, child.SOURCES) == (0, "spangard.middleware True\n", "")


@pytest.mark.parametrize("module", ["proxy_headers", "message_logger"])
def test_is_put_inside_of_the_servers_own_middleware(site: Path, module: str) -> None:
    (site / "uvicorn" / "middleware").mkdir()
    (site / "uvicorn" / "middleware" / f"{module}.py").write_text(
        "class Middleware:\n    def __init__(self, app):\n        self.app = app\n"
    )
    code = f"""
{APP}
from uvicorn.config import Config
from uvicorn.middleware.{module} import Middleware
config = Config(Middleware(app))
config.load()
print(config.loaded_app is config.app, type(config.loaded_app.app).__name__, config.loaded_app.app.app is app)
"""
    assert attached(site, code, child.SOURCES) == (0, "True OpenTelemetryMiddleware True\n", "")


def test_failure_is_one_line_and_the_application_runs(site: Path) -> None:
    (site / "spangard.py").write_text("raise RuntimeError('broken')")
    serve = f"{APP}\nfrom uvicorn.config import Config\nc = Config(app)\nc.load()\nprint(c.loaded_app is app)"
    code, out, err = attached(site, serve)
    assert (code, out) == (0, "True\n")
    assert err == "spangard: the application is not recorded: RuntimeError('broken')\n"


def test_unknown_release_of_a_server_is_one_line(site: Path) -> None:
    (site / "uvicorn" / "config.py").write_text("Configuration = 1")
    code, out, err = attached(site, "from uvicorn.config import Configuration; print(Configuration)")
    assert (code, out) == (0, "1\n")
    assert err.startswith("spangard: uvicorn.config is not recorded: AttributeError")


def test_server_that_fails_to_import_fails_as_without_us(site: Path) -> None:
    (site / "uvicorn" / "config.py").write_text("import nothing_of_that_name")
    code, _, err = attached(site, "import uvicorn.config")
    assert code == 1
    assert err.endswith("ModuleNotFoundError: No module named 'nothing_of_that_name'\n")


def test_server_that_is_not_installed_is_not_there(tmp_path: Path) -> None:
    code, _, err = attached(tmp_path, "import daphne.server")
    assert code == 1
    assert err.endswith("ModuleNotFoundError: No module named 'daphne'\n")


LOOK = """
import sys
own = sys.modules.get("sitecustomize")
print(own.__file__, own.__spec__.name, getattr(own, "mark", None))
print([path for path in sys.path if "hook" in path])
"""


def test_gives_way_to_the_sitecustomize_it_hides(site: Path, tmp_path: Path) -> None:
    (site / "sitecustomize.py").write_text("mark = 'theirs'\nprint('ran', __name__)\n")
    last = tmp_path / "last"
    last.mkdir()
    (last / "sitecustomize.py").write_text("raise SystemExit('hidden by the one before')")
    code, out, err = attached(site, LOOK, last)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "ran sitecustomize",
        f"{site}/sitecustomize.py sitecustomize theirs",
        "[]",
    ]


@pytest.mark.parametrize(
    "body", ["raise RuntimeError('theirs')", "import nothing_of_that_name", "raise SystemExit(7)", "x = ("]
)
def test_sitecustomize_that_fails_fails_as_without_us(site: Path, body: str) -> None:
    (site / "sitecustomize.py").write_text(body)
    without = child.run("-c", "print('goes on')", env={"PYTHONPATH": str(site)})
    code, out, err = attached(site, "print('goes on')")
    assert (code, out) == (without.returncode, without.stdout)
    assert err.splitlines()[-1] == without.stderr.splitlines()[-1]
    # a traceback has our frames in it; site prints one only where it gives up
    assert "SystemExit" in body or err == without.stderr


def test_costs_no_import_where_nothing_is_served(tmp_path: Path) -> None:
    code = "import sys; print(*sorted(sys.modules))"
    with_us = set(attached(tmp_path, code)[1].split())
    without = set(child.run("-c", code, env={"PYTHONPATH": str(tmp_path)}).stdout.split())
    assert with_us == without | {"sitecustomize"}  # which Debian's own Pythons bring
