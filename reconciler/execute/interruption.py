"""Interruption: someone wants the run to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Interruption:
    """Someone wants the run to end: once, nothing new starts; twice, nothing is waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._wakers: list[Callable[[], None]] = []

    def request(self) -> None:
        """Ask the run to end; safe to call from a signal handler."""
        self.count += 1
        for wake in tuple(self._wakers):
            wake()

    @contextmanager
    def waking(self, event: asyncio.Event) -> Iterator[None]:
        """Set *event* at each request while the block lasts."""
        import asyncio

        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(event.set)

        self._wakers.append(wake)
        try:
            yield
        finally:
            self._wakers.remove(wake)

    async def sleep(self, seconds: float) -> None:
        """Wait, but not past a request."""
        import asyncio

        if seconds <= 0 or self.count:
            return
        woken = asyncio.Event()
        with self.waking(woken), suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), seconds)
