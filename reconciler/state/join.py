"""Join: what a state file and the journal beside it say together."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.errors import StateCorrupt
from reconciler.frozen import frozen, replace
from reconciler.state.entries import (
    AddSuspect,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    MarkUnordered,
    Put,
    Resolve,
    SetEndpoint,
)
from reconciler.state.facts import Facts, facts_of, with_facts
from reconciler.state.fold import fold
from reconciler.state.journal import Journal
from reconciler.state.model import State


@frozen
class Joined:
    """The state with all that is durable folded in, and how the files stand."""

    state: State | None
    open_intents: tuple[Intent, ...] = ()
    continues: bool = False
    """Whether a run died and its journal is to be continued."""
    is_marked: bool = False
    """Whether the state file says so itself."""
    folded: int = 0
    """How many batches of the journal the state file has in it."""
    last_seq: int = 0
    """The highest number of an intent in the journal."""
    warnings: tuple[str, ...] = ()


def join(state: State | None, journal: Journal | None, *, path: str) -> Joined:
    """Decide what is recorded. Pure; nothing that was durable is ever left out.

    Raises:
        StateCorrupt: the two cannot belong together, or one that must be there is missing.
    """
    if journal is None:
        return _join_alone(state, path)
    if state is None:
        return _join_orphan(journal, path)
    if journal.head.lineage != state.lineage:
        return _join_stranger(state, journal, path)
    _refuse_emptied(state, journal, path)
    if not journal.head.open:
        return _join_closed(state, journal, path)
    if state.epoch == 0:
        return _join_rewritten(state, journal, path)
    return _join_open(state, journal, path)


def _join_alone(state: State | None, path: str) -> Joined:
    if state is not None and state.folded is not None:
        raise _refused(
            path,
            "it belongs to a run that did not end, and that run's journal is missing",
            f"put {path}.journal back, or restore the state from a backup",
        )
    return Joined(state)


def _join_orphan(journal: Journal, path: str) -> Joined:
    if journal.batches or journal.head.holds:
        raise _refused(
            path,
            f"it is missing, but its journal {path}.journal says that it held objects",
            f"restore it from a backup; to forget those objects, remove {path}.journal too",
        )
    return Joined(None)


def _refuse_emptied(state: State, journal: Journal, path: str) -> None:
    """Every change of what is recorded raises the serial: the same one cannot hold nothing now."""
    held = journal.head.holds
    if held and state.serial == journal.head.serial and state.is_empty:
        raise _refused(
            path,
            f"it holds nothing, but its journal {path}.journal says that it held {held} objects as"
            f" of the same serial {state.serial}",
            f"restore it from a backup; to forget those objects, remove {path}.journal too",
        )


def _join_stranger(state: State, journal: Journal, path: str) -> Joined:
    if journal.head.open and journal.batches:
        raise _refused(
            path,
            f"the journal {path}.journal of a run that did not end belongs to another state "
            f"(lineage {journal.head.lineage}, here {state.lineage})",
            "put the state back that the journal belongs to, or move the journal away",
        )
    return _join_alone(state, path)


def _join_closed(state: State, journal: Journal, path: str) -> Joined:
    joined = _with_restored_facts(_ended(state), journal, path)
    if state.serial >= journal.head.serial:
        return joined
    older = (
        f"{path} is older than what the last run left: its serial is {state.serial}, "
        f"that was {journal.head.serial}"
    )
    return replace(joined, warnings=(*joined.warnings, older))


def _ended(state: State) -> State:
    """The state of a run that is known to have ended."""
    return state if state.folded is None else replace(state, folded=None, resolved=())


def _with_restored_facts(state: State, journal: Journal, path: str) -> Joined:
    if state.epoch or facts_of(state) != Facts():
        return Joined(state)
    restored = with_facts(replace(state, epoch=journal.head.epoch), journal.head.facts)
    return Joined(restored, warnings=_restored_warning(journal.head.facts, path))


def _restored_warning(facts: Facts, path: str) -> tuple[str, ...]:
    if facts == Facts():
        return ()
    return (
        f"{path} was rewritten by another program, which dropped what only this one keeps; "
        f"it was restored from {path}.journal",
    )


def _join_rewritten(state: State, journal: Journal, path: str) -> Joined:
    """Terraform wrote the file after our run died: its serial tells what it had in it."""
    if not journal.batches:
        return _with_restored_facts(state, journal, path)
    if state.serial < journal.head.serial:
        raise _mismatch(state, journal, path)
    folded = journal.folded_by(state.serial)
    base = with_facts(replace(state, epoch=journal.head.epoch), journal.head.facts)
    early = [each for each in journal.entries()[: _size(journal, folded)] if _is_of_run(each)]
    late = _not_moved(state, journal.entries(since=folded))
    joined, intents = fold(base, [*early, *late])
    return Joined(
        joined,
        intents,
        continues=True,
        folded=folded,
        last_seq=_last_seq(journal),
        warnings=_restored_warning(journal.head.facts, path)
        or (f"{path} was rewritten by another program while a run was unfinished",),
    )


def _join_open(state: State, journal: Journal, path: str) -> Joined:
    epoch = journal.head.epoch
    if state.epoch == epoch and state.folded is None:
        return Joined(state)
    if state.epoch == epoch and state.folded is not None and state.folded <= len(journal.batches):
        return _fold_since(state, journal, state.folded, is_marked=True)
    if state.epoch != epoch and state.folded is None:
        if state.epoch > epoch or not journal.batches:
            return Joined(state)
        if state.serial == journal.head.serial:
            return _fold_since(state, journal, 0, is_marked=False)
    raise _mismatch(state, journal, path)


def _fold_since(state: State, journal: Journal, folded: int, *, is_marked: bool) -> Joined:
    early = journal.entries()[: _size(journal, folded)]
    intents = [each for each in early if isinstance(each, (Intend, Resolve))]
    joined, found = fold(state, [*intents, *journal.entries(since=folded)])
    return Joined(
        joined,
        tuple(each for each in found if each.seq not in state.resolved),
        continues=True,
        is_marked=is_marked,
        folded=folded,
        last_seq=_last_seq(journal),
    )


def _last_seq(journal: Journal) -> int:
    intents = (each for each in journal.entries() if isinstance(each, Intend))
    return max((each.intent.seq for each in intents), default=0)


def _size(journal: Journal, batches: int) -> int:
    return sum(len(each) for each in journal.batches[:batches])


def _is_of_run(entry: Entry) -> bool:
    kinds = (Intend, Resolve, AddSuspect, DropSuspect, SetEndpoint, MarkUnordered)
    return isinstance(entry, kinds)


def _not_moved(state: State, entries: Iterable[Entry]) -> list[Entry]:
    """Leave out objects that the other program has meanwhile moved to another address."""
    places = {(each.address.type, each.id): each.address for each in state.objects.values()}
    kept = []
    for entry in entries:
        if isinstance(entry, Put) and entry.object.deposed is None:
            place = places.get((entry.object.address.type, entry.object.id))
            if place is not None and place != entry.object.address:
                continue
        kept.append(entry)
    return kept


def _mismatch(state: State, journal: Journal, path: str) -> StateCorrupt:
    return _refused(
        path,
        f"it is not the one that the unfinished run in {path}.journal wrote to "
        f"(serial {state.serial}, the journal continues serial {journal.head.serial})",
        "put the newest state back; to give up what that run recorded, move the journal away",
    )


def _refused(path: str, why: str, hint: str) -> StateCorrupt:
    return StateCorrupt(f"{path} cannot be used as a state: {why}", hint=hint)
