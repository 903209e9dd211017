# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The README's quickstart."""

from fastapi import FastAPI
from spangard import OpenTelemetryMiddleware

app = FastAPI()


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> dict[str, int]:
    return {"id": item_id}


app = OpenTelemetryMiddleware(app)
