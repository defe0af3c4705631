"""Limits: how many requests at once and how many a minute, learnt from what the server bears.

Requests are of four classes: reads, creates of parents, other writes, deletes. Each class has its
own concurrency; the two writing classes share one rate, as servers count POSTs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from reconciler.errors import ServiceUnavailable
from reconciler.frozen import frozen
from reconciler.provider.answers import Verdict
from reconciler.provider.pace import Concurrency, Pacer
from reconciler.provider.request import Kind, Request

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
OnWait = Callable[[str, float], None]
"""Told why, in words, and for how many seconds a run waits for the server."""

SLICE_S = 0.25
"""How long a wait goes on after the run was interrupted, at the most."""


@frozen
class Ticket:
    """The right to send one request, given by `Limits.enter` and handed back to `leave`."""

    kind: Kind
    sent_at: float


class _Gate:
    """One class of endpoints: its concurrency, its rate, and a turnstile in order of arrival."""

    def __init__(self, concurrency: Concurrency, pacer: Pacer) -> None:
        self.concurrency = concurrency
        self.pacer = pacer
        self.turnstile = asyncio.Lock()


class Limits:
    """Lets requests through as fast as the server bears, and no faster."""

    def __init__(
        self,
        *,
        ceiling: int,
        create_ceiling: int,
        requests_per_minute: float | None,
        pause_max_s: float = 120.0,
        clock: Clock,
        sleep: Sleep,
        jitter: Clock,
        on_wait: OnWait | None = None,
        interrupted: Callable[[], bool] | None = None,
    ) -> None:
        writes = Pacer()
        self._gates = {
            Kind.READ: _Gate(Concurrency(ceiling), Pacer()),
            Kind.CREATE: _Gate(Concurrency(min(create_ceiling, ceiling)), writes),
            Kind.APPEND: _Gate(Concurrency(ceiling), writes),
            Kind.DELETE: _Gate(Concurrency(ceiling), Pacer()),
        }
        self._gates[Kind.UPDATE] = self._gates[Kind.APPEND]
        self._whole = Pacer(requests_per_minute)
        self._ceiling = ceiling
        self._pause_max_s = pause_max_s
        self._in_flight = 0
        self._changed = asyncio.Event()
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._on_wait = on_wait or (lambda reason, seconds: None)
        self._interrupted = interrupted or (lambda: False)

    async def enter(self, request: Request) -> Ticket:
        """Wait until *request* may be sent. First come, first served within its class.

        Once the run is interrupted nothing but reads is let through: they tell what became of
        what is under way.

        Raises:
            ServiceUnavailable: the run was interrupted before its turn, or the server asks for a
                pause that is too long; nothing was sent.
        """
        gate = self._gates[request.kind]
        async with gate.turnstile:
            while True:
                if self._interrupted() and request.kind is not Kind.READ:
                    raise _not_sent(request)
                if not self._has_room(gate):
                    self._changed.clear()
                    await self._changed.wait()
                elif (wait_s := self._wait_s(gate)) > 0:
                    self._refuse_long_pauses(request, gate)
                    await self._wait(request, wait_s)
                else:
                    return self._admit(request.kind, gate)

    def leave(self, ticket: Ticket, verdict: Verdict, *, wait_s: float | None = None) -> None:
        """Hand a ticket back with what the server made of the request."""
        gate = self._gates[ticket.kind]
        now = self._clock()
        gate.concurrency.release()
        self._in_flight -= 1
        match verdict:
            case Verdict.BUSY:
                gate.concurrency.refused(now, ticket.sent_at)
                self._refused(gate, ticket, now, wait_s)
            case Verdict.UNKNOWN | Verdict.NOT_SENT:
                gate.concurrency.setback(now, ticket.sent_at)
                gate.pacer.undecided()
            case _:
                gate.concurrency.succeeded()
                gate.pacer.answered(ticket.sent_at)
        self._changed.set()

    def abandon(self, ticket: Ticket) -> None:
        """Hand a ticket back for a request that was cancelled."""
        gate = self._gates[ticket.kind]
        gate.concurrency.release()
        gate.pacer.undecided()
        self._in_flight -= 1
        self._changed.set()

    async def rest(self, seconds: float) -> bool:
        """Sleep, and say whether it was for the whole time: an interruption ends it early."""
        left_s = seconds
        while left_s > 0:
            if self._interrupted():
                return False
            slice_s = min(left_s, SLICE_S)
            await self._sleep(slice_s)
            left_s -= slice_s
        return True

    def announce(self, reason: str, seconds: float) -> None:
        """Tell whoever watches that the run waits, if it is long enough to notice."""
        if seconds >= 1:
            self._on_wait(reason, seconds)

    def _has_room(self, gate: _Gate) -> bool:
        return (
            gate.concurrency.has_room
            and not gate.pacer.is_blocked
            and self._in_flight < self._ceiling
        )

    def _wait_s(self, gate: _Gate) -> float:
        now = self._clock()
        return max(gate.pacer.wait_s(now), self._whole.wait_s(now))

    def _refuse_long_pauses(self, request: Request, gate: _Gate) -> None:
        pause_s = gate.pacer.pause_s(self._clock())
        if pause_s > self._pause_max_s:
            raise ServiceUnavailable(
                f"{request} was not sent: the server asks to wait {pause_s:,.0f} s, "
                f"more than {self._pause_max_s:g} s",
                request=str(request),
            )

    async def _wait(self, request: Request, wait_s: float) -> None:
        # Short gaps between paced requests are waited out even when the run is to end: what is
        # under way may need one more read to be recorded.
        if wait_s <= 1:
            await self._sleep(min(wait_s, SLICE_S))
        elif not await self.rest(SLICE_S):
            raise _not_sent(request)

    def _admit(self, kind: Kind, gate: _Gate) -> Ticket:
        now = self._clock()
        gate.concurrency.take()
        gate.pacer.take(now)
        self._whole.take(now)
        self._in_flight += 1
        return Ticket(kind, now)

    def _refused(self, gate: _Gate, ticket: Ticket, now: float, wait_s: float | None) -> None:
        if gate.pacer.refused(now, ticket.sent_at, wait_s=wait_s, jitter=self._jitter()):
            self.announce(
                "the server allows no more requests for now (429)", gate.pacer.pause_s(now)
            )


def _not_sent(request: Request) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"{request} was not sent: the run was interrupted first", request=str(request)
    )
