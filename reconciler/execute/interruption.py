"""Interruption: someone wants the run to end."""

from __future__ import annotations

from collections.abc import Callable


class Interruption:
    """Someone wants the run to end: once, nothing new starts; twice, nothing is waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._wake: Callable[[], None] | None = None

    def request(self) -> None:
        """Ask the run to end; safe to call from a signal handler."""
        self.count += 1
        if self._wake is not None:
            self._wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Have *wake* called at each request."""
        self._wake = wake
