"""Sequence text: what a plan does to the order of a thread, one line per thread."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.plan.model import SequencePlan
from reconciler.plan.sequence import count
from reconciler.views import sanitise
from reconciler.views.style import Style
from reconciler.views.wrapping import fitted


def sequence_lines(
    sequences: Iterable[SequencePlan], style: Style, screen: int | None = None
) -> list[str]:
    """Write what the blocks alone do not show: rewrites, and messages that are not managed."""
    noted = [(each, _notes(each)) for each in sequences]
    lines = [
        f"  {sanitise.line(str(each.parent))}: {'; '.join(notes)}" for each, notes in noted if notes
    ]
    return [style.bold("Threads:"), *fitted(lines, screen, hang=2), ""] if lines else []


def _notes(sequence: SequencePlan) -> list[str]:
    notes: list[str] = []
    if sequence.reordered:
        notes.append("stands in another order than the last apply left it in")
    elif sequence.unfinished and sequence.rewritten:
        notes.append("an apply for targets, or one cut short, has left its order to be put right")
    if sequence.parent_replaced:
        notes.append(f"replaced as a whole, with {count(len(sequence.order), 'message')}")
    elif sequence.rewritten:
        again = count(len(sequence.rewritten), "message")
        notes.append(f"rewrites {again} to keep the order, keeps {len(sequence.kept):,}")
    if sequence.deleted_unmanaged:
        notes.append(f"deletes {count(len(sequence.deleted_unmanaged), 'unmanaged message')}")
    if sequence.unmanaged:
        notes.append(f"holds {_unmanaged(sequence)}")
    return notes


def _unmanaged(sequence: SequencePlan) -> str:
    least = "at least " if sequence.at_least else ""
    if sequence.grown == sequence.unmanaged and not least:
        return count(sequence.unmanaged, "new unmanaged message")
    new = f", {least}{sequence.grown:,} of them new" if sequence.grown else ""
    return f"{least}{count(sequence.unmanaged, 'unmanaged message')}{new}"
