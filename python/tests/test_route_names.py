# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What all watched frameworks share; the frameworks themselves are tested in it/frameworks."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from spangard import frameworks
from spangard._notes import MARK, SLACK
from spangard.frameworks import RouteNames, noted, route_names

if TYPE_CHECKING:
    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _nothing_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted, "_notes", {})
    monkeypatch.setattr(frameworks, "_watched", set())


def test_process_without_other_frameworks_has_the_names_of_starlette_alone() -> None:
    assert type(route_names()) is RouteNames
    assert not route_names().are_noted


@pytest.mark.parametrize("name", ["litestar", "django.core.handlers.base", "channels.routing", "falcon.asgi.app"])
def test_framework_that_is_not_made_as_known_costs_its_routes_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    routes = route_names()
    assert routes.are_noted
    assert routes.name({"type": "http", "path": "/", MARK: 1}) is None


def test_framework_is_watched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class App:
        def _get_responder(self, req: Any) -> Any:
            return None

    module: Any = ModuleType("falcon.asgi.app")
    module.App = App
    monkeypatch.setitem(sys.modules, "falcon.asgi.app", module)
    route_names()
    once = App._get_responder
    route_names()
    assert App._get_responder is once
    assert App()._get_responder(None) is None


def test_route_is_noted_for_a_running_request_and_taken_once(recorder: Recorder) -> None:
    names = noted.AllRouteNames().name
    recorder.live[7] = ()
    noted.note({MARK: 7, "a": "copy"}, "/root/", "/items/<int:pk>/")
    assert names({MARK: 7}) == "/root/items/<int:pk>/"
    assert names({MARK: 7}) is None


@pytest.mark.parametrize("scope", [{}, {MARK: 8}])
def test_nothing_is_noted_for_a_request_that_is_over_or_not_recorded(scope: dict[str, Any], recorder: Recorder) -> None:
    recorder.live[7] = ()
    noted.note(scope, "", "/items/<int:pk>/")
    assert noted._notes == {}


def test_notes_that_nobody_takes_are_bounded(recorder: Recorder) -> None:
    for mark in range(3 * SLACK):
        recorder.live[mark] = ()
        noted.note({MARK: mark}, "", "/items")
        if mark:
            del recorder.live[mark]
    assert len(noted._notes) <= len(recorder.live) + SLACK + 1
    assert noted.AllRouteNames().name({MARK: 0}) == "/items", "what runs keeps its note"
