"""Editing: change what state remembers, by hand. No server is asked, and nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.errors import StateError, UsageError
from reconciler.frozen import replace
from reconciler.plan.targets import named_by
from reconciler.state.model import Endpoint, State, StateObject
from reconciler.suggest import did_you_mean

if TYPE_CHECKING:
    from reconciler.state.store import FileStateStore


def remove(store: FileStateStore, patterns: Sequence[str]) -> tuple[Address, ...]:
    """Let go of the objects that *patterns* name; they stay where they are.

    Raises:
        UsageError: a pattern names nothing.
    """
    state = _settled(store)
    gone = _named(state, patterns)
    kept = {address: each for address, each in state.objects.items() if address not in gone}
    deposed = {key: each for key, each in state.deposed.items() if key[0] not in gone}
    store.write(replace(state, objects=kept, deposed=deposed))
    return gone


def protect(
    store: FileStateStore, patterns: Sequence[str], *, protected: bool
) -> tuple[Address, ...]:
    """Protect the objects that *patterns* name from destruction, or end that.

    What a block says with `prevent_destroy` counts more, and is recorded with the next apply.

    Raises:
        UsageError: a pattern names nothing.
    """
    state = _settled(store)
    named = _named(state, patterns)
    changed = {each: replace(state.objects[each], protected=protected) for each in named}
    store.write(replace(state, objects={**state.objects, **changed}))
    return named


def move(store: FileStateStore, source_text: str, target_text: str) -> dict[Address, Address]:
    """Give an object, or every instance of a block, another address.

    Raises:
        UsageError: there is nothing to move, the types differ, or the address is taken.
    """
    state = _settled(store)
    source, target = _address(source_text), _address(target_text)
    if source.type != target.type or source.mode != target.mode:
        raise UsageError(f"{source} cannot become {target}: they are of different types")
    moves = _moves(state, source, target)
    taken = next((new for new in moves.values() if _is_taken(state, new, moves)), None)
    if taken is not None:
        raise UsageError(f"there is already something at {taken} in the state")
    store.write(_renamed(state, moves))
    return moves


def rehome(
    store: FileStateStore, endpoints: Mapping[str, Endpoint], *, same_objects: bool
) -> tuple[StateObject, ...]:
    """Let the state belong to *endpoints*; return the objects that it no longer knows.

    Unless *same_objects* are there under another address, every object of a configuration that
    talks elsewhere now is forgotten, so that the next plan creates it anew. Nothing is deleted
    where it was; what is created under its address remembers the id it had there.

    Raises:
        UsageError: the state belongs to these endpoints already.
        StateError: a run has not been explained yet, or the dialect is another and the objects
            cannot be the same.
    """
    from reconciler.workflow.endpoints import configuration_of

    state = _settled(store)
    moved = {
        name
        for name, now in endpoints.items()
        if name not in state.endpoints or state.endpoints[name] != now
    }
    everything = (*state.objects.values(), *state.deposed.values())
    touched = tuple(each for each in everything if configuration_of(each) in moved)
    if not touched:
        raise UsageError("the state already belongs to the server that is configured")
    if same_objects:
        _refuse_other_dialect(state, endpoints)
        store.write(replace(state, endpoints={**state.endpoints, **endpoints}))
        return ()
    forgotten = {
        each.address: each.id for each in state.objects.values() if configuration_of(each) in moved
    }
    store.write(
        replace(
            state,
            previous_ids={**state.previous_ids, **forgotten},
            objects={a: o for a, o in state.objects.items() if configuration_of(o) not in moved},
            deposed={k: o for k, o in state.deposed.items() if configuration_of(o) not in moved},
            endpoints={**state.endpoints, **endpoints},
        )
    )
    return touched


def _refuse_other_dialect(state: State, endpoints: Mapping[str, Endpoint]) -> None:
    for name, now in endpoints.items():
        before = state.endpoints.get(name)
        if before is not None and before.dialect != now.dialect:
            raise StateError(
                f"The objects were made on the dialect {before.dialect} and cannot be the same on "
                f"{now.dialect}.",
                hint="reconciler rehome forgets them, so that they are created anew",
            )


def _settled(store: FileStateStore) -> State:
    """What is recorded, where no run has left anything open."""
    snapshot = store.read()
    state = snapshot.state
    if state is None:
        raise UsageError(f"there is no state in {store.path}")
    if snapshot.open_intents or snapshot.interrupted:
        raise StateError(
            f"{store.path} belongs to a run that did not end",
            hint="reconciler recover finds out what became of it",
        )
    if state.suspects:
        raise StateError(
            "a creation is unresolved: " + ", ".join(str(each) for each in state.suspects),
            hint="reconciler recover settles it",
        )
    return state


def _named(state: State, patterns: Sequence[str]) -> tuple[Address, ...]:
    found: set[Address] = set()
    for pattern in patterns:
        named = named_by([pattern], state.objects)
        if not named:
            meant = did_you_mean(pattern, map(str, state.objects))
            raise UsageError(
                f"The state has no object at {pattern}.{meant}",
                hint='"reconciler state list" lists the addresses.',
            )
        found |= named
    return tuple(sorted(found, key=lambda each: each.sort_key))


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _moves(state: State, source: Address, target: Address) -> dict[Address, Address]:
    """One object, or the instances of a block where the address names no instance."""
    if source in state.objects:
        return {source: target}
    instances = [each for each in state.objects if each.block == source]
    if not instances:
        meant = did_you_mean(str(source), map(str, state.objects))
        raise UsageError(
            f"The state has no object at {source}.{meant}",
            hint='"reconciler state list" lists the addresses.',
        )
    if target.key is not None:
        raise UsageError(f"{source} has {len(instances)} instances, {target} is one")
    return {each: target.instance(each.key) for each in instances}


def _is_taken(state: State, new: Address, moves: Mapping[Address, Address]) -> bool:
    deposed = {address for address, _ in state.deposed}
    return (new in state.objects and new not in moves) or new in deposed


def _renamed(state: State, moves: Mapping[Address, Address]) -> State:
    names = {str(old): str(new) for old, new in moves.items()}
    blocks = {str(old.block): str(new.block) for old, new in moves.items()}
    # Where only some instances of a block move, what depends on the block depends on both.
    staying = {str(each.block) for each in state.objects if each not in moves}

    def dependencies(before: Sequence[str]) -> tuple[str, ...]:
        kept = {each for each in before if each not in blocks or each in staying}
        return tuple(sorted(kept | {blocks[each] for each in before if each in blocks}))

    def renamed(object_: StateObject) -> StateObject:
        behind = object_.behind
        return replace(
            object_,
            address=moves.get(object_.address, object_.address),
            dependencies=dependencies(object_.dependencies),
            behind=None if behind is None else names.get(behind, behind),
        )

    objects = {each.address: each for each in map(renamed, state.objects.values())}
    deposed = {
        (moves.get(address, address), key): renamed(each)
        for (address, key), each in state.deposed.items()
    }
    return replace(state, objects=objects, deposed=deposed)
