"""Taken: an id that a server answers for a new object although another one stands under it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import OutcomeUnknown, RequestRejected
from reconciler.execute.context import Run
from reconciler.execute.lost import append_suspect, create_suspect, look
from reconciler.expand import Instance
from reconciler.schema import Attributes
from reconciler.state.entries import AddSuspect, Intent, Resolve
from reconciler.state.model import configuration_name


async def claim(run: Run, intent: Intent, instance: Instance, parent_id: str) -> None:
    """Let a new parent have the id that was answered for it.

    Raises:
        OutcomeUnknown: another one has it; what was created stands under any other id, and it is a
            suspect.
    """
    other = _holder(run, instance, parent_id, None)
    if other is None and (instance.provider, parent_id) not in run.created:
        run.created.add((instance.provider, parent_id))
        return
    error = OutcomeUnknown(
        f"The server answered that it had created {instance.address} as {parent_id}, the id of "
        f"{other or 'another one that it has just created'}; it may stand there under another id."
    )
    suspect = create_suspect(intent, instance.schema, error.message)
    await run.recorder.record(AddSuspect(suspect), Resolve(intent.seq))
    raise error


async def under_own_ids(
    run: Run,
    intent: Intent,
    instances: Sequence[Instance],
    parent_id: str,
    returned: Sequence[Attributes],
) -> Sequence[Attributes]:
    """What an append *returned*; where that names a member that state has already, what was sent is
    looked for behind the last known member, and nothing is sent again.

    Raises:
        OutcomeUnknown: it may stand there in another form or in part.
        RequestRejected: it does not stand there.
    """
    wrong = _taken(run, instances, parent_id, returned)
    if wrong is None:
        return returned
    instance, id_, other = wrong
    seen = await look(run, intent, instances)
    told = f"The server answered that it had created {instance.address} as {id_}, the id of {other}"
    if seen.is_complete:
        found = [each for each in seen.found if each is not None]
        here = ", ".join(each.id for each in found)
        run.warnings.append(f"{told}: it stands there as {here}, and that is recorded.")
        return [each.attributes for each in found]
    if seen.unexplained or any(seen.found) or run.interrupted():
        error = OutcomeUnknown(f"{told}; a complete listing shows it in part or in another form.")
        if not any(seen.found) and not run.interrupted():
            suspect = append_suspect(intent, instances[0].schema, error.message)
            await run.recorder.record(AddSuspect(suspect), Resolve(intent.seq))
        raise error
    await run.recorder.record(Resolve(intent.seq))
    raise RequestRejected(
        f"{told}; a complete listing does not have it.",
        hint="run apply again; the message is created anew",
    )


def _taken(
    run: Run, instances: Sequence[Instance], parent_id: str, returned: Sequence[Attributes]
) -> tuple[Instance, str, str] | None:
    """The first member that got the id of another one, that id, and who the other one is."""
    for instance, attributes in zip(instances, returned, strict=True):
        id_ = str(attributes["id"])
        other = _holder(run, instance, id_, parent_id)
        if other is not None:
            return instance, id_, other
    return None


def _holder(run: Run, instance: Instance, id_: str, parent_id: str | None) -> str | None:
    """What stands under an id already, in words. Ids need to differ within one parent only."""
    sequence = instance.schema.sequence
    for each in run.recorder.holders(id_):
        if each.address.type != instance.address.type:
            continue
        if configuration_name(each.provider) != instance.provider:
            continue
        if sequence is None or each.attributes.get(sequence.parent_argument) == parent_id:
            deposed = "" if each.deposed is None else ", replaced and not deleted yet"
            return f"{each.address}{deposed}"
    return None
