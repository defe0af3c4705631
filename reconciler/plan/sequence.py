"""Sequence: what the desired order of one parent's members asks for, when all one can do is append.

Positions are the server's, taken from its listing. Kept is the longest prefix of the desired
sequence that is held and stands in increasing positions; the rest is appended, and what of it is
held is the rewrite. Deleting what is not desired never rewrites anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import Address
from reconciler.frozen import frozen, replace
from reconciler.plan.model import SequencePlan
from reconciler.plan.options import OnReorder, UnmanagedMessages
from reconciler.plan.places import Leaving, Parent, Place, is_reordered, positions_of, stood_behind
from reconciler.refresh import Listing


@frozen
class Refusal:
    """Why a rewrite must not happen: what it reaches, in words, and the members concerned."""

    reason: str
    members: tuple[Address, ...] = ()
    choices: tuple[str, ...] = ()


@frozen
class Decision:
    """What is to happen to one sequence."""

    plan: SequencePlan
    refusals: tuple[Refusal, ...] = ()
    cost: str | None = None
    """What the order costs, in words, for the first change that causes it."""
    overtaken: int = 0
    """Unmanaged members that stood behind a replaced one and will stand before it."""


def plan_sequence(
    parent: Parent, desired: Sequence[Place], leaving: Sequence[Leaving] = ()
) -> Decision:
    """Decide which members stay, which are appended, and which of those only for the order."""
    positions = positions_of(parent, desired, leaving)
    kept = _kept(parent, desired, positions)
    staying = {each.address for each in kept}
    rest = [each for each in desired if each.address not in staying]
    rewritten = [each for each in rest if each.held]
    plan = _sequence_plan(parent, desired, kept, rest, rewritten, leaving)
    if rewritten and is_reordered(parent, desired, leaving, positions):
        plan = replace(plan, reordered=True)
    if parent.on_reorder is OnReorder.REPLACE_THREAD and _cannot_stay(parent, rest, leaving):
        return _replaced(parent, plan, desired, rest)
    if not rewritten:
        return Decision(plan, overtaken=_overtaken(parent, positions, rest))
    refusals = _refusals(parent, kept, rest, leaving, positions)
    return Decision(plan, refusals, _cost(rest))


def unmanaged_ids(listing: Listing | None, managed: frozenset[str]) -> tuple[str, ...]:
    """The members in *listing* that state does not know, in order."""
    if listing is None:
        return ()
    return tuple(each.id for each in listing.members if each.id not in managed)


def last_id(listing: Listing | None) -> str | None:
    """The last member of a listing that came to its end, "" where there is none."""
    if listing is None or not listing.complete:
        return None
    return listing.members[-1].id if listing.members else ""


def _kept(parent: Parent, desired: Sequence[Place], positions: dict[str, int]) -> list[Place]:
    if parent.on_reorder is OnReorder.APPEND:
        held = [each for each in desired if each.held]
        return sorted(held, key=lambda each: positions.get(each.id or "", len(positions)))
    if parent.unordered and all(each.held for each in desired):
        return list(desired)
    kept: list[Place] = []
    last = -1
    for each in desired:
        position = positions.get(each.id or "", -1)
        if not each.held or position <= last:
            break
        kept.append(each)
        last = position
    return kept


def _sequence_plan(
    parent: Parent,
    desired: Sequence[Place],
    kept: Sequence[Place],
    rest: Sequence[Place],
    rewritten: Sequence[Place],
    leaving: Sequence[Leaving],
) -> SequencePlan:
    unmanaged = unmanaged_ids(parent.listing, parent.managed)
    members = parent.listing.members if parent.listing is not None else ()
    behind = next((at for at, one in enumerate(reversed(members)) if one.id in parent.managed), 0)
    shown = parent.unmanaged is not UnmanagedMessages.IGNORE
    deletes = parent.unmanaged is UnmanagedMessages.DELETE
    return SequencePlan(
        parent=parent.name,
        member_type=parent.member_type,
        order=tuple(each.address for each in desired),
        kept=tuple(each.address for each in kept),
        appended=tuple(each.address for each in rest),
        rewritten=tuple(each.address for each in rewritten),
        deleted=tuple(each.address for each in leaving),
        deleted_unmanaged=tuple(each for each in unmanaged if each not in parent.forgotten)
        if deletes
        else (),
        unmanaged=len(unmanaged) if shown else 0,
        grown=min(behind, len(unmanaged)) if shown else 0,
        last_id=last_id(parent.listing),
        at_least=parent.listing is not None and not parent.listing.complete,
        unfinished=parent.unfinished,
        partial=parent.partial,
    )


def _cannot_stay(parent: Parent, rest: Sequence[Place], leaving: Sequence[Leaving]) -> bool:
    """Whether the parent has to go: members would, and only together with it can or may they."""
    if parent.rewritten or any(each.held for each in rest):
        return True
    going = bool(leaving) or any(each.id is not None for each in rest) or parent.owing
    return going and (parent.keeping or not parent.capabilities.deletes_members)


def _replaced(
    parent: Parent, plan: SequencePlan, desired: Sequence[Place], rest: Sequence[Place]
) -> Decision:
    whole = replace(
        plan,
        kept=(),
        appended=plan.order,
        rewritten=(),
        deleted=plan.deleted,
        deleted_unmanaged=(),
        parent_replaced=True,
    )
    refusals = list(_untouchable(desired))
    if parent.protected:
        refusals.insert(0, Refusal("it is protected", choices=(_UNPROTECT,)))
    if isinstance(parent.name, str):
        refusals.insert(0, Refusal("the specs do not manage it", choices=(_MANAGE, _UNDO)))
    if plan.unmanaged and parent.unmanaged is not UnmanagedMessages.DELETE:
        text = f"it holds {count(plan.unmanaged, 'unmanaged message')}, which would be lost"
        refusals.append(Refusal(text, choices=(_APPEND, _DELETE_UNMANAGED, _UNDO)))
    others = len(desired) - sum(not each.held for each in rest)
    cost = f"replaces the thread and creates {count(others, 'other')} anew with it"
    return Decision(whole, tuple(refusals), cost)


def _refusals(
    parent: Parent,
    kept: Sequence[Place],
    rest: Sequence[Place],
    leaving: Sequence[Leaving],
    positions: dict[str, int],
) -> tuple[Refusal, ...]:
    if parent.on_reorder is OnReorder.ERROR:
        managed = isinstance(parent.name, Address)
        choices = (_REWRITE, _APPEND, _UNDO) if managed else (_MANAGE, _UNDO)
        return (Refusal('on_reorder = "error" forbids it', choices=choices),)
    found: list[Refusal] = []
    if not parent.capabilities.deletes_members:
        text = f"the dialect {parent.capabilities.dialect} cannot delete messages"
        found.append(Refusal(text, choices=(_REPLACE_THREAD, _APPEND, _UNDO)))
    found.extend(_untouchable([each for each in rest if each.id is not None]))
    behind = _behind_cut(parent, rest, positions)
    if behind and parent.unmanaged is not UnmanagedMessages.DELETE:
        text = f"{count(behind, 'unmanaged message')} would then stand before what they follow now"
        found.append(Refusal(text, choices=(_APPEND, _DELETE_UNMANAGED, _UNDO)))
    if not parent.reorder and _only_blocks_moved(kept, rest, leaving, positions):
        text = "nothing but their order differs, as when blocks moved in the specs"
        found.append(Refusal(text, choices=(_ALLOW_REORDER, _SET_ORDER, _UNDO)))
    return tuple(found)


def _untouchable(going: Sequence[Place]) -> list[Refusal]:
    found: list[Refusal] = []
    protected = tuple(each.address for each in going if each.protected)
    if protected:
        found.append(Refusal("it reaches protected messages", protected, (_UNPROTECT, _APPEND)))
    made = tuple(each.address for each in going if not each.reproducible)
    if made:
        text = "it reaches messages that cannot be sent again (made by a run, or with such parts)"
        found.append(Refusal(text, made, (_APPEND, _UNDO)))
    return found


def _behind_cut(parent: Parent, rest: Sequence[Place], positions: dict[str, int]) -> int:
    """How many unmanaged members stand behind the first one that is to be sent again."""
    if parent.listing is None:
        return 0
    going = [positions[each.id] for each in rest if each.id is not None and each.id in positions]
    cut = min(going, default=len(parent.listing.members))
    return sum(each.id not in parent.managed for each in parent.listing.members[cut:])


def _overtaken(parent: Parent, positions: dict[str, int], rest: Sequence[Place]) -> int:
    if parent.unmanaged is UnmanagedMessages.DELETE:
        return 0
    return _behind_cut(parent, rest, positions)


def _only_blocks_moved(
    kept: Sequence[Place],
    rest: Sequence[Place],
    leaving: Sequence[Leaving],
    positions: dict[str, int],
) -> bool:
    """Whether the first member out of place is so because a block was put elsewhere.

    What stood behind it when last applied, and shall stand before it now, has been moved. What
    did not is there because a run did not end, or was made for some targets only.
    """
    first = rest[0]
    if not first.held or first.pinned:
        return False
    position = positions.get(first.id or "", -1)
    overtaking = [each for each in kept if positions.get(each.id or "", -1) > position]
    if any(each.pinned for each in overtaking):
        return False
    others = [each for each in overtaking if each.address.block != first.address.block]
    if len(others) < len(overtaking):
        return False
    return stood_behind(first, others, [*kept, *rest, *leaving])


def _cost(rest: Sequence[Place]) -> str:
    first = next(at for at, each in enumerate(rest) if each.held)
    ahead, rewritten = rest[:first], sum(each.held for each in rest)
    replaced = sum(each.id is not None for each in rest if not each.held)
    created = sum(each.id is None for each in rest)
    parts = []
    if replaced:
        parts.append(f"replaces {replaced}")
    if created:
        parts.append(f"creates {created}")
    where = " after it" if ahead else ""
    parts.append(f"rewrites {rewritten}{where} to keep the order")
    return ", ".join(parts)


def count(number: int, noun: str) -> str:
    """`1 unmanaged message`, `2,000 unmanaged messages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_REWRITE = 'on_reorder = "rewrite_tail" creates anew what has to stand behind the change'
_APPEND = 'on_reorder = "append" leaves the others where they stand'
_MANAGE = "a block for the thread, and its import, let on_reorder be chosen"
_REPLACE_THREAD = 'on_reorder = "replace_thread" creates the whole thread anew'
_DELETE_UNMANAGED = 'unmanaged_messages = "delete" deletes what the specs do not declare'
_ALLOW_REORDER = "--reorder allows it"
_SET_ORDER = "order on the messages keeps their places whatever the blocks do"
_UNPROTECT = "prevent_destroy = false ends the protection"
_UNDO = "or undo the edit"
