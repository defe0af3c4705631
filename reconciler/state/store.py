"""Store: where a state lives, read by planning and written by one run at a time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import StateCorrupt, StateError
from reconciler.frozen import replace
from reconciler.state.facts import facts_of
from reconciler.state.files import REAL, FileSystem, refusing_writes
from reconciler.state.filesink import FileSink, JournalWriter, Opening, closed_head
from reconciler.state.join import Joined, join
from reconciler.state.journal import Head, Journal
from reconciler.state.ledger import Ledger
from reconciler.state.lock import StateLock, new_id
from reconciler.state.memory import MemoryStateStore
from reconciler.state.model import State
from reconciler.state.paths import specs_root_text
from reconciler.state.snapshot import Snapshot, StateReader, StateStore
from reconciler.state.statefile import decode
from reconciler.state.statefiles import StateFiles
from reconciler.state.statetext import encode_content, wrap

__all__ = ["FileStateStore", "MemoryStateStore", "Snapshot", "StateReader", "StateStore", "digest"]

READS = 5
"""How often a reader looks again when a run is writing at the same time."""


def digest(state: State | None) -> str:
    """What tells whether two states say the same: serial, epoch and journal do not count."""
    content = b"" if state is None else encode_content(replace(state, epoch=1))
    return hashlib.sha256(content).hexdigest()


class FileStateStore:
    """A state in one file, with a lock, a journal and backups beside it.

    Whatever a crash interrupts, `read` finds the state before or after, with every entry that was
    durable folded in.
    """

    def __init__(
        self,
        path: Path,
        *,
        specs_root: Path | None = None,
        fs: FileSystem = REAL,
        new_lineage: Callable[[], str] = new_id,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = fs.resolve(path)
        self.lock = StateLock(self.path, fs=fs, clock=clock, sleep=sleep)
        self._fs = fs
        self._files = StateFiles(self.path, fs, self.lock)
        self._specs_root = None if specs_root is None else specs_root_text(specs_root, self.path)
        self._new_lineage = new_lineage
        self._sleep = sleep

    @contextmanager
    def locked(
        self,
        operation: str,
        *,
        shared: bool = False,
        timeout_s: float = 0.0,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Iterator[None]:
        """Hold the state: *shared* to read, otherwise to write.

        Raises:
            StateLocked: someone else holds it, and still does after *timeout_s*.
            Interrupted: someone else holds it, and *interrupted* says to wait no longer.
            StateUnwritable: it is to be written and its folder cannot be.
        """
        with self.lock.held(operation, shared=shared, timeout_s=timeout_s, interrupted=interrupted):
            yield

    def read(self) -> Snapshot:
        """What is recorded now; nothing is written.

        Raises:
            StateCorrupt: it cannot be trusted; the newest good backup is named.
            StateError: it belongs to other specs.
        """
        joined, _, on_disk = self._look()
        return Snapshot(
            joined.state,
            joined.open_intents,
            exists=on_disk is not None,
            interrupted=joined.continues,
            warnings=joined.warnings,
        )

    def digest(self, state: State | None) -> str:
        """What tells whether two states say the same: serial and journal do not count."""
        return digest(state)

    def newest_good_backup(self) -> Path | None:
        """The newest backup that can be used as a state."""
        return self._files.newest_good_backup()

    def begin(self, operation: str) -> Ledger:
        """Open the ledger of one run, its journal on disk with room for what comes.

        The lock must be held. A run that died is continued: its open intents are the ledger's.

        Raises:
            StateCorrupt: the state cannot be trusted.
            StateUnwritable: nothing can be recorded here, so nothing may be sent.
        """
        assert self.lock.is_held, "a run begins with the lock held"
        joined, journal, on_disk = self._look()
        if joined.continues:
            assert journal is not None
            opening = self._continue(joined, journal, on_disk)
        else:
            self._back_up(on_disk)
            opening = self._start(joined, on_disk, operation)
        sink = FileSink(self._files, opening)
        return Ledger(sink, opening.state, joined.open_intents, last_seq=joined.last_seq)

    def write(self, state: State) -> None:
        """Replace the state outside a run; its serial rises if it says something else.

        The lock must be held. Intents that a run left open stay open.

        Raises:
            StateUnwritable: the disk refuses, or another program wrote meanwhile.
            StateError: *state* is of another lineage than the file.
        """
        assert self.lock.is_held, "the state is written with the lock held"
        joined, journal, on_disk = self._look()
        if on_disk is not None and on_disk.lineage != state.lineage:
            raise StateError(
                f"a state of lineage {state.lineage} cannot replace {self.path}, "
                f"whose lineage is {on_disk.lineage}"
            )
        self._back_up(on_disk)
        epoch = max(1, journal.head.epoch if journal else 0, on_disk.epoch if on_disk else 0)
        folded = len(journal.batches) if journal and joined.open_intents else None
        resolved = on_disk.resolved if on_disk and folded is not None else ()
        state = replace(state, epoch=epoch, folded=folded, resolved=resolved)
        content = encode_content(state)
        if on_disk is not None:
            differs = content != encode_content(replace(on_disk, epoch=epoch))
            state = replace(state, serial=on_disk.serial + differs)
        self._replace(state, content, on_disk)

    def push(self, state: State, *, force: bool = False) -> None:
        """Put *state* in place of what is there, with its own serial.

        The lock must be held.

        Raises:
            StateError: what is there is of another lineage or newer, and *force* is not given.
        """
        assert self.lock.is_held, "the state is written with the lock held"
        joined, journal, on_disk = self._look()
        if on_disk is not None and not force:
            _check_push(state, on_disk, self.path)
            if joined.continues:
                raise StateError(
                    f"{self.path} belongs to a run that did not end",
                    hint="let the next apply resolve it first, or use -force",
                )
        self._back_up(on_disk)
        epoch = max(1, state.epoch, journal.head.epoch if journal else 0)
        state = replace(state, epoch=epoch, folded=None, resolved=())
        self._replace(state, encode_content(state), on_disk)

    def _replace(self, state: State, content: bytes, on_disk: State | None) -> None:
        data = wrap(content, state)
        decode(data, path=str(self.path))
        with refusing_writes(self.path):
            self._fs.make_folder(self.path.parent)
        self._files.write_state(data, replaces=on_disk)
        if state.folded is None:
            self._files.write_journal(closed_head(state))

    def _look(self) -> tuple[Joined, Journal | None, State | None]:
        """Read state and journal as they stand together, while a run may be writing both."""
        for attempt in range(READS):
            on_disk = self._files.read_state()
            journal = self._files.read_journal()
            try:
                joined = join(on_disk, journal, path=str(self.path))
            except StateCorrupt as error:
                if self.lock.is_held or attempt == READS - 1:
                    raise self._files.advise(error) from error
                self._sleep(0.02)
                continue
            if self._files.is_unchanged():
                break
        self._check_specs_root(joined.state)
        return joined, journal, on_disk

    def _check_specs_root(self, state: State | None) -> None:
        recorded = state.specs_root if state else None
        if recorded is None or self._specs_root is None or recorded == self._specs_root:
            return
        raise StateError(
            f"{self.path} belongs to the specs in {recorded}, not to those in {self._specs_root} "
            "(both as seen from its folder)",
            hint="name another state file with --state",
        )

    def _back_up(self, on_disk: State | None) -> None:
        """Keep the file as it is; in the middle of a run what it started from is kept already."""
        data = self._files.raw_state
        if on_disk is not None and on_disk.folded is None and data is not None:
            self._files.back_up(data)

    def _start(self, joined: Joined, on_disk: State | None, operation: str) -> Opening:
        found = joined.state or State(self._new_lineage())
        state = replace(
            found,
            epoch=found.epoch + 1,
            folded=None,
            resolved=(),
            specs_root=found.specs_root or self._specs_root,
        )
        self._files.write_journal(
            Head(
                lineage=state.lineage,
                serial=state.serial,
                epoch=state.epoch,
                open=True,
                existed=on_disk is not None,
                holds=closed_head(found).holds,
                facts=facts_of(state),
                operation=operation,
                at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            )
        )
        writer = self._open_journal(self._files.journal_length())
        is_on_disk = joined.state is on_disk and found.specs_root == state.specs_root
        return Opening(state, on_disk, writer, 0, is_marked=False, is_on_disk=is_on_disk)

    def _continue(self, joined: Joined, journal: Journal, on_disk: State | None) -> Opening:
        assert joined.state is not None
        state = replace(joined.state, epoch=journal.head.epoch)
        writer = self._open_journal(journal.length)
        return Opening(
            state, on_disk, writer, len(journal.batches), joined.is_marked, is_on_disk=False
        )

    def _open_journal(self, length: int) -> JournalWriter:
        return JournalWriter(self._fs, self._files.journal_path, length)


def _check_push(state: State, on_disk: State, path: Path) -> None:
    if state.lineage != on_disk.lineage:
        raise StateError(
            f"a state of lineage {state.lineage} cannot replace {path}, "
            f"whose lineage is {on_disk.lineage}",
            hint="use -force if it is meant to",
        )
    same = digest(state) == digest(on_disk)
    if state.serial < on_disk.serial or (state.serial == on_disk.serial and not same):
        raise StateError(
            f"a state of serial {state.serial} cannot replace {path}, "
            f"whose serial is {on_disk.serial}",
            hint="use -force if it is meant to",
        )
