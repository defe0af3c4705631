"""Shape cache: shapes by skeleton, in memory and in the user's cache folder.

The file is a digest followed by `marshal` data. It is read only if the folder is the user's own
and nobody else may write it, if the digest is right, and if the same version of this program, of
Python and of python-hcl2 wrote it; in any other case it counts as absent. It is replaced whole.
"""

from __future__ import annotations

import atexit
import contextlib
import marshal
import os
import sys
from functools import cache
from typing import Any

from reconciler.language.cachefolder import digest, read_sealed, usable_folder, write_sealed
from reconciler.language.shape import Shape, Unit

MAX_STORED_BYTES = 8 * 1024 * 1024
"""Beyond this size only the shapes of the current run are kept."""

_FILE = "shapes.bin"

Stored = dict[str, dict[str, bytes]]
"""By unit and skeleton, each shape as `marshal` data of its own, decoded when it is needed."""


class Shapes:
    """Every shape known to this process; *folder* None keeps them in memory only."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self.bodies: dict[str, Shape] = {}
        self.expressions: dict[str, Shape] = {}
        self.templates: dict[str, Shape] = {}
        self._stored: Stored | None = None
        self._made: list[tuple[Unit, Shape]] = []

    def find(self, unit: Unit, skeleton: str) -> Shape:
        """The shape of a skeleton, made if there is none yet."""
        known = self._of(unit)
        shape = known.get(skeleton)
        if shape is None:
            shape = known[skeleton] = self._load(unit, skeleton) or self._make(unit, skeleton)
        return shape

    def _of(self, unit: Unit) -> dict[str, Shape]:
        if unit == "body":
            return self.bodies
        return self.expressions if unit == "expression" else self.templates

    def _load(self, unit: Unit, skeleton: str) -> Shape | None:
        if self._stored is None:
            self._stored = read_shapes(self.folder) if self.folder is not None else {}
        encoded = self._stored.get(unit, {}).get(skeleton)
        if encoded is None:
            return None
        from reconciler.language.shapecode import decode_shape

        return decode_shape(skeleton, marshal.loads(encoded))

    def _make(self, unit: Unit, skeleton: str) -> Shape:
        from reconciler.language.shaping import make_shape

        shape = make_shape(unit, skeleton, self.folder)
        if not shape.problems:
            self._made.append((unit, shape))
        return shape

    def save(self) -> None:
        """Keep what was made for the next process; silently nothing if that cannot be."""
        if not self._made or self.folder is None:
            return
        from reconciler.language.shapecode import encode_shape

        stored = read_shapes(self.folder)
        if sum(len(each) for unit in stored.values() for each in unit.values()) > MAX_STORED_BYTES:
            stored = {}
        for unit, shape in self._made:
            stored.setdefault(unit, {})[shape.skeleton] = marshal.dumps(encode_shape(shape))
        self._made.clear()
        write_shapes(self.folder, stored)


@cache
def user_shapes() -> Shapes:
    """The shapes of this process, kept in the user's cache folder when it ends."""
    shapes = Shapes(usable_folder())
    atexit.register(shapes.save)
    return shapes


def read_shapes(folder: str) -> Stored:
    """What the file holds; nothing at all if there is any doubt about it."""
    path = os.path.join(folder, _FILE)
    payload = read_sealed(path, MAX_STORED_BYTES * 4, _version())
    stored: Any = None if payload is None else marshal.loads(payload)
    return stored if isinstance(stored, dict) else {}


def write_shapes(folder: str, stored: Stored) -> None:
    """Replace the file, if it can be replaced."""
    write_sealed(os.path.join(folder, _FILE), marshal.dumps(stored), _version())


@cache
def _version() -> str:
    """What the trees depend on: Python, the grammar of python-hcl2, and the code that shapes."""
    here = os.path.dirname(__file__)
    ours = [os.path.join(here, f"{name}.py") for name in _SHAPING]
    theirs = [path for path in map(_grammar_in, sys.path) if os.path.isfile(path)]
    parts = [f"{sys.version_info[0]}.{sys.version_info[1]}"]
    for path in (*ours, *theirs[:1]):
        with contextlib.suppress(OSError):
            status = os.stat(path)
            parts.append(f"{status.st_size}:{status.st_mtime_ns}")
    return digest(" ".join(parts).encode()).hex()


_SHAPING = (
    "check", "flatten", "flatnodes", "grammar", "scan", "shapecode", "shaping", "tables",
    "template", "template_shape", "trees", "words",
)  # fmt: skip
"""The modules whose change may make another shape of the same skeleton."""


def _grammar_in(folder: str) -> str:
    return os.path.join(folder, "hcl2", "hcl2.lark")
