"""Places: where the members of one parent stand, and where they stood when last applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.plan.options import OnReorder, UnmanagedMessages
from reconciler.provider.protocol import Capabilities
from reconciler.refresh import Listing


@frozen
class Place:
    """One member of the desired sequence, and the object it is recorded as."""

    address: Address
    id: str | None = None
    """None: there is no object for it under this parent."""
    held: bool = False
    """Whether the object may stay: it exists and was sent as it is desired."""
    protected: bool = False
    reproducible: bool = True
    pinned: bool = False
    """Whether the user has said where it belongs (`order`, a new dependency), so that its
    standing elsewhere cannot come from moving blocks about."""
    known_as: str = ""
    """The address it had when it was last applied."""
    behind: str | None = None
    """The member it stood behind then, "" for none; None where that is not known."""


@frozen
class Leaving:
    """A managed member that is not desired any more."""

    address: Address
    id: str
    known_as: str = ""
    behind: str | None = None


@frozen
class Parent:
    """Whose members these are, and what may be done to them."""

    name: Address | str
    member_type: str
    listing: Listing | None
    capabilities: Capabilities
    on_reorder: OnReorder = OnReorder.REWRITE_TAIL
    unmanaged: UnmanagedMessages = UnmanagedMessages.REPORT
    managed: frozenset[str] = frozenset()
    """Ids of every member that state knows, deposed ones included."""
    forgotten: frozenset[str] = frozenset()
    """Ids of members that state forgets in this run: they stay."""
    unordered: bool = False
    """Whether its server is known not to keep the order written."""
    reorder: bool = False
    """Whether the user allowed a rewrite whose only cause is that blocks moved."""
    protected: bool = False
    unfinished: bool = False
    """Whether an earlier run has left its order, or a deletion in it, to another one."""
    keeping: bool = False
    """Whether its server was seen to delete no single members."""
    owing: bool = False
    """Whether an earlier run has left a deletion in it to another one."""
    partial: bool = False
    """Whether members that are there are left aside by the targets of this run."""
    rewritten: bool = False
    """Whether it is known to be replaced for the order, which may not be seen any more once what
    its members say depends on who it will be."""


def positions_of(
    parent: Parent, desired: Sequence[Place], leaving: Sequence[Leaving]
) -> dict[str, int]:
    """Where each member stands, by id: as listed, or as recorded where nobody has looked."""
    if parent.listing is None:
        return _positions_as_recorded(desired, leaving)
    positions: dict[str, int] = {}
    for at, member in enumerate(parent.listing.members):
        positions.setdefault(member.id, at)
    return positions


def _positions_as_recorded(desired: Sequence[Place], leaving: Sequence[Leaving]) -> dict[str, int]:
    """Where nobody looked: the order of the last apply, or the spec's where that is not known."""
    members: list[Place | Leaving] = [*desired, *leaving]
    ids = {each.known_as: each.id for each in members if each.id is not None}
    names = recorded_order({each.known_as: each.behind for each in members if each.id is not None})
    order = [one.id for one in desired] if names is None else [ids[each] for each in names]
    return {id_: at for at, id_ in enumerate(order) if id_ is not None}


def recorded_order(behind: Mapping[str, str | None]) -> list[str] | None:
    """The order of the last apply, from what each member stood behind; None if it is not known."""
    followers: dict[str, list[str]] = {}
    for name, before in behind.items():
        if before is not None:
            followers.setdefault(before, []).append(name)
    order: list[str] = []
    queue = followers.get("", [])[::-1]
    while queue:
        now = queue.pop()
        order.append(now)
        queue.extend(reversed(followers.get(now, [])))
    return order if len(order) == len(behind) else None


def is_reordered(
    parent: Parent,
    desired: Sequence[Place],
    leaving: Sequence[Leaving],
    positions: dict[str, int],
) -> bool:
    """Whether someone put managed members elsewhere; a run that did not end is not someone."""
    if parent.listing is None or parent.unfinished or parent.unordered:
        return False
    members: list[Place | Leaving] = [*desired, *leaving]
    members = [each for each in members if each.id is not None]
    ids = {each.known_as: each.id or "" for each in members}
    behind = {each.known_as: each.behind for each in members}
    return any(
        each.id in positions
        and positions[each.id] < _last_before(each.known_as, behind, ids, positions)
        for each in members
    )


def _last_before(
    name: str,
    behind: Mapping[str, str | None],
    ids: Mapping[str, str],
    positions: Mapping[str, int],
) -> int:
    """Where the nearest member stands now that *name* stood behind, of those that are there.

    Two may be remembered behind the same one, when a run for some targets has come in between.
    """
    seen: set[str] = set()
    now = behind.get(name)
    while now and now not in seen:
        seen.add(now)
        at = positions.get(ids.get(now, ""))
        if at is not None:
            return at
        now = behind.get(now)
    return -1


def stood_behind(first: Place, others: Sequence[Place], members: Sequence[Place | Leaving]) -> bool:
    """Whether any of *others* stood behind *first*, or that cannot be told."""
    behind = {each.known_as: each.behind for each in members if each.id is not None}
    seen: set[str] = set()
    for each in others:
        now: str | None = each.known_as
        while now and now not in seen:
            seen.add(now)
            now = behind.get(now)
            if now is None or now == first.known_as:
                return True
    return False
