"""What becomes of a write whose answer was lost: looked for, reported, and settled by the user."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import Bench, make_bench
from conftest import conversation
from crash_server import server_process
from processes import Folder, threads

from reconciler.address import Address
from reconciler.emulator.faults import Action, Rule, When
from reconciler.emulator.flavour import FLAVOURS
from reconciler.errors import OutcomeUnknown, UsageError
from reconciler.execute.events import Status
from reconciler.state.model import Suspect

pytestmark = pytest.mark.promise("lost")

THREAD = Address("openai_thread", "t")

LOST = Rule(
    do=Action.HANG_UP, when=When.AFTER, times=1, method="POST", path="/(threads|conversations)$"
)


def with_suspect(bench: Bench, *contents: str) -> Suspect:
    """Create a thread whose answer is lost."""
    bench.write(conversation(*contents))
    bench.fail(LOST)
    bench.try_apply()
    bench.fail()
    (suspect,) = bench.state.suspects.values()
    return suspect


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
def test_a_lost_thread_is_posted_once_whatever_came_instead(bench: Bench, status: int) -> None:
    bench.write(conversation("a", "b"))
    bench.fail(
        Rule(
            do=Action.REFUSE,
            when=When.AFTER,
            status=status,
            method="POST",
            path="/(threads|conversations)$",
        )
    )

    report = bench.try_apply()

    assert bench.calls["create thread"] == 1
    assert [each.status for each in report.outcomes].count(Status.FAILED) == 1
    assert [each.address for each in report.suspects] == [THREAD]


def test_a_thread_whose_answer_was_lost_is_posted_once_and_reported(bench: Bench) -> None:
    with_suspect(bench, "a", "b")

    for _ in range(2):
        report = bench.try_apply()
        assert [each.address for each in report.suspects] == [THREAD]
        assert bench.calls["create thread"] == 0

    assert len(bench.parents) == 1


def test_nobody_is_asked_about_what_is_held_back(tmp_path: Path) -> None:
    with server_process(tmp_path / "server", "--admin") as server:
        folder = Folder(tmp_path, server)
        folder.write(threads(1, 2))
        server.strike({"do": "hang_up", "when": "after", "method": "POST", "times": 1})
        assert folder.apply().code == 4

        ended = folder.run("apply")

        assert ended.code == 4, ended.err
        assert "Do you want to perform" not in ended.out
        assert "Approval is required" not in ended.err

        folder.write(threads(2, 2))
        ended = folder.run("apply")
        assert ended.code == 1
        assert "Do you want to perform" in ended.out


def test_an_adopted_thread_is_managed_with_its_messages(bench: Bench) -> None:
    with_suspect(bench, "a", "b")

    taken = bench.workspace.adopt_suspect(str(THREAD), bench.thread_id())

    assert len(taken) == 3
    assert not bench.state.suspects
    assert not bench.plan().has_changes


def test_a_thread_that_says_something_else_is_not_adopted(bench: Bench) -> None:
    with_suspect(bench, "a", "b")
    for member in bench.members():
        content = [{"type": "input_text", "text": "of somebody else"}]
        if bench.dialect == "threads":
            bench.server.edit_text(str(member["id"]), "of somebody else")
        else:
            bench.server.edit(str(member["id"]), content=content)

    with pytest.raises(UsageError, match="is not what was sent"):
        bench.workspace.adopt_suspect(str(THREAD), bench.thread_id())

    assert list(bench.state.suspects) == [THREAD]


def test_a_forgotten_thread_is_created_anew(bench: Bench) -> None:
    with_suspect(bench, "a")

    bench.workspace.forget_suspect(str(THREAD))

    assert bench.apply().added == 2
    assert len(bench.parents) == 2
    assert not bench.plan().has_changes


def test_a_retried_thread_is_sent_again_where_nobody_can_find_it(bench: Bench) -> None:
    with_suspect(bench, "a")

    assert not bench.workspace.retry_suspect(str(THREAD))

    assert bench.apply().added == 2


def test_a_suspect_is_reported_where_nothing_else_is_to_be_done(bench: Bench) -> None:
    with_suspect(bench, "a")
    bench.write('resource "openai_thread" "other" {}')
    bench.try_apply()

    report = bench.try_apply()

    assert not report.outcomes
    assert [each.address for each in report.suspects] == [THREAD]


@pytest.mark.parametrize("act", ["adopt", "retry", "forget"])
def test_what_is_not_suspected_cannot_be_settled(bench: Bench, act: str) -> None:
    with_suspect(bench, "a")
    workspace = bench.workspace
    acts: dict[str, Callable[[str], object]] = {
        "adopt": lambda address: workspace.adopt_suspect(address, bench.thread_id()),
        "retry": workspace.retry_suspect,
        "forget": workspace.forget_suspect,
    }

    with pytest.raises(UsageError, match=r"nothing at openai_thread\.other is unresolved"):
        acts[act]("openai_thread.other")

    assert list(bench.state.suspects) == [THREAD]


def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(bench: Bench) -> None:
    bench.write(conversation("a"))
    bench.apply()
    bench.write(conversation("a", "b", "c"))
    bench.fail(
        Rule(do=Action.HANG_UP, when=When.AFTER, times=1, method="POST", path="/(messages|items)$")
    )

    report = bench.try_apply()

    assert report.ok
    assert bench.texts() == ["a", "b", "c"]
    assert not bench.plan().has_changes


def test_an_update_whose_answer_was_lost_is_sent_again(bench: Bench) -> None:
    bench.write(conversation("a", arguments='metadata = { k = "one" }'))
    bench.apply()
    bench.write(conversation("a", arguments='metadata = { k = "two" }'))
    bench.fail(Rule(do=Action.HANG_UP, when=When.AFTER, times=1, method="POST"))

    assert bench.try_apply().ok

    assert bench.parents[0]["metadata"] == {"k": "two"}
    assert not bench.plan().has_changes


def test_a_deletion_whose_answer_was_lost_has_happened(bench: Bench) -> None:
    bench.write(conversation("a", "b"))
    bench.apply()
    bench.write(conversation("a"))
    bench.fail(Rule(do=Action.HANG_UP, when=When.AFTER, times=1, method="DELETE"))

    assert bench.try_apply().ok

    assert bench.texts() == ["a"]
    assert not bench.plan().has_changes


def test_a_lost_answer_names_what_is_not_known(bench: Bench) -> None:
    bench.write(conversation("a"))
    bench.fail(LOST)

    (outcome,) = [each for each in bench.try_apply().outcomes if each.status is Status.FAILED]

    assert isinstance(outcome.error, OutcomeUnknown)


@pytest.fixture
def azure(tmp_path: Path) -> Bench:
    """A server that lists its threads."""
    flavour = FLAVOURS["azure-agents"]
    made = make_bench(tmp_path, "azure_agents", flavour=flavour, clock=time.time)
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "provider.tf").write_text(
        'provider "openai" {\n  dialect  = "azure_agents"\n  settle_s = 0\n'
        f'  base_url = "https://server.test{flavour.base_path}"\n}}\n'
    )
    return made


LOST_AT_AZURE = Rule(do=Action.HANG_UP, when=When.AFTER, times=1, method="POST", path=r"/threads\?")


def test_a_lost_thread_is_found_where_threads_are_listed(azure: Bench) -> None:
    azure.write(conversation("a", "b"))
    azure.fail(LOST_AT_AZURE)
    assert [each.address for each in azure.try_apply().suspects] == [THREAD]
    azure.fail()

    assert azure.try_apply().ok

    assert len(azure.server.threads()) == 1
    assert not azure.plan().has_changes


def test_a_thread_of_somebody_else_is_not_taken_for_a_lost_one(azure: Bench) -> None:
    azure.write(conversation("a", "b"))
    azure.fail(LOST_AT_AZURE)
    azure.try_apply()
    azure.fail()
    (lost,) = azure.server.threads()
    for member in azure.server.messages(str(lost["id"])):
        azure.server.edit_text(str(member["id"]), "of somebody else")

    report = azure.try_apply()

    assert report.ok
    assert report.added == 3
    assert lost["id"] not in {each.id for each in azure.state.objects.values()}
