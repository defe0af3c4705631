"""Ledger: what one run records, durable before anything follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.errors import StateUnwritable
from reconciler.frozen import frozen, replace
from reconciler.state.entries import Entry, Intend, Intent, Put, Resolve
from reconciler.state.fold import Folding
from reconciler.state.journal import entry_text
from reconciler.state.model import State, StateObject
from reconciler.state.sink import NoRoom, Sink

if TYPE_CHECKING:
    import asyncio


@frozen
class _Record:
    """Entries that become durable together, as they are and as they are written."""

    entries: tuple[Entry, ...]
    texts: tuple[str, ...]

    @property
    def intends(self) -> bool:
        return any(isinstance(each, Intend) for each in self.entries)


@frozen
class _Waiting:
    record: _Record
    done: asyncio.Future[None]

    def finish(self, error: StateUnwritable | None = None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Ledger:
    """What one run records. `record` returns when it is on disk, and only then has it happened.

    Entries that tasks record in the same turn of the event loop share one write and one sync, for
    which the loop waits: what comes in meanwhile is recorded together in the next. After a failure
    every further recording is refused: what cannot be recorded must not be sent.
    """

    def __init__(
        self, sink: Sink, state: State, open_intents: Iterable[Intent] = (), *, last_seq: int = 0
    ) -> None:
        intents = tuple(open_intents)
        self._sink = sink
        self._folding = Folding(state, intents)
        self._seq = max([last_seq, *(each.seq for each in intents)])
        self._queue: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None
        self._failure: StateUnwritable | None = None
        self._unrecorded: list[Entry] = []
        self._closed = False

    @property
    def state(self) -> State:
        """What is durable now. Its mappings are live: copy one to walk over it while recording."""
        return self._folding.state

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """The durable intents that nothing has resolved, oldest first."""
        return self._folding.open_intents

    @property
    def failure(self) -> StateUnwritable | None:
        """Why nothing can be recorded any more, if so."""
        return self._failure

    def next_seq(self) -> int:
        """A number for the next intent, higher than any in the journal."""
        self._seq += 1
        return self._seq

    async def record(self, *entries: Entry) -> None:
        """Return once *entries* are durable, together or not at all.

        Raises:
            StateUnwritable: they are not. Nothing that they announce may be sent.
        """
        import asyncio

        record = self._prepare(entries)
        if record is None:
            return
        loop = asyncio.get_running_loop()
        waiting = _Waiting(record, loop.create_future())
        self._queue.append(waiting)
        if self._flusher is None:
            self._flusher = loop.create_task(self._flush())
        await waiting.done

    def record_now(self, *entries: Entry) -> None:
        """What `record` does, without an event loop.

        Raises:
            StateUnwritable: they are not durable.
        """
        record = self._prepare(entries)
        if record is None:
            return
        try:
            self._append([record], with_room=record.intends)
        except NoRoom:
            raise
        except StateUnwritable as error:
            self._fail(error, [record])
            raise

    def checkpoint(self) -> State:
        """Put everything durable into the state file; a crash at any point loses nothing.

        Raises:
            StateUnwritable: the file is as it was, and the journal still has everything.
        """
        self._raise_failure()
        self._folding.rebase(self._sink.checkpoint(self._folding.state))
        return self._folding.state

    def close(self) -> State:
        """Write the final state and end the journal; return the state.

        With intents left unresolved the journal stays, for the next run to resolve. After a
        failure the state is written once more, with all that is known of what was done.

        Raises:
            StateUnwritable: it is not written; what was durable before still is.
        """
        if self._closed:
            return self._folding.state
        self._closed = True
        try:
            self._write_queued()
            self._folding.rebase(self._write_last())
        finally:
            self._sink.abandon()
        return self._folding.state

    def _write_last(self) -> State:
        for entry in self._unrecorded:
            self._folding.add(entry)
        state = self._folding.state
        known = tuple(each.seq for each in self._unrecorded if isinstance(each, Resolve))
        resolved = self._failure is None and not self._folding.open_intents
        return self._sink.close(
            replace(state, resolved=(*state.resolved, *known)), resolved=resolved
        )

    def _prepare(self, entries: tuple[Entry, ...]) -> _Record | None:
        self._raise_failure()
        assert not self._closed, "nothing is recorded in a closed ledger"
        for each in entries:
            if isinstance(each, Put):
                _assert_readable(each.object)
            if isinstance(each, Intend):
                self._seq = max(self._seq, each.intent.seq)
        if self._is_known(entries):
            return None
        try:
            return _Record(entries, tuple(entry_text(each) for each in entries))
        except ValueError as error:
            raise StateUnwritable(f"this cannot be recorded: {error}") from error

    def _is_known(self, entries: tuple[Entry, ...]) -> bool:
        if self._queue or self._flusher is not None:
            return not entries
        return all(self._folding.changes_nothing(each) for each in entries)

    async def _flush(self) -> None:
        batch: list[_Waiting] = []
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                self._write(batch)
        finally:
            self._flusher = None
            for each in (*batch, *self._queue):
                each.done.cancel()

    def _write(self, batch: list[_Waiting]) -> None:
        with_room = any(each.record.intends for each in batch)
        try:
            self._append([each.record for each in batch], with_room=with_room)
        except NoRoom as error:
            self._write_outcomes(batch, error)
        except StateUnwritable as error:
            self._give_up(batch, error)
        else:
            self._finish(batch)

    def _write_outcomes(self, batch: list[_Waiting], no_room: NoRoom) -> None:
        """Refuse what would only lead to more, and record what has happened."""
        outcomes = [each for each in batch if not each.record.intends]
        for each in batch:
            if each.record.intends:
                each.finish(no_room)
        if not outcomes:
            return
        try:
            self._append([each.record for each in outcomes], with_room=False)
        except StateUnwritable as error:
            self._give_up(outcomes, error)
        else:
            self._finish(outcomes)

    def _append(self, records: list[_Record], *, with_room: bool) -> None:
        texts = [text for each in records for text in each.texts]
        self._sink.append(texts, with_room=with_room)
        for each in records:
            for entry in each.entries:
                self._folding.add(entry)

    def _finish(self, batch: list[_Waiting]) -> None:
        for each in batch:
            each.finish()

    def _give_up(self, batch: list[_Waiting], error: StateUnwritable) -> None:
        waiting, self._queue = [*batch, *self._queue], []
        self._fail(error, [each.record for each in waiting])
        for each in waiting:
            each.finish(error)

    def _fail(self, error: StateUnwritable, records: list[_Record]) -> None:
        self._failure = self._failure or error
        for each in records:
            if not each.intends:
                self._unrecorded.extend(each.entries)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise StateUnwritable(self._failure.message, hint=self._failure.hint)

    def _write_queued(self) -> None:
        """Write what tasks wait for that were cancelled with their run."""
        left, self._queue = self._queue, []
        if left and self._failure is None:
            self._append([each.record for each in left], with_room=False)


def _assert_readable(recorded: StateObject) -> None:
    """What is written must be understood by whoever reads it."""
    assert recorded.attributes.get("id"), f"{recorded.address} has an id"
    assert Address.parse(str(recorded.address)) == recorded.address, "an address reads back"
