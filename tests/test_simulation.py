"""Nothing is lost and nothing is twice on simulated disks, clocks and networks."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from simulation import World

pytestmark = pytest.mark.promise("simulation")

DIALECTS = ("threads", "conversations")

Publish = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def no_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed logs nothing of the tasks that died with it.

    Each such record would keep its whole world in memory until the end of the test.
    """
    monkeypatch.setattr(logging.getLogger("asyncio"), "disabled", True)


def play(folder: Path, dialect: str, seeds: range) -> Counter[str]:
    """Play every seed; what happened, counted."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        world = World(folder, dialect, seed)
        try:
            world.play()
        except BaseException as error:
            error.add_note(f"dialect {dialect}, seed {seed}; it died in {world.died_in}")
            raise
        seen.update(seeds=1, runs=world.runs, deaths=world.deaths, suspects=world.suspects)
    return seen


@pytest.mark.parametrize("block", range(2))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_simulated_world_ends_as_the_specs_say(
    tmp_path: Path, dialect: str, block: int, record_property: Publish
) -> None:
    seen = play(tmp_path, dialect, range(block * 50, (block + 1) * 50))

    record_property("simulated seeds", seen["seeds"])
    record_property("simulated deaths", seen["deaths"])
    assert seen["deaths"] > 20


@pytest.mark.long
@pytest.mark.parametrize("block", range(40))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_many_simulated_worlds_end_as_the_specs_say(
    tmp_path: Path, dialect: str, block: int, record_property: Publish
) -> None:
    first = 1_000_000 + block * 250
    seen = play(tmp_path, dialect, range(first, first + 250))

    record_property("simulated seeds", seen["seeds"])
    record_property("simulated deaths", seen["deaths"])
    assert seen["deaths"] > 100
