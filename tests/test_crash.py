"""Nothing is lost and nothing is twice when a run is killed at any of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash_scenarios import Scenario, scenarios
from crash_server import Server, server_process
from crash_sweep import Point, World, sweep

ALL = [each for dialect in ("threads", "conversations") for each in scenarios(dialect)]
POINTS_EACH = 16
"""How many boundaries of each scenario the normal suite kills at."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all scenarios of a worker."""
    with server_process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def world(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Scenario], World]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-crash")

    def make(scenario: Scenario) -> World:
        made = World(scenario, server, tmp_path)
        made.prepare()
        return made

    return make


def some(points: list[Point], count: int) -> list[Point]:
    """So many of *points*, evenly spread, the first and the last among them."""
    if len(points) <= count:
        return points
    return [points[round(n * (len(points) - 1) / (count - 1))] for n in range(count)]


@pytest.mark.parametrize("scenario", ALL, ids=str)
def test_a_killed_run_is_finished_by_the_next(
    scenario: Scenario,
    world: Callable[[Scenario], World],
    record_property: Callable[[str, object], None],
) -> None:
    made = world(scenario)

    crashes = sweep(made, some(made.points, POINTS_EACH))

    record_property("crash points", crashes)
    assert crashes > POINTS_EACH // 2
