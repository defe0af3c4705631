"""Finishing: what state remembers of a sequence while its order is not yet the one asked for.

As long as it remembers that, nobody else is taken to have put the members in another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.address import Address
from reconciler.execute.context import Recorder
from reconciler.plan.model import SequencePlan
from reconciler.state.entries import MarkUnfinished


def notes(sequences: Iterable[SequencePlan], recorder: Recorder) -> Iterator[MarkUnfinished]:
    """What is known before anything is sent: a run for targets appends behind members that it
    leaves aside, and where nothing is to be appended the order is the one asked for."""
    for each in sequences:
        parent_id = _id_of(each.parent, recorder)
        if parent_id is None:
            continue
        if each.partial and each.appended:
            yield MarkUnfinished(parent_id, True)
        elif each.is_found_finished:
            yield MarkUnfinished(parent_id, False)


async def begin(sequence: SequencePlan, parent_id: str, recorder: Recorder) -> None:
    """Note that a rewrite begins."""
    if sequence.rewritten:
        await recorder.record(MarkUnfinished(parent_id, True))


async def end(sequence: SequencePlan, parent_id: str, recorder: Recorder) -> None:
    """Note that the whole of a sequence stands and was read back."""
    if not sequence.partial:
        await recorder.record(MarkUnfinished(parent_id, False))


def _id_of(parent: Address | str, recorder: Recorder) -> str | None:
    if isinstance(parent, str):
        return parent
    recorded = recorder.object(parent)
    return recorded.id if recorded is not None else None
