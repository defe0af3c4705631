"""Collector: the cyclic garbage collector, held off where much is made and little is garbage.

Looking through a growing spec, state or plan again and again takes longer than making it.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager

FEW = 500_000
"""So many objects may be held, garbage among them, before a process that lives on looks for it."""


class _Limit:
    """How many objects may be held before the garbage among the old ones is looked for."""

    held_max: float = FEW


@contextmanager
def collector_paused() -> Iterator[None]:
    """Have nothing looked through while something large is made, nor right afterwards.

    What was made counts as old from then on, and Python would look through the old ones no more:
    here it is done each time that twice as many are held as were left the last time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if _age() > _Limit.held_max:
                gc.collect()
                _Limit.held_max = max(2 * _age(), FEW)
            gc.enable()


def _age() -> int:
    """Let all that is held count as old without being looked at; how many objects that are."""
    gc.freeze()
    held = gc.get_freeze_count()
    gc.unfreeze()
    return held


def collect_seldom() -> None:
    """Have the whole process look for garbage only after a hundred thousand objects, and never
    through old ones because of a pause: it does one thing, and ends."""
    gc.set_threshold(100_000, 20, 50)
    _Limit.held_max = math.inf


def leave_uncollected() -> None:
    """Have the process end without taking apart what it still holds."""
    gc.freeze()
