"""Moves: addresses that changed, objects to be let go, and objects to be taken in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.address import Address, Mode, ModulePath, ModuleStep
from reconciler.diagnostics import Diagnostics, Place
from reconciler.frozen import frozen
from reconciler.plan.records import Record

End = Address | ModulePath
"""One end of a move: a block, one instance of it, or a module call."""


@frozen
class Moved:
    """`moved { from, to }` with addresses from the root. Without keys it speaks of every instance;
    with a key on either end, of exactly the two instances it names."""

    from_: End
    to: End
    place: Place | None = None


@frozen
class Removed:
    """`removed { from, lifecycle { destroy } }`: let go of the objects, or destroy them."""

    from_: End
    destroy: bool = False
    place: Place | None = None


@frozen
class Import:
    """`import { to, id }`: what is to be managed under *to* from now on."""

    to: Address
    id: str
    place: Place | None = None


def relocate(
    records: Iterable[Record],
    moved: Sequence[Moved],
    *,
    desired: Collection[Address],
    diagnostics: Diagnostics,
) -> dict[Address, Record]:
    """Put every record where `moved` blocks say it is now, chains followed to their end.

    A plain block that got `count` keeps its object as the first instance, and the other way
    round. A move onto an address that has an object already is not made, with a warning; moves
    that contradict each other are errors, and then nothing moves.
    """
    found = {each.address: each for each in records}
    if not _are_consistent(moved, desired, diagnostics):
        return found
    targets = {address: _destination(address, moved, desired, found) for address in found}
    if all(address == target for address, target in targets.items()):
        return found
    for address in _colliding(targets):
        _refuse_occupied(address, targets[address], diagnostics)
        targets[address] = address
    return {targets[address]: each.at(targets[address]) for address, each in found.items()}


def _colliding(targets: Mapping[Address, Address]) -> list[Address]:
    """The addresses that cannot move, because another object stays or arrives first there."""
    stuck: dict[Address, None] = {}
    holders: dict[Address, Address] = {}
    queue = sorted(targets, key=lambda each: (targets[each] != each, each.sort_key))
    while queue:
        address = queue.pop(0)
        place = address if address in stuck else targets[address]
        holder = holders.setdefault(place, address)
        if holder == address:
            continue
        loser = address if place != address else holder
        if loser == holder:
            holders[place] = address
        stuck[loser] = None
        queue.append(loser)
    return list(stuck)


def removal(address: Address, removed: Sequence[Removed]) -> Removed | None:
    """The `removed` block that speaks of *address*, if there is one."""
    return next((each for each in removed if covers(each.from_, address)), None)


def covers(end: End, address: Address) -> bool:
    """Whether *end* names *address*, its whole block or a module around it."""
    if isinstance(end, Address):
        return end == address or (end.key is None and end == address.block)
    return _is_within(end, address.module)


def _is_within(module: ModulePath, path: ModulePath) -> bool:
    if len(path) < len(module):
        return False
    return all(
        step.name == own.name and step.key in (None, own.key)
        for step, own in zip(module, path, strict=False)
    )


def _destination(
    address: Address,
    moved: Sequence[Moved],
    desired: Collection[Address],
    recorded: Collection[Address],
) -> Address:
    seen = {address}
    now = address
    while True:
        following = next((to for each in moved if (to := _moved(now, each)) is not None), None)
        if following is None or following in seen:
            break
        seen.add(following)
        now = following
    return _with_repetition(now, desired, recorded)


def _moved(address: Address, move: Moved) -> Address | None:
    """Where *move* puts *address*; None if it does not speak of it."""
    if isinstance(move.from_, Address) and isinstance(move.to, Address):
        return _moved_instance(address, move.from_, move.to)
    if isinstance(move.from_, tuple) and isinstance(move.to, tuple):
        path = _moved_path(address.module, move.from_, move.to)
        if path is not None:
            return Address(address.type, address.name, address.key, path, address.mode)
    return None


def _moved_instance(address: Address, origin: Address, target: Address) -> Address | None:
    if origin.key is None and target.key is None:
        return target.instance(address.key) if address.block == origin else None
    return target if address == origin else None


def _moved_path(path: ModulePath, origin: ModulePath, target: ModulePath) -> ModulePath | None:
    head, tail = path[: len(origin)], path[len(origin) :]
    if len(head) < len(origin) or head[:-1] != origin[:-1]:
        return None
    if origin[-1].key is None and target[-1].key is None:
        if head[-1].name != origin[-1].name:
            return None
        return (*target[:-1], ModuleStep(target[-1].name, head[-1].key), *tail)
    return (*target, *tail) if head == origin else None


def _with_repetition(
    address: Address, desired: Collection[Address], recorded: Collection[Address]
) -> Address:
    if address in desired or address.mode is not Mode.MANAGED:
        return address
    other = address.instance(0) if address.key is None else address.block
    if address.key not in (None, 0) or other not in desired or other in recorded:
        return address
    return other


def _are_consistent(
    moved: Sequence[Moved], desired: Collection[Address], diagnostics: Diagnostics
) -> bool:
    before = len(diagnostics.errors)
    sources: dict[End, Moved] = {}
    targets: dict[End, Moved] = {}
    for each in moved:
        _refuse_mixed(each, diagnostics)
        if sources.setdefault(each.from_, each).to != each.to:
            _refuse_ambiguous(each, sources[each.from_], diagnostics, "from", each.from_)
        if targets.setdefault(each.to, each).from_ != each.from_:
            _refuse_ambiguous(each, targets[each.to], diagnostics, "to", each.to)
        if each.from_ in desired:
            _refuse_existing(each, diagnostics)
    _refuse_cycles(sources, diagnostics)
    return len(diagnostics.errors) == before


def _refuse_mixed(move: Moved, diagnostics: Diagnostics) -> None:
    if isinstance(move.from_, tuple) is not isinstance(move.to, tuple):
        diagnostics.error(
            "Move between a module and a resource",
            f"{end_text(move.from_)} and {end_text(move.to)} are not of one kind; write both ends"
            " of a moved block as resources or both as modules.",
            place=move.place,
        )
    elif _types(move.from_) != _types(move.to):
        diagnostics.error(
            "Move between types",
            f"{move.from_} cannot become {move.to}: an object keeps its type. Remove the moved"
            " block, or let both ends have one type.",
            place=move.place,
        )


def _types(end: End) -> str | None:
    return end.type if isinstance(end, Address) else None


def _refuse_ambiguous(
    move: Moved, first: Moved, diagnostics: Diagnostics, which: str, end: End
) -> None:
    diagnostics.error(
        "Ambiguous move",
        f"Two moved blocks have {end_text(end)} as their {which}: {end_text(first.from_)} to"
        f" {end_text(first.to)}, and {end_text(move.from_)} to {end_text(move.to)}. Keep one.",
        place=move.place,
    )


def _refuse_existing(move: Moved, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "Moved object still declared",
        f"{end_text(move.from_)} has moved to {end_text(move.to)}, but its block is still there."
        " Remove or rename the block, or remove the moved block.",
        place=move.place,
    )


def _refuse_cycles(sources: dict[End, Moved], diagnostics: Diagnostics) -> None:
    for start, move in sources.items():
        seen, now = {start}, move.to
        while now in sources and now not in seen:
            seen.add(now)
            now = sources[now].to
        if now == start:
            diagnostics.error(
                "Moves in a circle",
                f"Following the moved blocks from {end_text(start)} leads back to it. Remove one"
                " of them.",
                place=move.place,
            )
            return


def _refuse_occupied(address: Address, target: Address, diagnostics: Diagnostics) -> None:
    diagnostics.warning(
        "Move not made",
        f"{address} should move to {target}, but state has another object there. Move or"
        f" remove that one first (reconciler state mv), or remove the moved block.",
        address=str(address),
    )


def end_text(end: End) -> str:
    """Write one end of a move as people write it."""
    if isinstance(end, Address):
        return str(end)
    return ".".join(str(step) for step in end)
