"""Flight: the steps under way, and how a run ends that is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from reconciler.execute.interruption import Interruption

DRAIN_MAX_S = 30.0
"""How long calls in flight may take to end after an interrupt."""


class Flight:
    """The steps in flight, at most *limit* at a time.

    What a step raises ends the run: it is kept in *failure*, and nothing is cut off for it.
    """

    def __init__(self, limit: int, interruption: Interruption) -> None:
        self.failure: BaseException | None = None
        self._limit = limit
        self._interruption = interruption
        self._landed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def has_room(self) -> bool:
        """Whether one more may start."""
        return len(self._tasks) < self._limit

    @property
    def is_empty(self) -> bool:
        """Whether nothing is under way."""
        return not self._tasks

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Start one more."""
        task: asyncio.Task[None] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._landed.set())
        self._tasks.add(task)

    async def wait_for_one(self) -> None:
        """Wait until something has landed or an interrupt has come."""
        with self._interruption.waking(self._landed):
            await self._landed.wait()
        self._collect()

    async def drain(self) -> None:
        """Let what is in flight end, for a while; a second interrupt ends the waiting."""
        deadline = asyncio.get_running_loop().time() + DRAIN_MAX_S
        with self._interruption.waking(self._landed):
            while self._tasks and self._interruption.count < 2:
                left_s = deadline - asyncio.get_running_loop().time()
                try:
                    await asyncio.wait_for(self._landed.wait(), left_s)
                except TimeoutError:
                    break
                self._collect()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _collect(self) -> None:
        self._landed.clear()
        landed = [task for task in self._tasks if task.done()]
        self._tasks.difference_update(landed)
        for task in landed:
            self.failure = self.failure or task.exception()
