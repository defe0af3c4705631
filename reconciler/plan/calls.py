"""Calls: how many API calls a plan costs at least, and how long that takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import ceil

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.plan.batch import Batching
from reconciler.plan.model import Action, PlannedChange, SequencePlan
from reconciler.plan.options import Policies
from reconciler.provider.protocol import Capabilities


@frozen
class Cost:
    """What a plan costs."""

    calls: int
    seconds: float


@frozen
class Prices:
    """What calls depend on beside the plan."""

    capabilities: Mapping[str, Capabilities]
    policies: Mapping[str, Policies]
    configuration: Callable[[PlannedChange], str]
    """The provider configuration a change belongs to."""
    parent_of: Callable[[PlannedChange], Address | None]
    """The parent whose deletion is in the same plan, for a member whose object is deleted."""
    batching: Batching


def estimate(
    changes: Sequence[PlannedChange], sequences: Sequence[SequencePlan], prices: Prices
) -> Cost:
    """Count the calls. Nothing is retried, every listing is as short as it can be."""
    calls: Counter[str] = Counter()
    by_address = {each.address: each for each in changes if each.deposed is None}
    members = {address for each in sequences for address in each.appended}
    for each in changes:
        calls[prices.configuration(each)] += _own_calls(each, members, prices)
    for sequence in sequences:
        _add_sequence(calls, sequence, by_address, prices)
    return Cost(calls.total(), max((_seconds(*each, prices) for each in calls.items()), default=0))


def _own_calls(change: PlannedChange, members: set[Address], prices: Prices) -> int:
    """What the change costs by itself; members are created by their sequence."""
    match change.action:
        case Action.CREATE:
            return change.address not in members
        case Action.REPLACE:
            return (change.address not in members) + _deletion(change, prices)
        case Action.DELETE:
            return _deletion(change, prices)
        case Action.UPDATE:
            return not change.local
        case Action.READ:
            return 1
        case _:
            return 0


def _deletion(change: PlannedChange, prices: Prices) -> int:
    capabilities = prices.capabilities[prices.configuration(change)]
    carried = capabilities.deletes_members_with_parent
    return 0 if carried and prices.parent_of(change) is not None else 1


def _add_sequence(
    calls: Counter[str],
    sequence: SequencePlan,
    by_address: Mapping[Address, PlannedChange],
    prices: Prices,
) -> None:
    first = next(iter((*sequence.appended, *sequence.deleted)), None)
    parent = by_address.get(sequence.parent) if isinstance(sequence.parent, Address) else None
    change = parent or (by_address.get(first) if first is not None else None)
    if change is None:
        return
    name = prices.configuration(change)
    capabilities = prices.capabilities[name]
    shares = prices.batching.shares(sequence)
    calls[name] += _pages(len(shares.riding), capabilities)
    calls[name] += len(shares.appended) + _pages(sum(map(len, shares.appended)), capabilities)
    calls[name] += len(sequence.deleted_unmanaged)
    is_there = parent is None or parent.action not in (Action.CREATE, Action.REPLACE)
    if shares.appended and is_there and sequence.last_id is None:
        calls[name] += 1  # Nobody knows yet what stands last there.


def _pages(members: int, capabilities: Capabilities) -> int:
    return ceil(members / max(capabilities.page_limit, 1))


def _seconds(name: str, calls: int, prices: Prices) -> float:
    policies = prices.policies.get(name)
    limit = policies.requests_per_minute if policies is not None else None
    return 60.0 * calls / limit if limit else 0.0
