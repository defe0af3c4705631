"""Creating: bring a parent and its first members, or further members, into being."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.errors import (
    OutcomeUnknown,
    ProviderError,
    ReconcilerError,
    RequestRejected,
)
from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.execute.listing import list_after, match_by_position, match_in_order
from reconciler.execute.recording import deposed, sendable, state_object
from reconciler.expand import Instance
from reconciler.plan.model import PlannedChange
from reconciler.provider.protocol import Member
from reconciler.schema import Attributes
from reconciler.state.entries import (
    AddSuspect,
    Entry,
    Intend,
    Intent,
    IntentKind,
    Put,
    Resolve,
)
from reconciler.state.model import Suspect, SuspectKind


@dataclass(frozen=True, slots=True)
class Made:
    """How creating one instance ended: *error* is None where it stands and is recorded."""

    change: PlannedChange
    error: ReconcilerError | None = None
    id: str | None = None


async def create_parent(
    run: Run, change: PlannedChange, members: Sequence[PlannedChange]
) -> list[Made]:
    """Create an object with its first members in one call, and learn their ids from a listing.

    If the call is refused because of one of the members, that one has failed, the parent is
    created with those before it, and those behind it are left to be appended by nobody.
    """
    instance = resolve(run, change)
    carried = list(members)
    refused: list[Made] = []
    while True:
        # The intent waits for its turn as well: what is journalled and was never sent would
        # otherwise be a suspect after a crash.
        async with run.create_slots[instance.provider]:
            seq, returned, blamed = await _try_create(run, instance, carried)
        if returned is not None:
            break
        assert blamed is not None, "what is not returned was refused because of a member"
        refused = [blamed]
        carried = carried[: carried.index(blamed.change)]
    made = Made(change, None, str(returned["id"]))
    entries = _put(run, instance, returned, change)
    if not carried:
        entries.append(Resolve(seq))
    await run.recorder.record(*entries)
    run.resolver.settle(change.address, returned)
    run.tails[str(returned["id"])] = None
    found = await _learn_ids(run, seq, str(returned["id"]), carried) if carried else []
    return [made, *found, *refused]


async def append_members(run: Run, changes: Sequence[PlannedChange], parent_id: str) -> list[Made]:
    """Append members in order with one call.

    A lost answer is not a refusal: what was sent is looked for behind the last known member
    before anything is sent again.
    """
    instances = [resolve(run, each) for each in changes]
    provider = run.provider(instances[0].provider)
    type_ = instances[0].schema.type
    seq = await _intend_append(run, instances, parent_id)
    try:
        returned: Sequence[Attributes] = await provider.append(
            type_, parent_id, [sendable(each) for each in instances]
        )
    except OutcomeUnknown as error:
        returned = await _after_lost_answer(run, seq, instances, parent_id, error)
    except ProviderError:
        await run.recorder.record(Resolve(seq))
        raise
    return await _record_members(run, seq, changes, instances, returned, parent_id)


async def _record_members(
    run: Run,
    seq: int,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    returned: Sequence[Attributes],
    parent_id: str,
) -> list[Made]:
    entries: list[Entry] = []
    made: list[Made] = []
    for change, instance, attributes in zip(changes, instances, returned, strict=True):
        entries.extend(_put(run, instance, attributes, change))
        made.append(Made(change, None, str(attributes["id"])))
    await run.recorder.record(*entries, Resolve(seq))
    for instance, attributes in zip(instances, returned, strict=True):
        run.resolver.settle(instance.address, attributes)
        run.tails[parent_id] = str(attributes["id"])
    return made


def _put(run: Run, instance: Instance, returned: Attributes, change: PlannedChange) -> list[Entry]:
    """The new object, and the one it replaces under a deposed key until that is deleted."""
    entries: list[Entry] = [Put(state_object(instance, returned, change=change))]
    recorded = run.recorder.object(change.address)
    if recorded is not None:
        key = run.new_key()
        run.deposed_keys[change.address, recorded.id] = key
        entries.append(Put(deposed(recorded, key)))
    return entries


async def _intend_create(run: Run, instance: Instance, members: Sequence[Instance]) -> int:
    seq = run.recorder.next_seq()
    replaced = run.recorder.object(instance.address)
    intent = Intent(
        seq,
        IntentKind.CREATE,
        instance.address,
        run.now(),
        members=tuple(each.address for each in members),
        object_id=replaced.id if replaced is not None else None,
        sent=tuple(sendable(each) for each in (instance, *members)),
    )
    await run.recorder.record(Intend(intent))
    return seq


async def _intend_append(run: Run, instances: Sequence[Instance], parent_id: str) -> int:
    seq = run.recorder.next_seq()
    intent = Intent(
        seq,
        IntentKind.APPEND,
        instances[0].address,
        run.now(),
        members=tuple(each.address for each in instances),
        parent_id=parent_id,
        after_id=run.tails.get(parent_id),
        sent=tuple(sendable(each) for each in instances),
    )
    await run.recorder.record(Intend(intent))
    return seq


async def _try_create(
    run: Run, instance: Instance, carried: Sequence[PlannedChange]
) -> tuple[int, Attributes | None, Made | None]:
    """Send the creating call once; a refusal because of a member names that member."""
    sent = [resolve(run, each) for each in carried]
    seq = await _intend_create(run, instance, sent)
    provider = run.provider(instance.provider)
    try:
        returned = await provider.create(
            instance.schema.type, sendable(instance), [sendable(each) for each in sent]
        )
    except RequestRejected as error:
        await run.recorder.record(Resolve(seq))
        blamed = _blamed_member(error, len(carried))
        if blamed is None:
            raise
        return seq, None, Made(carried[blamed], error)
    except OutcomeUnknown as error:
        suspect = _create_suspect(run, instance, carried, error)
        await run.recorder.record(AddSuspect(suspect), Resolve(seq))
        raise
    except ProviderError:
        await run.recorder.record(Resolve(seq))
        raise
    return seq, returned, None


def _blamed_member(error: RequestRejected, count: int) -> int | None:
    """Which member a refusal is about: `messages[6].content` and `items[6]` name the seventh."""
    name, bracket, rest = (error.param or "").partition("[")
    number, closing, _ = rest.partition("]")
    if not bracket or not closing or name not in ("messages", "items") or not number.isdigit():
        return None
    return int(number) if int(number) < count else None


async def _learn_ids(
    run: Run, seq: int, parent_id: str, changes: Sequence[PlannedChange]
) -> list[Made]:
    """List what a creating call carried; a failure leaves the intent open for the next run."""
    instances = [resolve(run, each) for each in changes]
    provider = run.provider(instances[0].provider)
    schema = instances[0].schema
    try:
        members = await list_after(
            provider, schema.type, parent_id, after=None, most=len(instances)
        )
    except ProviderError as error:
        return [Made(each, error) for each in changes]
    found = match_by_position(schema, [sendable(each) for each in instances], members)
    return await _adopt_found(run, seq, parent_id, changes, instances, found)


async def _adopt_found(
    run: Run,
    seq: int,
    parent_id: str,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[Made]:
    """Record the members up to the first that is missing; the rest is appended one by one."""
    missing = next((i for i, each in enumerate(found) if each is None), len(found))
    made = await _record_members(
        run,
        seq,
        changes[:missing],
        instances[:missing],
        [each.attributes for each in found[:missing] if each is not None],
        parent_id,
    )
    if missing < len(found):
        lacking = ", ".join(str(each.address) for each in changes[missing:])
        run.warnings.append(
            f"The server answered that it had created {parent_id}, but its listing lacks "
            f"{lacking}; sending these one by one."
        )
    for change in changes[missing:]:
        made.extend(await append_members(run, [change], parent_id))
    return made


async def _after_lost_answer(
    run: Run, seq: int, instances: Sequence[Instance], parent_id: str, error: OutcomeUnknown
) -> Sequence[Attributes]:
    """Look for what was sent; send it once more only if nothing unexplained stands there."""
    provider = run.provider(instances[0].provider)
    schema = instances[0].schema
    sent = [sendable(each) for each in instances]
    for pause_s in (0.0, run.settings[instances[0].provider].settle_s):
        await run.sleep(pause_s)
        members = await list_after(provider, schema.type, parent_id, after=run.tails.get(parent_id))
        found = match_in_order(schema, sent, members)
        if all(each is not None for each in found):
            return [each.attributes for each in found if each is not None]
    roles = {attributes.get("role") for attributes in sent}
    if any(each.is_message and each.attributes.get("role") in roles for each in members):
        await run.recorder.record(
            AddSuspect(_append_suspect(run, instances, parent_id, error)), Resolve(seq)
        )
        raise error
    try:
        return await provider.append(schema.type, parent_id, sent)
    except OutcomeUnknown as again:
        await run.recorder.record(
            AddSuspect(_append_suspect(run, instances, parent_id, again)), Resolve(seq)
        )
        raise
    except ProviderError:
        await run.recorder.record(Resolve(seq))
        raise


def _create_suspect(
    run: Run, instance: Instance, members: Sequence[PlannedChange], error: OutcomeUnknown
) -> Suspect:
    return Suspect(
        address=instance.address,
        kind=SuspectKind.CREATE,
        sent=sendable(instance),
        sent_at=run.now(),
        seen=error.message,
        members=tuple(each.address for each in members),
    )


def _append_suspect(
    run: Run, instances: Sequence[Instance], parent_id: str, error: OutcomeUnknown
) -> Suspect:
    first = instances[0]
    suspect = Suspect(
        address=first.address,
        kind=SuspectKind.APPEND,
        sent=sendable(first),
        sent_at=run.now(),
        seen=error.message,
        parent_id=parent_id,
        after_id=run.tails.get(parent_id),
    )
    return replace(suspect, members=tuple(each.address for each in instances[1:]))


def parent_id_of(instance: Instance) -> str:
    """The id of the parent a member is created under."""
    assert instance.schema.sequence is not None, "only members have a parent"
    return str(instance.desired[instance.schema.sequence.parent_argument])
