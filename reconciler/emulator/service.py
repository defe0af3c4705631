"""Service: what every handler works with, and the questions all of them ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.emulator.answer import Json, not_found
from reconciler.emulator.checks import read_id, read_metadata
from reconciler.emulator.flavour import Flavour
from reconciler.emulator.ids import Ids
from reconciler.emulator.store import Store

THREADS = "threads"
"""The collection of all threads."""
CONVERSATIONS = "conversations"
"""The collection of all conversations."""
FILES = "files"
"""The collection of all files."""


@dataclass(frozen=True, slots=True)
class Service:
    """The data, the clock, the names of new objects, and how this server differs."""

    store: Store
    clock: Callable[[], float]
    ids: Ids
    flavour: Flavour

    def now_s(self) -> int:
        """Tell the time in whole seconds, as the API knows it."""
        return int(self.clock())

    def created_at(self) -> int:
        """Tell what a new object's `created_at` says."""
        return int(self.clock() * 1000) if self.flavour.milliseconds else self.now_s()

    def check_id(self, id_: str, param: str, prefix: str) -> str:
        """Refuse an id that this server could not have made."""
        return read_id(id_, param, self.ids.prefix(prefix))

    def find_thread(self, thread_id: str) -> Json:
        """Read a thread that must be there."""
        self.check_id(thread_id, "thread_id", "thread")
        thread = self.store.get("thread", thread_id)
        if thread is None:
            raise not_found("thread", thread_id)
        return thread

    def read_metadata(self, value: object, param: str = "metadata") -> dict[str, str | None]:
        """Check the metadata of a new object, and keep what this server keeps."""
        pairs = read_metadata(value, param, nullable=self.flavour.merges_metadata)
        return {} if self.flavour.drops_metadata else _without_nulls(pairs)

    def update_metadata(self, object_: Json, arguments: Json) -> None:
        """Give *object_* the metadata of an update that carries any."""
        if "metadata" not in arguments:
            return
        pairs = read_metadata(arguments["metadata"], nullable=self.flavour.merges_metadata)
        if self.flavour.drops_metadata:
            return
        if self.flavour.merges_metadata:
            pairs = {**object_["metadata"], **pairs}
        object_["metadata"] = _without_nulls(pairs)


def _without_nulls(pairs: dict[str, str | None]) -> dict[str, str | None]:
    return {key: value for key, value in pairs.items() if value is not None}
