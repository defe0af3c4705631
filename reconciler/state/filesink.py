"""Filesink: the journal and the state file, as a ledger writes them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import StateUnwritable
from reconciler.frozen import replace
from reconciler.state.facts import facts_of
from reconciler.state.files import FileSystem, refusing_writes, write_all
from reconciler.state.journal import Head, batch_line, checkpoint_line
from reconciler.state.model import State
from reconciler.state.sink import NoRoom
from reconciler.state.statefiles import StateFiles
from reconciler.state.statetext import encode_content, unwrap, wrap

FIRST_ROOM = 128 * 1024
"""Bytes a new journal takes from the disk before anything is sent."""

ROOM = 96 * 1024
"""Bytes kept free in the journal for the outcomes of what is in flight."""

GROWTH = 512 * 1024
"""Bytes by which a journal grows where the disk has so many."""


class JournalWriter:
    """An open journal: lines are added behind the last whole one."""

    def __init__(self, fs: FileSystem, path: Path, length: int) -> None:
        self._fs = fs
        self._path = path
        self._length = length
        self._size = length
        with refusing_writes(path):
            self._fd: int | None = fs.open(path)
            try:
                fs.truncate(self._fd, length)
                fs.reserve(self._fd, length + FIRST_ROOM)
                fs.sync(self._fd)
            except OSError:
                self.close()
                raise
        self._identity = self._found()
        self._size = length + FIRST_ROOM

    def append(self, line: bytes, *, with_room: bool) -> None:
        """Return once *line* is on disk.

        Raises:
            NoRoom: the disk is too full for what would follow; nothing was written.
            StateUnwritable: the journal can no longer be trusted.
        """
        if self._found() != self._identity:
            error = StateUnwritable(
                f"{self._path} was removed or replaced while it was in use",
                hint="nothing more is sent while nothing can be recorded; put it back, or import "
                "what was created",
            )
            error.is_journal_lost = True
            raise error
        if with_room:
            self._make_room(len(line))
        with refusing_writes(self._path):
            write_all(self._fs, self._require(), line, self._length)
            self._fs.sync(self._require(), data_only=True)
            self._length += len(line)

    def _found(self) -> tuple[int, int] | None:
        """Which file stands at the path now."""
        with refusing_writes(self._path):
            found = self._fs.stat(self._path)
        return None if found is None else found.identity

    def close(self) -> None:
        """Let go of the file."""
        fd, self._fd = self._fd, None
        if fd is not None:
            self._fs.close(fd)

    def _make_room(self, needed: int) -> None:
        wanted = self._length + needed + ROOM
        if wanted <= self._size:
            return
        with suppress(StateUnwritable):
            self._reserve(wanted + GROWTH)
            return
        try:
            self._reserve(wanted)
        except StateUnwritable as error:
            raise NoRoom(error.message, hint=error.hint) from error

    def _reserve(self, size: int) -> None:
        with refusing_writes(self._path):
            self._fs.reserve(self._require(), size)
        self._size = size

    def _require(self) -> int:
        assert self._fd is not None, "the journal is open"
        return self._fd


@dataclass(slots=True)
class Opening:
    """How a run finds things when it begins."""

    state: State
    """With everything durable folded in, and the epoch of this run."""
    on_disk: State | None
    journal: JournalWriter
    batches: int
    is_marked: bool
    is_on_disk: bool
    """Whether the state file says the same as *state*."""


class FileSink:
    """Batches go to the journal; the state file says from the first one on that it is open."""

    def __init__(self, files: StateFiles, opening: Opening) -> None:
        self._files = files
        self._state = opening.state
        self._on_disk = opening.on_disk
        self._journal = opening.journal
        self._batches = opening.batches
        self._is_marked = opening.is_marked
        self._is_on_disk = opening.is_on_disk
        self._wrote_nothing = not opening.is_marked and not opening.batches
        self._is_first = opening.on_disk is None
        self._content: bytes | None = None

    def append(self, texts: list[str], *, with_room: bool) -> None:
        """Make one batch durable."""
        if not self._is_marked:
            self._mark()
        self._journal.append(batch_line(texts), with_room=with_room)
        self._batches += 1

    def checkpoint(self, state: State) -> State:
        """Write the state with all batches in it; the journal goes on."""
        written = self._write(replace(state, folded=self._batches))
        self._is_marked = True
        self._journal.append(checkpoint_line(written.serial, self._batches), with_room=False)
        return written

    def close(self, state: State, *, resolved: bool) -> State:
        """Write the last state and end the journal, or leave both open for recovery."""
        if self._wrote_nothing:
            self._restore_journal()
            return self._on_disk or state
        if not resolved:
            return self._write(replace(state, folded=self._batches))
        written = self._write(replace(state, folded=None, resolved=()))
        self._files.write_journal(closed_head(written))
        if self._is_first and written.says_nothing:
            # A first run that came to nothing leaves nothing.
            self._files.remove_state()
            self._files.remove_journal()
        return written

    def abandon(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def _mark(self) -> None:
        """Say in the state file that a journal is open, before there is anything in it."""
        content = None
        if self._is_on_disk and self._on_disk is not None and self._files.raw_state is not None:
            content = self._content = unwrap(self._files.raw_state, self._on_disk)
        self._write(replace(self._state, folded=self._batches), content)
        self._is_marked = True

    def _write(self, state: State, content: bytes | None = None) -> State:
        self._wrote_nothing = False
        content = encode_content(state) if content is None else content
        written = replace(state, serial=self._next_serial(state, content))
        self._files.write_state(wrap(content, written), replaces=self._on_disk)
        self._on_disk, self._content = written, content
        return written

    def _next_serial(self, state: State, content: bytes) -> int:
        if self._on_disk is None:
            return state.serial
        if self._content is None:
            self._content = encode_content(replace(self._on_disk, epoch=state.epoch))
        return self._on_disk.serial + (content != self._content)

    def _restore_journal(self) -> None:
        if self._on_disk is None or not self._on_disk.epoch:
            self._files.remove_journal()
        else:
            self._files.write_journal(closed_head(self._on_disk))


def closed_head(state: State) -> Head:
    """The head of a journal that has nothing open: it keeps the facts of *state*."""
    return Head(
        lineage=state.lineage,
        serial=state.serial,
        epoch=state.epoch,
        open=False,
        holds=len(state.objects) + len(state.deposed) + len(state.suspects),
        facts=facts_of(state),
    )
