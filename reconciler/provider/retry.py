"""Retry: whether a request is sent again, decided from what came back and nothing else."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from reconciler.errors import ProviderError
from reconciler.frozen import frozen
from reconciler.provider.answers import Outcome, Verdict
from reconciler.provider.request import Kind


@frozen
class Policy:
    """The numbers. Documented in docs/reference/provider.md, which a test compares."""

    attempts: int = 6
    """How often a request that fails is sent in all."""
    first_attempts: int = 3
    """The same while the server has not answered anything in this run: it may not be there."""
    backoff_s: float = 0.5
    """The pause after the first failure; it doubles with each."""
    backoff_max_s: float = 8.0
    """The longest such pause."""
    retry_after_max_s: float = 120.0
    """A server that asks to wait longer is not waited for."""
    busy_max_s: float = 900.0
    """How long one request may be put off by 429 answers."""
    run_wait_s: float = 300.0
    """How long a run that holds the thread is waited for."""
    run_poll_s: float = 1.0
    """The first pause between two looks at such a run; it doubles with each."""
    run_poll_max_s: float = 10.0
    """The longest such pause."""


@frozen
class Attempts:
    """What one request has been through so far."""

    failed: int = 0
    """Attempts that were not sent or not answered."""
    reached: bool = True
    """Whether the server has answered anything in this run."""
    busy_s: float = 0.0
    """Since the first 429."""
    run_waits: int = 0
    run_s: float = 0.0
    """Waited for a run to end."""


class Why(StrEnum):
    """What a request waits for before it is sent again."""

    BUSY = "busy"
    RUN = "run"
    FAILURE = "failure"


@frozen
class Again:
    """Send it again, after a while. None leaves the while to the limits of its endpoint class."""

    why: Why
    after_s: float | None


@frozen
class Over:
    """Raise *error*."""

    error: ProviderError


def decide(
    kind: Kind,
    outcome: Outcome,
    attempts: Attempts,
    *,
    credit: float,
    jitter: float,
    policy: Policy,
    interrupted: bool = False,
) -> Again | Over:
    """Decide what follows an attempt that did not succeed.

    A create is sent again only where it certainly was not carried out. *credit* is what the run's
    retry budget still holds, *jitter* lies in [0, 1) and is added on top of every wait. Once the
    run is *interrupted* nothing is waited for.
    """
    error = outcome.error
    assert error is not None, "what succeeded is not decided upon"
    match outcome.verdict:
        case Verdict.DONE | Verdict.REFUSED:
            return Over(error)
        case _ if interrupted:
            return Over(error)
        case Verdict.BUSY:
            return _after_busy(outcome, error, attempts, jitter, policy)
        case Verdict.RUN_ACTIVE:
            return _after_run(error, attempts, policy)
        case Verdict.NOT_SENT:
            return _after_failure(outcome, error, attempts, credit, jitter, policy)
        case Verdict.UNKNOWN:
            if not kind.is_repeatable:
                return Over(error)
            return _after_failure(outcome, error, attempts, credit, jitter, policy)
        case never:
            assert_never(never)


def _after_busy(
    outcome: Outcome, error: ProviderError, attempts: Attempts, jitter: float, policy: Policy
) -> Again | Over:
    if outcome.wait_s is not None and outcome.wait_s > policy.retry_after_max_s:
        asked = f"it asks to wait {outcome.wait_s:,.0f} s, more than {policy.retry_after_max_s:g} s"
        return Over(_extended(error, asked))
    if attempts.busy_s > policy.busy_max_s:
        return Over(_extended(error, f"it has refused this for {attempts.busy_s:,.0f} s"))
    if outcome.wait_s is None:
        return Again(Why.BUSY, None)
    return Again(Why.BUSY, outcome.wait_s + _spread(outcome.wait_s, jitter))


def _after_run(error: ProviderError, attempts: Attempts, policy: Policy) -> Again | Over:
    left_s = policy.run_wait_s - attempts.run_s
    if left_s <= 0:
        error = _extended(error, f"waited {policy.run_wait_s:g} s for the run to end")
        error.hint = (
            "let the run end or cancel it, then try again; run_wait_s sets how long to wait"
        )
        return Over(error)
    pause_s = min(policy.run_poll_s * 2**attempts.run_waits, policy.run_poll_max_s)
    return Again(Why.RUN, min(pause_s, left_s))


def _after_failure(
    outcome: Outcome,
    error: ProviderError,
    attempts: Attempts,
    credit: float,
    jitter: float,
    policy: Policy,
) -> Again | Over:
    if attempts.failed + 1 >= (policy.attempts if attempts.reached else policy.first_attempts):
        return Over(_extended(error, f"tried {attempts.failed + 1} times"))
    if credit < 1:
        return Over(_extended(error, "not tried again: too many requests of this run have failed"))
    if outcome.wait_s is not None and outcome.wait_s > policy.retry_after_max_s:
        return Over(_extended(error, f"it asks to wait {outcome.wait_s:,.0f} s"))
    pause_s = min(policy.backoff_s * 2**attempts.failed, policy.backoff_max_s)
    pause_s = max(pause_s, outcome.wait_s or 0.0)
    return Again(Why.FAILURE, pause_s + _spread(pause_s, jitter))


def _spread(wait_s: float, jitter: float) -> float:
    return jitter * min(wait_s * 0.25, 2.0)


def _extended(error: ProviderError, reason: str) -> ProviderError:
    """The same error with one more sentence."""
    error.message = f"{error.message}; {reason}"
    error.args = (error.message,)
    return error


class Budget:
    """Retries of a whole run, on credit: each failed attempt costs 1, each success earns *earn*.

    With one request in three failing the credit lasts for ever; against a server that is down it
    is used up after *capacity* attempts, whatever number of requests the run has.
    """

    def __init__(self, *, capacity: float = 100.0, earn: float = 0.5) -> None:
        self._capacity = capacity
        self.earned = earn
        self.credit = capacity

    def spend(self) -> None:
        """Note a failed attempt that is repeated."""
        self.credit -= 1

    def earn(self) -> None:
        """Note a success."""
        self.credit = min(self._capacity, self.credit + self.earned)
