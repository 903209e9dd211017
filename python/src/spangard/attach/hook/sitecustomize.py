# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Runs at the start of every Python under `spangard attach`, most of which serve nothing: it must cost next to nothing.

It waits for the import of an ASGI server, and gives way to the sitecustomize that would have run without it. Written
for any Python 3, since whatever CMD starts comes by here; imports nothing that is not loaded anyway.
"""

import sys

_SERVERS = frozenset(
    ("uvicorn.config", "gunicorn.workers.gasgi", "hypercorn.app_wrappers", "daphne.server", "granian.asgi")
)
"""What `servers.py` knows to patch."""


def _directory(path, levels):
    for _ in range(levels):
        path = path.rpartition("/")[0]
    return path


_HOOK = _directory(__file__, 1)


class _ServerFinder:
    """First on sys.meta_path: has a server's module patched right after it ran. Finds nothing by itself."""

    def __init__(self):
        self._finding = set()

    def find_spec(self, name, path=None, target=None):
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


def _patch_when_run(spec, name):
    try:
        loader = spec.loader
        run = loader.exec_module

        def exec_module(module):
            run(module)
            if module.__name__ == name:
                _patch(module)

        loader.exec_module = exec_module
    except Exception as error:
        _warn(name, error)


def _patch(module):
    try:
        from importlib.util import module_from_spec, spec_from_file_location

        # By its place, not its name: the package is imported where something is served, and may be in another venv.
        spec = spec_from_file_location("_spangard_servers", _directory(_HOOK, 1) + "/servers.py")
        servers = module_from_spec(spec)
        spec.loader.exec_module(servers)
        servers.patch(module)
    except Exception as error:
        _warn(module.__name__, error)


def _warn(name, error):
    sys.stderr.write("spangard: %s is not recorded: %r\n" % (name, error))  # noqa: UP031


def _give_way():
    """Runs the next sitecustomize on sys.path in our place; what it raises goes where it would have gone."""
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    sys.path[:] = [path for path in sys.path if path.rstrip("/") != _HOOK]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        if spec.loader is not None:
            spec.loader.exec_module(module)


if sys.version_info >= (3, 9):  # noqa: UP036 - any Python comes by here
    sys.meta_path.insert(0, _ServerFinder())
_give_way()
