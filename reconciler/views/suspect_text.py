"""Suspect text: creates whose answer was lost, and what to do about them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from reconciler.plan.sequence import count
from reconciler.state.model import Suspect, SuspectKind
from reconciler.views import sanitise
from reconciler.views.style import Style
from reconciler.views.wrapping import fitted, wrap


def suspect_lines(
    suspects: Iterable[Suspect], style: Style, width: int, *, screen: int | None = None
) -> list[str]:
    """Write every suspect, and the command that resolves them."""
    blocks = [_suspect(each, style) for each in suspects]
    if not blocks:
        return []
    text = (
        "An earlier run sent the following and never got an answer. Each may or may not exist on "
        'the server; nothing that depends on it is done until "reconciler recover" has settled it.'
    )
    heading = style.caution("Unresolved from an earlier run")
    lines = [*fitted([heading], screen), "", *wrap(text, width).split("\n"), ""]
    for block in blocks:
        lines += fitted(block, screen)
    return [*lines, ""]


def _suspect(suspect: Suspect, style: Style) -> list[str]:
    address = sanitise.line(str(suspect.address))
    match suspect.kind:
        case SuspectKind.CREATE:
            what = "create"
        case SuspectKind.APPEND:
            what = f"append to {sanitise.line(suspect.parent_id or 'a thread')}"
    members = f", with {count(len(suspect.members), 'message')}" if suspect.members else ""
    sent_at, seen = sanitise.line(suspect.sent_at), sanitise.line(suspect.seen)
    mark = style.symbol("!")
    return [
        f"  {mark} {style.bold(address)}",
        f"      {what}{members}, sent at {sent_at}; seen instead of an answer: {seen}",
    ]


def choice_lines(suspects: Iterable[Suspect]) -> list[str]:
    """Write the commands that settle each suspect."""
    lines: list[str] = []
    for each in suspects:
        address = sanitise.line(shlex.quote(str(each.address)))
        name = "THREAD_ID" if each.kind is SuspectKind.CREATE else "MESSAGE_ID"
        lines += [
            f"  reconciler recover adopt {address} {name}",
            f"  reconciler recover retry {address}",
            f"  reconciler recover forget {address}",
            "",
        ]
    return lines
