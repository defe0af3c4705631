"""Rate servers: what limits requests by the minute, each in the way one kind of server does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol


class Server(Protocol):
    """Something that lets requests through or asks to wait."""

    def hit(self, now: float) -> float | None:
        """Take a request: None lets it through, else how many seconds until one would be."""


class Bucket:
    """Lets so many through a second, and *burst* at once after a rest."""

    def __init__(self, per_minute: float, burst: int, *, fine: float = 0.0) -> None:
        self._rate, self._burst, self._fine = per_minute / 60, burst, fine
        self._level, self._seen = float(burst), 0.0

    def hit(self, now: float) -> float | None:
        self._level = min(self._burst, self._level + (now - self._seen) * self._rate)
        self._seen = now
        if self._level >= 1:
            self._level -= 1
            return None
        self._level -= self._fine
        return (1 - self._level) / self._rate


class Sliding:
    """Lets *count* through in any *window_s* seconds."""

    def __init__(self, count: int, window_s: float) -> None:
        self._count, self._window_s = count, window_s
        self._passed: deque[float] = deque()

    def hit(self, now: float) -> float | None:
        while self._passed and self._passed[0] <= now - self._window_s:
            self._passed.popleft()
        if len(self._passed) < self._count:
            self._passed.append(now)
            return None
        return self._passed[0] + self._window_s - now


class Fixed:
    """Lets *count* through between two full *window_s*; what it refuses counts as well."""

    def __init__(self, count: int, window_s: float) -> None:
        self._count, self._window_s = count, window_s
        self._window, self._used = 0, 0

    def hit(self, now: float) -> float | None:
        if int(now // self._window_s) != self._window:
            self._window, self._used = int(now // self._window_s), 0
        self._used += 1
        if self._used <= self._count:
            return None
        return (self._window + 1) * self._window_s - now


class Storm:
    """Lets nothing through from *since* to *until*; else as *behind* does, or everything."""

    def __init__(self, since: float, until: float, behind: Server | None = None) -> None:
        self._since, self._until, self._behind = since, until, behind

    def hit(self, now: float) -> float | None:
        if self._since <= now < self._until:
            return self._until - now
        return self._behind.hit(now) if self._behind is not None else None


MakeServer = Callable[[], Server]

OF_300: dict[str, MakeServer] = {
    "a bucket of 5": lambda: Bucket(300, 5),
    "a bucket of 10": lambda: Bucket(300, 10),
    "a bucket of 10, refusals cost": lambda: Bucket(300, 10, fine=0.2),
    "a bucket of 60": lambda: Bucket(300, 60),
    "a bucket of 300": lambda: Bucket(300, 300),
    "any 60 s": lambda: Sliding(300, 60),
    "any 10 s": lambda: Sliding(50, 10),
    "every minute": lambda: Fixed(300, 60),
    "every 10 s": lambda: Fixed(50, 10),
}
"""Servers that allow 300 requests a minute."""
