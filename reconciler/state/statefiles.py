"""Statefiles: a state, its journal and its backups on disk."""

from __future__ import annotations

from pathlib import Path

from reconciler.errors import StateCorrupt, StateUnwritable
from reconciler.state.files import FileSystem, refusing_writes, replace_file
from reconciler.state.journal import Head, Journal, head_line, read_journal
from reconciler.state.loader import MAX_BYTES, BadDocument, check_json
from reconciler.state.lock import StateLock
from reconciler.state.model import State
from reconciler.state.statefile import decode

BACKUPS = 5
"""How many backups are kept, the newest without a number."""


class StateFiles:
    """Reads and writes whole files; each write is atomic and on disk when it returns."""

    def __init__(self, path: Path, fs: FileSystem, lock: StateLock) -> None:
        self.path = path
        self.journal_path = path.with_name(f"{path.name}.journal")
        self.backup_paths = tuple(
            path.with_name(f"{path.name}.backup" + (f".{number}" if number else ""))
            for number in range(BACKUPS)
        )
        self._fs = fs
        self._lock = lock
        self._bytes: bytes | None = None
        self._state: State | None = None

    def read_state(self) -> State | None:
        """The state file; None where there is none.

        Raises:
            StateCorrupt: it is there and cannot be used.
        """
        data = self._read(self.path)
        if data != self._bytes or self._state is None:
            self._bytes = data
            self._state = None if data is None else self.decode(data)
        return self._state

    def decode(self, data: bytes) -> State:
        """Read the bytes of a state; a refusal names the newest good backup."""
        try:
            return decode(data, path=str(self.path))
        except StateCorrupt as error:
            raise self.advise(error) from error

    def advise(self, error: StateCorrupt) -> StateCorrupt:
        """The same refusal, naming the newest good backup where there is one."""
        backup = self.newest_good_backup()
        if backup is None:
            return error
        return StateCorrupt(error.message, hint=f"{error.hint}; the newest good one is {backup}")

    def read_journal(self) -> Journal | None:
        """The journal beside the state; None where there is none.

        Raises:
            StateCorrupt: it is there and damaged.
        """
        data = self._read(self.journal_path)
        if data is None:
            return None
        try:
            return read_journal(data)
        except BadDocument as error:
            raise self.advise(
                StateCorrupt(
                    f"{self.journal_path} cannot be used as a journal: {error}",
                    hint="restore it; to give up what its run recorded, move it away",
                )
            ) from error

    def write_state(self, data: bytes, *, replaces: State | None) -> None:
        """Put *data* where the state stands, if that still is *replaces*.

        It is parsed again first: what could not be read must not replace what can.

        Raises:
            StateUnwritable: the disk refuses, or another program wrote the file meanwhile.
        """
        check_json(data)
        with refusing_writes(self.path):
            self._check_writable()
            replace_file(
                self._fs, self.path, data, before_replace=lambda new: self._approve(new, replaces)
            )
        self._bytes, self._state = data, None

    def write_journal(self, head: Head) -> None:
        """Put a journal of nothing but *head* in place of the one there is."""
        with refusing_writes(self.journal_path):
            self._fs.make_folder(self.path.parent)
            replace_file(self._fs, self.journal_path, head_line(head))

    def remove_journal(self) -> None:
        """Leave no journal behind."""
        with refusing_writes(self.journal_path):
            self._fs.remove(self.journal_path)
            self._fs.sync_folder(self.path.parent)

    def remove_state(self) -> None:
        """Leave no state behind; its journal has ended."""
        with refusing_writes(self.path):
            self._fs.remove(self.path)
            self._fs.sync_folder(self.path.parent)
        self._bytes = self._state = None

    def back_up(self, data: bytes) -> None:
        """Keep *data* as the newest backup, unless it already is; older ones move down."""
        newest = self.backup_paths[0]
        with refusing_writes(newest):
            if self._read(newest) == data:
                return
            for source, target in reversed(
                list(zip(self.backup_paths[:-1], self.backup_paths[1:], strict=True))
            ):
                if self._fs.stat(source) is not None:
                    self._fs.replace(source, target)
            replace_file(self._fs, newest, data)

    def newest_good_backup(self) -> Path | None:
        """The newest backup that can be used as a state."""
        for path in self.backup_paths:
            try:
                data = self._read(path)
                if data is not None:
                    decode(data, path=str(path))
                    return path
            except StateCorrupt:
                continue
        return None

    def is_unchanged(self) -> bool:
        """Whether the state file is still the one that was read last."""
        return self._read(self.path) == self._bytes

    def journal_length(self) -> int:
        """The size of the journal in bytes."""
        found = self._fs.stat(self.journal_path)
        return 0 if found is None else found.size

    @property
    def raw_state(self) -> bytes | None:
        """The bytes that were read or written last."""
        return self._bytes

    def _read(self, path: Path) -> bytes | None:
        try:
            found = self._fs.stat(path)
            if found is not None and found.size > MAX_BYTES:
                raise StateCorrupt(
                    f"{path} is too large to be read: {found.size:,} bytes",
                    hint="restore it from a backup",
                )
            return None if found is None else self._fs.read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateCorrupt(
                f"{path} cannot be read: {error.strerror or error}", hint="check its permissions"
            ) from error

    def _check_writable(self) -> None:
        found = self._fs.stat(self.path)
        if found is not None and not found.mode & 0o200:
            raise StateUnwritable(
                f"{self.path} is read-only", hint="make it writable, or name another with --state"
            )

    def _approve(self, new: Path, replaces: State | None) -> None:
        try:
            data = self._read(self.path)
            if data is not None and data != self._bytes:
                self._check_unmoved(data, replaces)
        except StateCorrupt as error:
            raise StateUnwritable(error.message, hint=error.hint) from error
        self._lock.follow(new)

    def _check_unmoved(self, data: bytes, replaces: State | None) -> None:
        present = decode(data, path=str(self.path))
        before = replaces and (replaces.lineage, replaces.serial, replaces.epoch)
        if (present.lineage, present.serial, present.epoch) != before:
            raise StateUnwritable(
                f"{self.path} was changed by another program (serial {present.serial}) while this "
                "run held its lock",
                hint="what this run did is in the journal; find out who else writes, then plan",
            )
