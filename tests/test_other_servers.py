"""Other servers: each habit ends in the spec on the server, or in a refusal that names the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench, assert_settled, message, thread
from other_server import Habits, OtherServer

from reconciler.errors import ReconcilerError
from reconciler.execute.events import Report
from reconciler.plan.model import PlanMode

HABITS = {
    "none": Habits(),
    "bare UUIDs": Habits(ids="00000000-0000-4000-8000-{number:012d}"),
    "milliseconds": Habits(milliseconds=True),
    "no has_more": Habits(has_more=False),
    "no has_more and pages of 20": Habits(has_more=False, limit=20),
    "pages of 20": Habits(limit=20),
    "has_more that is always false, and pages of 20": Habits(
        limit=20, extra_list={"has_more": False}
    ),
    "a bare list": Habits(envelope=False),
    "a bare list of 20": Habits(envelope=False, limit=20),
    "newest first whatever is asked": Habits(orders=False),
    "newest first and pages of 20": Habits(orders=False, limit=20),
    "oldest first whatever is asked": Habits(orders=False, ascends=True),
    "no paging": Habits(pages=False),
    "pages that begin with the last": Habits(inclusive=True, limit=20),
    "listings that are late": Habits(lags=True),
    "listings that name all twice": Habits(doubles=True),
    "more attributes": Habits(extra={"from": "x", "tool_calls": [], "plugin_call": None}),
    "merged metadata": Habits(merges=True),
    "no metadata": Habits(keeps_metadata=False),
    "trimmed texts": Habits(trims=True),
    "201": Habits(status=201),
    "no initial messages": Habits(batches="refuses"),
    "initial messages that are dropped": Habits(batches="ignores"),
    "no single reads": Habits(reads_messages=False),
}
"""Whatever of these a server has, the spec is on it in the end."""

REFUSING = {
    "no deletion of messages": (Habits(deletes_messages=False), "405"),
    "no update of messages": (Habits(updates_messages=False), "405"),
    "no assistant": (Habits(roles=("user",)), "Invalid role 'assistant'"),
}
"""What these refuse is named, and the rest is done."""

SIZE = 35


def bench_of(folder: Path, dialect: str, habits: Habits) -> Bench:
    return Bench(folder, dialect, OtherServer(habits))  # type: ignore[arg-type]


def spec(texts: dict[int, str], kind: str = "1") -> str:
    return thread() + "".join(
        message(
            f"m{number}",
            text,
            role="assistant" if number % 2 else "user",
            arguments=f'metadata = {{ kind = "{kind}" }}',
        )
        for number, text in texts.items()
    )


def apply(bench: Bench, texts: dict[int, str], kind: str = "1") -> Report:
    bench.write(spec(texts, kind))
    return bench.try_apply(allow_destroy=("99",))


def errors(report: Report) -> str:
    return " ".join(str(each.error) for each in report.outcomes if each.error is not None)


def said(bench: Bench) -> list[str]:
    return [each.strip() for each in bench.texts()]


TEXTS = {number: f" turn {number}" for number in range(SIZE)}
EDITED = {**{n: text for n, text in TEXTS.items() if n != 3}, SIZE - 1: "last", SIZE: "new"}


@pytest.mark.parametrize("habit", HABITS)
def test_the_spec_is_on_the_server_whatever_its_habits(
    tmp_path: Path, dialect: str, habit: str
) -> None:
    bench = bench_of(tmp_path, dialect, HABITS[habit])
    edits = [
        (TEXTS, "1"),
        (EDITED, "2"),
        ({**EDITED, 20: "other"}, "2"),
    ]
    for texts, kind in edits:
        report = apply(bench, texts, kind)

        assert not errors(report)
        assert said(bench) == [each.strip() for each in texts.values()]
        assert_settled(bench)

    bench.workspace.apply(mode=PlanMode.DESTROY, approve=lambda plan: True)
    assert bench.parents == []


@pytest.mark.parametrize("habit", REFUSING)
def test_what_a_server_refuses_is_named_and_never_piles_up(
    tmp_path: Path, dialect: str, habit: str
) -> None:
    habits, reason = REFUSING[habit]
    bench = bench_of(tmp_path, dialect, habits)
    seen: list[str] = []
    sizes: list[int] = []
    for texts in (TEXTS, EDITED, {**EDITED, 20: "x"}, {**EDITED, 20: "y"}, {**EDITED, 20: "z"}):
        for _ in range(2):
            seen.append(errors(apply(bench, texts, "2" if texts is EDITED else "1")))
        sizes.append(len(bench.members()))

    if not (habit == "no update of messages" and dialect == "conversations"):
        assert reason in "".join(seen)
    assert sizes[-1] == sizes[-2] <= 2 * SIZE


def test_a_server_that_deletes_no_messages_is_not_said_to_be_another_api(
    tmp_path: Path, dialect: str
) -> None:
    bench = bench_of(tmp_path, dialect, Habits(deletes_messages=False))
    apply(bench, TEXTS)

    report = apply(bench, EDITED)

    hints = {str(each.error.hint) for each in report.outcomes if each.error is not None}
    (hint,) = hints
    assert "this server deletes no messages" in hint
    assert 'on_reorder = "append"' in hint
    assert '"replace_thread"' in hint
    assert "base_url" not in hint


def test_a_server_that_reverses_initial_messages_is_named_once(
    tmp_path: Path, dialect: str
) -> None:
    bench = bench_of(tmp_path, dialect, Habits(batches="reverses"))

    report = apply(bench, TEXTS)

    (told,) = [each for each in report.warnings if "does not keep the order" in each]
    assert "sequence_gap_s = 1 in the provider block" in told
    assert_settled(bench)
    assert sorted(said(bench)) == sorted(each.strip() for each in TEXTS.values())


def test_a_server_whose_pages_cannot_be_turned_says_so(tmp_path: Path, dialect: str) -> None:
    bench = bench_of(tmp_path, dialect, Habits(pages=False))
    many = {number: f"turn {number}" for number in range(130)}

    report = apply(bench, many)
    assert "could not be read back" in "".join(report.warnings)
    with pytest.raises(ReconcilerError, match="what follows it cannot be seen"):
        bench.plan()

    assert len(bench.members()) == 130


def test_a_server_without_initial_messages_is_told_how_to_save_the_refused_call(
    tmp_path: Path, dialect: str
) -> None:
    bench = bench_of(tmp_path, dialect, Habits(batches="refuses"))

    report = apply(bench, TEXTS)

    assert ["batch_create = false" in each for each in report.warnings] == [True]


def test_one_bad_item_does_not_keep_those_before_it_from_standing(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, "conversations", Habits(roles=("user",), names_the_place=True))
    bench.write(thread() + message("m0", "zero"))
    bench.apply()
    roles = ["user", "user", "user", "assistant", "user"]
    bench.write(
        thread()
        + "".join(message(f"m{at}", f"turn {at}", role=role) for at, role in enumerate(roles))
    )

    report = bench.try_apply()

    failed = [str(each.address) for each in report.outcomes if each.error is not None]
    assert failed == ["openai_message.m3"]
    assert bench.texts() == ["zero", "turn 0", "turn 1", "turn 2"]


def test_a_server_that_takes_one_item_at_a_time_gets_one_at_a_time(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, "conversations", Habits(batches="refuses", most_items=1))

    report = apply(bench, TEXTS)

    assert not errors(report)
    assert said(bench) == [each.strip() for each in TEXTS.values()]
    assert_settled(bench)
