"""Appending: bring further members of a parent into being, and record what was made."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import (
    CredentialsRejected,
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    ReconcilerError,
    RequestRejected,
    SpecError,
)
from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.execute.intending import intend_append
from reconciler.execute.listing import (
    in_order_sent,
)
from reconciler.execute.lost import (
    append_again,
    may_have_happened,
)
from reconciler.execute.oddities import note_remade
from reconciler.execute.recording import deposed, sendable, state_object
from reconciler.execute.taken import under_own_ids
from reconciler.execute.unseen import confirm
from reconciler.expand import Instance
from reconciler.frozen import frozen
from reconciler.plan.model import PlannedChange
from reconciler.schema import Attributes
from reconciler.state.entries import Entry, Put, Resolve


@frozen
class Made:
    """How creating one instance ended: *error* is None where it stands and is recorded."""

    change: PlannedChange
    error: ReconcilerError | None = None
    id: str | None = None


async def append_in_runs(
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

    Raises:
        OutcomeUnknown: one of them, or their parent, may stand there under an id nobody knows.
    """
    try:
        made = await _append(run, changes, parent_id)
    except ObjectNotFound:
        await confirm(run, parent_id)
        raise
    if any(each.error is None for each in made):
        run.unseen.pop(parent_id, None)
    return made


async def _append(run: Run, changes: Sequence[PlannedChange], parent_id: str) -> list[Made]:
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
    returned = await under_own_ids(run, intent, instances, parent_id, returned)
    return await record_members(run, intent.seq, changes, instances, returned, parent_id)


async def _append_what_is_not_refused(
    run: Run, changes: Sequence[PlannedChange], parent_id: str, error: RequestRejected
) -> list[Made]:
    blamed = blamed_member(error, len(changes))
    if blamed is None:
        return await append_in_runs(run, changes, parent_id)
    made = await append_members(run, changes[:blamed], parent_id) if blamed else []
    return [*made, Made(changes[blamed], error)]


async def find_tail(run: Run, instance: Instance, parent_id: str) -> str | None:
    """The last member of a parent, asked for where nobody has read to its end in this run."""
    if parent_id not in run.tails:
        provider = run.provider(instance.provider)
        run.tails[parent_id] = await provider.last_member(instance.schema.type, parent_id)
    return run.tails[parent_id]


async def record_members(
    run: Run,
    seq: int,
    changes: Sequence[PlannedChange],
    instances: Sequence[Instance],
    returned: Sequence[Attributes],
    parent_id: str,
) -> list[Made]:
    entries: list[Entry] = []
    for change, instance, attributes in zip(changes, instances, returned, strict=True):
        entries.extend(put(run, instance, attributes, change))
    await run.recorder.record(*entries, Resolve(seq))
    note_remade(run, [each.object for each in entries if isinstance(each, Put)])
    made: list[Made] = []
    for change, attributes in zip(changes, returned, strict=True):
        id_ = run.tails[parent_id] = str(attributes["id"])
        made.append(Made(change, settle(run, change, attributes), id_))
    return made


def settle(run: Run, change: PlannedChange, returned: Attributes) -> SpecError | None:
    """Tell what an object has become; a postcondition that is not met keeps nobody else back."""
    try:
        run.resolver.settle(change.address, returned)
    except SpecError as error:
        return error
    return None


def put(run: Run, instance: Instance, returned: Attributes, change: PlannedChange) -> list[Entry]:
    """The new object, and the one it replaces under a deposed key until that is deleted."""
    entries: list[Entry] = [Put(state_object(instance, returned, change=change))]
    recorded = run.recorder.object(change.address)
    if recorded is not None:
        key = run.new_key()
        run.deposed_keys[change.address, recorded.id] = key
        entries.append(Put(deposed(recorded, key)))
    return entries


def blamed_member(error: RequestRejected, count: int) -> int | None:
    """Which member a refusal is about: `messages[6].content` and `items[6]` name the seventh."""
    name, bracket, rest = (error.param or "").partition("[")
    number, closing, _ = rest.partition("]")
    if not bracket or not closing or name not in ("messages", "items") or not number.isdigit():
        return None
    return int(number) if int(number) < count else None
