"""Executor: carry out a plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.address import Address
from reconciler.errors import (
    CredentialsRejected,
    NotServed,
    ProviderError,
    ReconcilerError,
    ServiceUnavailable,
    SpecError,
    StalePlan,
    StateUnwritable,
)
from reconciler.execute import appending, changing, checking, creating, finishing, reading
from reconciler.execute.appending import Made
from reconciler.execute.context import Run
from reconciler.execute.ends import Ends
from reconciler.execute.entering import enter
from reconciler.execute.events import ChangeFailed, ChangeFinished, ChangeStarted, Report
from reconciler.execute.faithful import check_not_moved_on, resolve
from reconciler.execute.flight import Flight
from reconciler.execute.gone import Deletion, Deletions
from reconciler.execute.interruption import Interruption
from reconciler.execute.recording import parent_id_of
from reconciler.execute.schedule import Phase, Schedule, Step
from reconciler.execute.steps import Steps, make_step, unmake_step
from reconciler.execute.turns import Turns
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.plan.batch import Batching, Shares
from reconciler.plan.model import Action, Plan, PlannedChange, SequencePlan
from reconciler.provider.protocol import NO_API
from reconciler.state.entries import Drop
from reconciler.state.model import configuration_name


async def execute(
    plan: Plan,
    steps: Steps,
    run: Run,
    *,
    batching: Batching,
    concurrency: int,
    interruption: Interruption,
) -> Report:
    """Carry out *plan*, with at most *concurrency* steps in flight.

    A failed change stops only what depends on it; the rest still happens. Every outcome is
    recorded as it lands and before anything that depends on it starts.
    """
    run.turns.update(
        {
            name: Turns(settings.create_concurrency, is_heard=run.provider(name).calls > 0)
            for name, settings in run.settings.items()
        }
    )
    worker = _Worker(plan, steps, run, batching, Schedule(steps.waits_for))
    await enter(plan, run.recorder)
    await worker.work(concurrency, interruption)
    if not interruption.count and worker.ends.fatal is None:
        (member_type,) = steps.sequence_types
        await worker.deleted.check(
            run, worker.ends, plan.read_backs, member_type, concurrency=concurrency
        )
    report = worker.ends.report(
        plan,
        steps,
        open_intents=run.recorder.open_intents(),
        interrupted=interruption.count > 0,
    )
    return replace(report, warnings=(*run.warnings, *run.oddities.warnings()))


@dataclass(slots=True)
class _Worker:
    plan: Plan
    steps: Steps
    run: Run
    batching: Batching
    schedule: Schedule
    ends: Ends = field(default_factory=Ends)
    sequence_of: dict[Address, SequencePlan] = field(default_factory=dict)
    by_parent: dict[Address, SequencePlan] = field(default_factory=dict)
    before_append: dict[str, str | None] = field(default_factory=dict)
    """By parent id: the last member before the first append of this run."""
    shares: dict[Address, Shares] = field(default_factory=dict)
    """By the first member that a sequence appends."""
    runs: dict[Address, tuple[Address, ...]] = field(default_factory=dict)
    """By its first member: what is appended with one call."""
    deleted: Deletions = field(default_factory=Deletions)
    verified: set[Address] = field(default_factory=set)
    """Members whose place a listing has already shown."""

    def __post_init__(self) -> None:
        for sequence in self.steps.free:
            for address in sequence.appended:
                self.sequence_of[address] = sequence
            if isinstance(sequence.parent, Address):
                self.by_parent[sequence.parent] = sequence

    async def work(self, concurrency: int, interruption: Interruption) -> None:
        """Start what is free, wait for what is in flight, until nothing is left."""
        flight = Flight(concurrency, interruption)
        backlog: deque[Step] = deque()
        self._refuse_blocked()
        while not (
            self.schedule.is_finished or interruption.count or self.ends.fatal or flight.failure
        ):
            backlog.extend(self.schedule.take_ready())
            while backlog and flight.has_room:
                flight.start(self._perform(backlog.popleft()))
            if not flight.is_empty:
                await flight.wait_for_one()
            elif not self.schedule.is_finished:
                self.schedule.release_deletions()
        await flight.drain()
        if flight.failure is not None:
            raise flight.failure
        for step in (*backlog, *self.schedule.abandon()):
            self.ends.skipped.setdefault(step, None)

    def _refuse_blocked(self) -> None:
        """Leave alone what a suspect stands in the way of, and what follows from it."""
        for step, change in self.steps.changes.items():
            if change.blocked_by is not None and self.schedule.holds(step):
                self.ends.skipped[step] = make_step(change.blocked_by)
                self._leave(step, ok=False)

    async def _perform(self, step: Step) -> None:
        try:
            await self._dispatch(step)
        except _FAILURES as error:
            self._fail(step, error)

    async def _dispatch(self, step: Step) -> None:
        match step.phase:
            case Phase.MAKE:
                await self._make(step)
            case Phase.CHECK:
                await self._check(step)
            case Phase.UNMAKE:
                await self._unmake(step)
            case Phase.GATE:
                raise AssertionError("a gate is never handed over")

    async def _make(self, step: Step) -> None:
        change = self.steps.changes[step]
        match change.action:
            case Action.FORGET:
                await self.run.recorder.record(Drop(change.address))
                self._succeed(step, change, None, self.run.clock())
            case Action.UPDATE:
                await self._make_one(step, change)
            case Action.READ:
                started = self._start(change, None)
                await reading.read(self.run, change)
                self._succeed(step, change, None, started)
            case _ if change.address in self.sequence_of:
                await self._append(step, change)
            case _:
                await self._create(step, change)

    async def _make_one(self, step: Step, change: PlannedChange) -> None:
        started = self._start(change, change.recorded.id if change.recorded else None)
        self._succeed(step, change, await changing.update(self.run, change), started)

    async def _create(self, step: Step, change: PlannedChange) -> None:
        await self._check_before_replacing(change)
        members = self._members_along(step, change)
        started = self._start(change, None)
        for member in members:
            self._start(member, None)
        sequence = self.by_parent.get(change.address)
        try:
            made = await creating.create_parent(
                self.run, change, members, is_alone=sequence is None or not sequence.appended
            )
        except _FAILURES as error:
            self._give_up([make_step(each.address) for each in members], step, error)
            raise error
        self.verified.update(each.change.address for each in made if each.error is None)
        self._settle_made(made, [step, *(make_step(each.address) for each in members)], started)

    def _members_along(self, step: Step, change: PlannedChange) -> list[PlannedChange]:
        sequence = self.by_parent.get(change.address)
        if sequence is None or not sequence.appended:
            return []
        candidates = [make_step(each) for each in self._shares(sequence).riding]
        return [self.steps.changes[each] for each in self.schedule.absorb(step, candidates)]

    def _shares(self, sequence: SequencePlan) -> Shares:
        first = sequence.appended[0]
        if first not in self.shares:
            self.shares[first] = self.batching.shares(sequence)
        return self.shares[first]

    def _behind(self, leader: Address, sequence: SequencePlan) -> tuple[Address, ...]:
        """The members that go along in the call that *leader* is the first of."""
        if leader not in self.runs:
            self.runs.update({run[0]: run for run in self._shares(sequence).appended})
        return self.runs.get(leader, (leader,))[1:]

    async def _append(self, step: Step, change: PlannedChange) -> None:
        instance = resolve(self.run, change)
        parent_id = parent_id_of(instance)
        sequence = self.sequence_of[change.address]
        candidates = [make_step(each) for each in self._behind(change.address, sequence)]
        taken = [step, *self.schedule.absorb(step, candidates)]
        changes = [self.steps.changes[each] for each in taken]
        started = min(self._start(each, None) for each in changes)
        try:
            await self._before_appending(sequence, instance, parent_id)
            made = await appending.append_members(self.run, changes, parent_id)
        except _FAILURES as error:
            self._give_up(taken[1:], step, error)
            if isinstance(sequence.parent, Address):
                parent = self.run.recorder.object(sequence.parent)
                if parent is None or parent.id != parent_id:
                    self.ends.take_back(make_step(sequence.parent), error)
            raise error
        self._settle_made(made, taken, started)

    async def _before_appending(
        self, sequence: SequencePlan, instance: Instance, parent_id: str
    ) -> None:
        parent = sequence.parent if isinstance(sequence.parent, Address) else sequence.order[0]
        await check_not_moved_on(
            self.run, instance.provider, sequence.member_type, parent_id, parent
        )
        await finishing.begin(sequence, parent_id, self.run.recorder)
        if parent_id not in self.before_append:
            self.before_append[parent_id] = await appending.find_tail(self.run, instance, parent_id)
        await self.run.sleep(self.run.settings[instance.provider].sequence_gap_s)

    def _settle_made(self, made: Sequence[Made], taken: Sequence[Step], started: float) -> None:
        by_step = {make_step(each.change.address): each for each in made}
        for step in taken:
            ended = by_step.get(step)
            if ended is None:
                self._skip(step, next(each for each, is_ in by_step.items() if is_.error))
            elif ended.error is not None:
                self._fail(step, ended.error)
            else:
                self._succeed(step, ended.change, ended.id, started)

    async def _check(self, step: Step) -> None:
        sequence = self.steps.sequences[step]
        fresh = [each for each in sequence.appended if each not in self.verified]
        if fresh and (object_ := self.run.recorder.object(fresh[0])) is not None:
            instance = self.run.resolver.resolve(object_.address)
            parent_id = parent_id_of(instance)
            try:
                lost = await checking.check_sequence(
                    self.run, sequence, fresh, parent_id, after=self.before_append.get(parent_id)
                )
            except ProviderError as doubt:
                self._doubt(step, parent_id, doubt)
                return
            for address, error in lost.items():
                self.ends.failures[make_step(address)] = error
                self.run.emit(ChangeFailed(address, Action.CREATE, error))
            if lost:
                self._leave(step, ok=False)
                return
            await finishing.end(sequence, parent_id, self.run.recorder)
        self._leave(step, ok=True)

    def _doubt(self, check: Step, parent_id: str, error: ProviderError) -> None:
        """Delete nothing in a sequence that could not be read back."""
        self.run.warnings.append(f"{parent_id} could not be read back: {error.message}")
        if isinstance(error, CredentialsRejected):
            self._end(error)
        self._leave(check, ok=False)

    async def _unmake(self, step: Step) -> None:
        change = self.steps.changes.get(step)
        if change is None:
            await self._clean(step)
            return
        assert change.recorded is not None, "only what is recorded is deleted"
        carried = self.steps.carried.get(step, ())
        await self._check_before_deleting(change)
        started = self._start(change, change.recorded.id, Action.DELETE)
        await changing.delete(self.run, change, carried)
        self.deleted.note_managed(step, change, self.steps.sequence_types)
        for each in carried:
            self.ends.done.add(unmake_step(each))
            self._finished(
                each, Action.DELETE, each.recorded.id if each.recorded else None, started
            )
        self._finished(change, Action.DELETE, change.recorded.id, started)
        self.ends.done.add(step)
        self._leave(step, ok=True)

    async def _check_before_replacing(self, change: PlannedChange) -> None:
        """A parent that has moved on keeps its place: there shall not be two of it."""
        if change.action is Action.REPLACE:
            await self._check_before_deleting(change)

    async def _check_before_deleting(self, change: PlannedChange) -> None:
        """See that the parent is as planned, whether it goes itself or one of its members."""
        recorded = change.recorded
        assert recorded is not None, "only what is recorded is deleted"
        sequence = self.steps.sequence_types.get(change.address.type)
        parent_id = recorded.id if sequence is None else recorded.attributes.get(sequence)
        member_type = change.address.type if sequence else next(iter(self.steps.sequence_types))
        await check_not_moved_on(
            self.run,
            configuration_name(recorded.provider),
            member_type,
            str(parent_id),
            change.address,
        )

    async def _clean(self, step: Step) -> None:
        sequence = self.steps.sequences[step]
        parent = sequence.parent
        assert isinstance(parent, Address), "only threads of the specs are cleaned up"
        recorded = self.run.recorder.object(parent)
        assert recorded is not None, "a thread with members exists"
        name = configuration_name(recorded.provider)
        await check_not_moved_on(self.run, name, sequence.member_type, recorded.id, parent)
        await changing.delete_unmanaged(
            self.run,
            name,
            sequence.member_type,
            {"id": step.detail, "thread_id": recorded.id},
            parent,
        )
        self.deleted.note(recorded.id, Deletion(step, parent, step.detail))
        self.ends.done.add(step)
        self._leave(step, ok=True)

    def _start(self, change: PlannedChange, id_: str | None, action: Action | None = None) -> float:
        self.run.emit(ChangeStarted(change.address, action or _shown(change.action), id_))
        return self.run.clock()

    def _succeed(self, step: Step, change: PlannedChange, id_: str | None, started: float) -> None:
        self.ends.done.add(step)
        self._finished(change, _shown(change.action), id_, started)
        self._leave(step, ok=True)

    def _finished(
        self, change: PlannedChange, action: Action, id_: str | None, started: float
    ) -> None:
        elapsed_s = self.run.clock() - started
        self.run.emit(ChangeFinished(change.address, action, id_, elapsed_s))

    def _fail(self, step: Step, error: ReconcilerError) -> None:
        is_ending = self.run.interrupted() or self.ends.fatal is not None
        if isinstance(error, ServiceUnavailable) and is_ending:
            self._skip(step, None)
            return
        self.ends.failures[step] = error
        change = self.steps.changes.get(step)
        action = change.action if change is not None else Action.DELETE
        self.run.emit(ChangeFailed(step.address, action, error))
        if isinstance(error, (CredentialsRejected, StateUnwritable)) or (
            isinstance(error, NotServed) and error.code == NO_API
        ):
            self._end(error)
        self._leave(step, ok=False)

    def _end(self, error: ReconcilerError) -> None:
        self.ends.fatal = error
        for each in self.run.turns.values():
            each.end()

    def _give_up(self, along: Sequence[Step], step: Step, error: ReconcilerError) -> None:
        self.ends.note_sent(along, error)
        for each in along:
            self._skip(each, step)

    def _skip(self, step: Step, cause: Step | None) -> None:
        self.ends.skipped[step] = cause
        self._leave(step, ok=False)

    def _leave(self, step: Step, *, ok: bool) -> None:
        for skipped, cause in self.schedule.settle(step, ok=ok):
            self.ends.skipped.setdefault(skipped, cause)


_FAILURES = (ProviderError, SpecError, StalePlan, StateUnwritable)
"""How one change can fail; some of these end the run, but no call is cut off for it."""


def _shown(action: Action) -> Action:
    """A replacement is announced as the creation it starts with."""
    return Action.CREATE if action is Action.REPLACE else action
