"""Intending: what is about to be sent, journalled first."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.execute.context import Run
from reconciler.execute.recording import draft_object
from reconciler.expand import Instance
from reconciler.plan.model import PlannedChange
from reconciler.state.entries import Intend, Intent, IntentKind


async def intend_create(
    run: Run,
    instance: Instance,
    change: PlannedChange,
    carried: Sequence[PlannedChange],
    sent: Sequence[Instance],
) -> Intent:
    """Write down a parent and the members that go along, as they are about to be sent."""
    replaced = run.recorder.object(instance.address)
    intent = Intent(
        run.recorder.next_seq(),
        IntentKind.CREATE,
        instance.address,
        run.now(),
        members=tuple(each.address for each in carried),
        object_id=replaced.id if replaced is not None else None,
        objects=(
            draft_object(instance, change=change),
            *(
                draft_object(member, change=each)
                for member, each in zip(sent, carried, strict=True)
            ),
        ),
    )
    await run.recorder.record(Intend(intent))
    return intent


async def intend_append(
    run: Run, changes: Sequence[PlannedChange], instances: Sequence[Instance], parent_id: str
) -> Intent:
    """Write down members, as they are about to be appended."""
    intent = Intent(
        run.recorder.next_seq(),
        IntentKind.APPEND,
        instances[0].address,
        run.now(),
        members=tuple(each.address for each in instances),
        parent_id=parent_id,
        after_id=run.tails.get(parent_id),
        objects=tuple(
            draft_object(instance, change=change)
            for instance, change in zip(instances, changes, strict=True)
        ),
    )
    await run.recorder.record(Intend(intent))
    return intent
