"""Creating: bring a parent and its first members, or further members, into being."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from reconciler.errors import (
    CredentialsRejected,
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    ReconcilerError,
    RequestRejected,
    ServiceUnavailable,
    SpecError,
)
from reconciler.execute.changing import delete
from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.execute.intending import intend_append, intend_create
from reconciler.execute.listing import (
    in_order_sent,
    is_unexplained,
    list_after,
    match_by_position,
)
from reconciler.execute.lost import (
    append_again,
    append_suspect,
    create_suspect,
    look_twice,
    may_have_happened,
)
from reconciler.execute.oddities import note_order, note_remade
from reconciler.execute.recording import deposed, sendable, state_object
from reconciler.expand import Instance
from reconciler.frozen import frozen, replace
from reconciler.plan.model import PlannedChange
from reconciler.provider.protocol import Member
from reconciler.refresh import all_members
from reconciler.schema import Attributes
from reconciler.state.entries import AddSuspect, Drop, Entry, Intent, Put, Resolve
from reconciler.state.model import StateObject


@frozen
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
    created with those before it, and those behind it are left to be appended by nobody. If it is
    refused for another reason, the server may not take members along: they are appended then.
    """
    instance = resolve(run, change)
    carried = list(members)
    behind: list[PlannedChange] = []
    refused: list[Made] = []
    while True:
        # The intent waits for its turn as well: what is journalled and was never sent would
        # otherwise be a suspect after a crash.
        async with run.create_slots[instance.provider]:
            if run.interrupted():
                raise ServiceUnavailable(f"{change.address} was not sent: the run was interrupted")
            intent, returned, blamed = await _try_create(run, instance, change, carried)
        if returned is not None:
            break
        if blamed is None:
            carried, behind = [], carried
        else:
            refused = [blamed]
            carried = carried[: carried.index(blamed.change)]
    parent_id = str(returned["id"])
    replaced = run.recorder.object(change.address)
    entries = _put(run, instance, returned, change)
    note_remade(run, [each.object for each in entries if isinstance(each, Put)])
    if not carried:
        entries.append(Resolve(intent.seq))
    await run.recorder.record(*entries)
    error = _settle(run, change, returned)
    run.tails[parent_id] = None
    try:
        found = await _learn_ids(run, intent, parent_id, carried) if carried else []
    except ObjectNotFound as missing:
        raise await _suspect_parent(run, intent, instance, replaced, parent_id) from missing
    if behind and error is None:
        run.oddities.empty[parent_id] = None
        limit = run.provider(instance.provider).capabilities.append_limit
        found = await _append_in_runs(run, behind, parent_id, at_once=max(limit, 1))
    return [Made(change, error, parent_id), *found, *refused]


async def _append_in_runs(
    run: Run, changes: Sequence[PlannedChange], parent_id: str, *, at_once: int = 1
) -> list[Made]:
    """Append *changes* in order, so many with a call; the first that fails is the last."""
    made: list[Made] = []
    for start in range(0, len(changes), at_once):
        group = changes[start : start + at_once]
        try:
            made.extend(await append_members(run, group, parent_id))
        except ProviderError as error:
            made.append(Made(group[0], error))
        if any(each.error is not None for each in made):
            break
    return made


async def append_members(run: Run, changes: Sequence[PlannedChange], parent_id: str) -> list[Made]:
    """Append members in order with one call.

    A lost answer is not a refusal: what was sent is looked for behind the last known member
    before anything is sent again. If the call is refused because of one of them, those before it
    are appended without it; if it is refused as a whole, they are appended one by one.
    """
    instances = [resolve(run, each) for each in changes]
    provider = run.provider(instances[0].provider)
    type_ = instances[0].schema.type
    await find_tail(run, instances[0], parent_id)
    intent = await intend_append(run, changes, instances, parent_id)
    try:
        sent = [sendable(each) for each in instances]
        returned = in_order_sent(
            instances[0].schema, sent, await provider.append(type_, parent_id, sent)
        )
    except OutcomeUnknown as error:
        returned = await append_again(run, intent, instances, error)
    except RequestRejected as error:
        await run.recorder.record(Resolve(intent.seq))
        if len(changes) == 1 or isinstance(error, CredentialsRejected):
            raise
        return await _append_what_is_not_refused(run, changes, parent_id, error)
    except ProviderError as error:
        if not may_have_happened(error):
            await run.recorder.record(Resolve(intent.seq))
        raise
    return await _record_members(run, intent.seq, changes, instances, returned, parent_id)


async def _append_what_is_not_refused(
    run: Run, changes: Sequence[PlannedChange], parent_id: str, error: RequestRejected
) -> list[Made]:
    blamed = _blamed_member(error, len(changes))
    if blamed is None:
        return await _append_in_runs(run, changes, parent_id)
    made = await append_members(run, changes[:blamed], parent_id) if blamed else []
    return [*made, Made(changes[blamed], error)]


async def find_tail(run: Run, instance: Instance, parent_id: str) -> str | None:
    """The last member of a parent, asked for where nobody has read to its end in this run."""
    if parent_id not in run.tails:
        provider = run.provider(instance.provider)
        run.tails[parent_id] = await provider.last_member(instance.schema.type, parent_id)
    return run.tails[parent_id]


async def _record_members(
    run: Run,
    seq: int,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    returned: Sequence[Attributes],
    parent_id: str,
) -> list[Made]:
    entries: list[Entry] = []
    for change, instance, attributes in zip(changes, instances, returned, strict=True):
        entries.extend(_put(run, instance, attributes, change))
    await run.recorder.record(*entries, Resolve(seq))
    note_remade(run, [each.object for each in entries if isinstance(each, Put)])
    made: list[Made] = []
    for change, attributes in zip(changes, returned, strict=True):
        id_ = run.tails[parent_id] = str(attributes["id"])
        made.append(Made(change, _settle(run, change, attributes), id_))
    return made


def _settle(run: Run, change: PlannedChange, returned: Attributes) -> SpecError | None:
    """Tell what an object has become; a postcondition that is not met keeps nobody else back."""
    try:
        run.resolver.settle(change.address, returned)
    except SpecError as error:
        return error
    return None


def _put(run: Run, instance: Instance, returned: Attributes, change: PlannedChange) -> list[Entry]:
    """The new object, and the one it replaces under a deposed key until that is deleted."""
    entries: list[Entry] = [Put(state_object(instance, returned, change=change))]
    recorded = run.recorder.object(change.address)
    if recorded is not None:
        key = run.new_key()
        run.deposed_keys[change.address, recorded.id] = key
        entries.append(Put(deposed(recorded, key)))
    return entries


async def _try_create(
    run: Run, instance: Instance, change: PlannedChange, carried: Sequence[PlannedChange]
) -> tuple[Intent, Attributes | None, Made | None]:
    """Send the creating call once; a refusal because of a member names that member, and one that
    may be about members at all names nothing."""
    sent = [resolve(run, each, rides_along=True) for each in carried]
    intent = await intend_create(run, instance, change, carried, sent)
    provider = run.provider(instance.provider)
    try:
        returned = await provider.create(
            instance.schema.type, sendable(instance), [sendable(each) for each in sent]
        )
    except RequestRejected as error:
        await run.recorder.record(Resolve(intent.seq))
        if not carried or isinstance(error, CredentialsRejected):
            raise
        blamed = _blamed_member(error, len(carried))
        return intent, None, None if blamed is None else Made(carried[blamed], error)
    except ProviderError as error:
        entries: list[Entry] = [Resolve(intent.seq)]
        if may_have_happened(error):
            entries.append(AddSuspect(create_suspect(intent, instance.schema, error.message)))
        await run.recorder.record(*entries)
        raise
    return intent, returned, None


def _blamed_member(error: RequestRejected, count: int) -> int | None:
    """Which member a refusal is about: `messages[6].content` and `items[6]` name the seventh."""
    name, bracket, rest = (error.param or "").partition("[")
    number, closing, _ = rest.partition("]")
    if not bracket or not closing or name not in ("messages", "items") or not number.isdigit():
        return None
    return int(number) if int(number) < count else None


async def _learn_ids(
    run: Run, intent: Intent, parent_id: str, changes: Sequence[PlannedChange]
) -> list[Made]:
    """List what a creating call carried; a failure leaves the intent open for the next run.

    No single listing is believed where it lacks something, since sending again what stands there
    would double it: the whole parent is listed then, and once more after a while.

    Raises:
        ObjectNotFound: the server does not have the parent under the id it answered.
    """
    instances = [resolve(run, each) for each in changes]
    schema, configuration = instances[0].schema, instances[0].provider
    provider = run.provider(configuration)
    sent = [sendable(each) for each in instances]

    async def look() -> tuple[list[Member], list[Member | None]]:
        members = await list_after(provider, schema.type, parent_id, after=None, most=len(sent))
        found = match_by_position(schema, sent, members)
        if None in found:
            members = await all_members(provider, schema.type, parent_id)
            found = match_by_position(schema, sent, members)
        return members, found

    try:
        members, found = await look_twice(
            run, configuration, look, lambda seen: None not in seen[1]
        )
    except ObjectNotFound:
        raise
    except ProviderError as error:
        return [Made(each, error) for each in changes]
    places = {id(each): at for at, each in enumerate(members)}
    order = note_order(run, parent_id, [places[id(each)] for each in found if each is not None])
    if order:
        await run.recorder.record(*order)
    if None in found and run.interrupted():
        # The second look may have come too early.
        stopped = ServiceUnavailable(f"{parent_id} lacks messages, and the run was interrupted")
        return [Made(each, stopped) for each in changes]
    if is_unexplained(sent, found, members):
        return await _suspect_missing(run, intent, parent_id, changes, instances, found)
    return await _adopt_found(run, intent.seq, parent_id, changes, instances, found)


async def _suspect_parent(
    run: Run,
    intent: Intent,
    instance: Instance,
    replaced: StateObject | None,
    parent_id: str,
) -> OutcomeUnknown:
    """Take back what was recorded under a wrong id; the parent may stand under any other."""
    error = OutcomeUnknown(
        f"The server answered that it had created {instance.address} as {parent_id}, which it does "
        "not have; it may stand there under another id."
    )
    taken_back: list[Entry] = [Drop(instance.address)]
    if replaced is not None:
        key = run.deposed_keys.pop((instance.address, replaced.id))
        taken_back = [Put(replaced), Drop(instance.address, key)]
    suspect = create_suspect(intent, instance.schema, error.message)
    await run.recorder.record(*taken_back, AddSuspect(suspect), Resolve(intent.seq))
    return error


async def _suspect_missing(
    run: Run,
    intent: Intent,
    parent_id: str,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[Made]:
    """Record what was found; what the rest may stand there as, in another form, is a suspect."""
    lacking = [each for each, member in zip(changes, found, strict=True) if member is None]
    addresses = {each.address for each in lacking}
    error = OutcomeUnknown(
        f"The server answered that it had created {parent_id}; its listing lacks "
        f"{', '.join(map(str, addresses))} and shows messages that nobody knows."
    )
    objects = tuple(each for each in intent.objects if each.address in addresses)
    appended = replace(intent, parent_id=parent_id, objects=objects)
    suspect = append_suspect(appended, instances[0].schema, error.message)
    await run.recorder.record(AddSuspect(suspect))
    kept = [
        (change, instance, member.attributes)
        for change, instance, member in zip(changes, instances, found, strict=True)
        if member is not None
    ]
    made = await _record_members(
        run,
        intent.seq,
        [change for change, _, _ in kept],
        [instance for _, instance, _ in kept],
        [attributes for _, _, attributes in kept],
        parent_id,
    )
    return [*made, *(Made(each, error) for each in lacking)]


async def _adopt_found(
    run: Run,
    seq: int,
    parent_id: str,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[Made]:
    """Record the members up to the first that is missing; the rest is appended one by one.

    What stands behind the missing one already stands in the wrong place: it is replaced.
    """
    missing = next((i for i, each in enumerate(found) if each is None), len(found))
    strays = await _record_strays(run, changes[missing:], instances[missing:], found[missing:])
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
    if all(each.error is None for each in made):
        made.extend(await _append_in_runs(run, changes[missing:], parent_id))
    if any(each.error is not None for each in made):
        return made
    for stray in strays:
        # Where that fails, it stays recorded as replaced, and the next plan deletes it.
        with suppress(ProviderError):
            await delete(run, stray)
    return made


async def _record_strays(
    run: Run,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    found: Sequence[Member | None],
) -> list[PlannedChange]:
    """Record what stands in the wrong place, and say how it is deleted once it is replaced."""
    entries: list[Entry] = []
    strays: list[PlannedChange] = []
    for change, instance, member in zip(changes, instances, found, strict=True):
        if member is not None:
            entries.extend(_put(run, instance, member.attributes, change))
            object_ = state_object(instance, member.attributes, change=change)
            strays.append(replace(change, recorded=object_))
    if entries:
        await run.recorder.record(*entries)
    return strays
