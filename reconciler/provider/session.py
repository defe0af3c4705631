"""Session: a request carried to its end: paced, sent, classified, sent again where it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.errors import NotServed, ObjectNotFound, OutcomeUnknown, ProviderError
from reconciler.frozen import replace
from reconciler.provider.answers import (
    HTML,
    Outcome,
    Reply,
    Verdict,
    classify,
    unusable,
)
from reconciler.provider.client import Client
from reconciler.provider.credentials import Credentials
from reconciler.provider.discretion import Discretion
from reconciler.provider.limits import Clock, Limits
from reconciler.provider.protocol import NO_API, UNKNOWN_ROUTE, UNPROVEN
from reconciler.provider.request import Kind, Request
from reconciler.provider.retry import Again, Attempts, Budget, Over, Policy, Why, decide


@dataclass(slots=True)
class _Journey:
    """One request on its way."""

    request: Request
    attempts: Attempts = field(default_factory=Attempts)
    busy_since: float | None = None
    may_have_happened: bool = False
    renewed: bool = False


class Session:
    """Everything one provider configuration sends goes through here."""

    def __init__(
        self,
        client: Client,
        limits: Limits,
        credentials: Credentials,
        *,
        discretion: Discretion,
        unserved_hint: str | None = None,
        policy: Policy,
        clock: Clock,
        jitter: Clock,
        interrupted: Callable[[], bool] | None = None,
    ) -> None:
        self._client = client
        self._limits = limits
        self._credentials = credentials
        self._discretion = discretion
        self._unserved_hint = unserved_hint
        self._policy = policy
        self._budget = Budget()
        self._clock = clock
        self._jitter = jitter
        self._interrupted = interrupted or (lambda: False)
        self._reached = False
        self._has_spoken = False
        """Whether the server has answered anything the way this API does."""
        self.calls = 0
        """How many requests were sent."""

    async def call(self, request: Request) -> object:
        """Send *request* and return the JSON of its answer; None for an empty one.

        It is sent again where that is safe. A delete that was lost once and is then not found has
        happened.

        Raises:
            ProviderError: a leaf that says what the caller can do about it.
        """
        journey = _Journey(request)
        while True:
            outcome = await self._attempt(request)
            if outcome.error is None:
                self._budget.earn()
                self._has_spoken |= outcome.body is not None
                return outcome.body
            if self._happened_before(journey, outcome.error):
                return None
            await self._before_next(journey, outcome, outcome.error)

    def strange(self, request: Request, value: object, reason: str) -> ProviderError:
        """The error for a success whose body is not what *request* asks for."""
        error = unusable(request, value, reason, quoted=self._discretion.hide(repr(value)))
        self._explain(error, error)
        return error

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _attempt(self, request: Request) -> Outcome:
        token = await self._credentials.token(lambda: self._is_pointless(request))
        if token is not None:
            self._discretion.add(token)
        ticket = await self._limits.enter(request)
        self.calls += 1
        outcome = None
        try:
            came = self._discretion.without_secrets(await self._client.send(request, token=token))
            self._reached |= isinstance(came, Reply)
            outcome = classify(request, came)
            if outcome.error is not None:
                told = classify(request, self._discretion.over(came)).error
                self._explain(outcome.error, told or outcome.error)
        finally:
            if outcome is None:
                self._limits.abandon(ticket)
        self._limits.leave(ticket, outcome.verdict, wait_s=outcome.wait_s)
        return outcome

    def _is_pointless(self, request: Request) -> bool:
        """Whether the run is to end and *request* tells nothing about what was sent."""
        return self._interrupted() and (request.kind is not Kind.READ or not self.calls)

    async def _before_next(self, journey: _Journey, outcome: Outcome, error: ProviderError) -> None:
        """Wait until the request may be sent again, or raise what there is to say."""
        if error.status == 401 and not journey.renewed and self._credentials.renew():
            journey.renewed = True
            return
        if error.code == HTML and isinstance(error, OutcomeUnknown) and not self._has_spoken:
            raise await self._who_answers(journey.request, error)
        journey.may_have_happened |= outcome.verdict is Verdict.UNKNOWN
        match decide(
            journey.request.kind,
            outcome,
            self._attempts(journey, outcome),
            credit=self._budget.credit,
            jitter=self._jitter(),
            policy=self._policy,
            interrupted=self._interrupted(),
        ):
            case Over(final):
                raise final
            case Again(Why.BUSY, _):
                return
            case Again(why, after_s):
                await self._rest(journey, why, after_s or 0.0, error)

    def _explain(self, error: ProviderError, told: ProviderError) -> None:
        """Say what to try, in the words of *told*, which quotes nothing that must stay hidden."""
        if isinstance(error, NotServed) and error.code in (HTML, UNKNOWN_ROUTE, UNPROVEN):
            error.hint = self._unserved_hint
        hide = self._discretion.hide
        error.message = hide(told.message)
        error.args = (error.message,)
        error.request = error.request and hide(error.request)
        error.code = told.code and hide(told.code)
        error.param = told.param and hide(told.param)
        error.request_id = told.request_id and hide(told.request_id)

    def _attempts(self, journey: _Journey, outcome: Outcome) -> Attempts:
        journey.attempts = replace(journey.attempts, reached=self._reached)
        if outcome.verdict is Verdict.BUSY:
            if journey.busy_since is None:
                journey.busy_since = self._clock()
            busy_s = self._clock() - journey.busy_since
            journey.attempts = replace(journey.attempts, busy_s=busy_s)
        return journey.attempts

    async def _rest(
        self, journey: _Journey, why: Why, after_s: float, error: ProviderError
    ) -> None:
        tried = journey.attempts
        if why is Why.RUN:
            journey.attempts = replace(
                tried, run_waits=tried.run_waits + 1, run_s=tried.run_s + after_s
            )
            names = ", ".join(journey.request.names)
            self._limits.announce(f"a run holds {names}: {error.message}", after_s)
        else:
            self._budget.spend()
            journey.attempts = replace(tried, failed=tried.failed + 1)
            self._limits.announce(f"trying again: {error.message}", after_s)
        if not await self._limits.rest(after_s):
            raise error

    async def _who_answers(self, request: Request, error: OutcomeUnknown) -> ProviderError:
        """Tell a web page in front of the API from a server that is no API at all, by a read."""
        collection = request.path.split("/")[1]
        probe = Request("GET", f"/{collection}/probe", Kind.READ, names=("probe",))
        try:
            await self.call(probe)
        except NotServed as answer:
            if answer.code == HTML:
                answer.message, answer.code = error.message, NO_API
                return answer
        except ProviderError:
            return error
        return error

    def _happened_before(self, journey: _Journey, error: ProviderError) -> bool:
        """Whether a deletion finds nothing because an attempt whose answer was lost was carried
        out. A 404 that does not name the object says so where the server has spoken as this API."""
        if journey.request.kind is not Kind.DELETE or not journey.may_have_happened:
            return False
        if isinstance(error, ObjectNotFound):
            return True
        return error.code == UNPROVEN and error.status in (404, 410) and self._has_spoken
