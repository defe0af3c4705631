"""Ends: how every step of a plan ended, and the report that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.address import Address
from reconciler.errors import ProviderError, ReconcilerError
from reconciler.execute.events import Outcome, Report, Status
from reconciler.execute.lost import may_have_happened
from reconciler.execute.schedule import Step
from reconciler.execute.steps import Steps, make_step, unmake_step
from reconciler.plan.model import Action, Plan, PlannedChange
from reconciler.state.entries import Intent


@dataclass(slots=True)
class Ends:
    """What is known of the steps that are over."""

    done: set[Step] = field(default_factory=set)
    failures: dict[Step, ReconcilerError] = field(default_factory=dict)
    skipped: dict[Step, Step | None] = field(default_factory=dict)
    """Each with the step whose failure kept it from starting; None where the run ended first."""
    unanswered: set[Step] = field(default_factory=set)
    """What was sent, and nobody knows what became of it."""
    fatal: ReconcilerError | None = None
    """What ended the whole run."""

    def note_sent(self, steps: Iterable[Step], error: ReconcilerError) -> None:
        """Note what went along in a call that ended with *error*."""
        if isinstance(error, ProviderError) and may_have_happened(error):
            self.unanswered.update(steps)

    def take_back(self, step: Step, error: ReconcilerError) -> None:
        """Note that what was done turned out not to be."""
        if step in self.done:
            self.done.discard(step)
            self.failures[step] = error

    def report(
        self, plan: Plan, steps: Steps, *, open_intents: Iterable[Intent], interrupted: bool
    ) -> Report:
        """Say how every change ended, each once, in the order of the plan.

        What *open_intents* announce was sent, and no answer to it is recorded.
        """
        self.unanswered.update(step for each in open_intents for step in steps.announced_by(each))
        found = (self._outcome(each, steps) for each in plan.changes)
        outcomes = tuple(each for each in found if each is not None)
        applied = [each.action for each in outcomes if each.status is Status.APPLIED]
        cleaned = [each for each in steps.cleaning if each in self.done]
        replaced = applied.count(Action.REPLACE)
        return Report(
            outcomes=(*outcomes, *self._uncleaned(steps)),
            interrupted=interrupted,
            imported=sum(each.import_id is not None for each in plan.changes),
            added=applied.count(Action.CREATE) + replaced,
            changed=applied.count(Action.UPDATE),
            destroyed=applied.count(Action.DELETE) + replaced + len(cleaned),
            forgotten=applied.count(Action.FORGET),
        )

    def _uncleaned(self, steps: Steps) -> Iterator[Outcome]:
        """The deletions of unmanaged members that were not done, under their parents' addresses."""
        for step in steps.cleaning:
            parent = steps.sequences[step].parent
            assert isinstance(parent, Address), "only threads of the specs are cleaned up"
            if step in self.failures:
                yield Outcome(parent, Action.DELETE, Status.FAILED, self.failures[step])
            elif step in self.unanswered and step not in self.done:
                yield Outcome(parent, Action.DELETE, Status.UNKNOWN)
            elif step not in self.done:
                cause = self.skipped.get(step)
                blocker = cause.address if cause is not None else None
                yield Outcome(parent, Action.DELETE, Status.SKIPPED, self.fatal, blocker)

    def _outcome(self, change: PlannedChange, steps: Steps) -> Outcome | None:
        wanted = [
            step
            for step in (make_step(change.address), unmake_step(change))
            if steps.change_of(step) is change
        ]
        if not wanted:
            return None
        failed = next((step for step in wanted if step in self.failures), None)
        if failed is not None:
            error = self.failures[failed]
            return Outcome(change.address, change.action, Status.FAILED, error)
        if any(step in self.unanswered and step not in self.done for step in wanted):
            return Outcome(change.address, change.action, Status.UNKNOWN)
        missing = next((step for step in wanted if step not in self.done), None)
        if missing is not None:
            cause = self.skipped.get(missing)
            blocker = cause.address if cause is not None else None
            return Outcome(change.address, change.action, Status.SKIPPED, self.fatal, blocker)
        return Outcome(change.address, change.action, Status.APPLIED)
