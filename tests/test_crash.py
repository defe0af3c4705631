"""Nothing is lost and nothing is twice when a run is killed at any of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash_boundaries import Boundaries, run_child
from crash_scenarios import Scenario, scenarios, variants, written
from crash_server import Server, server_process
from crash_sweep import CREATE_CONCURRENCY, Point, World, sweep

pytestmark = pytest.mark.promise("kill")

DIALECTS = ("threads", "conversations")
ALL = [each for dialect in DIALECTS for each in scenarios(dialect)]
WRITTEN = [each for dialect in DIALECTS for each in written(dialect)]
VARIANTS = [each for dialect in DIALECTS for each in variants(dialect)]
TWICE = [each for each in ALL if each.name in ("create", "append", "rewrite-the-tail", "destroy")]

POINTS_EACH = 15
"""How many boundaries of each scenario the normal suite kills at."""

Counting = Callable[[str, object], None]
Worlds = Callable[[Scenario], World]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all scenarios of a worker."""
    with server_process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def world(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    """Sets a scenario up on the server."""
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
    scenario: Scenario, world: Worlds, record_property: Counting
) -> None:
    made = world(scenario)

    crashes = sweep(made, some(made.points, POINTS_EACH))

    record_property("kills at counted boundaries", crashes)
    assert crashes > POINTS_EACH // 2


@pytest.mark.parametrize("scenario", WRITTEN, ids=str)
def test_what_is_killed_while_more_than_messages_change_is_finished_by_the_next(
    scenario: Scenario, world: Worlds, record_property: Counting
) -> None:
    made = world(scenario)

    crashes = sweep(made, some(made.points, POINTS_EACH // 2))

    record_property("kills at counted boundaries", crashes)
    assert crashes > POINTS_EACH // 4


@pytest.mark.parametrize("scenario", TWICE, ids=str)
def test_a_recovery_that_is_killed_is_recovered(
    scenario: Scenario, world: Worlds, record_property: Counting
) -> None:
    made = world(scenario)

    crashes = sweep(made, some(made.points, 3), then=some(made.points, 4)[:3])

    record_property("kills at counted boundaries", crashes)
    assert crashes > 9


@pytest.mark.long
@pytest.mark.parametrize("scenario", [*ALL, *WRITTEN, *VARIANTS], ids=str)
def test_a_run_killed_at_any_boundary_is_finished_by_the_next(
    scenario: Scenario, world: Worlds, record_property: Counting
) -> None:
    made = world(scenario)

    crashes = sweep(made, made.points)

    record_property("kills at counted boundaries", crashes)
    assert crashes > len(made.points) - 10


@pytest.mark.long
@pytest.mark.parametrize("scenario", TWICE, ids=str)
def test_recoveries_killed_at_many_boundaries_are_recovered(
    scenario: Scenario, world: Worlds, record_property: Counting
) -> None:
    made = world(scenario)

    crashes = sweep(made, some(made.points, 10), then=some(made.points, 12))

    record_property("kills at counted boundaries", crashes)
    assert crashes > 120


def test_a_plan_after_a_crash_changes_nothing(world: Worlds) -> None:
    made = world(next(each for each in ALL if each.name == "append"))
    for point in some(made.points, 6)[1:-1]:
        made.crash(point)
        before = {each.name: each.read_bytes() for each in made.states.iterdir()}
        texts = made.texts()

        code, output = made.run("plan")

        assert code == 0, output
        after = {each.name: each.read_bytes() for each in made.states.iterdir()}
        assert {name: after.get(name) for name in before if ".lock" not in name} == {
            name: data for name, data in before.items() if ".lock" not in name
        }
        assert made.texts() == texts


def test_a_plan_saved_after_a_crash_is_applied_as_it_is(world: Worlds) -> None:
    made = world(next(each for each in ALL if each.name == "rewrite-the-tail"))
    path = made.folder / "after.plan"
    for point in some(made.points, 6)[1:-1]:
        made.crash(point)
        # What was on its way when the process died may arrive behind the plan, which then is stale.
        for _ in range(2):
            code, output = made.run("plan", "-out", str(path))
            assert code == 0, output

            code, output = made.run("apply", str(path))

            if "Saved plan is stale" not in output:
                break
        assert code == 0, output
        made.check(leaked=0)


def test_a_crash_leaves_no_more_suspects_than_threads_are_created_at_once(world: Worlds) -> None:
    made = world(Scenario("many", {}, {f"t{number}": (f"m{number}",) for number in range(24)}))
    sent = [n for n, name in enumerate(made.steps, 1) if name == "sent POST /v1/threads"]
    made.restore()
    assert run_child(made.arguments, Boundaries(sent[len(sent) // 2]), made.folder / "log") < 0
    made.server.wait()

    made.run("recover")

    assert len(made.strays()) <= len(made.suspects()) <= CREATE_CONCURRENCY
