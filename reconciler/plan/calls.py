"""Calls: how many API calls a plan costs, and how long they take at the known rate limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from math import ceil

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.plan.batch import Batching
from reconciler.plan.model import Action, PlannedChange, ReadBack, SequencePlan
from reconciler.plan.options import Policies
from reconciler.plan.read_back import pages
from reconciler.plan.records import configuration as made_with
from reconciler.provider.protocol import Capabilities


@frozen
class Cost:
    """What a plan costs."""

    calls: int
    at_least: bool
    """Whether what is read during the apply decides if there are more."""
    seconds: float
    """How long they take at the known rate limit, 0 where none is known."""
    rate: str
    """That limit, in words."""


class Kind(StrEnum):
    """A class of calls with a rate limit of its own."""

    READ = "reads"
    WRITE = "writes"
    DELETE = "deletes"


Calls = Counter[tuple[str, Kind]]
"""How many calls, by provider configuration and class."""


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
    changes: Sequence[PlannedChange],
    sequences: Sequence[SequencePlan],
    looks: Iterable[ReadBack],
    prices: Prices,
) -> Cost:
    """Count the calls. Nothing is retried, every listing is as short as it can be."""
    calls: Calls = Counter()
    by_address = {each.address: each for each in changes if each.deposed is None}
    members = {address for each in sequences for address in each.appended}
    shown = {*members, *(each.parent for each in sequences if each.appended)}
    for each in changes:
        _add_change(calls, each, members, prices)
        if each.action in (Action.CREATE, Action.REPLACE) and each.address not in shown:
            # A parent to which nothing is written is read once by its id.
            calls[prices.configuration(each), Kind.READ] += 1
    for sequence in sequences:
        _add_sequence(calls, sequence, by_address, prices)
    at_least = any(each.action is Action.READ for each in changes)
    for look in looks:
        page_limit = prices.capabilities[look.provider].page_limit
        calls[look.provider, Kind.READ] += pages(look, page_limit)
        at_least = at_least or look.between is None
    seconds, rate = max(_times(calls, prices), default=(0.0, ""))
    return Cost(calls.total(), at_least, seconds, rate)


def _add_change(calls: Calls, change: PlannedChange, members: set[Address], prices: Prices) -> None:
    """What the change costs by itself; members are created by their sequence."""
    name = prices.configuration(change)
    match change.action:
        case Action.CREATE:
            calls[name, Kind.WRITE] += change.address not in members
        case Action.REPLACE:
            calls[name, Kind.WRITE] += change.address not in members
            calls[_made_by(change, prices), Kind.DELETE] += _deletion(change, prices)
        case Action.DELETE:
            calls[_made_by(change, prices), Kind.DELETE] += _deletion(change, prices)
        case Action.UPDATE:
            calls[name, Kind.WRITE] += not change.local
        case Action.READ:
            calls[name, Kind.READ] += 1
        case _:
            pass


def _deletion(change: PlannedChange, prices: Prices) -> int:
    capabilities = prices.capabilities[_made_by(change, prices)]
    carried = capabilities.deletes_members_with_parent
    return 0 if carried and prices.parent_of(change) is not None else 1


def _made_by(change: PlannedChange, prices: Prices) -> str:
    """The provider configuration that deletes the object: the one it was made with."""
    return prices.configuration(change) if change.recorded is None else made_with(change.recorded)


def _add_sequence(
    calls: Calls,
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
    calls[name, Kind.READ] += _pages(len(shares.riding), capabilities)
    calls[name, Kind.WRITE] += len(shares.appended)
    calls[name, Kind.READ] += _pages(sum(map(len, shares.appended)), capabilities)
    calls[name, Kind.DELETE] += len(sequence.deleted_unmanaged)
    is_there = parent is None or parent.action not in (Action.CREATE, Action.REPLACE)
    if shares.appended and is_there and sequence.last_id is None:
        calls[name, Kind.READ] += 1  # Nobody knows yet what stands last there.


def _pages(members: int, capabilities: Capabilities) -> int:
    return ceil(members / max(capabilities.page_limit, 1))


def _times(calls: Calls, prices: Prices) -> Iterator[tuple[float, str]]:
    """How long the calls under each limit take, and the limit in words."""
    for name in {each for each, _ in calls}:
        policies = prices.policies.get(name, Policies())
        if policies.requests_per_minute:
            total = sum(calls[name, kind] for kind in Kind)
            yield _time(total, policies.requests_per_minute, "requests")
            continue
        rates = prices.capabilities[name].rates
        if rates is None or policies.is_local:
            continue
        yield _time(calls[name, Kind.READ], rates.reads, "reads")
        yield _time(calls[name, Kind.WRITE], rates.writes, "writes")
        yield _time(calls[name, Kind.DELETE], rates.deletes, "deletes")


def _time(calls: int, per_minute: float, what: str) -> tuple[float, str]:
    return 60.0 * calls / per_minute, f"{per_minute:,.10g} {what} a minute"
