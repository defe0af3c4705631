"""Late listings: what a listing does not show yet is waited for, never sent again."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench, assert_settled, talk
from other_server import Habits, OtherServer

from reconciler.execute.interruption import Interruption

SIZE = 36


@pytest.fixture
def waiting(tmp_path: Path, dialect: str, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    return Waiting(tmp_path, dialect, monkeypatch)


class Waiting:
    """Benches on servers whose clock is moved by the waits of a run alone."""

    def __init__(self, folder: Path, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._dialect = dialect
        self._monkeypatch = monkeypatch

    def bench(self, habits: Habits, settings: str = "", *, settle_s: int = 5) -> Bench:
        """A bench that waits as long as a user's would."""
        server = OtherServer(habits)

        async def sleep(interruption: Interruption, seconds: float) -> None:
            server.clock_s += seconds

        self._monkeypatch.setattr(Interruption, "sleep", sleep)
        bench = Bench(self._folder, self._dialect, server)  # type: ignore[arg-type]
        bench.write(
            f'provider "openai" {{\n  dialect = "{self._dialect}"\n'
            f'  base_url = "https://server.test/v1"\n  settle_s = {settle_s}\n  {settings}\n}}\n',
            "provider.tf",
        )
        return bench


def texts(size: int = SIZE) -> dict[str, str]:
    return {f"m{number}": f"turn {number}" for number in range(size)}


def no_such_id(place: int, id_: str) -> str:
    return f"msg_wrong_{id_}"


@pytest.mark.parametrize("lags_reads", [False, True])
def test_what_a_late_listing_lacks_is_not_sent_twice(waiting: Waiting, lags_reads: bool) -> None:
    bench = waiting.bench(Habits(lag_s=1.0, lags_reads=lags_reads))
    bench.write(talk(texts()))

    report = bench.apply()

    assert bench.texts() == list(texts().values())
    assert not report.warnings
    assert_settled(bench)


@pytest.mark.parametrize("place", [0, 7, -1])
def test_what_one_listing_leaves_out_is_not_sent_twice(waiting: Waiting, place: int) -> None:
    bench = waiting.bench(Habits(leaves_out=place))
    bench.write(talk(texts(8)))

    bench.apply()

    assert bench.texts() == list(texts(8).values())
    assert_settled(bench)


@pytest.mark.parametrize(
    ("settle_s", "said"),
    [(5, "abccdef"), (15, "abcdef")],
    ids=["a default wait", "a longer wait"],
)
def test_what_a_listing_lacks_for_longer_than_a_run_waits_stands_twice_and_is_told(
    waiting: Waiting, settle_s: int, said: str
) -> None:
    bench = waiting.bench(Habits(leaves_out=2, leaves_out_s=12.0), settle_s=settle_s)
    bench.write(talk("abcdef"))

    report = bench.apply()

    is_twice = said == "abccdef"
    assert ("sending these one by one" in "".join(report.warnings)) is is_twice
    assert bench.texts() == list(said)
    bench.server.clock_s = 12.0  # type: ignore[attr-defined]
    plan = bench.plan()
    assert not plan.has_changes
    assert sum(each.unmanaged for each in plan.sequences) == is_twice


@pytest.mark.parametrize("lags_reads", [False, True])
def test_an_append_that_a_late_listing_lacks_is_not_lost(
    waiting: Waiting, lags_reads: bool
) -> None:
    bench = waiting.bench(Habits(lag_s=1.0, lags_reads=lags_reads))
    bench.write(talk(texts(3)))
    bench.apply()
    for size in (4, 30):
        bench.write(talk(texts(size)))

        report = bench.apply()

        assert bench.texts() == list(texts(size).values())
        assert not report.warnings
        assert_settled(bench)


def test_what_the_second_listing_lacks_is_sent(waiting: Waiting) -> None:
    bench = waiting.bench(Habits(batches="ignores"))
    bench.write(talk(texts(8)))

    report = bench.apply()

    assert "sending these one by one" in "".join(report.warnings)
    assert bench.texts() == list(texts(8).values())
    assert_settled(bench)


def test_a_message_stands_under_the_id_it_has_and_not_under_the_one_answered(
    waiting: Waiting,
) -> None:
    server = Habits()
    bench = waiting.bench(server)
    bench.write(talk(texts(3)))
    bench.apply()
    server.wrong_ids = no_such_id
    for size in (4, 8):
        bench.write(talk(texts(size)))

        report = bench.apply()

        assert bench.texts() == list(texts(size).values())
        assert "it stands there as msg_" in "".join(report.warnings)
        assert_settled(bench)


def test_a_wrong_id_of_a_message_in_another_form_is_a_suspect(waiting: Waiting) -> None:
    server = Habits()
    bench = waiting.bench(server)
    bench.write(talk(texts(3)))
    bench.apply()
    server.wrong_ids, server.shouts = no_such_id, True
    bench.write(talk(texts(4)))

    report = bench.try_apply()

    assert not report.ok
    assert [str(each) for each in bench.state.suspects] == ["openai_message.m3"]
    bench.try_apply()
    assert len(bench.texts()) == 4


def test_a_message_of_a_creating_call_in_another_form_is_a_suspect(waiting: Waiting) -> None:
    bench = waiting.bench(Habits(shouts=True, batches="loses the first"))
    bench.write(talk(texts(4)))

    report = bench.try_apply()

    assert not report.ok
    assert len(bench.state.suspects) == 1
    bench.try_apply()
    assert len(bench.texts()) == 3


class CutOff(Exception):
    """A run ends here."""


def test_a_message_in_another_form_after_a_run_was_cut_off_is_a_suspect(waiting: Waiting) -> None:
    bench = waiting.bench(Habits(shouts=True, batches="loses the first"))
    bench.write(talk(texts(4)))

    def end_at_the_listing(call: str) -> None:
        if call.endswith(("/messages", "/items")):
            raise CutOff

    bench.before_each(end_at_the_listing)
    with pytest.raises(CutOff):
        bench.try_apply()
    bench.before_each(None)

    bench.workspace.recover()

    (suspect,) = bench.state.suspects.values()
    assert suspect.parent_id == bench.thread_id()
    bench.try_apply()
    assert len(bench.texts()) == 3
    bench.workspace.forget_suspect(str(suspect.address))
    bench.apply(reorder=True)
    assert_settled(bench)


@pytest.mark.parametrize("size", [0, 3])
def test_an_empty_thread_under_a_wrong_id_is_a_suspect(waiting: Waiting, size: int) -> None:
    bench = waiting.bench(Habits(wrong_parent_id="no_such_thread"), "batch_create = false")
    bench.write(talk(texts(size)))

    report = bench.try_apply()

    assert "may stand there under another id" in str(report.outcomes)
    assert [str(each) for each in bench.state.suspects] == ["openai_thread.t"]
    assert not bench.state.objects
    assert report.added == 0
    bench.try_apply()
    assert len(bench.parents) == 1


def test_an_empty_thread_that_is_read_late_is_no_suspect(waiting: Waiting) -> None:
    bench = waiting.bench(Habits(lags_parents=True))
    bench.write(talk(()))

    bench.apply()

    assert_settled(bench)


def test_a_thread_under_a_wrong_id_is_a_suspect(waiting: Waiting) -> None:
    bench = waiting.bench(Habits(wrong_parent_id="no_such_thread"))
    bench.write(talk(texts(3)))

    report = bench.try_apply()

    assert "may stand there under another id" in str(report.outcomes)
    assert [str(each) for each in bench.state.suspects] == ["openai_thread.t"]
    assert not bench.state.objects
    bench.try_apply()
    assert len(bench.parents) == 1


def test_a_replacement_under_a_wrong_id_leaves_what_it_replaces(waiting: Waiting) -> None:
    habits = Habits()
    bench = waiting.bench(habits)
    bench.write(talk(texts(3)))
    bench.apply()
    before = bench.thread_id()
    habits.wrong_parent_id = "no_such_thread"

    report = bench.try_apply(replace=("openai_thread.t",))

    assert not report.ok
    assert [
        each.id for each in bench.state.objects.values() if each.address.type == "openai_thread"
    ] == [before]
    assert not bench.state.deposed
    assert len(bench.parents) == 2
