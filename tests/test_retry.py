"""Retry: what is sent again, when, and what never is."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import hand_loop
import pytest

from reconciler.emulator.app import create_app
from reconciler.emulator.faults import Action, Faults, Rule, When
from reconciler.errors import (
    CredentialsRejected,
    NotServed,
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    RequestRejected,
    ServiceUnavailable,
)
from reconciler.provider.answers import Outcome, Verdict
from reconciler.provider.client import asgi_transport
from reconciler.provider.config import configure
from reconciler.provider.connect import connect
from reconciler.provider.dialects.dialect import Dialect
from reconciler.provider.request import Kind
from reconciler.provider.retry import Again, Attempts, Budget, Over, Policy, Why, decide
from reconciler.provider.retry_after import retry_after_s


def outcome(verdict: Verdict, wait_s: float | None = None) -> Outcome:
    return Outcome(verdict, error=ServiceUnavailable("it failed"), wait_s=wait_s)


def decided(
    kind: Kind,
    verdict: Verdict,
    *,
    wait_s: float | None = None,
    attempts: Attempts | None = None,
    credit: float = 100.0,
    jitter: float = 0.0,
    interrupted: bool = False,
) -> Again | Over:
    return decide(
        kind,
        outcome(verdict, wait_s),
        attempts or Attempts(),
        credit=credit,
        jitter=jitter,
        policy=Policy(),
        interrupted=interrupted,
    )


# -- the table


@pytest.mark.parametrize(
    ("verdict", "repeated"),
    [
        (Verdict.NOT_SENT, {Kind.READ, Kind.CREATE, Kind.APPEND, Kind.UPDATE, Kind.DELETE}),
        (Verdict.BUSY, {Kind.READ, Kind.CREATE, Kind.APPEND, Kind.UPDATE, Kind.DELETE}),
        (Verdict.RUN_ACTIVE, {Kind.READ, Kind.CREATE, Kind.APPEND, Kind.UPDATE, Kind.DELETE}),
        (Verdict.UNKNOWN, {Kind.READ, Kind.UPDATE, Kind.DELETE}),
        (Verdict.REFUSED, set()),
    ],
    ids=lambda value: value.value if isinstance(value, Verdict) else "",
)
def test_what_is_sent_again(verdict: Verdict, repeated: set[Kind]) -> None:
    assert {kind for kind in Kind if isinstance(decided(kind, verdict), Again)} == repeated


@pytest.mark.parametrize(("failed", "after_s"), [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)])
def test_pauses_after_failures_double(failed: int, after_s: float) -> None:
    decision = decided(Kind.READ, Verdict.UNKNOWN, attempts=Attempts(failed=failed))
    assert decision == Again(Why.FAILURE, after_s)


def test_the_sixth_failure_is_the_last() -> None:
    decision = decided(Kind.READ, Verdict.UNKNOWN, attempts=Attempts(failed=5))
    assert isinstance(decision, Over)
    assert "tried 6 times" in decision.error.message


def test_a_server_that_never_answered_is_tried_three_times() -> None:
    attempts = Attempts(failed=2, reached=False)
    assert isinstance(decided(Kind.READ, Verdict.NOT_SENT, attempts=attempts), Over)


def test_jitter_comes_on_top() -> None:
    decision = decided(Kind.READ, Verdict.UNKNOWN, jitter=0.8)
    assert isinstance(decision, Again)
    assert decision.after_s == pytest.approx(0.6)


def test_an_empty_budget_ends_retries_of_failures() -> None:
    decision = decided(Kind.READ, Verdict.UNKNOWN, credit=0.5)
    assert isinstance(decision, Over)
    assert "too many requests of this run have failed" in decision.error.message


def test_an_empty_budget_does_not_end_waiting_for_a_rate_limit() -> None:
    assert isinstance(decided(Kind.READ, Verdict.BUSY, credit=0.0), Again)


def test_a_rate_limit_waits_as_long_as_asked() -> None:
    decision = decided(Kind.CREATE, Verdict.BUSY, wait_s=30.0)
    assert decision == Again(Why.BUSY, 30.0)


@pytest.mark.parametrize("verdict", [Verdict.BUSY, Verdict.UNKNOWN])
def test_more_than_two_minutes_are_not_waited_for(verdict: Verdict) -> None:
    decision = decided(Kind.READ, verdict, wait_s=1e9)
    assert isinstance(decision, Over)
    assert "asks to wait 1,000,000,000 s" in decision.error.message


def test_a_rate_limit_that_never_ends_is_given_up_after_a_quarter_hour() -> None:
    decision = decided(Kind.READ, Verdict.BUSY, attempts=Attempts(busy_s=901))
    assert isinstance(decision, Over)


@pytest.mark.parametrize(("waits", "after_s"), [(0, 1.0), (1, 2.0), (3, 8.0), (4, 10.0), (9, 10.0)])
def test_an_active_run_is_looked_at_less_and_less_often(waits: int, after_s: float) -> None:
    decision = decided(Kind.APPEND, Verdict.RUN_ACTIVE, attempts=Attempts(run_waits=waits))
    assert decision == Again(Why.RUN, after_s)


def test_an_active_run_is_waited_for_no_longer_than_allowed() -> None:
    decision = decided(Kind.APPEND, Verdict.RUN_ACTIVE, attempts=Attempts(run_s=300))
    assert isinstance(decision, Over)
    assert "run_wait_s" in (decision.error.hint or "")


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.DONE])
def test_an_interrupted_run_waits_for_nothing(verdict: Verdict) -> None:
    assert isinstance(decided(Kind.READ, verdict, interrupted=True), Over)


def test_with_one_request_in_three_failing_the_budget_lasts() -> None:
    budget = Budget()
    for number in range(10_000):
        if number % 3 == 0:
            budget.spend()
        else:
            budget.earn()
    assert budget.credit >= 99


def test_against_a_dead_server_the_budget_is_spent_after_a_hundred_attempts() -> None:
    budget = Budget()
    for _ in range(100):
        budget.spend()
    assert budget.credit < 1


# -- how long a server asks to wait

DATE = "Mon, 23 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1000000000"}, 1e9),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": DATE}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT", "date": DATE}, None),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:30 +0100", "date": DATE}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Mon, 99 Nov 2026 10:00:30 GMT", "date": DATE}, None),
        ({"retry-after": "Mon, 23 Nov 9999999 10:00:30 GMT", "date": DATE}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12"}, 12.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "-1"}, None),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "6m0s"}, None),
    ],
)
def test_every_form_of_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_no_header_can_break_the_reader() -> None:
    chance = random.Random(3)
    letters = "0123456789.:-+eE ,;GMTMonNovnaif\x00é"
    for _ in range(3000):
        text = "".join(chance.choices(letters, k=chance.randrange(30)))
        seconds = retry_after_s({"retry-after": text, "retry-after-ms": text, "date": DATE})
        assert seconds is None or 0 < seconds < 1e13


# -- against the emulator


async def opened(*rules: Rule) -> tuple[Dialect, object, Faults]:
    faults = Faults(rules)
    app = create_app(None, faults=faults, clock=hand_loop.clock, sleep=asyncio.sleep)
    provider = connect(
        configure({"timeout_s": 20}, {}, emulator="memory"),
        transport=asgi_transport(app),
        clock=hand_loop.clock,
        jitter=lambda: 0.0,
    )
    return provider, app, faults


def attempts(faults: Faults, method: str) -> int:
    return sum(each[1] == method for each in faults.struck)


AMBIGUOUS = {
    "hung up before": Rule(do=Action.HANG_UP),
    "hung up after": Rule(do=Action.HANG_UP, when=When.AFTER),
    "stalled": Rule(do=Action.STALL, when=When.AFTER),
    "truncated": Rule(do=Action.TRUNCATE),
    "500": Rule(do=Action.REFUSE, status=500, when=When.AFTER),
    "502 page": Rule(do=Action.HTML, status=502, when=When.AFTER),
    "503": Rule(do=Action.REFUSE, status=503),
    "504": Rule(do=Action.REFUSE, status=504, when=When.AFTER),
    "408": Rule(do=Action.REFUSE, status=408, when=When.AFTER),
    "no id": Rule(do=Action.DROP),
    "id of another kind": Rule(do=Action.WRONG_JSON, reply={"id": 7}),
    "a list": Rule(do=Action.WRONG_JSON, reply=[]),
    "null": Rule(do=Action.WRONG_JSON, reply=None),
    "no JSON": Rule(do=Action.WRONG_JSON, reply="{"),
    "oversized": Rule(do=Action.OVERSIZE),
    "bomb": Rule(do=Action.OVERSIZE, how="gzip"),
    "redirect": Rule(do=Action.REDIRECT, location="http://elsewhere/"),
    "page": Rule(do=Action.HTML, status=200, when=When.AFTER),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
@pytest.mark.parametrize("what", ["thread", "message"])
def test_a_create_whose_answer_is_lost_is_sent_once(name: str, what: str) -> None:
    path = r"/threads$" if what == "thread" else r"/messages$"

    async def create() -> int:
        struck = replace(AMBIGUOUS[name], method="POST", path=path)
        provider, _, faults = await opened(struck)
        if what == "thread":
            sending = provider.create("openai_thread", {})
        else:
            parent = await provider.create("openai_thread", {})
            said = {"role": "user", "content": "hello"}
            sending = provider.append("openai_message", str(parent["id"]), [said])
        with pytest.raises(OutcomeUnknown):
            await sending
        return attempts(faults, "POST")

    assert hand_loop.run(create()) == 1


REFUSED = {
    "400": (Rule(do=Action.REFUSE, status=400), RequestRejected),
    "404 page": (Rule(do=Action.HTML, status=404), NotServed),
    "422": (Rule(do=Action.REFUSE, status=422), RequestRejected),
    "401": (Rule(do=Action.UNAUTHORIZED), CredentialsRejected),
    "403": (Rule(do=Action.REFUSE, status=403), CredentialsRejected),
    "no quota": (Rule(do=Action.RATE_LIMIT, code="insufficient_quota"), CredentialsRejected),
    "slash": (Rule(do=Action.REDIRECT, location="/v1/threads/"), NotServed),
    "slow down for ever": (
        Rule(do=Action.RATE_LIMIT, retry_after="1000000000"),
        ServiceUnavailable,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_create_is_over_at_once(name: str) -> None:
    rule, expected = REFUSED[name]

    async def create() -> int:
        provider, _, faults = await opened(rule)
        with pytest.raises(expected):
            await provider.create("openai_thread", {})
        return attempts(faults, "POST")

    assert hand_loop.run(create()) == 1


@pytest.mark.parametrize(
    "retry_after", [None, "1", "0", "-3", "garbage", "nan", "1e9", "Mon, 23 Nov 2020 10:00:30 GMT"]
)
def test_a_429_is_never_a_failed_create(retry_after: str | None) -> None:
    async def create() -> str:
        rule = Rule(do=Action.RATE_LIMIT, method="POST", last=3, retry_after=retry_after)
        provider, _, _ = await opened(rule)
        return str((await provider.create("openai_thread", {}))["id"])

    assert hand_loop.run(create()).startswith("thread_")


ABOUT_SOMETHING_ELSE = {"null", "a list", "no id", "id of another kind"}
"""Complete answers, which are not asked for again."""


@pytest.mark.parametrize(
    ("what", "name"),
    [
        (what, name)
        for what in ("read", "list", "update", "delete")
        for name in AMBIGUOUS
        if name not in ("redirect", "page")
        and (what == "delete" or name not in ABOUT_SOMETHING_ELSE)
    ],
)
def test_what_is_repeatable_survives_two_failures(what: str, name: str) -> None:
    methods = {"read": "GET", "list": "GET", "update": "POST", "delete": "DELETE"}

    async def use() -> None:
        times = None
        if what == "delete" and name == "no JSON":
            times = 1  # a second one would spoil the 404 that proves the deletion
        first = 1 if what != "update" else 2
        struck = replace(
            AMBIGUOUS[name], method=methods[what], first=first, last=first + 1, times=times
        )
        provider, _, _ = await opened(struck)
        parent = await provider.create("openai_thread", {"metadata": {"a": "b"}})
        match what:
            case "read":
                assert await provider.read("openai_thread", parent) == parent
            case "list":
                pages = provider.list_members("openai_message", str(parent["id"]))
                assert [page async for page in pages] == []
            case "update":
                changed = await provider.update("openai_thread", parent, {"metadata": {"a": "c"}})
                assert changed["metadata"] == {"a": "c"}
            case "delete":
                await provider.delete("openai_thread", parent)

    hand_loop.run(use())


def test_a_delete_that_was_lost_and_is_then_not_found_has_happened() -> None:
    async def delete() -> None:
        provider, _, _ = await opened(
            Rule(do=Action.HANG_UP, when=When.AFTER, method="DELETE", last=1)
        )
        await provider.delete("openai_thread", await provider.create("openai_thread", {}))

    hand_loop.run(delete())


def test_a_delete_that_is_not_found_at_once_is_told() -> None:
    async def delete() -> None:
        provider, _, _ = await opened()
        with pytest.raises(ObjectNotFound):
            await provider.delete("openai_thread", {"id": "thread_gone"})

    hand_loop.run(delete())


def test_an_active_run_is_waited_for() -> None:
    async def append() -> float:
        provider, _, _ = await opened(Rule(do=Action.ACTIVE_RUN, path="messages", last=4))
        parent = await provider.create("openai_thread", {})
        said = {"role": "user", "content": "hello"}
        await provider.append("openai_message", str(parent["id"]), [said])
        return hand_loop.clock()

    assert hand_loop.run(append()) == 1 + 2 + 4 + 8


def test_an_active_run_that_never_ends_is_named() -> None:
    async def append() -> ProviderError:
        provider, _, _ = await opened(Rule(do=Action.ACTIVE_RUN, path="messages"))
        parent = await provider.create("openai_thread", {})
        with pytest.raises(RequestRejected) as caught:
            await provider.append(
                "openai_message", str(parent["id"]), [{"role": "user", "content": "x"}]
            )
        assert hand_loop.clock() == pytest.approx(300, abs=1)
        return caught.value

    assert "run" in hand_loop.run(append()).message


def test_a_server_that_fails_three_times_in_ten_is_worked_through() -> None:
    async def read() -> int:
        provider, _, _ = await opened(
            Rule(do=Action.REFUSE, status=500, method="GET", probability=0.3)
        )
        parent = await provider.create("openai_thread", {})
        await asyncio.gather(*(provider.read("openai_thread", parent) for _ in range(300)))
        return provider.calls

    assert hand_loop.run(read()) < 300 / 0.7 * 1.2


def test_a_dead_server_is_asked_no_more_than_the_budget_allows() -> None:
    async def read() -> int:
        provider, _, _ = await opened(Rule(do=Action.REFUSE, status=500, method="GET"))
        parent = await provider.create("openai_thread", {})
        asked = [provider.read("openai_thread", parent) for _ in range(200)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(each, ServiceUnavailable) for each in answers)
        return provider.calls

    assert hand_loop.run(read()) <= 1 + 200 + 100


def test_a_page_instead_of_any_answer_is_not_a_suspect() -> None:
    async def create() -> None:
        provider, _, _ = await opened(Rule(do=Action.HTML, status=200))
        with pytest.raises(NotServed, match="web page"):
            await provider.create("openai_thread", {})

    hand_loop.run(create())


def test_a_page_from_a_server_that_has_spoken_may_hide_a_creation() -> None:
    async def create() -> None:
        provider, _, _ = await opened(Rule(do=Action.HTML, status=200, first=2))
        await provider.create("openai_thread", {})
        with pytest.raises(OutcomeUnknown, match="web page"):
            await provider.create("openai_thread", {})

    hand_loop.run(create())
