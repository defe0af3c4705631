"""Alignment: which recorded object each member of a sequence is, by identity before index.

Only the instances of one `count` block may trade objects. What decides, in this order: as many
members as possible can stay where they are; as many as possible keep their object in its relative
order (a longest common subsequence); then the same index, equal metadata, the earlier.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.address import Address
from reconciler.frozen import frozen

Identity = str | None
"""What makes two members the same, as text; None: unknown, or not to be kept."""

MAX_PAIRS = 1_000_000
"""Beyond so many equal pairs, the first of a kind is only compared with the first, and so on."""


@frozen
class Wanted:
    """One member of the desired sequence."""

    address: Address
    identity: Identity
    metadata: str = ""
    fixed: bool = False
    """Whether it must have the object under its own address, whatever that is."""

    @property
    def may_trade(self) -> bool:
        """Whether it is an instance of a `count` block and free to have any of its objects."""
        return isinstance(self.address.key, int) and not self.fixed


@frozen
class Standing:
    """One recorded member, and where it stands."""

    address: Address
    identity: Identity
    metadata: str = ""
    position: int = 0


def align(desired: Sequence[Wanted], recorded: Iterable[Standing]) -> dict[Address, Address]:
    """Say where each recorded member belongs now: from its address to its new one.

    *desired* is in desired order. Recorded members of a `count` block with instances in *desired*
    get an address each, no two the same; those that nothing wants one beyond the count. Members
    that keep their address are not listed.
    """
    standing = sorted(recorded, key=lambda each: (each.position, each.address.sort_key))
    blocks = _tradable(desired, standing)
    if not blocks:
        return {}
    places = _Places(standing)
    kept = _longest_prefix(desired, places)
    result: dict[Address, Address] = {}
    for block in blocks:
        wanted = [each for each in desired if each.may_trade and each.address.block == block]
        own = [each for each in standing if _is_instance(each.address, block)]
        result.update(_aligned_block(wanted, own, kept))
    return result


class _Places:
    """Where members of a kind stand: by address, by identity, and by identity and metadata."""

    def __init__(self, standing: Sequence[Standing]) -> None:
        self.by_address = {each.address: each for each in standing}
        self._kinds: dict[tuple[object, ...], list[Standing]] = {}
        for each in standing:
            if each.identity is not None and isinstance(each.address.key, int):
                block = each.address.block
                self._kinds.setdefault((block, each.identity), []).append(each)
                self._kinds.setdefault((block, each.identity, each.metadata), []).append(each)

    def earliest(self, wanted: Wanted, *, after: int, metadata: bool = False) -> Standing | None:
        """The first member after a position that *wanted* could be."""
        if not wanted.may_trade:
            own = self.own(wanted)
            return own if own is not None and own.position > after else None
        kind = self._kind(wanted, metadata=metadata)
        at = bisect_right(kind, after, key=_position)
        return kind[at] if at < len(kind) else None

    def latest(self, wanted: Wanted, *, before: int) -> Standing:
        """The last member before a position that *wanted* could be; there is one."""
        own = self.own(wanted)
        if not wanted.may_trade:
            assert own is not None, "a prefix that can stay has a member for each place"
            return own
        kind = self._kind(wanted)
        return kind[bisect_left(kind, before, key=_position) - 1]

    def own(self, wanted: Wanted) -> Standing | None:
        """The member at the same address, if it is the same."""
        found = self.by_address.get(wanted.address)
        same = found is not None and wanted.identity is not None
        return found if same and found.identity == wanted.identity else None  # type: ignore[union-attr]

    def _kind(self, wanted: Wanted, *, metadata: bool = False) -> list[Standing]:
        if wanted.identity is None:
            return []
        kind = (wanted.address.block, wanted.identity)
        return self._kinds.get((*kind, wanted.metadata) if metadata else kind, [])


def _position(each: Standing) -> int:
    return each.position


def _is_instance(address: Address, block: Address) -> bool:
    return isinstance(address.key, int) and address.block == block


def _tradable(desired: Sequence[Wanted], standing: Sequence[Standing]) -> list[Address]:
    """The `count` blocks, unless the objects of all are, one by one and in order, the desired
    ones; where one block has changed, members of the others may have to trade for it."""
    wanted: dict[Address, list[tuple[Address, Identity]]] = {}
    for each in desired:
        if each.may_trade:
            wanted.setdefault(each.address.block, []).append((each.address, each.identity))
    found: dict[Address, list[tuple[Address, Identity]]] = {}
    for one in standing:
        if isinstance(one.address.key, int) and one.address.block in wanted:
            found.setdefault(one.address.block, []).append((one.address, one.identity))
    has_changed = any(
        found[block] != wanted[block] or any(identity is None for _, identity in found[block])
        for block in found
    )
    return list(found) if has_changed else []


def _longest_prefix(desired: Sequence[Wanted], places: _Places) -> dict[Address, Standing]:
    """Pair the longest prefix of the sequence that can stay where it is.

    Taking the earliest fitting member each time gives its length; how late each may stand without
    shortening it gives the room in which the same index and equal metadata are preferred.
    """
    prefix = desired[: _prefix_length(desired, places)]
    kept: dict[Address, Standing] = {}
    last = -1
    for each, limit in zip(prefix, _latest_positions(prefix, places), strict=True):
        chosen = _preferred(each, places, after=last, limit=limit)
        kept[each.address] = chosen
        last = chosen.position
    return kept


def _prefix_length(desired: Sequence[Wanted], places: _Places) -> int:
    last = -1
    for length, each in enumerate(desired):
        found = places.earliest(each, after=last)
        if found is None:
            return length
        last = found.position
    return len(desired)


def _latest_positions(prefix: Sequence[Wanted], places: _Places) -> list[int]:
    limits: list[int] = []
    bound = 1 << 62
    for each in reversed(prefix):
        bound = places.latest(each, before=bound).position
        limits.append(bound)
    return limits[::-1]


def _preferred(wanted: Wanted, places: _Places, *, after: int, limit: int) -> Standing:
    choices = (
        places.own(wanted),
        places.earliest(wanted, after=after, metadata=True),
        places.earliest(wanted, after=after),
    )
    return next(each for each in choices if each is not None and after < each.position <= limit)


def _aligned_block(
    wanted: Sequence[Wanted], standing: Sequence[Standing], kept: dict[Address, Standing]
) -> dict[Address, Address]:
    chosen = {each.address: kept[each.address] for each in wanted if each.address in kept}
    free_wanted, free_standing = _free(wanted, standing, chosen)
    for want, stand in _common_subsequence(free_wanted, free_standing):
        chosen[want.address] = stand
    for want, stand in _crossing(*_free(wanted, standing, chosen)):
        chosen[want.address] = stand
    for want, stand in _leftovers(*_free(wanted, standing, chosen)):
        chosen[want.address] = stand
    targets = {stand.address: address for address, stand in chosen.items()}
    targets.update(_beyond(wanted, standing, targets))
    return {address: target for address, target in targets.items() if address != target}


def _free(
    wanted: Sequence[Wanted], standing: Sequence[Standing], chosen: dict[Address, Standing]
) -> tuple[list[Wanted], list[Standing]]:
    taken = {each.address for each in chosen.values()}
    return (
        [each for each in wanted if each.address not in chosen],
        [each for each in standing if each.address not in taken],
    )


def _common_subsequence(
    wanted: Sequence[Wanted], standing: Sequence[Standing]
) -> Iterator[tuple[Wanted, Standing]]:
    """A heaviest common subsequence: length first, then the preferences among equal lengths."""
    best = _Heaviest(len(standing))
    for each, candidates in zip(wanted, _candidates(wanted, standing), strict=True):
        found = [
            (at, best.before(at), _weight(each, standing[at], len(standing) - at))
            for at in candidates
        ]
        for at, link, weight in found:
            best.add(at, _Link(each, standing[at], link, weight + (link.weight if link else 0)))
    link = best.before(len(standing))
    while link is not None:
        yield link.wanted, link.standing
        link = link.previous


def _candidates(wanted: Sequence[Wanted], standing: Sequence[Standing]) -> Iterator[list[int]]:
    kinds: dict[str, list[int]] = {}
    for at, each in enumerate(standing):
        if each.identity is not None:
            kinds.setdefault(each.identity, []).append(at)
    pairs = sum(len(kinds.get(each.identity or "", ())) for each in wanted)
    seen: dict[str, int] = {}
    for want in wanted:
        kind = kinds.get(want.identity, []) if want.identity is not None else []
        if pairs > MAX_PAIRS and kind:
            nth = seen.get(want.identity or "", 0)
            seen[want.identity or ""] = nth + 1
            kind = kind[nth : nth + 1]
        yield kind


def _weight(wanted: Wanted, standing: Standing, earliness: int) -> int:
    same_index = wanted.address == standing.address
    same_metadata = wanted.metadata == standing.metadata
    return (1 << 96) + (same_index << 72) + (same_metadata << 48) + earliness


@dataclass(slots=True)
class _Link:
    """One pair of a subsequence, and the pair before it."""

    wanted: Wanted
    standing: Standing
    previous: _Link | None
    weight: int


class _Heaviest:
    """The heaviest subsequence that ends before a place (a binary indexed tree of maxima)."""

    def __init__(self, size: int) -> None:
        self._best: list[_Link | None] = [None] * (size + 1)

    def before(self, place: int) -> _Link | None:
        found: _Link | None = None
        while place > 0:
            each = self._best[place]
            if each is not None and (found is None or each.weight > found.weight):
                found = each
            place -= place & -place
        return found

    def add(self, place: int, link: _Link) -> None:
        place += 1
        while place < len(self._best):
            present = self._best[place]
            if present is None or link.weight > present.weight:
                self._best[place] = link
            place += place & -place


def _crossing(
    wanted: Sequence[Wanted], standing: Sequence[Standing]
) -> Iterator[tuple[Wanted, Standing]]:
    """Pair what is the same in another order, which a subsequence cannot."""
    kinds: dict[str, list[Standing]] = {}
    for each in reversed(standing):
        if each.identity is not None:
            kinds.setdefault(each.identity, []).append(each)
    for want in wanted:
        kind = kinds.get(want.identity) if want.identity is not None else None
        if kind:
            yield want, kind.pop()


def _leftovers(
    wanted: Sequence[Wanted], standing: Sequence[Standing]
) -> Iterator[tuple[Wanted, Standing]]:
    """Pair what is not the same: an object is replaced under the same index where it can be."""
    own = {each.address: each for each in standing}
    inside = {want.address for want in wanted}
    for want in wanted:
        if want.address in own:
            yield want, own[want.address]
    without = [want for want in wanted if want.address not in own]
    yield from zip(without, (each for each in standing if each.address not in inside), strict=False)


def _beyond(
    wanted: Sequence[Wanted], standing: Sequence[Standing], targets: dict[Address, Address]
) -> dict[Address, Address]:
    """Addresses beyond the count for what nothing wants: their own, or one that has been left."""
    inside = {each.address for each in wanted}
    unwanted = [each.address for each in standing if each.address not in targets]
    staying = {address for address in unwanted if address not in inside}
    kept = inside | staying
    left = sorted(
        (each.address for each in standing if each.address not in kept),
        key=lambda address: address.sort_key,
    )
    result = {address: address for address in staying}
    result.update(zip((each for each in unwanted if each in inside), left, strict=False))
    return result
