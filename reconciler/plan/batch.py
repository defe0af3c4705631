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
        self._made: dict[Address, list[Address]] = {}
        """What is waited for: each instance that is made, and those of its block."""
        for address, change in self._changes.items():
            if change.action.makes:
                self._made.setdefault(address.block, []).append(address)
        for block in tuple(self._made.values()):
            self._made.update({each: [each] for each in block})

    def shares(self, sequence: SequencePlan) -> Shares:
        """Share out the members that *sequence* appends."""
        if not sequence.appended:
            return Shares()
        parent = (
            self._changes.get(sequence.parent) if isinstance(sequence.parent, Address) else None
        )
        limits = self._limits(parent or self._changes[sequence.appended[0]])
        riding: tuple[Address, ...] = ()
        if parent is not None and parent.action in (Action.CREATE, Action.REPLACE):
            riding = self._riding(sequence, parent.address, limits.with_parent)
        rest = sequence.appended[len(riding) :]
        if limits.appended == 1:
            return Shares(riding, tuple((each,) for each in rest))
        done = {*riding} if parent is None else {*riding, parent.address}
        return Shares(riding, tuple(self._runs(rest, done, limits.appended)))

    def _riding(self, sequence: SequencePlan, parent: Address, limit: int) -> tuple[Address, ...]:
        return batchable_prefix(
            sequence.appended,
            parent=parent,
            depends_on=self._needed,
            ready=self._is_ready,
            limit=limit,
        )

    def _runs(
        self, members: Sequence[Address], done: set[Address], limit: int
    ) -> Iterable[tuple[Address, ...]]:
        """The longest runs whose members need nothing that the first of them does not wait for.

        *done* is what is through before the first of *members*.
        """
        run: dict[Address, None] = {}
        for member in members:
            if run and len(run) < limit and self._may_join(member, run, done):
                run[member] = None
                continue
            if run:
                yield tuple(run)
            done.update(run)
            self._add_ancestors(member, done)
            run = {member: None}
        if run:
            yield tuple(run)

    def _may_join(self, member: Address, run: Collection[Address], done: set[Address]) -> bool:
        needed = self._needed(member)
        if not all(each in done or each in run for each in needed):
            return False
        return self._is_ready(member) or not any(each in run for each in needed)

    def _add_ancestors(self, member: Address, done: set[Address]) -> None:
        queue = list(self._needed(member))
        while queue:
            each = queue.pop()
            if each not in done:
                done.add(each)
                queue.extend(self._needed(each))

    def _needed(self, address: Address) -> frozenset[Address]:
        """The instances that have to be through before *address*; what exists already is."""
        change = self._changes.get(address)
        if change is None:
            return frozenset()
        return frozenset(
            instance for each in change.depends_on for instance in self._made.get(each, ())
        )

    def _is_ready(self, address: Address) -> bool:
        return is_ready(self._schemas[address.type], self._changes[address].after)


def batchable_prefix(
    members: Sequence[Address],
    *,
    parent: Address,
    depends_on: Callable[[Address], Collection[Address]],
    ready: Callable[[Address], bool],
    limit: int,
) -> tuple[Address, ...]:
    """The longest prefix of *members* that may be created together with *parent*.

    Each must be *ready* (nothing it is sent with is unknown but the parent's id) and may wait only
    for the parent, for the parent's own ancestors and for members before it in the same call. So a
    batch never makes the parent wait and never closes a cycle.
    """
    above = ancestors(parent, depends_on) | {parent}
    riding: dict[Address, None] = {}
    for member in members[: max(limit, 0)]:
        if not ready(member):
            break
        if any(each not in riding and each not in above for each in depends_on(member)):
            break
        riding[member] = None
    return tuple(riding)


def ancestors(
    address: Address, depends_on: Callable[[Address], Collection[Address]]
) -> frozenset[Address]:
    """Everything that *address* depends on, directly or not."""
    found: set[Address] = set()
    queue = list(depends_on(address))
    while queue:
        each = queue.pop()
        if each not in found:
            found.add(each)
            queue.extend(depends_on(each))
    return frozenset(found)


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
