# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Every scenario, registered by being imported."""

from . import children, contexts, environment, failures, headers, hooks, hostile, paths, requests, responses, sizes, websockets

__all__ = ["children", "contexts", "environment", "failures", "headers", "hooks", "hostile", "paths", "requests", "responses", "sizes", "websockets"]
