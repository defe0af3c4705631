"""Files: functions that read what lies below the specs folder."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

from reconciler.language.functions.encoding import as_text
from reconciler.language.functions.folder import Folder
from reconciler.language.functions.function import Family, text
from reconciler.language.functions.hashes import digest
from reconciler.language.functions.paths import clean
from reconciler.language.functions.templates import add_templatefile
from reconciler.language.rendering import well_formed
from reconciler.language.values import SetValue


def file_functions(base: Path) -> Family:
    """The functions that read files below *base*."""
    folder = Folder(base)
    family = Family()
    _add_contents(family, folder)
    _add_digests(family, folder)
    _add_names(family, folder)
    add_templatefile(family, folder)
    return family


def _add_contents(family: Family, folder: Folder) -> None:
    @family.add(
        "file",
        "The text of a file below the specs folder, which must be in UTF-8.",
        text("path"),
        returns="string",
        examples=('file("hello.txt")',),
    )
    def _file(path: str) -> str:
        return as_text(folder.read(path))

    @family.add(
        "filebase64",
        "The bytes of a file below the specs folder, in base64.",
        text("path"),
        returns="string",
        examples=('filebase64("hello.txt")',),
    )
    def _filebase64(path: str) -> str:
        return b64encode(folder.read(path)).decode()


def _add_digests(family: Family, folder: Folder) -> None:
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        _add_hexadecimal(family, folder, algorithm)
    for algorithm in ("sha256", "sha512"):
        _add_base64(family, folder, algorithm)


def _add_hexadecimal(family: Family, folder: Folder, algorithm: str) -> None:
    @family.add(
        f"file{algorithm}",
        f"The {algorithm.upper()} digest of a file below the specs folder, in hexadecimal.",
        text("path"),
        returns="string",
        examples=(f'file{algorithm}("hello.txt")',),
    )
    def _digest(path: str) -> str:
        return digest(algorithm, folder.read(path)).hex()


def _add_base64(family: Family, folder: Folder, algorithm: str) -> None:
    @family.add(
        f"filebase64{algorithm}",
        f"The {algorithm.upper()} digest of a file below the specs folder, in base64.",
        text("path"),
        returns="string",
        examples=(f'filebase64{algorithm}("hello.txt")',),
    )
    def _digest(path: str) -> str:
        return b64encode(digest(algorithm, folder.read(path))).decode()


def _add_names(family: Family, folder: Folder) -> None:
    @family.add(
        "fileexists",
        "Whether there is such a file below the specs folder.",
        text("path"),
        returns="bool",
        examples=('fileexists("hello.txt")', 'fileexists("missing.txt")'),
    )
    def _fileexists(path: str) -> bool:
        return folder.exists(path)

    @family.add(
        "fileset",
        "The names of the files below *path* that match a pattern, in which `*` stands for part of "
        "a name, `**` for any folders, `?` for one character and `{a,b}` for either.",
        text("path"),
        text("pattern"),
        returns=["set", "string"],
        examples=('fileset(".", "*.txt")', 'fileset(".", "**/*.jsonl")'),
    )
    def _fileset(path: str, pattern: str) -> SetValue:
        found = (str(well_formed(each)) for each in folder.matching(path, pattern))
        return SetValue(sorted(set(found)), "string")

    @family.add(
        "abspath",
        "The path with everything that comes before it, from the specs folder on.",
        text("path"),
        returns="string",
        examples=('basename(abspath("hello.txt"))',),
    )
    def _abspath(path: str) -> str:
        return clean(path if path.startswith("/") else f"{os.path.abspath(folder.base)}/{path}")

    @family.add(
        "pathexpand",
        "The path with the home folder in the place of a `~` at its beginning.",
        text("path"),
        returns="string",
        examples=('pathexpand("hello.txt")',),
    )
    def _pathexpand(path: str) -> str:
        return os.path.expanduser(path) if path == "~" or path.startswith("~/") else path
