# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from typing import Any

import connexion

SPECIFICATION = {
    "openapi": "3.0.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "/v1"}],
    "paths": {
        "/pets/{pet_id}": {
            "get": {
                "operationId": "connexion_app.pet",
                "parameters": [{"name": "pet_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "ok"}},
            }
        },
        "/pets": {
            "post": {
                "operationId": "connexion_app.new_pet",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}},
                },
                "responses": {"201": {"description": "ok"}},
            }
        },
        "/fail": {"get": {"operationId": "connexion_app.fail", "responses": {"200": {"description": "ok"}}}},
    },
}


def pet(pet_id: int) -> Any:
    return {"id": pet_id}, 200


def new_pet(body: Any) -> Any:
    return body, 201


def fail() -> Any:
    raise RuntimeError("no")


app = connexion.App(__name__)
app.add_api(SPECIFICATION)
