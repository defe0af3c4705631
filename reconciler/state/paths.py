"""Paths: where a state lives by default, and how it remembers which specs it belongs to."""

from __future__ import annotations

import os
from pathlib import Path

SPECS = "specs"
"""The folder that holds specs; states live beside it."""

STATES = "state"
"""The folder that holds states."""


def default_state_path(specs: Path, *, emulator: bool) -> Path:
    """The state file of the specs in *specs*.

    It is in `state/` beside the enclosing folder called `specs`, and named after the path below
    that: `specs/a/b` has `state/a/b.json`, `specs` itself `state/specs.json`. Without such a
    folder it is in `state/` inside *specs*. With *emulator* it is another one.
    """
    folder, names = _place(specs)
    *parents, name = names
    suffix = ".emulator.json" if emulator else ".json"
    return folder.joinpath(STATES, *parents, name + suffix)


def specs_root_text(specs: Path, state: Path) -> str:
    """The specs folder as seen from the folder of the state, so that both can move together."""
    return Path(os.path.relpath(specs.resolve(), state.resolve().parent)).as_posix()


def _place(specs: Path) -> tuple[Path, tuple[str, ...]]:
    absolute = Path(os.path.abspath(specs))
    for folder in (absolute, *absolute.parents):
        if folder.name == SPECS:
            return folder.parent, absolute.relative_to(folder).parts or (SPECS,)
    return absolute, (absolute.name or SPECS,)
