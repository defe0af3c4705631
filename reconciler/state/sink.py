"""Sink: where a ledger's entries become durable."""

from __future__ import annotations

from typing import Protocol

from reconciler.errors import StateUnwritable
from reconciler.state.model import State


class NoRoom(StateUnwritable):
    """The disk has no room for what an intended write would lead to; outcomes still fit."""


class Sink(Protocol):
    """A journal and a state. Every method raises `StateUnwritable`."""

    def append(self, texts: list[str], *, with_room: bool) -> None:
        """Return once the entries of *texts* are durable, all or none.

        *with_room* asks that what they may lead to will fit as well.

        Raises:
            NoRoom: nothing was written; without *with_room* it still may be.
            StateUnwritable: nothing can be written any more.
        """
        ...

    def checkpoint(self, state: State) -> State:
        """Write *state*, which has all entries in it, and return it as written."""
        ...

    def close(self, state: State, *, resolved: bool) -> State:
        """Write the last state; the journal ends, unless intents are left unresolved."""
        ...

    def abandon(self) -> None:
        """Let go of what is open, writing nothing."""
        ...
