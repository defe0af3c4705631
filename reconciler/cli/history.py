"""History: what was typed into the console before, in a file of the user's own."""

from __future__ import annotations

import json
import os
import sys

from reconciler.language import cachefolder

MAX_ENTRIES = 1000
"""How many entries are kept, the newest ones."""

MAX_ENTRY_LENGTH = 10_000
"""A longer entry is not kept."""

MAX_BYTES = 16 * 1024 * 1024

FILE_NAME = "console_history.jsonl"


class History:
    """Entries, oldest first. One that cannot be read or written is done without."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._added: list[str] = []
        self.entries = self._read()

    def add(self, entry: str) -> bool:
        """Take an entry, unless it is too long, a repetition, or begins with a blank."""
        last = self.entries[-1:]
        if len(entry) > MAX_ENTRY_LENGTH or entry[:1] in ("", " ", "\t") or last == [entry]:
            return False
        self.entries.append(entry)
        self._added.append(entry)
        return True

    def save(self) -> None:
        """Put what was added behind what others have saved meanwhile."""
        if not self._added or self._folder is None or not cachefolder.prepare(self._folder):
            return
        kept = [*self._read(), *self._added][-MAX_ENTRIES:]
        lines = (f"{json.dumps(each)}\n" for each in kept)
        cachefolder.replace(self._path(self._folder), "".join(lines).encode())

    def _read(self) -> list[str]:
        if self._folder is None or not cachefolder.is_trusted(self._folder):
            return []
        content = cachefolder.read(self._path(self._folder), MAX_BYTES) or b""
        entries = (_entry(line) for line in content.decode(errors="replace").splitlines())
        return [each for each in entries if each is not None][-MAX_ENTRIES:]

    def _path(self, folder: str) -> str:
        return os.path.join(folder, FILE_NAME)


def user_state_folder() -> str | None:
    """Where what this user's tools remember lies; None if there is no telling."""
    try:
        if sys.platform == "linux":
            base = os.environ.get("XDG_STATE_HOME", "").strip()
            base = base or os.path.expanduser("~/.local/state")
            return os.path.join(base, "reconciler") if os.path.isabs(base) else None
        from platformdirs import user_state_dir

        return user_state_dir("reconciler", appauthor=False)
    except (OSError, RuntimeError):
        return None


def _entry(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, str) and len(entry) <= MAX_ENTRY_LENGTH else None
