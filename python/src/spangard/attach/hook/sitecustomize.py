# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Runs at the start of every Python under `spangard attach`, most of which serve nothing: it must cost next to nothing.

It waits for the import of an ASGI server, and gives way to the sitecustomize that would have run without it. Written
for any Python 3, since whatever CMD starts comes by here; imports nothing that is not loaded anyway.
"""

import sys

_SERVERS = frozenset(("uvicorn.config", "gunicorn.workers.gasgi", "hypercorn.app_wrappers", "daphne.server"))
"""What `servers.py` knows to patch."""


def _directory(path, levels):  # type: ignore[no-untyped-def]
    for _ in range(levels):
        path = path.rpartition("/")[0]
    return path


_HOOK = _directory(__file__, 1)  # type: ignore[no-untyped-call]


class _ServerFinder:
    """First on sys.meta_path: has a server's module patched right after it ran. Finds nothing by itself."""

    def __init__(self):  # type: ignore[no-untyped-def]
        self._finding = set()  # type: ignore[var-annotated]

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name not in _SERVERS or name in self._finding:
            return None
        self._finding.add(name)
        try:
            for finder in sys.meta_path:
                find = getattr(finder, "find_spec", None)
                spec = None if find is None else find(name, path, target)
                if spec is not None:
                    _patch_when_run(spec, name)
                    return spec
            return None
        finally:
            self._finding.discard(name)


def _patch_when_run(spec, name):  # type: ignore[no-untyped-def]
    try:
        loader = spec.loader
        run = loader.exec_module

        def exec_module(module):  # type: ignore[no-untyped-def]
            run(module)
            if module.__name__ == name:
                _patch(module)  # type: ignore[no-untyped-call]

        loader.exec_module = exec_module
    except Exception as error:
        _warn(name, error)  # type: ignore[no-untyped-call]


def _patch(module):  # type: ignore[no-untyped-def]
    try:
        from importlib.util import module_from_spec, spec_from_file_location

        # By its place, not its name: the package is imported where something is served, and may be in another venv.
        spec = spec_from_file_location("_spangard_servers", _directory(_HOOK, 1) + "/servers.py")  # type: ignore[no-untyped-call]
        servers = module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(servers)  # type: ignore[union-attr]
        servers.patch(module)
    except Exception as error:
        _warn(module.__name__, error)  # type: ignore[no-untyped-call]


def _warn(name, error):  # type: ignore[no-untyped-def]
    sys.stderr.write("spangard: %s is not recorded: %r\n" % (name, error))  # noqa: UP031


def _give_way():  # type: ignore[no-untyped-def]
    """Runs the next sitecustomize on sys.path in our place; what it raises goes where it would have gone."""
    from _frozen_importlib import module_from_spec  # type: ignore[import-not-found]
    from _frozen_importlib_external import PathFinder  # type: ignore[import-not-found]

    sys.path[:] = [path for path in sys.path if path.rstrip("/") != _HOOK]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        if spec.loader is not None:
            spec.loader.exec_module(module)


if sys.version_info >= (3, 9):  # noqa: UP036 - any Python comes by here
    sys.meta_path.insert(0, _ServerFinder())  # type: ignore[no-untyped-call,arg-type]
_give_way()  # type: ignore[no-untyped-call]
