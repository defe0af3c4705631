"""Collector: the cyclic garbage collector, held off where much is made and little is garbage.

Looking through a growing spec, state or plan again and again takes longer than making it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Have nothing looked through while something large is made, nor right afterwards."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # Together: what was made counts as old, without being looked at.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def collect_seldom() -> None:
    """Have the whole process look for garbage only after a hundred thousand objects."""
    gc.set_threshold(100_000, 20, 50)


def leave_uncollected() -> None:
    """Have the process end without taking apart what it still holds."""
    gc.freeze()
