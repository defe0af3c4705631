"""Kept messages: a server that says it has deleted a message and keeps it is not believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench, assert_settled, changes, make_bench, message, talk, thread

from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.emulator.flavour import Flavour
from reconciler.execute.events import Report


def keep(bench: Bench, *, times: int | None = None, nth: int | None = None) -> None:
    """Let the server answer 200 to the deletion of a message, and do nothing."""
    bench.fail(
        Rule(
            do=Fault.REFUSE,
            method="DELETE",
            path="/(messages|items)/",
            status=200,
            times=times,
            nth=nth,
            reply={"object": "thread.message.deleted", "deleted": True},
        )
    )


def complaints(report: Report) -> list[str]:
    return [str(each.error) for each in report.outcomes if each.error is not None]


def test_a_deleted_message_that_stays_is_named_and_owed(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    kept = str(bench.members()[1]["id"])
    bench.write(talk("ac"))
    keep(bench)

    for _ in range(2):
        (said,) = complaints(bench.try_apply())
        assert "openai_message.b" in said
        assert kept in said
        assert bench.cost == (0, 1)
        assert changes(bench.plan()) == {"openai_message.b": "delete"}

    bench.fail()
    bench.apply()
    assert bench.texts() == ["a", "c"]
    assert_settled(bench)


def test_a_rewrite_whose_old_copies_stay_is_not_begun_again(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    bench.write(talk({"a": "a", "b": "B", "c": "c"}))
    keep(bench)

    report = bench.try_apply()

    assert len(complaints(report)) == 2
    assert bench.texts() == ["a", "b", "c", "B", "c"]
    for _ in range(2):
        assert len(complaints(bench.try_apply())) == 2
        assert bench.cost == (0, 2)
    assert not any(each.unmanaged for each in bench.plan().sequences)
    bench.fail()
    bench.apply()
    assert bench.texts() == ["a", "B", "c"]
    assert_settled(bench)


def test_an_unmanaged_message_that_stays_is_named(bench: Bench) -> None:
    bench.write(talk("ab", 'unmanaged_messages = "delete"'))
    bench.apply()
    kept = bench.say("noise")
    keep(bench)

    (said,) = complaints(bench.try_apply())

    assert "openai_thread.t" in said
    assert kept in said
    bench.fail()
    bench.apply()
    assert bench.texts() == ["a", "b"]
    assert_settled(bench)


def test_only_what_stays_has_failed(bench: Bench) -> None:
    bench.write(talk("abcde"))
    bench.apply()
    bench.write(talk("ae"))
    keep(bench, nth=2)

    (said,) = complaints(bench.try_apply())

    assert len(bench.texts()) == 3
    (left,) = changes(bench.plan())
    assert left in said


def test_a_deletion_that_shows_late_is_waited_for(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    kept = str(bench.members()[1]["id"])
    bench.write(talk("ac"))
    keep(bench)
    lists = 0

    def look(line: str) -> None:
        nonlocal lists
        lists += line.startswith("GET") and line.endswith(("/messages", "/items"))
        if lists == 3 and kept in [each["id"] for each in bench.members()]:
            bench.lose(1)

    bench.before_each(look)

    report = bench.apply()

    assert report.ok
    assert lists == 3
    bench.before_each(None)
    assert_settled(bench)


@pytest.mark.parametrize("size", [3, 99, 100, 101, 230])
@pytest.mark.parametrize("deleted", ["first", "last", "both"])
def test_the_look_is_as_short_as_it_can_be_and_counted(
    bench: Bench, size: int, deleted: str
) -> None:
    texts = [f"turn {number}" for number in range(size)]
    parts = [message(f"m{number}", text) for number, text in enumerate(texts)]
    bench.write(thread() + "".join(parts))
    bench.apply()
    gone = {"first": [0], "last": [size - 1], "both": [0, size - 1]}[deleted]
    bench.write(thread() + "".join(each for at, each in enumerate(parts) if at not in gone))

    report = bench.apply()

    between = size - 2 if deleted == "both" else 0
    assert bench.calls == {"delete message": len(gone), "list": between // 100 + 1}
    assert bench.planned.calls == report.calls == sum(bench.calls.values())


def test_a_server_that_does_not_say_whether_there_is_more_costs_no_other_call(
    tmp_path: Path,
) -> None:
    bench = make_bench(tmp_path, "threads", flavour=Flavour(always_has_more=True))
    bench.write(talk("abcde"))
    bench.apply()
    bench.write(talk("ac"))

    report = bench.apply()

    assert bench.calls == {"delete message": 3, "list": 1}
    assert bench.planned.calls == report.calls


def test_a_thread_that_goes_is_not_read_back(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()

    bench.destroy()

    assert bench.calls["list"] == 0


def test_where_nobody_looked_the_whole_thread_is_read_back(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    bench.write(talk("ac"))
    keep(bench)

    (said,) = complaints(bench.try_apply(refresh=False))

    assert "openai_message.b" in said
    assert bench.planned.at_least
