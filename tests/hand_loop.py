"""Hand loop: an event loop whose time passes only when everybody waits, and then at once.

What runs in a thread of its own (the journal's writes) is waited for as long as it takes.
"""

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
        if self.loop.in_threads:
            return super().select(None if timeout is None or timeout > 0 else 0)
        assert timeout is not None, "everybody waits for something that will never happen"
        self.loop.now += max(timeout, 0.0)
        return super().select(0)


class HandLoop(asyncio.SelectorEventLoop):
    """A loop that starts at 0 seconds; `asyncio.sleep` and `asyncio.timeout` follow its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.in_threads = 0
        selector = _NoWait()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self.in_threads += 1
        future.add_done_callback(self._is_back)
        return future

    def _is_back(self, future: asyncio.Future[Any]) -> None:
        self.in_threads -= 1


def clock() -> float:
    """The time of the running hand loop."""
    return asyncio.get_running_loop().time()


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run *work* to its end on a new hand loop."""
    with asyncio.Runner(loop_factory=HandLoop) as runner:
        return runner.run(work)
