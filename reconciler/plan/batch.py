"""Batch: how the new members of a sequence are shared out over calls, at plan as at apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.language.values import Unknown, contains_unknown
from reconciler.plan.model import Action, PlannedChange, SequencePlan
from reconciler.provider.protocol import Capabilities
from reconciler.schema import Attributes, Schema


@frozen
class Limits:
    """How many members one call carries."""

    with_parent: int
    """The call that creates their parent."""
    appended: int
    """A later call."""


def limits_of(capabilities: Capabilities, *, batch_create: bool, paced: bool) -> Limits:
    """What a dialect takes and a configuration allows; *paced* sends members one by one."""
    if paced:
        return Limits(0, 1)
    return Limits(
        capabilities.batch_limit if batch_create else 0, max(capabilities.append_limit, 1)
    )


@frozen
class Shares:
    """Which new members of a sequence travel together."""

    riding: tuple[Address, ...] = ()
    """In the call that creates the parent."""
    appended: tuple[tuple[Address, ...], ...] = ()
    """In one later call each."""


class Batching:
    """The rule for a whole plan. It looks at the plan alone: what happens first does not matter."""

    def __init__(
        self,
        changes: Iterable[PlannedChange],
        schemas: Mapping[str, Schema],
        limits: Callable[[PlannedChange], Limits],
    ) -> None:
        self._changes = {each.address: each for each in changes if each.deposed is None}
        self._schemas = schemas
        self._limits = limits
        made: dict[Address, set[Address]] = {}
        for address, change in self._changes.items():
            if change.is_waited_for and address != address.block:
                made.setdefault(address.block, set()).add(address)
        self._blocks = {block: frozenset(each) for block, each in made.items()}
        """The instances that are waited for, by the block that is waited for as a whole."""

    def shares(self, sequence: SequencePlan) -> Shares:
        """Share out the members that *sequence* appends."""
        if not sequence.appended:
            return Shares()
        parent = (
            self._changes.get(sequence.parent) if isinstance(sequence.parent, Address) else None
        )
        limits = self._limits(parent or self._changes[sequence.appended[0]])
        through: set[Address] = set()
        riding: tuple[Address, ...] = ()
        if parent is not None:
            self._add_ancestors(parent.address, through)
            through.add(parent.address)
            if parent.action in (Action.CREATE, Action.REPLACE):
                riding = self._riding(sequence, through, limits.with_parent)
        rest = sequence.appended[len(riding) :]
        if limits.appended == 1:
            return Shares(riding, tuple((each,) for each in rest))
        return Shares(riding, tuple(self._runs(rest, through, limits.appended)))

    def _riding(
        self, sequence: SequencePlan, through: set[Address], limit: int
    ) -> tuple[Address, ...]:
        """The longest run of first members that may be created together with their parent.

        Each must be ready (nothing it is sent with is unknown but the parent's id) and may wait
        only for what is *through* with the parent, which are the parent's own ancestors, and for
        members before it in the same call. So a batch never makes the parent wait and never closes
        a cycle.
        """
        riding: list[Address] = []
        for member in sequence.appended[: max(limit, 0)]:
            if not self._is_ready(member) or not self._is_free(member, through):
                break
            riding.append(member)
            through.add(member)
        return tuple(riding)

    def _runs(
        self, members: Sequence[Address], through: set[Address], limit: int
    ) -> Iterable[tuple[Address, ...]]:
        """The longest runs whose members need nothing that the first of them does not wait for.

        *through* is what is there before the first of *members*.
        """
        run: dict[Address, None] = {}
        for member in members:
            if not run or len(run) == limit or not self._may_join(member, run, through):
                if run:
                    yield tuple(run)
                self._add_ancestors(member, through)
                run = {}
            run[member] = None
            through.add(member)
        if run:
            yield tuple(run)

    def _may_join(self, member: Address, run: Collection[Address], through: set[Address]) -> bool:
        if not self._is_free(member, through):
            return False
        return self._is_ready(member) or not any(
            each in run or not self._blocks.get(each, frozenset()).isdisjoint(run)
            for each in self._needed(member)
        )

    def _is_free(self, member: Address, through: set[Address]) -> bool:
        """Whether all that *member* waits for is *through*; a block is when its instances are."""
        for each in self._needed(member):
            if each not in through:
                if each not in self._blocks or not self._blocks[each] <= through:
                    return False
                through.add(each)
        return True

    def _add_ancestors(self, member: Address, through: set[Address]) -> None:
        queue = list(self._needed(member))
        while queue:
            each = queue.pop()
            if each not in through:
                through.add(each)
                queue.extend(self._needed(each))

    def _needed(self, address: Address) -> Iterable[Address]:
        """The instances and blocks that *address* waits for; what exists already is not."""
        if address in self._blocks:
            return self._blocks[address]
        change = self._changes.get(address)
        return () if change is None else filter(self._is_waited_for, change.depends_on)

    def _is_waited_for(self, address: Address) -> bool:
        change = self._changes.get(address)
        return address in self._blocks or (change is not None and change.is_waited_for)

    def _is_ready(self, address: Address) -> bool:
        return is_ready(self._schemas[address.type], self._changes[address].after)


def is_ready(schema: Schema, after: Attributes | None) -> bool:
    """Whether a member can be sent before its parent's id is known."""
    if after is None or schema.sequence is None:
        return False
    return not any(
        contains_unknown(after.get(name))
        for name, attribute in schema.arguments.items()
        if name != schema.sequence.parent_argument
        and not (attribute.computed and isinstance(after.get(name), Unknown))
    )
