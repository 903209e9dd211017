# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django_site import application, seen
from recorded import TRACE_ID, TRACEPARENT, recorded


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/items/7/", "/items/<int:pk>/", 200),
        ("/async/7/", "/async/<int:pk>/", 200),
        ("/fail", "/fail", 500),
        ("/stream", "/stream", 200),
        ("/shops/3/find/x", "/shops/<int:city>/find/<slug:name>", 200),
        ("/shop/", "/shop/", 200),
        ("/shop/x/", "/shop/<slug:name>/", 200),
        ("/shop/old/3", r"/shop/old/(\d+)$", 200),
        ("/archive/2020/", "/archive/(?P<pk>[0-9]{4})/$", 200),
        ("/nowhere", None, 404),
        ("/items/seven/", None, 404),
        ("/items/7", None, 301),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_what_django_matched_below_the_root_path(path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    assert recorded(application, root + path, root_path=root) == (expected, status)


def test_method_that_a_view_refuses_keeps_the_route() -> None:
    assert recorded(application, "/shop/x/", method="POST") == ("/shop/<slug:name>/", 405)


def test_script_name_that_the_settings_force_is_what_the_client_sees() -> None:
    with override_settings(FORCE_SCRIPT_NAME="/behind"):
        assert recorded(application, "/items/7/") == ("/behind/items/<int:pk>/", 200)


def test_copy_of_the_scope_on_the_way_loses_nothing() -> None:
    async def copies(scope: Any, receive: Any, send: Any) -> None:
        await application(dict(scope), receive, send)

    assert recorded(copies, "/items/7/") == ("/items/<int:pk>/", 200)


def test_unrecorded_request_is_answered_as_ever() -> None:
    from asgi_call import call

    assert recorded(application, "/items/7/")[1] == 200  # resolve_request is wrapped by now
    assert call(application, "/items/7/")[1] == 200


@pytest.mark.parametrize(("path", "in_thread"), [("/items/7/", True), ("/async/7/", False)])
def test_view_sees_the_current_span(path: str, in_thread: bool) -> None:
    del seen[:]
    recorded(application, path, headers=(TRACEPARENT,))
    assert seen == [(TRACE_ID, in_thread)]
