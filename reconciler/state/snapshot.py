"""Snapshot: what a reader finds, and what every store offers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from reconciler.frozen import frozen
from reconciler.state.entries import Intent
from reconciler.state.model import State

if TYPE_CHECKING:
    from reconciler.state.ledger import Ledger


@frozen
class Snapshot:
    """The state with everything an unfinished run recorded folded in.

    *open_intents* are writes of that run whose outcome is not known, in the order they were sent.
    """

    state: State | None
    open_intents: tuple[Intent, ...] = ()
    exists: bool = False
    """Whether there is a state file."""
    interrupted: bool = False
    """Whether a run ended without closing its journal."""
    warnings: tuple[str, ...] = ()


class StateReader(Protocol):
    """What planning needs."""

    def read(self) -> Snapshot:
        """What is recorded now."""
        ...

    def digest(self, state: State | None) -> str:
        """What tells whether two states say the same: serial and journal do not count."""
        ...


class StateStore(StateReader, Protocol):
    """What applying needs."""

    def locked(
        self, operation: str, *, shared: bool = False, timeout_s: float = 0.0
    ) -> AbstractContextManager[None]:
        """Hold the state for *operation*."""
        ...

    def begin(self, operation: str) -> Ledger:
        """Open the ledger of one run."""
        ...

    def write(self, state: State) -> None:
        """Replace the state outside a run."""
        ...
