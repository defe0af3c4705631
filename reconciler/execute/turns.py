"""Turns: who may create a parent now, so that a server that answers nothing costs few suspects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reconciler.errors import ServiceUnavailable

LOST_MAX = 8
"""After so many creations in a row without an answer a server gets no more of them in this run."""


class Turns:
    """The creations of parents at one server: at most *at_once* are under way.

    One whose answer is lost cannot be looked for, so that few may be lost: where the server has not
    answered yet (*is_heard* says whether it has), and after an answer that did not come, they go
    one by one until one is answered.
    """

    def __init__(self, at_once: int, *, is_heard: bool) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._alone = asyncio.Lock()
        self._is_heard = is_heard
        self._lost = 0
        self._is_over = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more may be sent, and hold its place.

        Raises:
            ServiceUnavailable: none may any more; nothing was sent.
        """
        async with self._slots:
            if self._is_open:
                yield
                return
            await self._alone.acquire()
            try:
                if not self._is_open:
                    self._refuse()
                    yield
                    return
            finally:
                self._alone.release()
            yield

    def answered(self) -> None:
        """Note that the server has said what became of one."""
        self._is_heard = True
        self._lost = 0

    def lost(self) -> None:
        """Note that nobody knows what became of one."""
        self._lost += 1

    def end(self) -> None:
        """Let none of those that wait be sent any more."""
        self._is_over = True

    @property
    def _is_open(self) -> bool:
        return self._is_heard and not self._lost and not self._is_over

    def _refuse(self) -> None:
        if self._is_over:
            raise ServiceUnavailable("not sent: the run has ended")
        if self._lost >= LOST_MAX:
            raise ServiceUnavailable(
                f"not sent: {self._lost} creations in a row got no answer",
                hint="once the server answers again, settle what is unresolved and apply again",
            )
