"""Files: which files of a folder are the spec, and their text.

Read are the `.tf` and `.hcl` files whose names have no second suffix and no leading dot, in
order of their names. What would be misread is refused with a message instead.
"""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path

from reconciler.concealment import Concealment
from reconciler.diagnostics import Diagnostics, Place, SourceFile
from reconciler.language.parse import MAX_FILE_BYTES
from reconciler.spec.order import natural_key

SUFFIXES = (".tf", ".hcl")
"""What the name of a spec file ends in."""


def read_specs(
    directory: Path, diagnostics: Diagnostics, *, place: Place | None = None
) -> tuple[SourceFile, ...]:
    """Read every spec file of *directory*, in order of their names.

    What cannot be read is an error and left out, and so is a folder without any spec file.
    *place* is where a module call names the folder.
    """
    names = list_names(directory, diagnostics, place=place)
    if names is None:
        return ()
    chosen = [name for name in names if _is_spec(name, directory, diagnostics)]
    if not chosen and not _are_specs(names):
        detail = _nothing_found(directory) if place is None else _nothing_called(directory)
        diagnostics.error("No specs found", detail, place=place)
    found: list[SourceFile] = []
    left = MAX_FILE_BYTES
    for name in chosen:
        source = read_text(directory / name, diagnostics)
        if source is None:
            continue
        left -= len(source.text)
        if left < 0:
            detail = _too_large("All files together, up to this one,", "are")
            diagnostics.error("Specs too large", detail, place=(source, 0, 0))
            break
        found.append(source)
    return tuple(found)


def has_specs(directory: Path) -> bool:
    """Whether there is a spec file in *directory*, or a folder that cannot be read."""
    names = list_names(directory, Diagnostics())
    return names is None or _are_specs(names)


def list_names(
    directory: Path, diagnostics: Diagnostics, *, place: Place | None = None
) -> list[str] | None:
    """The names of the files in *directory*, `turn2.tf` before `turn10.tf`; None after an error."""
    try:
        with os.scandir(directory) as entries:
            names = [each.name for each in entries if not _is_folder(each)]
    except OSError as error:
        shown = shown_path(directory)
        diagnostics.error("Unreadable folder", f'"{shown}": {_reason(error)}.', place=place)
        return None
    return sorted(names, key=natural_key)


def read_text(
    path: Path,
    diagnostics: Diagnostics,
    *,
    concealment: Concealment | None = None,
    is_values: bool = False,
) -> SourceFile | None:
    """Read one file as UTF-8 text; None after an error.

    *concealment* is what messages about it do not show, *is_values* that it is a variable file.
    """
    shown = shown_path(path)
    data = read_bytes(path, shown, diagnostics)
    if data is None:
        return None
    return decode_text(shown, data, diagnostics, concealment=concealment, is_values=is_values)


def read_bytes(path: Path, shown: str, diagnostics: Diagnostics) -> bytes | None:
    """The bytes of a regular file that is not too large; None after an error."""
    try:
        data = _read_regular(path)
    except OSError as error:
        diagnostics.error("Unreadable file", f'"{shown}": {_reason(error)}.')
        return None
    if data is None:
        diagnostics.error("Unreadable file", f'"{shown}" is not a regular file.')
        return None
    if len(data) > MAX_FILE_BYTES:
        diagnostics.error("File too large", _too_large(f'"{shown}"', "is"))
        return None
    return data


def shown_path(path: Path) -> str:
    """*path* as the user would type it: relative to the working folder if it lies below it."""
    absolute = os.path.abspath(path)
    here = os.getcwd()
    if absolute == here:
        return "."
    if absolute.startswith(here.rstrip(os.sep) + os.sep):
        absolute = os.path.relpath(absolute, here)
    elif not path.is_absolute():
        absolute = os.path.normpath(path)
    return absolute.replace(os.sep, "/")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads nowhere: reading it says what is wrong with it.
        return False


def _is_spec(name: str, directory: Path, diagnostics: Diagnostics) -> bool:
    stem, suffix = os.path.splitext(name)
    if name.startswith(".") or name.startswith("#"):
        return False
    if name.endswith(".tf.json"):
        _refuse(name, directory, diagnostics, _JSON)
    elif suffix in SUFFIXES and (stem == "override" or stem.endswith("_override")):
        _refuse(name, directory, diagnostics, _OVERRIDE)
    elif suffix == ".tf" and "." in stem:
        shown = shown_path(directory / name)
        diagnostics.warning("Spec file not read", f'"{shown}" {_SECOND_SUFFIX}')
    else:
        return suffix in SUFFIXES and "." not in stem
    return False


def _refuse(name: str, directory: Path, diagnostics: Diagnostics, reason: str) -> None:
    shown = shown_path(directory / name)
    diagnostics.error("Unsupported spec file", f'"{shown}" {reason}')


_JSON = "is written in JSON, which is not read. Write it in HCL, as a file that ends in .tf."
_OVERRIDE = (
    "is an override file, and files that change the blocks of other files are not supported. "
    "Make the change in the block itself, or rename the file if it overrides nothing."
)
_SECOND_SUFFIX = (
    "has a second suffix, and only files with a plain name such as main.tf are read. "
    "Rename it if it belongs to the spec."
)


def _nothing_found(directory: Path) -> str:
    return (
        f'The folder "{shown_path(directory)}" holds no .tf or .hcl file. A plan made from nothing '
        "would destroy everything that is managed, so it is refused. Name the folder that holds "
        f"your specs with --specs.{_where_there_are(directory)}"
    )


_NAMED_MAX = 5
"""How many folders that hold specs are named where there are none."""


def _where_there_are(directory: Path) -> str:
    """` There are specs in a and b.`, or nothing where no folder just below holds any."""
    try:
        below = sorted((each for each in directory.iterdir() if each.is_dir()), key=str)
    except OSError:
        return ""
    found = [shown_path(each) for each in below if not each.name.startswith(".") and _holds(each)]
    if not found:
        return ""
    named = found[:_NAMED_MAX]
    if len(found) > _NAMED_MAX:
        return f" There are specs in {', '.join(named)} and more."
    *others, last = named
    return (
        f" There are specs in {', '.join(others)} and {last}."
        if others
        else f" There are specs in {last}."
    )


def _holds(directory: Path) -> bool:
    return _are_specs(list_names(directory, Diagnostics()) or ())


def _are_specs(names: Iterable[str]) -> bool:
    return any(name.endswith(SUFFIXES) for name in names)


def _nothing_called(directory: Path) -> str:
    return f'The folder "{shown_path(directory)}" holds no .tf or .hcl file, so it is no module.'


def _too_large(what: str, are: str) -> str:
    limit = MAX_FILE_BYTES // (1024 * 1024)
    return (
        f"{what} {are} larger than {limit} MiB. Keep the conversations in a JSONL file and use "
        "for_each over jsonldecode(file(...))."
    )


def _read_regular(path: Path) -> bytes | None:
    """The bytes of a regular file, at most one more than allowed; None for a pipe or a device."""
    # Not to block on a pipe that nobody writes to.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(MAX_FILE_BYTES + 1)


def decode_text(
    shown: str,
    data: bytes,
    diagnostics: Diagnostics,
    *,
    concealment: Concealment | None = None,
    is_values: bool = False,
) -> SourceFile | None:
    """UTF-8 text, a byte order mark left out; None after an error that shows the byte."""
    mark = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
    try:
        return SourceFile(shown, data.decode("utf-8-sig"), mark, concealment, is_values)
    except UnicodeDecodeError as error:
        behind_mark = error.object
        good = behind_mark[: error.start].decode()
        # One character of one byte for the wrong one, so that positions in bytes are right.
        text = f"{good}?{behind_mark[error.start + 1 :].decode(errors='replace')}"
        source = SourceFile(shown, text, mark, concealment, is_values)
        detail = (
            f"The byte 0x{behind_mark[error.start]:02x} here is not UTF-8. "
            "Save the file with the encoding UTF-8."
        )
        place = (source, len(good), len(good) + 1)
        diagnostics.error("Invalid character encoding", detail, place=place)
        return None


def _reason(error: OSError) -> str:
    return (error.strerror or "it cannot be read").lower()
