"""The collector is held off in a command, and finds what is garbage in a process that lives on."""

from __future__ import annotations

import gc
import math

import pytest

from reconciler import collector
from reconciler.collector import collect_seldom, collector_paused


def make_garbage(rounds: int) -> None:
    for _ in range(rounds):
        with collector_paused():
            for _ in range(1_000):
                ring: list[object] = []
                ring.append(ring)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> int:
    gc.collect()
    many = 2 * len(gc.get_objects())
    monkeypatch.setattr(collector._Tally, "made", 0)
    monkeypatch.setattr(collector._Tally, "made_max", many)
    return many


def test_a_process_that_lives_on_keeps_no_garbage(many: int) -> None:
    make_garbage(many // 1_000 * 5)

    assert len(gc.get_objects()) < 2 * many
    assert gc.isenabled()


def test_a_command_looks_for_none(many: int) -> None:
    before = gc.get_threshold()
    try:
        collect_seldom()
        assert collector._Tally.made_max == math.inf
        make_garbage(many // 1_000 * 3)
        assert len(gc.get_objects()) > 3 * many
    finally:
        gc.set_threshold(*before)
        gc.collect()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
