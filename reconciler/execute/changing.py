"""Changing: update an object in place, delete one, or only change what state remembers."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import Address
from reconciler.errors import NotServed, ObjectNotFound, ProviderError
from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.execute.oddities import note_remade
from reconciler.execute.recording import same, sendable, state_object
from reconciler.expand import Instance
from reconciler.plan.model import PlannedChange
from reconciler.provider.protocol import UNKNOWN_ROUTE
from reconciler.schema import Attributes, ChangeCost, Schema, Value
from reconciler.state.entries import (
    Drop,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    IntentKind,
    MarkKeeping,
    Put,
    Resolve,
)
from reconciler.state.model import StateObject, configuration_name


async def update(run: Run, change: PlannedChange) -> str:
    """Bring an object to its desired arguments in place; local ones cost no call."""
    assert change.recorded is not None, "only what is recorded is updated"
    instance = resolve(run, change)
    before: Attributes = change.before or change.recorded.attributes
    returned: Attributes = before
    resolved: list[Entry] = []
    if _needs_call(instance, change, before):
        seq = await _intend(run, IntentKind.UPDATE, change.recorded, sent=(sendable(instance),))
        resolved.append(Resolve(seq))
        try:
            returned = await run.provider(instance.provider).update(
                change.address.type, before, _with_cleared(instance, before)
            )
        except ProviderError:
            await run.recorder.record(*resolved)
            raise
    updated = state_object(instance, {**before, **returned}, change=change)
    note_remade(run, [updated])
    await run.recorder.record(Put(updated), *resolved)
    run.resolver.settle(change.address, returned)
    return change.recorded.id


async def delete(run: Run, change: PlannedChange, carried: Sequence[PlannedChange] = ()) -> None:
    """Delete the object a change is about, with the members that go with it.

    That it was gone already is success: it is what was wanted.
    """
    assert change.recorded is not None, "only what is recorded is deleted"
    object_ = change.recorded
    seq = await _intend(
        run, IntentKind.DELETE, object_, members=tuple(each.address for each in carried)
    )
    provider = run.provider(configuration_name(object_.provider))
    try:
        await provider.delete(object_.address.type, object_.attributes)
    except ObjectNotFound:
        pass
    except ProviderError as error:
        noted = _explain(error, provider.schemas[object_.address.type], object_.attributes)
        await run.recorder.record(*noted, Resolve(seq))
        raise
    drops: list[Entry] = [Drop(each.address, deposed_key(run, each)) for each in (change, *carried)]
    drops.extend(map(DropSuspect, run.recorder.suspects_in(object_.id)))
    await run.recorder.record(*drops, Resolve(seq))


async def delete_unmanaged(
    run: Run, configuration: str, type_: str, attributes: Attributes, address: Address
) -> None:
    """Delete a member that state does not know, as the thread's policy asks."""
    seq = run.recorder.next_seq()
    intent = Intent(seq, IntentKind.DELETE, address, run.now(), object_id=str(attributes["id"]))
    await run.recorder.record(Intend(intent))
    try:
        await run.provider(configuration).delete(type_, attributes)
    except ObjectNotFound:
        pass
    except ProviderError as error:
        noted = _explain(error, run.provider(configuration).schemas[type_], attributes)
        await run.recorder.record(*noted, Resolve(seq))
        raise
    await run.recorder.record(Resolve(seq))


def _explain(error: ProviderError, schema: Schema, attributes: Attributes) -> list[Entry]:
    """Say what else could be done where a server deletes no members, and remember that it does."""
    # Whoever gets as far as a deletion has talked to the right server.
    is_about_all = isinstance(error, NotServed) and error.code == UNKNOWN_ROUTE
    if schema.sequence is None or not is_about_all:
        return []
    error.hint = (
        'this server deletes no messages: on_reorder = "append" writes none again for the order,'
        ' "replace_thread", or --replace of the thread, creates the whole thread anew'
    )
    return [MarkKeeping(str(attributes[schema.sequence.parent_argument]), True)]


def deposed_key(run: Run, change: PlannedChange) -> str | None:
    """Under which key state keeps what is being deleted; None for the object itself."""
    if change.deposed is not None:
        return change.deposed
    assert change.recorded is not None, "only what is recorded is deleted"
    return run.deposed_keys.get((change.address, change.recorded.id))


def _needs_call(instance: Instance, change: PlannedChange, before: Attributes) -> bool:
    """Whether anything but local arguments differs from what is there, or was sent for it."""
    recorded = change.recorded
    assert recorded is not None, "only what is recorded is updated"
    kept = {
        name: value
        for name, value in recorded.sent.items()
        if same(instance.schema, name, recorded.attributes.get(name), before.get(name))
    }
    before = {**before, **kept}
    return any(
        attribute.is_argument
        and attribute.cost is not ChangeCost.LOCAL
        and not same(instance.schema, name, instance.desired.get(name), before.get(name))
        for name, attribute in instance.schema.attributes.items()
        if instance.desired.get(name) is not None or not attribute.computed
    )


def _with_cleared(instance: Instance, before: Attributes) -> dict[str, Value]:
    """The desired arguments, with those named that are to be cleared."""
    wanted = sendable(instance)
    for name, attribute in instance.schema.arguments.items():
        cleared = before.get(name) is not None and not attribute.computed
        if name not in wanted and cleared and attribute.cost is ChangeCost.UPDATE:
            wanted[name] = None
    return wanted


async def _intend(
    run: Run,
    kind: IntentKind,
    object_: StateObject,
    *,
    members: tuple[Address, ...] = (),
    sent: tuple[Attributes, ...] = (),
) -> int:
    seq = run.recorder.next_seq()
    intent = Intent(
        seq,
        kind,
        object_.address,
        run.now(),
        members=members,
        object_id=object_.id,
        sent=sent,
    )
    await run.recorder.record(Intend(intent))
    return seq
