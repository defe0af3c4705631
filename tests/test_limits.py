"""Limits: how many at once, how often, and who waits for whom."""

from __future__ import annotations

import asyncio
import random

import hand_loop
import pytest

from reconciler.errors import ServiceUnavailable
from reconciler.provider.answers import Verdict
from reconciler.provider.limits import Limits
from reconciler.provider.pace import Concurrency, Pacer
from reconciler.provider.request import Kind, Request


def post(kind: Kind = Kind.APPEND) -> Request:
    return Request("POST", "/x", kind)


def limits(**changes: object) -> Limits:
    settings: dict[str, object] = {
        "ceiling": 32,
        "create_ceiling": 8,
        "requests_per_minute": None,
        "clock": hand_loop.clock,
        "sleep": asyncio.sleep,
        "jitter": lambda: 0.0,
    }
    return Limits(**{**settings, **changes})


# -- how many at once


def test_concurrency_starts_at_eight_and_grows_with_every_success() -> None:
    concurrency = Concurrency(32)
    for _ in range(3):
        concurrency.succeeded()
    assert concurrency.limit == 11


def test_concurrency_never_passes_its_ceiling() -> None:
    concurrency = Concurrency(10)
    for _ in range(50):
        concurrency.succeeded()
    assert concurrency.limit == 10


def failing(concurrency: Concurrency, until: float) -> None:
    """Fail until concurrency shrinks for the first time, at *until*."""
    for _ in range(17):
        concurrency.setback(until, sent_at=until)


def test_where_many_fail_a_failure_takes_three_tenths() -> None:
    concurrency = Concurrency(32)
    failing(concurrency, 5.0)
    assert concurrency.limit == 5


def test_a_burst_of_failures_counts_once() -> None:
    concurrency = Concurrency(32)
    failing(concurrency, 5.0)
    for _ in range(8):
        concurrency.setback(5.0, sent_at=4.0)
    assert concurrency.limit == 5


def test_a_server_that_fails_three_times_in_ten_is_used_all_the_same() -> None:
    concurrency, chance = Concurrency(32), random.Random(3)
    limits_seen = []
    for second in range(2000):
        if chance.random() < 0.3:
            concurrency.setback(float(second), sent_at=float(second))
        else:
            concurrency.succeeded()
        limits_seen.append(concurrency.limit)
    assert sum(limits_seen) / len(limits_seen) > 16


def test_a_refusal_halves_what_was_in_flight_at_most() -> None:
    concurrency = Concurrency(32)
    for _ in range(8):
        concurrency.take()
    concurrency.release()
    concurrency.refused(5.0, sent_at=4.0)
    assert concurrency.limit == 4


def test_a_refusal_of_few_in_flight_is_about_the_rate_and_not_their_number() -> None:
    concurrency = Concurrency(32)
    concurrency.take()
    concurrency.refused(5.0, sent_at=4.0)
    assert concurrency.limit == 8


def test_concurrency_never_falls_below_one() -> None:
    concurrency = Concurrency(32)
    for second in range(50):
        concurrency.setback(float(second), sent_at=float(second))
    assert concurrency.limit == 1


def test_after_a_setback_a_round_of_successes_adds_one() -> None:
    concurrency = Concurrency(32)
    failing(concurrency, 5.0)
    for _ in range(7):
        concurrency.succeeded()
    assert concurrency.limit == 6


# -- how often


def test_without_a_refusal_there_is_no_pace() -> None:
    pacer = Pacer()
    pacer.take(0.0)
    assert pacer.wait_s(0.0) == 0.0


def test_a_fixed_rate_spaces_requests() -> None:
    pacer = Pacer(60)
    pacer.take(10.0)
    assert pacer.wait_s(10.0) == pytest.approx(1.0, abs=0.11)


def test_a_refusal_pauses_everybody_for_what_the_server_asks() -> None:
    pacer = Pacer()
    pacer.take(0.0)
    pacer.refused(1.0, 0.0, wait_s=20.0, jitter=0.5)
    assert pacer.wait_s(1.0) == 20.0


def test_after_a_pause_one_request_goes_ahead() -> None:
    pacer = Pacer()
    pacer.take(0.0)
    pacer.refused(1.0, 0.0, wait_s=2.0, jitter=0.0)
    pacer.take(3.0)
    assert pacer.is_blocked


def test_when_it_gets_through_the_others_follow() -> None:
    pacer = Pacer()
    pacer.take(0.0)
    pacer.refused(1.0, 0.0, wait_s=2.0, jitter=0.0)
    pacer.take(3.0)
    pacer.answered(3.0)
    assert not pacer.is_blocked


@pytest.mark.parametrize(("streak", "pause_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (9, 5.0)])
def test_pauses_of_our_own_double_up_to_five_seconds(streak: int, pause_s: float) -> None:
    pacer, now = Pacer(), 0.0
    for _ in range(streak):
        pacer.take(now)
        pacer.refused(now, now, wait_s=None, jitter=0.0)
        last, now = now, now + 100.0
    assert pacer.pause_s(last) == pause_s


def test_a_server_that_asks_for_too_little_again_and_again_is_given_more() -> None:
    pacer = Pacer()
    for now in (0.0, 10.0, 20.0, 30.0):
        pacer.take(now)
        pacer.refused(now, now, wait_s=0.1, jitter=0.0)
    assert pacer.pause_s(30.0) == 4.0


def test_an_outage_teaches_nothing_about_the_rate() -> None:
    pacer = Pacer()
    for now in (0.0, 10.0, 20.0):
        pacer.take(now)
        pacer.refused(now, now, wait_s=1.0, jitter=0.0)
    assert pacer.rate(30.0) is None


# -- the gate


def test_at_most_so_many_creates_of_threads_are_under_way() -> None:
    async def most_at_once() -> int:
        gate, under_way, most = limits(create_ceiling=3), 0, 0

        async def one() -> None:
            nonlocal under_way, most
            ticket = await gate.enter(post(Kind.CREATE))
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(1)
            under_way -= 1
            gate.leave(ticket, Verdict.DONE)

        await asyncio.gather(*(one() for _ in range(10)))
        return most

    assert hand_loop.run(most_at_once()) == 3


def test_the_ceiling_holds_for_all_classes_together() -> None:
    async def most_at_once() -> int:
        gate, under_way, most = limits(ceiling=4), 0, 0

        async def one(kind: Kind) -> None:
            nonlocal under_way, most
            ticket = await gate.enter(Request("X", "/x", kind))
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(1)
            under_way -= 1
            gate.leave(ticket, Verdict.DONE)

        await asyncio.gather(*(one(kind) for kind in Kind for _ in range(4)))
        return most

    assert hand_loop.run(most_at_once()) == 4


def test_requests_of_a_class_start_in_the_order_they_came() -> None:
    async def order() -> list[int]:
        gate, started = limits(ceiling=2), []

        async def one(number: int) -> None:
            ticket = await gate.enter(post())
            started.append(number)
            await asyncio.sleep(1)
            gate.leave(ticket, Verdict.DONE)

        await asyncio.gather(*(one(number) for number in range(9)))
        return started

    assert hand_loop.run(order()) == list(range(9))


def test_a_pause_of_writes_does_not_hold_reads() -> None:
    async def waited() -> tuple[float, float]:
        gate = limits()
        gate.leave(await gate.enter(post()), Verdict.BUSY, wait_s=30.0)
        await gate.enter(Request("GET", "/x", Kind.READ))
        read_at = hand_loop.clock()
        await gate.enter(post(Kind.UPDATE))
        return read_at, hand_loop.clock()

    assert hand_loop.run(waited()) == (0.0, 30.0)


def test_creates_of_threads_and_messages_share_one_pause() -> None:
    async def waited() -> float:
        gate = limits()
        gate.leave(await gate.enter(post(Kind.APPEND)), Verdict.BUSY, wait_s=7.0)
        await gate.enter(post(Kind.CREATE))
        return hand_loop.clock()

    assert hand_loop.run(waited()) == 7.0


def test_an_interruption_ends_a_pause_within_a_quarter_second() -> None:
    async def waited() -> float:
        gate = limits(interrupted=lambda: hand_loop.clock() >= 3.1)
        gate.leave(await gate.enter(post()), Verdict.BUSY, wait_s=60.0)
        with pytest.raises(ServiceUnavailable, match="not sent"):
            await gate.enter(post())
        return hand_loop.clock()

    assert hand_loop.run(waited()) == 3.25


def test_nobody_waits_for_a_server_that_asks_for_too_long() -> None:
    async def waited() -> float:
        gate = limits()
        gate.leave(await gate.enter(post()), Verdict.BUSY, wait_s=3600.0)
        others = [gate.enter(post()) for _ in range(20)]
        answers = await asyncio.gather(*others, return_exceptions=True)
        assert {str(each) for each in answers} == {
            "POST /x was not sent: the server asks to wait 3,600 s, more than 120 s"
        }
        return hand_loop.clock()

    assert hand_loop.run(waited()) == 0.0


def test_whoever_watches_is_told_of_a_pause_once() -> None:
    told: list[tuple[str, float]] = []

    async def storm() -> None:
        gate = limits(on_wait=lambda reason, seconds: told.append((reason, seconds)))
        tickets = [await gate.enter(post()) for _ in range(5)]
        await asyncio.sleep(1)
        for ticket in tickets:
            gate.leave(ticket, Verdict.BUSY, wait_s=12.0)

    hand_loop.run(storm())
    assert told == [("the server allows no more requests for now (429)", 12.0)]


def test_a_cancelled_request_gives_its_place_back() -> None:
    async def entered() -> bool:
        gate = limits(ceiling=1)
        gate.abandon(await gate.enter(post()))
        gate.abandon(await gate.enter(post()))
        return True

    assert hand_loop.run(entered())


def test_a_cancelled_wait_does_not_hold_the_others() -> None:
    async def entered() -> bool:
        gate = limits(ceiling=1)
        ticket = await gate.enter(post())
        first = asyncio.create_task(gate.enter(post()))
        second = asyncio.create_task(gate.enter(post()))
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.sleep(1)
        gate.leave(ticket, Verdict.DONE)
        await second
        return True

    assert hand_loop.run(entered())


@pytest.mark.parametrize("kind", [each for each in Kind if each is not Kind.READ])
def test_an_interrupted_run_sends_no_write_that_still_waits_its_turn(kind: Kind) -> None:
    async def body() -> None:
        gate = limits(interrupted=lambda: True)

        with pytest.raises(ServiceUnavailable):
            await gate.enter(post(kind))
        await gate.enter(post(Kind.READ))

    hand_loop.run(body())
