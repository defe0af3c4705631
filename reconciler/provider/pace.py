"""Pace: the arithmetic of how many at once and how often; no clock of its own, nothing waits."""

from __future__ import annotations

from dataclasses import dataclass

START = 8
"""How many requests of a class are in flight at first."""

MANY_FAIL = 0.4
"""Failures tell of too many at once where so large a part of the requests fails."""

MEMORY = 1 / 32
"""How much the latest request counts in that part."""

PAUSE_S = 0.5
"""The pause after a 429 that does not say how long; it doubles while nothing gets through."""

MAX_PAUSE_S = 5.0
"""The longest such pause."""

SPRINT_S = 4.0
"""How long it takes to come back to the speed of before the very first refusal."""

SEARCH_S = 10.0
"""How long it takes to come back to the pace refused last, while that is far above the start."""

HOLD_S = 60.0
"""The same while it is near: so long the pace stays just below the limit. After that it rises ever
faster, since the server may allow more by now."""

NEAR = 1.3
"""Within this factor two paces are near each other."""

AGREE = 1.15
"""Within this factor two measurements are the same."""

AGREE_COUNT = 5
"""Of fewer requests a measurement says little."""

COUNT_SLACK = 2
"""One request goes at a time so many before and after the count that passed the last time."""

CALM_S = 5.0
"""A pace near the limit that was kept for so long was nearly right."""

LONG_S = 15.0
"""So was every pace that took so long to be refused."""

LATE_S = 0.01
"""Time lost by waking late is given back, up to this."""


class Concurrency:
    """How many requests of one class may be in flight: up by one, down by three tenths.

    Until the first setback every success adds one; after it one is added per round of successes.
    A burst of setbacks counts once: those of requests sent before the last one are its echo. A
    server that fails now and then, whatever it is sent, is not the less in use for it.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = max(1, ceiling)
        self._limit = float(min(START, self._ceiling))
        self._climbing = True
        self._shrunk_at = float("-inf")
        self._failing = 0.0
        """The part of the latest requests that failed."""
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
        self._failing -= self._failing * MEMORY
        step = 1.0 if self._climbing else 1.0 / self._limit
        self._limit = min(self._limit + step, float(self._ceiling))

    def setback(self, now: float, sent_at: float) -> None:
        """Note a failure; where many fail, shrink, unless it was sent before the last time."""
        self._failing += (1 - self._failing) * MEMORY
        if self._failing >= MANY_FAIL:
            self._shrink(now, sent_at, 0.7)

    def refused(self, now: float, sent_at: float) -> None:
        """Halve if the limit was in use; if it was not, the number is not what was refused."""
        self._shrink(now, sent_at, 0.5 if self.in_flight + 1 >= self.limit else 1.0)

    def _shrink(self, now: float, sent_at: float, factor: float) -> None:
        if sent_at < self._shrunk_at:
            return
        self._climbing = False
        self._shrunk_at = now
        self._limit = max(1.0, self._limit * factor)


@dataclass(slots=True)
class _Stretch:
    """What happened from one resumption to the next: requests let through, a refusal, a pause."""

    since: float
    let_through: int
    refused_rate: float
    """The pace that was refused in the end."""
    refused_at: float
    held: bool
    """Whether that pace, or nearly that, was kept for a while before."""
    before: _Stretch | None
    until: float = 0.0
    start: float = 0.0
    """The pace to follow the pause."""
    goal: float = 0.0
    """The pace to rise to."""
    known: bool = False
    """Whether the limit is known by now."""

    @property
    def is_mostly_paused(self) -> bool:
        """Whether the pause was long beside the time in which requests were sent."""
        return self.until - self.refused_at > 0.25 * (self.refused_at - self.since)

    @property
    def measured(self) -> float:
        """Requests let through a second, pause included."""
        return self.let_through / max(self.until - self.since, 0.01)

    def learn(self) -> None:
        """Choose the pace to start with and the one to rise to.

        What was measured is not more than the server allows, unless it is the first time (a full
        bucket, a fresh minute); what was refused is not less.
        """
        measured, before = self.measured, self.before
        self.goal, self.known = max(self.refused_rate, measured), self.held
        if before is None:
            start = max(measured / 4, min(measured, 1.0))
        elif self.held:
            # A pause that is long for once is an outage: what was let through says nothing.
            is_outage = before.known and self.is_mostly_paused and not before.is_mostly_paused
            middle = self.goal if is_outage else (measured + self.goal) / 2
            start = max(measured, min(0.95 * self.goal, middle))
        elif before.known:
            # One refusal soon after a pace has proved itself is mere chance.
            start = max(measured, 0.9 * before.start)
        elif self.let_through >= AGREE_COUNT and 1 / AGREE <= measured / before.measured <= AGREE:
            start, self.goal, self.known = measured, min(self.goal, 1.1 * measured), True
        else:
            start = measured * (self.goal / measured) ** 0.25
        self.start = min(start, self.goal)

    def rate_after(self, calm_s: float) -> float:
        """The pace so long after the pause."""
        ratio = self.goal / self.start
        span_s = HOLD_S if ratio <= NEAR else SPRINT_S if self.before is None else SEARCH_S
        if calm_s <= span_s:
            return float(self.start * ratio ** (calm_s / span_s))
        return float(self.goal * (1.0 + (2 * (calm_s - span_s) / HOLD_S) ** 2))

    def may_end_at(self, let_through: int) -> bool:
        """Whether the server may refuse the next one, if it counts as it did last time."""
        is_far = self.goal > NEAR * self.start
        return is_far and abs(let_through - self.let_through) <= COUNT_SLACK


class Pacer:
    """How often requests that share a rate limit may start.

    Nothing is assumed: until the first refusal (429) there is no pace. From one resumption to the
    next a server lets through what it allows in that time, pause included, whether it fills a
    bucket or counts by the minute; the pace that was refused is more than it allows. The pace
    starts between the two, nearer to the first, and rises to the second: within seconds while they
    lie far apart, within a minute once they are near. After each refusal everybody pauses, and
    then a single request goes ahead to see whether the door is open.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self._fixed_gap_s = 60.0 / per_minute if per_minute else 0.0
        self._last: _Stretch | None = None
        """The last stretch that ended with a refusal."""
        self._since: float | None = None
        """When the present one began."""
        self._let_through = 0
        self._in_flight = 0
        self._refused_at = float("-inf")
        self._streak = 0
        """Refusals in a row without anything let through."""
        self._paused_until = float("-inf")
        self._probing = False
        self._probe_is_out = False
        self._last_at = float("-inf")

    @property
    def is_blocked(self) -> bool:
        """Whether the outcome of what is in flight must come first.

        So it is for the one request that looks at the door, and where the server may shut the door
        because as many have passed as the last time.
        """
        if self._in_flight == 0:
            return False
        if self._probing:
            return self._probe_is_out
        return self._last is not None and self._last.may_end_at(self._let_through + self._in_flight)

    def rate(self, now: float) -> float | None:
        """Requests a second that are tried now; None while nothing is known."""
        if self._last is None:
            return None
        return self._last.rate_after(max(now - self._paused_until, 0.0))

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
        due = self._last_at + self._gap_s(now)
        self._last_at = now if self._probing else max(due, now - LATE_S)
        self._probe_is_out = self._probing
        self._in_flight += 1

    def answered(self, sent_at: float) -> None:
        """Note that a request was let through."""
        self._in_flight -= 1
        if self._probing and sent_at >= self._paused_until:
            self._since, self._let_through, self._streak = sent_at, 0, 0
            self._probing = self._probe_is_out = False
        self._let_through += 1
        if self._probing and self._last is not None:
            self._last.let_through = self._let_through
            self._last.learn()

    def undecided(self) -> None:
        """Note that a request ended without telling anything about the rate."""
        self._in_flight -= 1
        self._probe_is_out = False

    def refused(self, now: float, sent_at: float, *, wait_s: float | None, jitter: float) -> bool:
        """Note a 429; say whether it is news or the echo of the last one."""
        self._in_flight -= 1
        is_news = sent_at >= self._refused_at
        if is_news:
            if self._let_through and not self._probing:
                self._end_stretch(now, sent_at)
            self._streak += 1
            self._refused_at = now
        self._paused_until = max(self._paused_until, now + self._pause_after(wait_s, jitter))
        self._probing, self._probe_is_out = True, False
        if self._last is not None:
            # A pause of our own may go on when the door is open already.
            guessed = (self._refused_at + self._paused_until) / 2
            self._last.until = guessed if wait_s is None else self._paused_until
            self._last.learn()
        return is_news

    def _end_stretch(self, now: float, sent_at: float) -> None:
        since = now if self._since is None else self._since
        unpaced = self._let_through / max(now - since, 0.01)
        refused_rate = self.rate(sent_at) or unpaced
        calm_s = sent_at - self._paused_until
        earlier = self.rate(sent_at - CALM_S) or 0.0
        held = calm_s >= LONG_S or (calm_s >= CALM_S and earlier >= 0.9 * refused_rate)
        before = self._last
        if before is not None:
            before.before = None
        self._last = _Stretch(
            since, self._let_through, refused_rate, now, held and before is not None, before
        )

    def _pause_after(self, wait_s: float | None, jitter: float) -> float:
        """As long as the server asks; longer where it asks again and again and lets nobody in."""
        doublings = min(self._streak - 1, 8)
        own_s: float = min(PAUSE_S * 2**doublings, MAX_PAUSE_S) * (1 + jitter / 4)
        if wait_s is None:
            return own_s
        return wait_s if self._streak < 3 else max(wait_s, own_s)

    def _gap_s(self, now: float) -> float:
        rate = self.rate(now)
        return self._fixed_gap_s if rate is None else max(1.0 / rate, self._fixed_gap_s)
