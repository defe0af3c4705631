"""Pace: the arithmetic of how many at once and how often; no clock of its own, nothing waits."""

from __future__ import annotations

START = 8
"""How many requests of a class are in flight at first."""

PAUSE_S = 0.5
"""The pause after a 429 that does not say how long; it doubles while nothing gets through."""

MAX_PAUSE_S = 5.0
"""The longest such pause."""

CALM_S = 5.0
"""A pace that was kept for so long was nearly right; one refused sooner was not."""

REGAIN_S = 10.0
"""How long it takes to come back to nearly the pace that was refused."""

GROWTH_S = 60.0
"""After so long without a refusal the pace has doubled: slowly at first, then ever faster."""


class Concurrency:
    """How many requests of one class may be in flight: up by one, down by three tenths.

    Until the first setback every success adds one; after it one is added per round of successes.
    A burst of setbacks counts once: those of requests sent before the last one are its echo.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = max(1, ceiling)
        self._limit = float(min(START, self._ceiling))
        self._climbing = True
        self._shrunk_at = float("-inf")
        self.in_flight = 0

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return int(self._limit)

    @property
    def has_room(self) -> bool:
        """Whether one more may start."""
        return self.in_flight < self.limit

    def take(self) -> None:
        """Note that one starts."""
        self.in_flight += 1

    def release(self) -> None:
        """Note that one is over, however it ended."""
        self.in_flight -= 1

    def succeeded(self) -> None:
        """Grow a little."""
        step = 1.0 if self._climbing else 1.0 / self._limit
        self._limit = min(self._limit + step, float(self._ceiling))

    def setback(self, now: float, sent_at: float) -> None:
        """Shrink, unless this request was sent before the last time."""
        if sent_at < self._shrunk_at:
            return
        self._climbing = False
        self._shrunk_at = now
        self._limit = max(1.0, self._limit * 0.7)


class Pacer:
    """How often requests that share a rate limit may start.

    Nothing is assumed: until the first refusal (429) there is no pace. What was let through
    between two refusals, over the time between them, is what the server allows at least; the pace
    falls towards it, quickly where refusals follow each other and slowly where a pace has held,
    and rises again while nothing is refused. After each refusal everybody pauses, and then a
    single request goes ahead to see whether the door is open.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self._fixed_gap_s = 60.0 / per_minute if per_minute else 0.0
        self._rate: float | None = None
        self._goal = 0.0
        """A little below the rate that was refused last."""
        self._since: float | None = None
        """When the count of what was let through began."""
        self._let_through = 0
        self._refused_at = float("-inf")
        self._streak = 0
        """Refusals in a row without anything let through."""
        self._paused_until = float("-inf")
        self._probing = False
        self._probe_out = False
        self._last_at = float("-inf")

    @property
    def is_blocked(self) -> bool:
        """Whether the outcome of the one request that looks at the door must come first."""
        return self._probing and self._probe_out

    def rate(self, now: float) -> float | None:
        """Requests a second that are tried now; None while nothing is known."""
        if self._rate is None:
            return None
        calm_s = max(now - self._paused_until, 0.0)
        regained = (self._goal - self._rate) * min(calm_s / REGAIN_S, 1.0)
        growth: float = 1.0 + (calm_s / GROWTH_S) ** 3
        return (self._rate + max(regained, 0.0)) * growth

    def wait_s(self, now: float) -> float:
        """How long until the next request may start, were nothing else to happen."""
        return max(self._paused_until - now, self._last_at + self._gap_s(now) - now, 0.0)

    def pause_s(self, now: float) -> float:
        """How long the pause after a refusal still lasts."""
        return max(self._paused_until - now, 0.0)

    def take(self, now: float) -> None:
        """Note that a request starts."""
        if self._since is None:
            self._since = now
        # Time lost by waking late is given back, up to a tenth of a second.
        self._last_at = max(self._last_at + self._gap_s(now), now - 0.1)
        self._probe_out = self._probing

    def answered(self) -> None:
        """Note that a request was let through."""
        self._let_through += 1
        self._streak = 0
        self._probing = self._probe_out = False

    def undecided(self) -> None:
        """Note that a request ended without telling anything about the rate."""
        self._probe_out = False

    def refused(self, now: float, sent_at: float, *, wait_s: float | None, jitter: float) -> bool:
        """Note a 429; say whether it is news or the echo of the last one."""
        is_news = sent_at >= self._refused_at
        if is_news:
            self._learn(now)
            self._streak += 1
            self._refused_at = now
        self._paused_until = max(self._paused_until, now + self._pause_after(wait_s, jitter))
        self._probing, self._probe_out = True, False
        return is_news

    def _pause_after(self, wait_s: float | None, jitter: float) -> float:
        """As long as the server asks; longer where it asks again and again and lets nobody in."""
        doublings = min(self._streak - 1, 8)
        own_s: float = min(PAUSE_S * 2**doublings, MAX_PAUSE_S) * (1 + jitter / 4)
        if wait_s is None:
            return own_s
        return wait_s if self._streak < 3 else max(wait_s, own_s)

    def _learn(self, now: float) -> None:
        since = now if self._since is None else self._since
        if self._let_through:
            measured = self._let_through / max(now - since, 0.01)
            calm_s = now - max(self._paused_until, since)
            present = self.rate(now)
            if present is None:
                self._rate = measured
            else:
                self._rate = max(measured, present * (0.95 if calm_s >= CALM_S else 0.5))
                self._goal = present * 0.9
        self._since, self._let_through = now, 0

    def _gap_s(self, now: float) -> float:
        rate = self.rate(now)
        return self._fixed_gap_s if rate is None else max(1.0 / rate, self._fixed_gap_s)
