"""Recording: the ledger of a run as the executor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.state.entries import Entry, Intent, Put
from reconciler.state.model import StateObject

if TYPE_CHECKING:
    from reconciler.state.ledger import Ledger


class LedgerRecorder:
    """Writes to a ledger, and reads back what it says at this moment."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._places: dict[str, set[tuple[Address, str | None]]] | None = None
        """By id: where state has had it in this run, under an address or a deposed key of it."""

    def next_seq(self) -> int:
        """A number for the next intent."""
        return self._ledger.next_seq()

    async def record(self, *entries: Entry) -> None:
        """Return once *entries* are on disk."""
        await self._ledger.record(*entries)
        if self._places is not None:
            for each in entries:
                if isinstance(each, Put):
                    self._note(self._places, each.object)

    def object(self, address: Address) -> StateObject | None:
        """What state has under an address at this moment."""
        return self._ledger.state.objects.get(address)

    def known_ids(self) -> frozenset[str]:
        """The ids of everything that state has at this moment, deposed objects included."""
        state = self._ledger.state
        return frozenset(each.id for each in (*state.objects.values(), *state.deposed.values()))

    def holders(self, id_: str) -> list[StateObject]:
        """What state has under an id at this moment, deposed objects included."""
        state = self._ledger.state
        if self._places is None:
            self._places = {}
            for each in (*state.objects.values(), *state.deposed.values()):
                self._note(self._places, each)
        found = (
            state.objects.get(address) if key is None else state.deposed.get((address, key))
            for address, key in self._places.get(id_, ())
        )
        return [each for each in found if each is not None and each.id == id_]

    @staticmethod
    def _note(places: dict[str, set[tuple[Address, str | None]]], object_: StateObject) -> None:
        places.setdefault(object_.id, set()).add((object_.address, object_.deposed))

    def suspects_in(self, parent_id: str) -> tuple[Address, ...]:
        """The suspects that may stand in a parent."""
        suspects = self._ledger.state.suspects.values()
        return tuple(each.address for each in suspects if each.parent_id == parent_id)

    def open_intents(self) -> tuple[Intent, ...]:
        """The writes that were announced and whose outcome is not recorded, oldest first."""
        return self._ledger.open_intents
