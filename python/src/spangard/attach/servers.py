# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where each ASGI server has its application ready to serve: there it is wrapped, in the process that serves.

Loaded by its path from `hook/sitecustomize.py`; imports `spangard` when an application is wrapped, not before. Whatever
fails is one line on standard error, and the application runs unrecorded.
"""

from __future__ import annotations

import functools
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


def patch(module: ModuleType) -> None:
    """Patches a server's module, just imported; its name is one of PATCHES."""
    PATCHES[module.__name__](module)
    if module.__name__ in RECORDED:
        _mark_server()


def _uvicorn(module: ModuleType) -> None:
    """`Config.load` makes `loaded_app`, also under gunicorn's UvicornWorker and `uvicorn.run`; with `--interface wsgi`
    an ASGI application of what is none.
    """

    def wrap_loaded(config: Any) -> None:
        # Inside of what uvicorn itself put around the application, so that it has seen the proxy's headers.
        outer, app = None, config.loaded_app
        while type(app).__module__ in ("uvicorn.middleware.proxy_headers", "uvicorn.middleware.message_logger"):
            outer, app = app, app.app
        if outer is None:
            config.loaded_app = wrap(app)
        else:
            outer.app = wrap(app)

    _after(module.Config, "load", wrap_loaded)


def _gunicorn(module: ModuleType) -> None:
    """gunicorn's own ASGI worker (`-k asgi`)."""

    def wrap_loaded(worker: Any) -> None:
        worker.asgi = wrap(worker.asgi)

    _after(module.ASGIWorker, "load_wsgi", wrap_loaded)


def _hypercorn(module: ModuleType) -> None:
    def wrap_app(wrapper: Any) -> None:
        wrapper.app = wrap(wrapper.app)

    _after(module.ASGIWrapper, "__init__", wrap_app)


def _daphne(module: ModuleType) -> None:
    def wrap_app(server: Any) -> None:
        server.application = wrap(server.application)

    _after(module.Server, "__init__", wrap_app)


def _granian(module: ModuleType) -> None:
    """Its workers, in processes or threads, take both from this module: what calls the application, and lifespan."""
    granian: Any = module
    make_caller = granian._callback_wrapper

    @functools.wraps(make_caller)
    def make_recorded_caller(callback: Any, *args: Any, **kwargs: Any) -> Any:
        return make_caller(wrap(callback), *args, **kwargs)

    def wrap_callable(lifespan: Any) -> None:
        lifespan.callable = wrap(lifespan.callable)

    granian._callback_wrapper = make_recorded_caller
    _after(granian.LifespanProtocol, "__init__", wrap_callable)


PATCHES: dict[str, Callable[[ModuleType], None]] = {
    "uvicorn.config": _uvicorn,
    "gunicorn.workers.gasgi": _gunicorn,
    "hypercorn.app_wrappers": _hypercorn,
    "daphne.server": _daphne,
    "granian.asgi": _granian,
}

RECORDED = frozenset(("uvicorn.config", "gunicorn.workers.gasgi", "daphne.server", "hypercorn.app_wrappers"))
"""Whose import means that an application is about to be loaded. granian has this module for every interface."""


def wrap(app: Any) -> Any:
    """The application recorded, or as it is if it already is, or if that fails."""
    try:
        recorder = _recorder()
        return app if isinstance(app, recorder) else recorder(app)
    except Exception as error:
        _warn(error)
        return app


def _recorder() -> Any:
    try:
        import spangard
    except ImportError:
        # `spangard attach` of another environment: it is pure Python without dependencies, so its files will do.
        from importlib.util import module_from_spec, spec_from_file_location

        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        spec = spec_from_file_location("spangard", os.path.join(package, "__init__.py"))
        if spec is None or spec.loader is None:
            raise
        spangard = sys.modules["spangard"] = module_from_spec(spec)
        try:
            spec.loader.exec_module(spangard)
        except BaseException:
            del sys.modules["spangard"]
            raise
    return spangard.OpenTelemetryMiddleware


def _mark_server() -> None:
    """As `_marks.mark(SERVER)`: the package is not imported before it wraps."""
    try:
        with open(os.environ["_SPANGARD_ATTACHED"], "r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(b"s")
    except Exception:  # as there
        pass


def _after(owner: Any, name: str, then: Callable[[Any], None]) -> None:
    """Has `then` called with the object whenever its method has returned."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def patched(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        try:
            then(self)
        except Exception as error:
            _warn(error)
        return result

    setattr(owner, name, patched)


def _warn(error: Exception) -> None:
    sys.stderr.write(f"spangard: the application is not recorded: {error!r}\n")
