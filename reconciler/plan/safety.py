"""Safety: the guards against losing much at once, whoever asks for it.

Counted is content that will no longer exist. A rewrite counts only what it changes, since the
rest is sent again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import UnsafePlan
from reconciler.frozen import frozen
from reconciler.language.values import contains_unknown
from reconciler.plan.model import Action, Plan, PlannedChange, SequencePlan, UnmanagedLoss
from reconciler.plan.records import Record
from reconciler.plan.targets import named_by
from reconciler.schema import Attributes, Schema

MAX_LOSS_SHARE = 0.30
"""More than this share of the managed objects lost in one plan needs a word from the user."""

MIN_LOSSES = 10
"""Fewer losses than this never do."""

MAX_MISSING_SHARE = 0.20
"""More than this share of the threads gone at once is not believed."""

MIN_MISSING = 3
"""So many may be gone in any case."""


@frozen
class Loss:
    """Content that will no longer exist; *unmanaged* counts members the specs never declared."""

    address: Address
    objects: int = 1
    unmanaged: int = 0
    under: Address | None = None
    """The parent that it stands in, where the specs manage that."""


def losses(
    changes: Sequence[PlannedChange],
    sequences: Sequence[SequencePlan],
    schemas: Mapping[str, Schema],
    *,
    unmanaged: Mapping[str, int],
    parents: Mapping[Address, Address],
) -> tuple[Loss, ...]:
    """List what the plan loses: *unmanaged* counts what goes with each parent, by its id, *parents*
    names the parent of each member."""
    sent = _sent_again(changes, schemas)
    found: list[Loss] = []
    for each in changes:
        if each.action not in (Action.DELETE, Action.REPLACE):
            continue
        is_over = each.deposed is not None
        lost = not is_over and _is_lost(each, schemas[each.address.type], sent)
        extra = unmanaged.get(each.recorded.id, 0) if each.recorded is not None else 0
        if lost or extra:
            found.append(Loss(each.address, int(lost), extra, parents.get(each.address)))
    for sequence in sequences:
        if sequence.deleted_unmanaged and isinstance(sequence.parent, Address):
            count = len(sequence.deleted_unmanaged)
            found.append(Loss(sequence.parent, 0, count))
    return tuple(found)


def check_losses(lost: Iterable[Loss], managed: int, allowed: Sequence[str]) -> Diagnostic | None:
    """Refuse more losses than anyone means by accident, with the numbers.

    *allowed* is what `--allow-destroy` says: how many losses are fine, or addresses whose are.
    """
    found = list(lost)
    numbers = [int(each) for each in allowed if each.isascii() and each.isdigit()]
    patterns = [each for each in allowed if not (each.isascii() and each.isdigit())]
    places = {each.address for each in found} | {each.under for each in found if each.under}
    free = named_by(patterns, places)
    counted = [each for each in found if each.address not in free and each.under not in free]
    total = sum(each.objects + each.unmanaged for each in counted)
    share = total / managed if managed else 1.0
    objects = sum(each.objects for each in counted)
    if total < MIN_LOSSES or share <= MAX_LOSS_SHARE or total <= max(numbers, default=0):
        return None
    return Diagnostic(
        Severity.ERROR,
        "Too much would be lost",
        f"{_share_text(objects, managed)} managed objects would lose their content"
        f"{_unmanaged_text(total - objects)}, which is over {MAX_LOSS_SHARE * 100:.0f} % of what is"
        f" managed. If that is meant, allow it with --allow-destroy={total} or"
        " --allow-destroy=ADDRESS; -auto-approve does not.",
    )


def _share_text(objects: int, managed: int) -> str:
    share = f" ({objects / managed * 100:.0f} %)" if managed else ""
    return f"{objects:,} of {managed:,}{share}"


def _unmanaged_text(unmanaged: int) -> str:
    if not unmanaged:
        return ""
    messages = f"message{'' if unmanaged == 1 else 's'}"
    return f" and {unmanaged:,} unmanaged {messages} would be lost"


def _sent_again(changes: Iterable[PlannedChange], schemas: Mapping[str, Schema]) -> Counter[str]:
    """The contents that the plan creates, each as often as it does."""
    sent: Counter[str] = Counter()
    for each in changes:
        if each.action in (Action.CREATE, Action.REPLACE) and each.after is not None:
            content = _content(schemas[each.address.type], each.after)
            if content is not None:
                sent[content] += 1
    return sent


def _is_lost(change: PlannedChange, schema: Schema, sent: Counter[str]) -> bool:
    if schema.sequence is None:
        return change.action is Action.DELETE
    assert change.before is not None, "what is deleted was there"
    was = change.recorded.arguments if change.recorded is not None else change.before
    content = _content(schema, was)
    if content is None or sent[content] == 0:
        return True
    sent[content] -= 1
    return False


def _content(schema: Schema, attributes: Attributes) -> str | None:
    """What a member says, as text; None for what is no member or not known."""
    if schema.sequence is None:
        return None
    canonical = schema.canonical(attributes)
    identity = [canonical.get(name) for name in schema.sequence.identity]
    if contains_unknown(identity):
        return None
    return json.dumps([schema.type, identity], sort_keys=True, default=str)


def check_missing(
    records: Iterable[Record],
    schemas: Mapping[str, Schema],
    accepted: Sequence[str] | Literal["all"],
) -> None:
    """Stop where so many threads are gone at once that something else must be wrong.

    A thread counts once, whatever it held.

    Raises:
        UnsafePlan: with the numbers and what may be the matter.
    """
    if accepted == "all":
        return
    parents = [each for each in records if schemas[each.address.type].sequence is None]
    gone = {each.address for each in parents if each.gone}
    doubted = gone - named_by(accepted, gone)
    missing = len(doubted)
    if missing <= max(MIN_MISSING, MAX_MISSING_SHARE * len(parents)):
        return
    share = f"{missing:,} of {len(parents):,} ({missing / len(parents) * 100:.0f} %)"
    names = ", ".join(sorted(map(str, doubted))[:5])
    raise UnsafePlan(
        f"{share} threads are gone at once: {names}{', ...' if missing > 5 else ''}. Nothing was"
        " changed. Is the key, the project or the endpoint the one they were made with?",
        hint="--accept-missing says that they are gone; --accept-missing=ADDRESS says it of some",
    )


def require_consent(plan: Plan, *, allow_unmanaged: bool) -> None:
    """Refuse to delete a thread together with unmanaged messages unless someone said so.

    Raises:
        UnsafePlan: with each thread and how many messages it would take along.
    """
    if allow_unmanaged or plan.unmanaged_allowed or not plan.unmanaged_losses:
        return
    raise UnsafePlan(
        f"Messages that the specs do not declare would be lost: {unmanaged_text(plan)}.",
        hint="--allow-unmanaged allows it; -auto-approve alone does not",
    )


def unmanaged_text(plan: Plan) -> str:
    """`openai_thread.a (3), openai_thread.b (1)`."""
    return ", ".join(f"{each.address} ({each.count:,})" for each in plan.unmanaged_losses)


def unmanaged_losses(
    changes: Iterable[PlannedChange], unmanaged: Mapping[str, int]
) -> tuple[UnmanagedLoss, ...]:
    """The parents that are deleted or replaced although the specs do not declare all in them.

    *unmanaged* is by id: one that an earlier run has replaced has the address of its successor.
    """
    return tuple(
        UnmanagedLoss(each.address, unmanaged[each.recorded.id])
        for each in changes
        if each.action in (Action.DELETE, Action.REPLACE)
        and each.recorded is not None
        and each.blocked_by is None
        and unmanaged.get(each.recorded.id)
    )
