# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
import bentoml


@bentoml.service(workers=1)
class Shop:
    @bentoml.api
    def price(self, item: str) -> int:
        return len(item)

    @bentoml.api
    def fail(self, item: str) -> int:
        raise RuntimeError("no")
