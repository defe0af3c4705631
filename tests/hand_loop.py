"""Hand loop: an event loop whose time passes only when everybody waits, and then at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class _NoWait(selectors.SelectSelector):
    """Where a real selector would wait, the loop's clock is put forward instead."""

    loop: HandLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everybody waits for something that will never happen"
        self.loop.now += max(timeout, 0.0)
        return super().select(0)


class HandLoop(asyncio.SelectorEventLoop):
    """A loop that starts at 0 seconds; `asyncio.sleep` and `asyncio.timeout` follow its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _NoWait()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def clock() -> float:
    """The time of the running hand loop."""
    return asyncio.get_running_loop().time()


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run *work* to its end on a new hand loop."""
    with asyncio.Runner(loop_factory=HandLoop) as runner:
        return runner.run(work)
