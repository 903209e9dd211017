# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The names of an application's cases, read from its source: importing it here would run it in the test's process."""

from __future__ import annotations

import ast
from pathlib import Path

APPS = Path(__file__).parent.parent.parent / "it" / "apps"


def behaviours() -> list[str]:
    """Paths of apps/behaviours.py, and of apps/odd_messages.py, which that serves, too."""
    trees = [ast.parse((APPS / name).read_text()) for name in ("behaviours.py", "odd_messages.py")]
    marked = [f for tree in trees for f in tree.body if isinstance(f, ast.AsyncFunctionDef) and f.decorator_list]
    return [f"/{f.name}" for f in marked]


def odd_scopes() -> list[str]:
    """Keys of ``CHANGES`` in apps/odd_scopes.py."""
    tree = ast.parse((APPS / "odd_scopes.py").read_text())
    [changes] = [a.value for a in tree.body if isinstance(a, ast.Assign) and getattr(a.targets[0], "id", "") == "CHANGES"]
    assert isinstance(changes, ast.Dict)
    return [key.value for key in changes.keys if isinstance(key, ast.Constant)]
