"""Limits: how fast this server is and how much it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.emulator.answer import Headers, rate_limited


class RetryAfter(StrEnum):
    """How a 429 says when to come again."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Requests per minute of each class, None for no limit, and the latency of a call."""

    reads_per_minute: float | None = None
    """GET."""
    posts_per_minute: float | None = None
    deletes_per_minute: float | None = None
    writes_per_minute: float | None = None
    """POST and DELETE together."""
    burst: int | None = None
    """Requests a rested class takes at once; a whole minute's where None."""
    latency_s: float = 0.0
    retry_after: RetryAfter = RetryAfter.SECONDS


OPENAI_LIMITS = Limits(reads_per_minute=1000, posts_per_minute=300, deletes_per_minute=300)
"""What the original was reported to allow per type of request."""


class Bucket:
    """One class of requests: fills at a steady rate, each request takes one."""

    def __init__(self, per_minute: float, burst: int | None, now_s: float) -> None:
        self._per_s = per_minute / 60
        self._most = max(1.0, per_minute if burst is None else burst)
        self._level = self._most
        self._seen_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Tell how long until there is one to take; 0 is now."""
        elapsed_s = max(0.0, now_s - self._seen_s)
        self._level = min(self._most, self._level + elapsed_s * self._per_s)
        self._seen_s = now_s
        return 0.0 if self._level >= 1 else (1 - self._level) / self._per_s

    def take(self) -> None:
        """Take one."""
        self._level -= 1


class Gatekeeper:
    """Counts requests against the limits."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        classes = (
            (("GET",), limits.reads_per_minute),
            (("POST",), limits.posts_per_minute),
            (("DELETE",), limits.deletes_per_minute),
            (("POST", "DELETE"), limits.writes_per_minute),
        )
        self._buckets = [
            (methods, Bucket(per_minute, limits.burst, clock()))
            for methods, per_minute in classes
            if per_minute is not None
        ]

    def admit(self, method: str) -> None:
        """Count a request in, or refuse it with the time to wait."""
        now_s = self._clock()
        buckets = [bucket for methods, bucket in self._buckets if method in methods]
        wait_s = max((bucket.wait_s(now_s) for bucket in buckets), default=0.0)
        if wait_s > 0:
            raise rate_limited(_headers(self._limits.retry_after, wait_s))
        for bucket in buckets:
            bucket.take()


def _headers(form: RetryAfter, wait_s: float) -> Headers:
    seconds = ("retry-after", str(max(1, math.ceil(wait_s))))
    milliseconds = ("retry-after-ms", str(math.ceil(wait_s * 1000)))
    match form:
        case RetryAfter.SECONDS:
            return (seconds,)
        case RetryAfter.MILLISECONDS:
            return (milliseconds,)
        case RetryAfter.BOTH:
            return (seconds, milliseconds)
        case RetryAfter.NONE:
            return ()
