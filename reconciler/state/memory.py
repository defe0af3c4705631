"""Memory: a state store without a disk, for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.errors import StateLocked
from reconciler.frozen import replace
from reconciler.state.entries import Entry
from reconciler.state.entryjson import entry_from_json
from reconciler.state.fields import Fields
from reconciler.state.fold import fold
from reconciler.state.ledger import Ledger
from reconciler.state.loader import load_json
from reconciler.state.lock import new_id
from reconciler.state.model import State
from reconciler.state.snapshot import Snapshot
from reconciler.state.statetext import encode_content


class MemoryStateStore:
    """A state in memory. A ledger that is dropped unclosed is what a crash leaves."""

    def __init__(self, state: State | None = None) -> None:
        self.saved = state
        self.journal: list[str] = []
        self._holder: str | None = None

    @contextmanager
    def locked(
        self, operation: str, *, shared: bool = False, timeout_s: float = 0.0
    ) -> Iterator[None]:
        """Hold the state for *operation*."""
        if self._holder is not None:
            raise StateLocked(f"the state is locked: held for {self._holder}")
        self._holder = operation
        try:
            yield
        finally:
            self._holder = None

    def read(self) -> Snapshot:
        """What is recorded now."""
        state, intents = self.saved, ()
        if state is not None or self.journal:
            joined, found = fold(state or State(""), self._entries())
            return Snapshot(joined, found, exists=True, interrupted=bool(self.journal))
        return Snapshot(state, intents)

    def digest(self, state: State | None) -> str:
        """What tells whether two states say the same."""
        import hashlib

        content = b"" if state is None else encode_content(replace(state, epoch=1))
        return hashlib.sha256(content).hexdigest()

    def begin(self, operation: str) -> Ledger:
        """Open the ledger of one run, or continue one that was dropped."""
        if self.saved is None:
            self.saved = State(new_id())
        snapshot = self.read()
        assert snapshot.state is not None
        return Ledger(_MemorySink(self), snapshot.state, snapshot.open_intents)

    def write(self, state: State) -> None:
        """Replace the state outside a run."""
        self.saved = _counted(state, self.saved)

    def _entries(self) -> list[Entry]:
        return [
            entry_from_json(Fields.of(load_json(text.encode()), "an entry"))
            for text in self.journal
        ]


class _MemorySink:
    def __init__(self, store: MemoryStateStore) -> None:
        self._store = store

    def append(self, texts: list[str], *, with_room: bool) -> None:
        self._store.journal.extend(texts)

    def checkpoint(self, state: State) -> State:
        self._store.saved = _counted(state, self._store.saved)
        return self._store.saved

    def close(self, state: State, *, resolved: bool) -> State:
        written = self.checkpoint(state)
        if resolved:
            self._store.journal = []
        return written

    def abandon(self) -> None:
        pass


def _counted(state: State, before: State | None) -> State:
    """A copy that later entries do not change, its serial risen if it says something else."""
    copy = replace(
        state,
        objects=dict(state.objects),
        deposed=dict(state.deposed),
        suspects=dict(state.suspects),
        endpoints=dict(state.endpoints),
    )
    if before is None or encode_content(copy) == encode_content(before):
        return copy
    return replace(copy, serial=before.serial + 1)
