# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Functions with a span of their own at each call. Of a generator it is current while its body runs, and not while its
consumer has the turn; it ends with the generator.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from contextlib import AbstractContextManager
    from typing import Protocol, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])

    class Scope(AbstractContextManager[Any], Protocol):
        """What is asked of a scope, whose own module imports this one."""

        def again(self) -> Scope: ...
        def begin(self) -> None: ...
        def make_current(self) -> None: ...
        def leave(self) -> None: ...
        def end(self, error: BaseException | None) -> None: ...


def decorated(scope: Scope, function: Function) -> Function:
    """``function`` in a scope like this one."""
    if inspect.iscoroutinefunction(function):
        made: Callable[..., Any] = _awaited(scope, function)
    elif inspect.isasyncgenfunction(function):
        made = _async_generator(scope, function)
    elif inspect.isgeneratorfunction(function):
        made = _generator(scope, function)
    else:
        made = _called(scope, function)
    return cast("Function", functools.wraps(function)(made))


def _called(scope: Scope, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        with scope.again():
            return function(*arguments, **named)

    return called


def _awaited(scope: Scope, function: Callable[..., Any]) -> Callable[..., Any]:
    async def awaited(*arguments: Any, **named: Any) -> Any:
        with scope.again():
            return await function(*arguments, **named)

    return awaited


def _generator(scope: Scope, function: Callable[..., Any]) -> Callable[..., Any]:
    def generating(*arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        own = scope.again()
        own.begin()
        failed: BaseException | None = None
        try:
            body = function(*arguments, **named)
            call, given = body.send, None
            while True:
                own.make_current()
                try:
                    value = call(given)
                except StopIteration as stop:
                    return stop.value
                finally:
                    own.leave()
                try:
                    call, given = body.send, (yield value)
                except GeneratorExit:
                    _closed(own, body)
                    raise
                except BaseException as thrown:
                    call, given = body.throw, thrown
        except BaseException as error:
            failed = error
            raise
        finally:
            own.end(failed)

    return generating


def _closed(own: Scope, body: Any) -> None:
    own.make_current()
    try:
        body.close()
    finally:
        own.leave()


def _async_generator(scope: Scope, function: Callable[..., Any]) -> Callable[..., Any]:
    async def generating(*arguments: Any, **named: Any) -> AsyncGenerator[Any, Any]:
        own = scope.again()
        own.begin()
        failed: BaseException | None = None
        try:
            body = function(*arguments, **named)
            call, given = body.asend, None
            while True:
                own.make_current()
                try:
                    value = await call(given)
                except StopAsyncIteration:
                    return
                finally:
                    own.leave()
                try:
                    call, given = body.asend, (yield value)
                except GeneratorExit:
                    await _closed_async(own, body)
                    raise
                except BaseException as thrown:
                    call, given = body.athrow, thrown
        except BaseException as error:
            failed = error
            raise
        finally:
            own.end(failed)

    return generating


async def _closed_async(own: Scope, body: Any) -> None:
    own.make_current()
    try:
        await body.aclose()
    finally:
        own.leave()
