"""Events: what happens during a run, for whoever watches; frozen, never decided upon."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import ReconcilerError
from reconciler.frozen import frozen
from reconciler.plan.model import Action
from reconciler.state.model import OutputValue, Suspect


@frozen
class Refreshing:
    """An object is about to be read."""

    address: Address
    id: str


@frozen
class ChangeStarted:
    """A change is about to be sent."""

    address: Address
    action: Action
    id: str | None


@frozen
class ChangeFinished:
    """A change is done and recorded."""

    address: Address
    action: Action
    id: str | None
    elapsed_s: float


@frozen
class ChangeFailed:
    """A change is over and was not done, or nobody knows."""

    address: Address
    action: Action
    error: ReconcilerError


@frozen
class Waiting:
    """The run waits for the server."""

    reason: str
    seconds: float


@frozen
class Recovered:
    """A write of an interrupted run has been explained."""

    address: Address
    message: str


@frozen
class Warned:
    """Something about the state that a person should know; the run goes on."""

    message: str


Event = Refreshing | ChangeStarted | ChangeFinished | ChangeFailed | Waiting | Recovered | Warned


class Status(StrEnum):
    """How one change ended."""

    APPLIED = "applied"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Sent, and no answer to it is recorded: the next run looks for it."""
    SKIPPED = "skipped"


@frozen
class Outcome:
    """How one change ended, and why it was not applied."""

    address: Address
    action: Action
    status: Status
    error: ReconcilerError | None = None
    blocked_by: Address | None = None


@frozen
class Report:
    """How a run ended: every change exactly once."""

    outcomes: tuple[Outcome, ...] = ()
    outputs: dict[str, OutputValue] = field(default_factory=dict)
    suspects: tuple[Suspect, ...] = ()
    warnings: tuple[str, ...] = ()
    interrupted: bool = False
    failure: ReconcilerError | None = None
    """What kept the run from writing its state at the end; what it did is in the journal."""
    problems: tuple[Diagnostic, ...] = ()
    """What outputs and checks turned out to be wrong with once everything else was done."""
    calls: int = 0
    imported: int = 0
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    forgotten: int = 0

    @property
    def ok(self) -> bool:
        """Whether every change was applied and the state is written."""
        return (
            not self.interrupted
            and self.failure is None
            and not any(each.severity is Severity.ERROR for each in self.problems)
            and all(each.status is Status.APPLIED for each in self.outcomes)
        )
