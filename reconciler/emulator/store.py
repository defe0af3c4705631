"""Store: everything the emulator knows, in one SQLite file. The door of sqlite3.

Two tables carry the API: *objects* by id, and *members*, which say what stands in which
collection and in what order. A write is in the file before its answer leaves, so it outlives the
process, though not the machine's power.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from reconciler.emulator.answer import Json, encode
from reconciler.emulator.ids import random_uuid

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (id TEXT PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  parent_id TEXT NOT NULL,
  object_id TEXT NOT NULL,
  label TEXT
);
CREATE INDEX IF NOT EXISTS members_in_order ON members (parent_id, position);
CREATE INDEX IF NOT EXISTS members_by_id ON members (object_id);
CREATE TABLE IF NOT EXISTS contents (file_id TEXT PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
);
"""

_POSITION_MAX = 2**63 - 1
_BUSY_WAIT_S = 30.0


FileFailure = sqlite3.OperationalError
"""The file cannot be read or written now: full, read-only, or held by another process."""


class NotAnEmulator(ValueError):
    """The file is there and is not an emulator's."""


class Store:
    """One emulator's data. Used by many threads and, on a path, by many processes."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            _create_private(path)
        self._lock = RLock()
        self._connection = _connect(path)
        match self._open(path):
            case 0:
                self._initialise()
            case 1:
                pass
            case version:
                self.close()
                raise NotAnEmulator(f"{path} was written by a later version ({version})")

    def _open(self, path: Path | None) -> int:
        """Tell the version of the file; 0 is an empty one."""
        try:
            # The journal is deleted after each write: at rest there is one file, and a reader
            # needs no right to write. Without syncing, a killed process still loses nothing.
            self._connection.execute("PRAGMA synchronous = OFF")
            row: tuple[int] = self._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            self.close()
            raise NotAnEmulator(f"{path} is not an emulator's file: {error}") from error
        return row[0]

    def _initialise(self) -> None:
        with self.write():
            for statement in _SCHEMA.split(";\n"):
                self._connection.execute(statement)
            self._connection.execute(
                "INSERT OR IGNORE INTO facts VALUES ('identity', ?)", (random_uuid(),)
            )
            self._connection.execute("PRAGMA user_version = 1")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """Make everything written inside one transaction; an exception takes all of it back."""
        with self._lock, self._connection:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            yield

    def fact(self, name: str) -> str | None:
        """Read one of the store's facts about itself; `identity` is its own id."""
        rows = self._all("SELECT value FROM facts WHERE name = ?", name)
        return rows[0][0] if rows else None

    def set_fact(self, name: str, value: str) -> None:
        """Keep a fact."""
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def put(self, kind: str, object_: Json) -> None:
        """Keep an object under its id, in place of what was there."""
        self._run(
            "INSERT INTO objects VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            object_["id"],
            kind,
            encode(object_).decode(),
        )

    def get(self, kind: str, id_: str) -> Json | None:
        """Read an object, or None."""
        rows = self._all("SELECT body FROM objects WHERE id = ? AND kind = ?", id_, kind)
        return json.loads(rows[0][0]) if rows else None

    def drop(self, id_: str) -> None:
        """Forget an object and every place where it stood."""
        self._run("DELETE FROM members WHERE object_id = ?", id_)
        self._run("DELETE FROM objects WHERE id = ?", id_)

    def append(self, parent_id: str, object_id: str, *, label: str | None = None) -> None:
        """Let an object stand last in a collection, with a *label* that listings can ask for."""
        self._run(
            "INSERT INTO members (parent_id, object_id, label) VALUES (?, ?, ?)",
            parent_id,
            object_id,
            label,
        )

    def remove(self, parent_id: str, object_id: str) -> None:
        """Take an object out of a collection; the object itself stays."""
        self._run("DELETE FROM members WHERE parent_id = ? AND object_id = ?", parent_id, object_id)

    def empty(self, parent_id: str, *, dropping: bool) -> None:
        """Take everything out of a collection, *dropping* the objects or leaving them."""
        if dropping:
            self._run(
                "DELETE FROM objects WHERE id IN"
                " (SELECT object_id FROM members WHERE parent_id = ?)",
                parent_id,
            )
        self._run("DELETE FROM members WHERE parent_id = ?", parent_id)

    def member(self, parent_id: str, object_id: str) -> Json | None:
        """Read an object of a collection, or None where it does not stand in it."""
        rows = self._all(
            "SELECT body FROM objects WHERE id = ? AND EXISTS"
            " (SELECT 1 FROM members WHERE object_id = ? AND parent_id = ?)",
            object_id,
            object_id,
            parent_id,
        )
        return json.loads(rows[0][0]) if rows else None

    def stands_somewhere(self, object_id: str) -> bool:
        """Tell whether any collection has the object."""
        return bool(self._all("SELECT 1 FROM members WHERE object_id = ? LIMIT 1", object_id))

    def count(self, parent_id: str) -> int:
        """Count a collection. Takes time in its length; *appended* bounds it from above."""
        rows = self._all("SELECT COUNT(*) FROM members WHERE parent_id = ?", parent_id)
        number: int = rows[0][0]
        return number

    def appended(self) -> int:
        """Tell how many members were ever appended anywhere."""
        rows = self._all("SELECT COALESCE(MAX(position), 0) FROM members")
        number: int = rows[0][0]
        return number

    def position(self, parent_id: str, object_id: str, *, last: bool = True) -> int | None:
        """Tell where an object stands; of two places of one object the *last* or the first."""
        rows = self._all(
            f"SELECT {'MAX' if last else 'MIN'}(position) FROM members"
            " WHERE object_id = ? AND parent_id = ?",
            object_id,
            parent_id,
        )
        place: int | None = rows[0][0]
        return place

    def members(
        self,
        parent_id: str,
        *,
        above: int = 0,
        below: int = _POSITION_MAX,
        backwards: bool = False,
        limit: int = -1,
        label: str | None = None,
    ) -> list[Json]:
        """Read a collection in order, or *backwards*, between two positions."""
        rows = self._all(
            "SELECT o.body FROM members m JOIN objects o ON o.id = m.object_id"
            " WHERE m.parent_id = ? AND m.position > ? AND m.position < ?"
            + (" AND m.label = ?" if label is not None else "")
            + f" ORDER BY m.position {'DESC' if backwards else 'ASC'} LIMIT ?",
            *(parent_id, above, below, *(() if label is None else (label,)), limit),
        )
        return [json.loads(row[0]) for row in rows]

    def put_content(self, file_id: str, content: bytes) -> None:
        """Keep the bytes of a file."""
        self._run("INSERT INTO contents VALUES (?, ?)", file_id, content)

    def content(self, file_id: str) -> bytes:
        """Read the bytes of a file that exists."""
        rows = self._all("SELECT bytes FROM contents WHERE file_id = ?", file_id)
        return bytes(rows[0][0])

    def drop_content(self, file_id: str) -> None:
        """Forget the bytes of a file."""
        self._run("DELETE FROM contents WHERE file_id = ?", file_id)

    def record(self, method: str, path: str, status: int, body: str) -> None:
        """Note a request that was answered; status 0 is no answer."""
        self._run(
            "INSERT INTO requests (method, path, status, body) VALUES (?, ?, ?, ?)",
            *(method, path, status, body),
        )

    def requests(self) -> list[tuple[str, str, int, str]]:
        """Read what was recorded, in order."""
        return self._all("SELECT method, path, status, body FROM requests ORDER BY number")

    def forget_requests(self) -> None:
        """Start the record anew."""
        self._run("DELETE FROM requests")

    def _run(self, statement: str, *values: object) -> None:
        with self._lock:
            self._connection.execute(statement, values)

    def _all(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def _connect(path: Path | None) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            path or ":memory:",
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_WAIT_S,
        )
    except sqlite3.OperationalError as error:
        raise NotAnEmulator(f"{path} is not an emulator's file: {error}") from error


def identity(path: str | Path) -> str | None:
    """Read the id that an emulator's file carries, or None where there is no such file."""
    if not Path(path).is_file():
        return None
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT value FROM facts WHERE name = 'identity'").fetchall()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return str(rows[0][0]) if rows else None


def _create_private(path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
