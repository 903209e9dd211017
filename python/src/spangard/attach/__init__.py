# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Recording with no change to the application: `spangard attach -- CMD`.

`command.py` sets the environment and becomes CMD; `hook/` is put on PYTHONPATH, so that every Python that CMD starts
runs `hook/sitecustomize.py`; that watches for the import of an ASGI server and has `servers.py` wrap what it serves.
"""
