"""Oddities: what a server made of our writes, told once per kind and never a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.state.entries import Entry, MarkUnordered
from reconciler.state.model import StateObject

if TYPE_CHECKING:
    from reconciler.execute.context import Run


@dataclass(slots=True)
class Oddities:
    """What was noticed in one run."""

    remade: dict[tuple[str, ...], dict[Address, None]] = field(default_factory=dict)
    """By names of attributes: the objects in which the server changed them on its own."""
    unordered: dict[str, None] = field(default_factory=dict)
    """Ids of parents whose members do not read back in the order they were written in."""
    hidden: dict[Address, None] = field(default_factory=dict)
    """Members that the server has and leaves out of its listing."""
    empty: dict[str, None] = field(default_factory=dict)
    """Ids of parents that the server created only without their first members."""

    def warnings(self) -> list[str]:
        """Each kind in one sentence."""
        found = [
            f"The server changed {' and '.join(names)} of {_some(map(str, addresses))} on its own; "
            "what it made of it is recorded and is not a change."
            for names, addresses in sorted(self.remade.items())
        ]
        if self.unordered:
            found.append(
                f"The server does not keep the order of messages: {_some(self.unordered)} read back"
                " in another order than written. It is not planned again until the messages change."
                " Where it sorts by whole seconds, sequence_gap_s = 1 in the provider block helps."
            )
        if self.empty:
            found.append(
                "The server takes no messages in the call that creates their thread:"
                f" {_some(self.empty)} was created empty and they were appended."
                " batch_create = false in the provider block saves the calls it refuses."
            )
        if self.hidden:
            found.append(
                f"The server has {_some(map(str, self.hidden))} and leaves it out when it lists the"
                " thread; what it answers when it is asked for it by its id is believed."
            )
        return found


def note_remade(run: Run, objects: Iterable[StateObject]) -> None:
    """Note what came back in another form than it was sent in."""
    for each in objects:
        if each.sent and each.deposed is None:
            run.oddities.remade.setdefault(tuple(sorted(each.sent)), {})[each.address] = None


def note_order(run: Run, parent_id: str, places: Sequence[int]) -> list[Entry]:
    """Note that a server does not keep order, if *places* do not rise; what state remembers."""
    if list(places) == sorted(places):
        return []
    run.oddities.unordered[parent_id] = None
    return [MarkUnordered(parent_id, True)]


def _some(names: Iterable[str]) -> str:
    first, *others = names
    return f"{first} and {len(others):,} more" if others else first
