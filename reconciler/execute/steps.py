"""Steps: what a plan asks to be done, and what each step waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from reconciler.address import Address
from reconciler.execute.schedule import Phase, Step
from reconciler.frozen import frozen
from reconciler.plan.blocking import free
from reconciler.plan.model import Action, Plan, PlannedChange, SequencePlan
from reconciler.state.entries import Intent, IntentKind

_UNMAKING = (Action.DELETE, Action.REPLACE)


@frozen
class Steps:
    """The steps of a plan in a fixed order, each with the steps it waits for.

    *carried* are deletions that cost nothing because the parent is deleted with its members.
    """

    waits_for: Mapping[Step, frozenset[Step]]
    changes: Mapping[Step, PlannedChange]
    sequences: Mapping[Step, SequencePlan]
    """By the CHECK step of the sequence, and by each of its clean-up steps."""
    carried: Mapping[Step, tuple[PlannedChange, ...]]
    carried_changes: Mapping[Step, PlannedChange]
    """The changes in *carried* by the step they would have been."""
    sequence_types: Mapping[str, str]
    """By member type: the argument that holds the parent's id."""
    free: tuple[SequencePlan, ...] = ()
    """The sequences of the plan without what waits for something unresolved."""

    @property
    def cleaning(self) -> list[Step]:
        """The steps that each delete a member which no spec declares."""
        return [each for each in self.sequences if each.phase is Phase.UNMAKE]

    def change_of(self, step: Step) -> PlannedChange | None:
        """The change a step is part of, also where another step carries it out."""
        return self.changes.get(step) or self.carried_changes.get(step)

    def announced_by(self, intent: Intent) -> Iterator[Step]:
        """The steps that the call of *intent* carries out."""
        if intent.kind is not IntentKind.DELETE:
            yield from map(make_step, {intent.address, *intent.members})
            return
        for step in self.cleaning:
            if step.detail == intent.object_id:
                yield step
        for step, change in self.changes.items():
            known = change.recorded is not None and change.recorded.id == intent.object_id
            if known and step.phase is Phase.UNMAKE:
                yield step
                yield from map(unmake_step, self.carried.get(step, ()))


def make_step(address: Address) -> Step:
    """The step that creates, updates, reads or forgets."""
    return Step(address, Phase.MAKE)


def unmake_step(change: PlannedChange) -> Step:
    """The step that deletes the object a change is about."""
    return Step(change.address, Phase.UNMAKE, change.deposed or "")


def build_steps(
    plan: Plan, *, parent_arguments: Mapping[str, str], covers_members: Callable[[str], bool]
) -> Steps:
    """Lay out the steps of *plan*.

    Creations follow what they refer to, members follow the member before them, deletions go in
    the opposite direction and wait until everything new in their sequence stands and was read
    back. *parent_arguments* names, by member type, the argument that holds the parent's id;
    *covers_members* tells, by provider configuration, whether deleting a parent deletes them.
    """
    return _Builder(plan, parent_arguments, covers_members).build()


class _Builder:
    def __init__(
        self,
        plan: Plan,
        parent_arguments: Mapping[str, str],
        covers_members: Callable[[str], bool],
    ) -> None:
        self.plan = plan
        self.parent_arguments = parent_arguments
        self.covers_members = covers_members
        self.waits: dict[Step, set[Step]] = {}
        self.changes: dict[Step, PlannedChange] = {}
        self.sequences: dict[Step, SequencePlan] = {}
        self.carried: dict[Step, tuple[PlannedChange, ...]] = {}
        self.carriers: dict[Step, Step] = {}
        """By the deletion that is carried: the one that is carried out for it."""
        self.instances: dict[Address, list[Step]] = {}
        """By block address: the MAKE steps that are waited for."""
        self.owed: dict[str, list[Step]] = {}
        """By parent id: the deletions that an earlier run has left undone."""

    def build(self) -> Steps:
        making = [each for each in self.plan.changes if each.action.makes]
        unmaking = [each for each in self.plan.changes if each.action in _UNMAKING]
        for change in making:
            self._add(make_step(change.address), change)
            if change.is_waited_for:
                by_block = self.instances.setdefault(change.address.block, [])
                by_block.append(make_step(change.address))
        self._carry(unmaking)
        for change in unmaking:
            if unmake_step(change) not in self.carriers:
                self._add(unmake_step(change), change)
                if change.deposed is not None:
                    self.owed.setdefault(self._parent_id(change), []).append(unmake_step(change))
        for change in making:
            self.waits[make_step(change.address)].update(self._causes(change))
            if change.action is Action.READ:
                self.waits[make_step(change.address)].update(self._departures(change))
        self._order_deletions(unmaking)
        sequences = free(self.plan.sequences, self.plan.changes)
        for sequence in sequences:
            self._order_sequence(sequence)
        return Steps(
            {step: frozenset(causes) for step, causes in self.waits.items()},
            self.changes,
            self.sequences,
            self.carried,
            {unmake_step(each): each for group in self.carried.values() for each in group},
            self.parent_arguments,
            sequences,
        )

    def _add(self, step: Step, change: PlannedChange) -> None:
        self.waits[step] = set()
        self.changes[step] = change

    def _causes(self, change: PlannedChange) -> Iterator[Step]:
        for address in change.depends_on:
            step = make_step(address)
            if step in self.waits and self.changes[step].is_waited_for:
                yield step
            elif address.key is None and address in self.instances:
                yield self._gate(address)

    def _departures(self, change: PlannedChange) -> Iterator[Step]:
        """The deletions that a read waits for: those of what it depends on, and of members that
        leave a parent it depends on."""
        parents = {
            each.recorded.id
            for each in self.plan.changes
            if each.recorded is not None and each.address in change.depends_on
        }
        for step, leaving in self.changes.items():
            if step.phase is Phase.UNMAKE and (
                leaving.address in change.depends_on or self._parent_id(leaving) in parents
            ):
                yield step

    def _gate(self, block: Address) -> Step:
        gate = Step(block, Phase.GATE, Phase.MAKE)
        if gate not in self.waits:
            self.waits[gate] = set(self.instances[block])
        return gate

    def _carry(self, unmaking: list[PlannedChange]) -> None:
        """Find the deletions that the deletion of their parent includes."""
        parents = {
            each.recorded.id: each
            for each in unmaking
            if each.recorded is not None
            and each.address.type not in self.parent_arguments
            and self.covers_members(each.recorded.provider)
        }
        by_parent: dict[Step, list[PlannedChange]] = {}
        for change in unmaking:
            parent = parents.get(self._parent_id(change))
            if parent is not None:
                by_parent.setdefault(unmake_step(parent), []).append(change)
        self.carried = {step: tuple(members) for step, members in by_parent.items()}
        self.carriers = {
            unmake_step(each): step for step, members in by_parent.items() for each in members
        }

    def _order_deletions(self, unmaking: list[PlannedChange]) -> None:
        """Delete what depends on an object before the object, and make its successor first.

        A deletion that carries others waits for the successors of all of them.
        """
        by_id = {each.recorded.id: unmake_step(each) for each in unmaking if each.recorded}
        dependents: dict[str, list[Step]] = {}
        for change in unmaking:
            step = unmake_step(change)
            if make_step(change.address) in self.waits and change.deposed is None:
                self.waits[self.carriers.get(step, step)].add(make_step(change.address))
            if step in self.carriers:
                continue
            parent = by_id.get(self._parent_id(change))
            if parent is not None:
                self.waits[parent].add(step)
            for block in change.recorded.dependencies if change.recorded else ():
                dependents.setdefault(block, []).append(step)
        for change in unmaking:
            step = unmake_step(change)
            block = str(change.address.block)
            # A parent already waits for its own members, known by id; waiting for the members of
            # every parent of its block would hold all threads until the last message is gone.
            if (
                step in self.waits
                and block in dependents
                and change.address.type in self.parent_arguments
            ):
                gate = Step(change.address.block, Phase.GATE, Phase.UNMAKE)
                self.waits.setdefault(gate, set(dependents[block]))
                self.waits[step].add(gate)

    def _parent_id(self, change: PlannedChange) -> str:
        argument = self.parent_arguments.get(change.address.type)
        if argument is None or change.recorded is None:
            return ""
        return str(change.recorded.attributes.get(argument))

    def _order_sequence(self, sequence: SequencePlan) -> None:
        appended = [make_step(each) for each in sequence.appended]
        for before, after in pairwise(appended):
            self.waits[after].add(before)
        if not appended and not sequence.deleted_unmanaged:
            return
        parent = sequence.parent
        last = appended[-1:]
        anchor = sequence.order[0] if sequence.order else _any_address(sequence)
        if appended:
            check = Step(anchor, Phase.CHECK)
            self.waits[check] = set(last)
            self.sequences[check] = sequence
            last = [check]
            if isinstance(parent, Address) and make_step(parent) in self.waits:
                self.waits[appended[0]].add(make_step(parent))
            for address in (*sequence.deleted, *sequence.order):
                step = Step(address, Phase.UNMAKE)
                step = self.carriers.get(step, step)
                if step in self.waits:
                    self.waits[step].update(last)
            if isinstance(parent, Address):
                gone = Step(parent, Phase.UNMAKE)
                if gone in self.waits:
                    self.waits[gone].update(last)
        if sequence.rewritten:
            # What the last rewrite has left over goes before another one leaves more: a server
            # that deletes nothing would fill up with copies.
            self.waits[appended[0]].update(self._left_over(sequence))
        for object_id in sequence.deleted_unmanaged:
            step = Step(anchor, Phase.UNMAKE, object_id)
            self.waits[step] = set(last)
            self.sequences[step] = sequence

    def _left_over(self, sequence: SequencePlan) -> Iterator[Step]:
        """What an earlier run still owes in the same parent; its deletion waits for nothing."""
        parent_id = self._parent_id(self.changes[make_step(sequence.rewritten[0])])
        for step in self.owed.get(parent_id, ()):
            self.waits[step].clear()
            yield step


def _any_address(sequence: SequencePlan) -> Address:
    assert isinstance(sequence.parent, Address), "a clean-up belongs to a thread of the specs"
    return sequence.parent
