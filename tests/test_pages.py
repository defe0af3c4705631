"""Pages: a web page in answer to a write says nothing of what became of it."""

from __future__ import annotations

import pytest
from bench import Bench, assert_settled, talk, thread

from reconciler.emulator.faults import Action, Rule, When
from reconciler.execute.events import Status

STATUSES = [200, 400, 404, 405, 410, 422, 501, 502]

APPENDS = r"/(messages|items)$"
CREATES = r"/(threads|conversations)$"


def page(status: int, path: str = "", **options: object) -> Rule:
    return Rule(do=Action.HTML, status=status, method="POST", path=path, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_message_answered_with_a_page_is_looked_for(
    bench: Bench, status: int, when: When
) -> None:
    bench.write(talk(["one"]))
    bench.apply()
    bench.write(talk(["one", "two"]))
    bench.fail(page(status, APPENDS, nth=1, when=when))

    bench.apply()

    assert bench.texts() == ["one", "two"]
    assert_settled(bench)


@pytest.mark.parametrize("status", STATUSES)
def test_a_thread_answered_with_a_page_is_a_suspect(bench: Bench, status: int) -> None:
    bench.write(thread("old"))
    bench.apply()
    bench.write(thread("old") + talk(["one"]))
    bench.fail(page(status, CREATES, nth=1, when=When.AFTER))

    assert not bench.try_apply().ok
    assert [str(each) for each in bench.state.suspects] == ["openai_thread.t"]
    bench.fail()
    bench.try_apply()
    assert len(bench.parents) == 2


@pytest.mark.parametrize("status", [200, 404])
def test_pages_alone_stop_the_run_and_forget_nothing_that_was_sent(
    bench: Bench, status: int
) -> None:
    bench.write("".join(thread(f"t{number}") for number in range(20)))
    bench.fail(Rule(do=Action.HTML, status=status, when=When.AFTER))

    report = bench.try_apply()

    assert not report.ok
    assert "a web page answered" in str(report.outcomes)
    assert len(bench.parents) == len(bench.state.suspects) == 1


@pytest.mark.parametrize("status", [200, 502])
def test_a_server_that_answers_no_creation_gets_eight(bench: Bench, status: int) -> None:
    bench.write(thread("old"))
    bench.apply()
    bench.write(thread("old") + "".join(thread(f"t{number}") for number in range(30)))
    bench.fail(page(status, CREATES, when=When.AFTER))

    report = bench.try_apply()

    assert bench.calls["create thread"] == len(report.suspects) == 8
    assert len(bench.parents) == 9
    assert "8 creations in a row got no answer" in str(report.outcomes)


def test_a_server_that_answers_some_creations_gets_all(bench: Bench) -> None:
    bench.write("".join(thread(f"t{number}") for number in range(40)))
    bench.fail(page(502, CREATES, probability=0.4, when=When.BEFORE))

    report = bench.try_apply()

    assert bench.calls["create thread"] == 40
    assert 8 < len(report.suspects) < 40


def test_messages_of_a_creation_without_an_answer_are_as_unknown_as_their_thread(
    bench: Bench,
) -> None:
    bench.write(talk(["one", "two"]))
    bench.fail(page(502, CREATES, when=When.AFTER))

    ends = {str(each.address): each.status for each in bench.try_apply().outcomes}

    assert ends == {
        "openai_thread.t": Status.FAILED,
        "openai_message.one": Status.UNKNOWN,
        "openai_message.two": Status.UNKNOWN,
    }


def test_a_proxy_that_takes_nothing_so_large_has_refused(bench: Bench) -> None:
    bench.write(thread())
    bench.fail(page(413))

    report = bench.try_apply()

    assert not report.ok
    assert not bench.state.suspects


def test_a_first_apply_that_does_nothing_leaves_no_state(bench: Bench) -> None:
    bench.write(thread())
    bench.fail(page(413))

    bench.try_apply()

    assert [each.name for each in bench.folder.glob("state.json*")] == []
