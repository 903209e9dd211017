# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What applications that do what none should are made of: their registry, and messages."""

ALL = {}


def behaviour(function):
    ALL[f"/{function.__name__}"] = function
    return function


def start(status=200, headers=((b"x-a", b"1"),), **more):
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(data=b"body", more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


class Text(str):
    """marshal refuses it."""
