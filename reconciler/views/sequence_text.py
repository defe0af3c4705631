"""Sequence text: what a plan does to the order of a thread, one line per thread."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.plan.model import SequencePlan
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
        notes.append(f"replaced as a whole, with {_messages(len(sequence.order))}")
    elif sequence.rewritten:
        count = len(sequence.rewritten)
        notes.append(f"rewrites {_messages(count)} to keep the order, keeps {len(sequence.kept)}")
    if sequence.deleted_unmanaged:
        notes.append(f"deletes {_messages(len(sequence.deleted_unmanaged), 'unmanaged ')}")
    if sequence.unmanaged:
        least = "at least " if sequence.at_least else ""
        new = f", {least}{sequence.grown:,} of them new" if sequence.grown else ""
        notes.append(f"holds {least}{_messages(sequence.unmanaged, 'unmanaged ')}{new}")
    return notes


def _messages(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}message{'' if count == 1 else 's'}"
