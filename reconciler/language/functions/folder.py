"""Folder: the files that functions may read: those below the specs folder, and nothing else."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from reconciler.language.functions.function import refuse

MAX_FILE_BYTES = 1024 * 1024
"""How large a file may be."""

MAX_TABLE_BYTES = 16 * 1024 * 1024
"""How large a file of rows (`.jsonl`, `.ndjson`, `.csv`) may be."""

MAX_ENTRIES = 100_000
"""How many files and folders a search goes through."""

_TABLES = (".jsonl", ".ndjson", ".csv")


class Folder:
    """A folder whose files may be read. A file is read once; later changes are not seen."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._contents: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises:
            ValueMistake: it lies outside, is not a file, is too large or cannot be read.
        """
        found = self._contents.get(path)
        if found is None:
            found = self._contents[path] = self._read(path)
        return found

    def _read(self, path: str) -> bytes:
        limit = MAX_TABLE_BYTES if path.endswith(_TABLES) else MAX_FILE_BYTES
        try:
            # Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
            handle = os.open(self.resolve(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise refuse(f'"{path}" cannot be read: {_reason(error)}', 0) from None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise refuse(f'"{path}" is not a file', 0)
            with open(handle, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(handle)
        if len(data) > limit:
            raise refuse(f'"{path}" is larger than {limit // 1024 // 1024} MiB', 0)
        return data

    def exists(self, path: str) -> bool:
        """Whether there is such a file.

        Raises:
            ValueMistake: there is something else, such as a folder.
        """
        try:
            mode = os.stat(self.resolve(path)).st_mode
        except FileNotFoundError:
            return False
        except OSError as error:
            raise refuse(f'"{path}" cannot be looked at: {_reason(error)}', 0) from None
        if not stat.S_ISREG(mode):
            raise refuse(f'"{path}" is not a file', 0)
        return True

    def resolve(self, path: str) -> str:
        """Where a path below the folder really leads.

        Raises:
            ValueMistake: out of the folder.
        """
        if "\0" in path:
            raise refuse("a path cannot hold a zero character", 0)
        if os.path.isabs(path) or ".." in path.replace("\\", "/").split("/"):
            raise refuse(f'"{path}" leads out of the specs folder; only files in it are read', 0)
        base = os.path.realpath(self.base)
        found = os.path.realpath(os.path.join(base, path))
        if found != base and not found.startswith(base.rstrip(os.sep) + os.sep):
            raise refuse(f'"{path}" is a link that leads out of the specs folder', 0)
        return found

    def matching(self, path: str, pattern: str) -> list[str]:
        """The files below *path* whose names, relative to it, match a glob pattern."""
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise refuse(f'"{pattern}" leads out of the folder', 1)
        matcher = glob_matcher(pattern)
        top = self.resolve(path)
        return [each for each in self._files(top) if matcher.match(each)]

    def _files(self, top: str) -> Iterator[str]:
        seen = 0
        for folder, folders, names in os.walk(top):
            seen += len(folders) + len(names)
            if seen > MAX_ENTRIES:
                raise refuse(f"the folder has more than {MAX_ENTRIES:,} entries", 0)
            for name in names:
                relative = os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/")
                if os.path.isfile(self.resolve(self._below(top, relative))):
                    yield relative

    def _below(self, top: str, relative: str) -> str:
        return os.path.relpath(os.path.join(top, relative), os.path.realpath(self.base))


def _reason(error: OSError) -> str:
    return (error.strerror or "it is not readable").lower()


_GLOB = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|\[([!^]?)(\]?[^\]]*)\]|(\{)|(\})|(,)|\\(.)|(.)", re.S)


def glob_matcher(pattern: str) -> re.Pattern[str]:
    """A glob pattern with `*`, `?`, `[a-z]`, `{a,b}` and `**` as a regular expression."""
    pieces: list[str] = []
    depth = 0
    for match in _GLOB.finditer(pattern):
        piece, change = _glob_piece(match, depth)
        depth += change
        pieces.append(piece)
    try:
        return re.compile("".join(pieces) + r"\Z", re.S)
    except re.error:
        raise refuse(f'"{pattern}" is not a pattern for file names', 1) from None


def _glob_piece(match: re.Match[str], depth: int) -> tuple[str, int]:
    simple = {1: "(?:[^/]+/)*", 2: ".*", 3: "[^/]*", 4: "[^/]"}
    at = match.lastindex or 0
    if at in simple:
        return simple[at], 0
    if match[6] is not None:
        negated = "^" if match[5] else ""
        members = match[6].replace("\\", "\\\\").replace("[", "\\[")
        return f"[{negated}{members}]", 0
    if at == 7:
        return "(?:", 1
    if at == 8 and depth:
        return ")", -1
    if at == 9 and depth:
        return "|", 0
    return re.escape(match[10] or match[0]), 0
