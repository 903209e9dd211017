# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml
from connexion import AsyncApp, FlaskApp
from connexion.resolver import Resolver
from recorded import recorded
from starlette.applications import Starlette
from starlette.routing import Mount

SPECIFICATION = """
openapi: 3.0.0
info: {title: Shop, version: "1"}
servers: [{url: /v1}]
paths:
  /pets/{pet_id}:
    get: {operationId: pet, parameters: [{name: pet_id, in: path, required: true, schema: {type: integer}}], responses: {"200": {description: ok}}}
  /files/{name}:
    get: {operationId: file, parameters: [{name: name, in: path, required: true, schema: {type: string, format: path}}], responses: {"200": {description: ok}}}
  /fail:
    get: {operationId: fail, responses: {"200": {description: ok}}}
"""


async def pet(pet_id: int) -> tuple[dict[str, int], int]:
    return {"id": pet_id}, 200


async def file(name: str) -> tuple[str, int]:
    return name, 200


async def fail() -> None:
    raise RuntimeError("no")


both = pytest.mark.parametrize("kind", [AsyncApp, FlaskApp])


@cache
def application(kind: Any) -> Any:
    app = kind(__name__)
    app.add_api(yaml.safe_load(SPECIFICATION), resolver=Resolver(function_resolver={"pet": pet, "file": file, "fail": fail}.__getitem__))
    return app


@both
@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/v1/pets/7", "/v1/pets/{pet_id}", 200),
        ("/v1/files/a/b", "/v1/files/{name}", 200),
        ("/v1/fail", "/v1/fail", 500),
        ("/v1/openapi.json", "/v1/openapi.json", 200),
        ("/v1/pets/seven", None, 404),
        ("/v1/nowhere", None, 404),
        ("/nowhere", None, 404),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_the_one_of_the_specification(kind: Any, path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    assert recorded(application(kind), root + path, root_path=root) == (expected, status)


@both
def test_method_without_an_operation_has_no_route(kind: Any) -> None:
    assert recorded(application(kind), "/v1/pets/7", method="DELETE") == (None, 405)


@both
def test_below_a_mount_of_starlette_it_has_no_route(kind: Any) -> None:
    app = Starlette(routes=[Mount("/shop", application(kind))])
    assert recorded(app, "/shop/v1/pets/7") == (None, 200)
