"""Paths: names of files taken apart, without looking at any file."""

from __future__ import annotations

from reconciler.language.functions.function import Family, text

FUNCTIONS = Family()
_add = FUNCTIONS.add


def clean(path: str) -> str:
    """The path without empty parts, `.` and what `..` takes back."""
    is_absolute = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part == ".." and is_absolute:
            continue
        elif part not in ("", "."):
            kept.append(part)
    joined = "/".join(kept)
    return f"/{joined}" if is_absolute else joined or "."


@_add(
    "basename",
    "The last part of a path.",
    text("path"),
    returns="string",
    examples=('basename("foo/bar/baz.txt")',),
)
def _basename(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


@_add(
    "dirname",
    "A path without its last part.",
    text("path"),
    returns="string",
    examples=('dirname("foo/bar/baz.txt")',),
)
def _dirname(path: str) -> str:
    return clean(path[: path.rfind("/") + 1])
