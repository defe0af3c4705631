"""Formatting: which files `fmt` looks at, and what each of them becomes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.diagnostics import Diagnostics
from reconciler.frozen import frozen
from reconciler.language.format import format_file
from reconciler.spec.files import SUFFIXES, decode_text, list_names, read_bytes

FORMATTED_SUFFIXES = (*SUFFIXES, ".tfvars")
"""What the name of a file that can be formatted ends in."""


@frozen
class Formatted:
    """A text as it was and as it is laid out."""

    shown: str
    """Its name as the user would write it."""
    before: str
    after: str
    has_mark: bool
    """Whether it began with a byte order mark, which is left out of both."""

    @property
    def is_changed(self) -> bool:
        """Whether it was laid out otherwise."""
        return self.has_mark or self.before != self.after


def files_of(
    targets: Sequence[Path], diagnostics: Diagnostics, *, recursive: bool = False
) -> Iterator[Path]:
    """The files that are meant: those named, and those of folders; each once.

    Of a folder these are the `.tf` and `.hcl` files that belong to a spec, and the `.tfvars` files.
    *recursive* adds the folders below, but for hidden ones; symbolic links to folders are not
    followed.
    """
    seen: set[Path] = set()
    for target in targets:
        for path in _files_at(target, diagnostics, recursive=recursive):
            if path not in seen:
                seen.add(path)
                yield path


def format_path(path: Path, diagnostics: Diagnostics) -> Formatted | None:
    """Read and lay out one file; None after an error."""
    data = read_bytes(path, str(path), diagnostics)
    return None if data is None else format_bytes(data, str(path), diagnostics)


def format_bytes(data: bytes, shown: str, diagnostics: Diagnostics) -> Formatted | None:
    """Lay out the bytes of one file; None after an error."""
    source = decode_text(shown, data, diagnostics)
    after = None if source is None else format_file(source, diagnostics)
    if source is None or after is None:
        return None
    return Formatted(shown, source.text, after, data.startswith(b"\xef\xbb\xbf"))


def _files_at(target: Path, diagnostics: Diagnostics, *, recursive: bool) -> Iterator[Path]:
    if target.is_dir():
        folders = _folders_below(target, diagnostics) if recursive else (target,)
        for folder in folders:
            names = list_names(folder, diagnostics) or ()
            yield from (folder / name for name in names if _is_formatted(name))
    elif not os.path.lexists(target):
        detail = f'There is no file or folder "{target}" to format.'
        diagnostics.error("Missing file", detail)
    elif not target.name.endswith(FORMATTED_SUFFIXES):
        known = ", ".join(FORMATTED_SUFFIXES[:-1])
        detail = f'"{target}" is not a spec: files that end in {known} and '
        diagnostics.error("Unsuitable file", f"{detail}{FORMATTED_SUFFIXES[-1]} are formatted.")
    else:
        yield target


def _folders_below(top: Path, diagnostics: Diagnostics) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        reason = (error.strerror or "it cannot be read").lower()
        diagnostics.error("Unreadable folder", f'"{error.filename}": {reason}.')

    for folder, below, _ in os.walk(top, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(folder)


def _is_formatted(name: str) -> bool:
    stem, suffix = os.path.splitext(name)
    if name.startswith((".", "#")):
        return False
    return suffix == ".tfvars" or (suffix in SUFFIXES and "." not in stem)
