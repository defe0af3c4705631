"""Signals: Ctrl-C once stops starting, twice leaves.

The handlers are ours: asyncio's would cancel requests that are in flight, and nobody would know
what became of them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from reconciler.cli.session import Session

GRACE_S = 0.8
"""After the second signal the process ends by force if it has not by then."""

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupts:
    """What signals do while a workspace is at work."""

    def __init__(self, session: Session, interrupt: Callable[[], None]) -> None:
        self._session = session
        self._interrupt = interrupt
        self._count = 0
        self._asking = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[Interrupts]:
        """Handle signals until the block ends. Outside the main thread there are none."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        numbers = [number for number in _numbers() if not _is_for_somebody_else(number)]
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """A question is on the screen: a signal answers it with no, also one that came before."""
        self._asking = True
        try:
            if self._count:
                raise KeyboardInterrupt
            yield
        finally:
            self._asking = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._session.signal is None:
            self._session.signal = number
        self._interrupt()
        if self._asking:
            raise KeyboardInterrupt
        if self._count == 1:
            self._session.console.urgent(_FIRST)
            return
        self._session.console.urgent(_SECOND)
        timer = threading.Timer(GRACE_S, os._exit, [128 + self._session.signal])
        timer.daemon = True
        timer.start()


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _is_for_somebody_else(number: signal.Signals) -> bool:
    """Whether whoever started the process has decided that it shall not end by this: `nohup`."""
    return number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


_FIRST = (
    "Interrupt received: nothing new is started, what is in flight is finished and recorded. "
    "Once more leaves at once."
)
_SECOND = "Two interrupts received: leaving at once. The next run finds out what became of it."
