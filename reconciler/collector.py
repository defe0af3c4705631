"""Collector: the cyclic garbage collector, held off where much is made and little is garbage.

Looking through a growing spec, state or plan again and again takes longer than making it.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 500_000
"""So many objects may be made, in a process that lives on, before garbage is looked for."""


class _Tally:
    """How many objects were made since all that is held was looked through, and how many may be."""

    made: int = 0
    made_max: float = MANY


@contextmanager
def collector_paused() -> Iterator[None]:
    """Have nothing looked through while something large is made, nor right afterwards.

    What was made counts as old from then on, and Python does not think of looking through the old
    ones any more: it is done here, each time that many more were made.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            _Tally.made += _made()
            if _Tally.made > _Tally.made_max:
                gc.collect()
                _Tally.made = 0
            # Together: what was made counts as old, without being looked at.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def _made() -> int:
    """How many objects, at most, were made since the collector began to count."""
    young, older, oldest = gc.get_count()
    at_once, times, _ = gc.get_threshold()
    return young + at_once * (older + times * oldest)


def collect_seldom() -> None:
    """Have the whole process look for garbage only after a hundred thousand objects, and never
    through old ones because of a pause: it does one thing, and ends."""
    gc.set_threshold(100_000, 20, 50)
    _Tally.made_max = math.inf


def leave_uncollected() -> None:
    """Have the process end without taking apart what it still holds."""
    gc.freeze()
