# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""WSGI: one text to every request."""


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
