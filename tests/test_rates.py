"""Rates: how near we come to what a server allows, how many requests are refused, who waits."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import hand_loop
import pytest
from rate_servers import OF_300, Bucket, Server, Storm

from reconciler.emulator.app import create_app
from reconciler.emulator.limits import Limits as ServerLimits
from reconciler.emulator.limits import RetryAfter
from reconciler.provider.answers import Verdict
from reconciler.provider.client import asgi_transport
from reconciler.provider.config import configure
from reconciler.provider.connect import connect
from reconciler.provider.limits import Limits
from reconciler.provider.request import Kind, Request

Says = Callable[[float], float | None]
"""What a server that wants to be asked again after so many seconds says about it."""

EXACT: Says = lambda wait_s: wait_s  # noqa: E731 - a name for a case
SECONDS: Says = lambda wait_s: float(math.ceil(wait_s))  # noqa: E731
NOTHING: Says = lambda wait_s: None  # noqa: E731
SAYS = {"exact": EXACT, "seconds": SECONDS, "nothing": NOTHING}


@dataclass
class Log:
    """When requests reached the server, and which were let through."""

    hits: list[tuple[float, bool]] = field(default_factory=list)
    ended_s: float = 0.0

    @property
    def refused(self) -> int:
        return sum(not through for _, through in self.hits)

    def passed(self, since: float, until: float) -> int:
        return sum(through and since <= at < until for at, through in self.hits)

    def peak(self, since: float, until: float) -> int:
        """The most that came within a second of the clock."""
        seconds = Counter(int(at) for at, _ in self.hits if since <= at < until)
        return max(seconds.values())


def limits(**changes: object) -> Limits:
    settings: dict[str, object] = {
        "ceiling": 32,
        "create_ceiling": 8,
        "requests_per_minute": None,
        "clock": hand_loop.clock,
        "sleep": asyncio.sleep,
        "jitter": random.Random(5).random,
    }
    return Limits(**{**settings, **changes})


def work_off(
    server: Server,
    count: int,
    says: Says,
    *,
    latency_s: float = 0.05,
    kinds: tuple[Kind, ...] = (Kind.APPEND,),
    **changes: object,
) -> Log:
    """Get *count* requests through, all wanted at once."""
    log, chance = Log(), random.Random(7)

    async def one(gate: Limits, kind: Kind) -> None:
        wait_s: float | None = 0.0
        while wait_s is not None:
            ticket = await gate.enter(Request("POST", "/x", kind))
            await asyncio.sleep(latency_s / 2 * (0.8 + 0.4 * chance.random()))
            wait_s = server.hit(hand_loop.clock())
            log.hits.append((hand_loop.clock(), wait_s is None))
            await asyncio.sleep(latency_s / 2)
            if wait_s is None:
                gate.leave(ticket, Verdict.DONE)
            else:
                gate.leave(ticket, Verdict.BUSY, wait_s=says(wait_s))

    async def everybody() -> None:
        gate = limits(**changes)
        await asyncio.gather(*(one(gate, kinds[each % len(kinds)]) for each in range(count)))
        log.ended_s = hand_loop.clock()

    hand_loop.run(everybody())
    return log


# -- 300 a minute


def burst_of(name: str) -> int:
    return int(name.split(",")[0].removeprefix("a bucket of ")) if "bucket" in name else 0


@pytest.mark.parametrize("latency_s", [0.02, 0.2])
@pytest.mark.parametrize("says", SAYS)
@pytest.mark.parametrize("name", OF_300)
def test_what_a_server_allows_is_used_to_nine_tenths(
    name: str, says: str, latency_s: float
) -> None:
    log = work_off(OF_300[name](), 900, SAYS[says], latency_s=latency_s)
    assert (900 - burst_of(name)) / 5 / log.ended_s >= 0.9


@pytest.mark.parametrize("latency_s", [0.02, 0.2])
@pytest.mark.parametrize("name", OF_300)
def test_of_twenty_requests_one_is_refused_at_most(name: str, latency_s: float) -> None:
    log = work_off(OF_300[name](), 900, SECONDS, latency_s=latency_s)
    assert log.refused <= 900 / 20


@pytest.mark.parametrize("name", OF_300)
def test_once_a_limit_is_known_hardly_anything_is_refused(name: str) -> None:
    log = work_off(OF_300[name](), 2000, SECONDS)
    late = [through for at, through in log.hits if at > 180]
    assert late.count(False) <= 0.02 * len(late)


@pytest.mark.parametrize("name", OF_300)
def test_once_a_limit_is_known_requests_come_evenly(name: str) -> None:
    log = work_off(OF_300[name](), 2000, SECONDS)
    assert log.peak(180, log.ended_s) <= 1.5 * 5 + 1


def test_a_limit_that_doubles_is_used_within_two_minutes() -> None:
    class Relaxing(Bucket):
        def hit(self, now: float) -> float | None:
            if now > 120:
                self._rate = 10
            return super().hit(now)

    log = work_off(Relaxing(300, 10), 3000, SECONDS)
    assert log.passed(240, 300) >= 0.9 * 600


def test_a_limit_that_is_halved_is_kept_within_a_minute() -> None:
    class Tightening(Bucket):
        def hit(self, now: float) -> float | None:
            if now > 120:
                self._rate = 2.5
            return super().hit(now)

    log = work_off(Tightening(300, 10), 900, SECONDS)
    assert log.passed(180, 240) >= 0.9 * 150
    assert log.refused <= 900 / 20


def test_each_class_uses_a_limit_of_its_own() -> None:
    class Both:
        def __init__(self) -> None:
            self.writes, self.deletes = Bucket(300, 10), Bucket(60, 10)

    servers, ended = Both(), {}

    async def one(gate: Limits, kind: Kind) -> None:
        server = servers.writes if kind is Kind.APPEND else servers.deletes
        wait_s: float | None = 0.0
        while wait_s is not None:
            ticket = await gate.enter(Request("X", "/x", kind))
            await asyncio.sleep(0.05)
            wait_s = server.hit(hand_loop.clock())
            verdict = Verdict.DONE if wait_s is None else Verdict.BUSY
            gate.leave(ticket, verdict, wait_s=wait_s and math.ceil(wait_s))
        ended[kind] = hand_loop.clock()

    async def everybody() -> None:
        gate = limits()
        kinds = (Kind.APPEND,) * 600 + (Kind.DELETE,) * 120
        await asyncio.gather(*(one(gate, kind) for kind in kinds))

    hand_loop.run(everybody())
    assert (600 - 10) / 5 / ended[Kind.APPEND] >= 0.9
    assert (120 - 10) / 1 / ended[Kind.DELETE] >= 0.9


def test_a_known_limit_is_kept_without_a_refusal() -> None:
    log = work_off(Bucket(300, 2), 300, SECONDS, requests_per_minute=300)
    assert log.refused == 0
    assert 60 / log.ended_s >= 0.95


def test_no_minute_holds_more_than_the_known_limit() -> None:
    log = work_off(Storm(0, 0), 600, SECONDS, requests_per_minute=300)
    at = [each for each, _ in log.hits]
    assert max(sum(0 <= other - each < 60 for other in at) for each in at) <= 301


# -- pauses


@pytest.mark.parametrize("pause_s", [1.0, 7.0, 60.0])
def test_nobody_sends_while_the_server_asks_to_wait(pause_s: float) -> None:
    log = work_off(Storm(1, 1 + pause_s), 1000, EXACT)
    first = next(at for at, through in log.hits if not through)
    assert not [at for at, _ in log.hits if first + 0.06 < at < 1 + pause_s]


def test_after_a_pause_requests_do_not_come_all_at_once() -> None:
    log = work_off(Storm(1, 31), 1000, EXACT)
    first_tenth = [at for at, _ in log.hits if 31 <= at < 31.1]
    assert len(first_tenth) <= 3


FORMS: dict[str, Says] = {
    "exact": EXACT,
    "a second": lambda wait_s: 1.0,
    "nothing usable": NOTHING,
    "a minute": lambda wait_s: 60.0,
}


@pytest.mark.parametrize("says", ["exact", "a second", "nothing usable"])
def test_ten_seconds_after_a_storm_a_run_is_as_fast_as_before(says: str) -> None:
    log = work_off(Storm(4, 64), 20_000, FORMS[says])
    before = log.passed(2, 4) / 2
    assert log.passed(74, 84) / 10 >= 0.9 * before


@pytest.mark.parametrize("says", FORMS)
def test_a_storm_of_a_minute_wastes_little(says: str) -> None:
    log = work_off(Storm(1, 61), 1000, FORMS[says])
    assert log.refused <= 1000 * 0.05


@pytest.mark.parametrize("says", ["exact", "a second", "nothing usable"])
@pytest.mark.parametrize("name", OF_300)
def test_ten_seconds_after_a_storm_a_known_limit_is_used_again(name: str, says: str) -> None:
    log = work_off(Storm(240, 300, OF_300[name]()), 2200, FORMS[says])
    assert log.passed(310, 370) >= 0.9 * 300


@pytest.mark.parametrize("name", OF_300)
def test_after_a_storm_a_known_limit_is_used_evenly(name: str) -> None:
    log = work_off(Storm(240, 300, OF_300[name]()), 2200, EXACT)
    assert log.peak(310, 370) <= 1.5 * 5 + 1


def test_a_storm_from_the_start_is_waited_out() -> None:
    log = work_off(Storm(0, 60), 500, NOTHING)
    assert log.ended_s <= 60 + 10
    assert log.refused <= 500 * 0.05


@pytest.mark.parametrize("retry_after", list(RetryAfter))
def test_no_message_fails_where_the_server_allows_300_writes_a_minute(
    retry_after: RetryAfter,
) -> None:
    async def apply() -> float:
        app = create_app(
            None,
            clock=hand_loop.clock,
            sleep=asyncio.sleep,
            limits=ServerLimits(
                posts_per_minute=300, burst=10, latency_s=0.05, retry_after=retry_after
            ),
        )
        provider = connect(
            configure({}, {}, emulator="memory"),
            transport=asgi_transport(app),
            clock=hand_loop.clock,
        )
        parents = await asyncio.gather(*(provider.create("openai_thread", {}) for _ in range(20)))

        async def fill(parent_id: object) -> None:
            for number in range(9):
                said = {"role": "user", "content": f"message {number}"}
                await provider.append("openai_message", str(parent_id), [said])

        await asyncio.gather(*(fill(each["id"]) for each in parents))
        await provider.aclose()
        app.close()
        return hand_loop.clock()

    assert (200 - 10) / 5 / hand_loop.run(apply()) >= 0.9
