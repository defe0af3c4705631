"""Taken ids: no object is recorded under the id of another one, whatever a server answers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bench import Bench, assert_settled, message, talk, thread
from other_server import Habits, OtherServer

from reconciler.errors import ReconcilerError

SETTLED = {"reorder": True, "allow_destroy": ("99",)}


@pytest.fixture
def habits() -> Habits:
    return Habits()


@pytest.fixture
def bench(tmp_path: Path, dialect: str, habits: Habits) -> Bench:
    return Bench(tmp_path, dialect, OtherServer(habits))  # type: ignore[arg-type]


def assert_nothing_twice(bench: Bench) -> None:
    """Every id is recorded once, and every text that is expected once stands once."""
    state = bench.state
    ids = Counter(each.id for each in (*state.objects.values(), *state.deposed.values()))
    assert set(ids.values()) <= {1}, ids


def ids(bench: Bench) -> list[str]:
    return [str(each["id"]) for each in bench.members("t")]


def answer(habits: Habits, taken: str, at: int = 0) -> None:
    """Let the message at that place of each call be answered under an id that another one has."""
    habits.wrong_ids = lambda place, id_: taken if place == at else id_


# -- messages


@pytest.mark.parametrize("taken", [0, 1, 2], ids=["a kept one", "the replaced one", "a moved one"])
def test_an_edit_that_is_answered_with_the_id_of_another_message(
    bench: Bench, habits: Habits, taken: int
) -> None:
    bench.write(talk({"ma": "a", "mb": "b", "mc": "c"}))
    bench.apply()
    bench.write(talk({"ma": "a", "mb": "X", "mc": "c"}))
    answer(habits, ids(bench)[taken])

    report = bench.try_apply(**SETTLED)  # type: ignore[arg-type]

    assert_nothing_twice(bench)
    assert f"as {habits.wrong_ids(0, '')}, the id of openai_message.m" in " ".join(  # type: ignore[misc]
        report.warnings
    )
    assert report.ok
    assert bench.texts("t") == ["a", "X", "c"]
    assert_settled(bench)


@pytest.mark.parametrize("size", [1, 2, 20])
@pytest.mark.parametrize("at", [0, -1])
def test_a_new_message_that_says_the_same_as_the_one_whose_id_is_answered(
    bench: Bench, habits: Habits, size: int, at: int
) -> None:
    bench.write(talk({"one": "ok", "two": "mid"}))
    bench.apply()
    fresh = {f"n{number}": "ok" for number in range(size)}
    bench.write(talk({"one": "ok", "two": "mid", **fresh}))
    answer(habits, ids(bench)[0], at % size if bench.dialect == "conversations" else 0)

    bench.apply()

    assert_nothing_twice(bench)
    assert bench.texts("t") == ["ok", "mid", *["ok"] * size]
    assert [bench.state.objects[each].id for each in bench.planned.sequences[0].order] == ids(bench)
    assert_settled(bench)


def test_a_message_that_is_answered_with_the_id_of_one_of_the_same_run(
    bench: Bench, habits: Habits
) -> None:
    bench.write(talk("ab"))
    bench.apply()
    habits.wrong_ids = lambda place, id_: ids(bench)[2]
    if bench.dialect == "conversations":
        habits.wrong_ids = lambda place, id_: ids(bench)[2] if place == 0 else id_
    bench.write(talk("abcdefghijklmnopqrstuvwxyz"))

    bench.apply()

    assert_nothing_twice(bench)
    assert bench.texts("t") == list("abcdefghijklmnopqrstuvwxyz")
    assert_settled(bench)


def test_a_message_that_is_answered_so_and_stands_there_in_another_form_is_a_suspect(
    bench: Bench, habits: Habits
) -> None:
    bench.write(talk("ab"))
    bench.apply()
    bench.write(talk("abc"))
    answer(habits, ids(bench)[0])
    habits.shouts = True

    report = bench.try_apply()

    assert not report.ok
    assert [str(each) for each in bench.state.suspects] == ["openai_message.c"]
    assert_nothing_twice(bench)
    bench.try_apply()
    assert len(bench.texts("t")) == 3


def test_a_message_that_is_answered_so_and_stands_nowhere_has_failed(
    bench: Bench, habits: Habits
) -> None:
    """A server that keeps one of each text makes nothing and names the one it has."""
    bench.write(talk({"one": "ok", "two": "mid"}))
    bench.apply()
    first = ids(bench)[0]

    def drop_the_last(call: str) -> None:
        if call.startswith("GET") and len(bench.members("t")) > 2:
            bench.server.messages(bench.thread_id("t")).pop()  # type: ignore[attr-defined]

    answer(habits, first)
    bench.write(talk({"one": "ok", "two": "mid", "three": "ok"}))
    bench.before_each(drop_the_last)

    report = bench.try_apply()

    (failed,) = [each for each in report.outcomes if each.error is not None]
    assert str(failed.address) == "openai_message.three"
    assert "a complete listing does not have it" in str(failed.error)
    assert bench.calls["append"] == 1
    assert not bench.state.suspects
    assert_nothing_twice(bench)
    bench.before_each(None)
    habits.wrong_ids = None
    bench.apply()
    assert bench.texts("t") == ["ok", "mid", "ok"]
    assert_settled(bench)


def test_messages_that_bear_the_same_ids_in_every_thread_are_different_ones(
    bench: Bench, habits: Habits
) -> None:
    habits.counts_in_threads = True
    for texts in ("a", "abc", "aXc", "b"):
        names = {"t": "", "u": "u_"}
        bench.write(
            "".join(
                thread(name) + "".join(message(f"{prefix}{n}", n, thread=name) for n in texts)
                for name, prefix in names.items()
            )
        )

        report = bench.apply(**SETTLED)  # type: ignore[arg-type]

        assert not report.warnings
        assert bench.texts("t") == bench.texts("u") == list(texts)
        assert_settled(bench)


# -- threads


@pytest.mark.parametrize("size", [0, 2])
@pytest.mark.parametrize("settings", ["", "  batch_create = false"])
def test_a_thread_that_is_answered_with_the_id_of_another_one_is_a_suspect(
    bench: Bench, habits: Habits, size: int, settings: str
) -> None:
    bench.settings = settings
    bench.write(talk("abc"))
    bench.apply()
    habits.wrong_parent_id = bench.thread_id("t")
    more = "".join(message(f"z{number}", "z", thread="u") for number in range(size))
    bench.write(talk("abc") + thread("u") + more)

    report = bench.try_apply()

    assert not report.ok
    assert "the id of openai_thread.t; it may stand there under another id" in str(report.outcomes)
    assert [str(each) for each in bench.state.suspects] == ["openai_thread.u"]
    assert_nothing_twice(bench)
    assert bench.texts("t") == list("abc")
    bench.try_apply()
    assert len(bench.parents) == 2
    bench.workspace.forget_suspect("openai_thread.u")
    bench.write(talk("abc"))
    bench.apply()
    assert bench.texts("t") == list("abc")
    assert_settled(bench)


def test_a_replacement_that_is_answered_with_the_id_of_what_it_replaces_deletes_nothing(
    bench: Bench, habits: Habits
) -> None:
    bench.write(talk("abc"))
    bench.apply()
    before = bench.thread_id("t")
    habits.wrong_parent_id = before

    report = bench.try_apply(replace=("openai_thread.t",))

    assert not report.ok
    assert [str(each) for each in bench.state.suspects] == ["openai_thread.t"]
    assert_nothing_twice(bench)
    assert len(bench.parents) == 2
    assert before in [each["id"] for each in bench.parents]


def test_of_two_new_threads_under_one_id_one_is_recorded(bench: Bench, habits: Habits) -> None:
    bench.write(thread("t") + thread("u") + message("z", "z", thread="u"))

    def answer_the_first(call: str) -> None:
        if call.startswith("POST") and bench.parents:
            habits.wrong_parent_id = str(bench.parents[0]["id"])

    bench.before_each(answer_the_first)

    report = bench.try_apply()

    assert not report.ok
    assert len(bench.state.suspects) == 1
    assert_nothing_twice(bench)
    bench.try_apply()
    assert len(bench.parents) == 2


def test_the_id_of_another_thread_cannot_be_adopted_for_a_suspect(
    bench: Bench, habits: Habits
) -> None:
    bench.write(talk("abc"))
    bench.apply()
    habits.wrong_parent_id = bench.thread_id("t")
    bench.write(talk("abc") + thread("u"))
    bench.try_apply()

    with pytest.raises(ReconcilerError, match=r"openai_thread\.t"):
        bench.workspace.adopt_suspect("openai_thread.u", bench.thread_id("t"))

    bench.workspace.adopt_suspect("openai_thread.u", bench.thread_id("u"))
    assert_settled(bench)
    assert_nothing_twice(bench)
