"""Reordering: what each setting does in a whole apply, and what an apply leaves alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from bench import (
    APPEND,
    BATCH,
    Bench,
    assert_settled,
    change,
    changes,
    counted,
    kind_of,
    make_bench,
    message,
    talk,
    thread,
)

from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.errors import SpecError
from reconciler.execute.events import Report, Status
from reconciler.plan.model import Action, PlanMode, Reason
from reconciler.plan.options import PlanOptions
from reconciler.views.plan_json import plan_document
from reconciler.views.sequence_text import sequence_lines
from reconciler.views.style import Style

KEEP = "lifecycle {\n    prevent_destroy = true\n  }"
LET_GO = "lifecycle {\n    prevent_destroy = false\n  }"


def ended(report: Report) -> dict[str, Status]:
    return {str(each.address).partition(".")[2]: each.status for each in report.outcomes}


def summaries(bench: Bench, **options: object) -> list[str]:
    return [each.summary for each in bench.plan(**options).errors]


# -- on_reorder


def test_rewrite_tail_sends_again_what_has_to_stand_behind_the_edit(bench: Bench) -> None:
    bench.write(talk("abcde", 'on_reorder = "rewrite_tail"'))
    bench.apply()
    before = [each["id"] for each in bench.members()]
    bench.write(talk({**{each: each for each in "abcde"}, "c": "C"}))

    bench.apply()

    assert bench.texts() == ["a", "b", "C", "d", "e"]
    assert [each["id"] for each in bench.members()][:2] == before[:2]
    assert bench.cost == (3, 3)
    assert_settled(bench)


@pytest.mark.parametrize("edited", ["a", "b", "c"])
def test_replace_thread_creates_the_thread_anew_and_then_deletes_the_old_one(
    bench: Bench, edited: str
) -> None:
    bench.write(talk("abcd", 'on_reorder = "replace_thread"'))
    bench.apply()
    before = bench.thread_id()
    texts = {**{each: each for each in "abcd"}, edited: edited.upper()}
    bench.write(talk(texts, 'on_reorder = "replace_thread"'))

    bench.apply()

    assert bench.texts() == list(texts.values())
    assert bench.thread_id() != before
    assert len(bench.parents) == 1
    assert_settled(bench)


def test_replace_thread_gives_its_new_id_to_whoever_names_it(bench: Bench) -> None:
    def spec(first: str) -> str:
        return talk({"a": first, "b": "b", "c": "${openai_thread.t.id}"}, POLICY) + (
            thread("u") + message("x", "see ${openai_thread.t.id}", thread="u")
        )

    bench.write(spec("a"))
    bench.apply()
    bench.write(spec("A"))

    bench.apply()

    assert bench.texts("t") == ["A", "b", bench.thread_id("t")]
    assert bench.texts("u") == [f"see {bench.thread_id('t')}"]
    assert len(bench.parents) == 2
    assert_settled(bench)


POLICY = 'on_reorder = "replace_thread"'


def test_append_leaves_what_is_there_and_appends_the_rest(bench: Bench) -> None:
    bench.write(talk("abc", 'on_reorder = "append"'))
    bench.apply()
    bench.write(talk({"a": "A", "x": "x", "b": "b", "c": "c"}, 'on_reorder = "append"'))

    bench.apply()

    assert bench.texts() == ["b", "c", "A", "x"]
    assert bench.cost == (2, 1)
    assert_settled(bench)


def test_error_refuses_a_rewrite_and_allows_the_rest(bench: Bench) -> None:
    bench.write(talk("abc", 'on_reorder = "error"'))
    bench.apply()
    bench.write(talk("axbc", 'on_reorder = "error"'))
    assert summaries(bench) == ["Order cannot be restored"]

    bench.write(talk("acd", 'on_reorder = "error"'))
    bench.apply()

    assert bench.texts() == ["a", "c", "d"]
    assert_settled(bench)


def test_a_thread_that_someone_reordered_is_named_and_put_right(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    ids = [str(each["id"]) for each in bench.members()]
    bench.server.reorder(bench.thread_id(), [ids[2], ids[0], ids[1]])

    (sequence,) = bench.plan().sequences
    bench.apply()

    assert sequence.reordered
    assert bench.texts() == list("abc")
    assert bench.cost == (1, 1)
    assert_settled(bench)


@pytest.mark.parametrize("edit", ["axbc", "bc", "cab", "abcx", "Xbc"])
def test_an_edit_of_the_spec_is_no_reordering_by_someone(bench: Bench, edit: str) -> None:
    bench.write(talk("abc"))
    bench.apply()
    bench.write(talk(edit))

    (sequence,) = bench.plan(reorder=True).sequences

    assert not sequence.reordered


@pytest.mark.parametrize("refresh", [True, False])
@pytest.mark.parametrize("on_reorder", ["append", "rewrite_tail"])
def test_a_list_whose_order_runs_the_other_way_is_what_it_is(
    bench: Bench, on_reorder: str, refresh: bool
) -> None:
    def spec(*texts: str) -> str:
        listed = ", ".join(f'"{each}"' for each in texts)
        arguments = f"count = {len(texts)}\n  order = 10 - count.index"
        policy = f'on_reorder = "{on_reorder}"'
        content = f"${{[{listed}][count.index]}}"
        return thread(arguments=policy) + message("m", content, arguments=arguments)

    bench.write(spec("ok", "x", "ok"))
    bench.apply()

    assert not bench.plan(refresh=refresh).has_changes

    bench.write(spec("x", "ok"))
    bench.apply(refresh=refresh)
    assert bench.calls["append"] == 0
    assert bench.texts() == ["ok", "x"]
    assert_settled(bench)


# -- an error about one thread


def two_threads(first: str, other: str, **arguments: str) -> str:
    return (
        thread("one", 'on_reorder = "error"')
        + thread("two")
        + message("a", first, thread="one")
        + message("b", "b", thread="one")
        + message("x", other, thread="two")
        + message("y", "y", thread="two", **arguments)
    )


def test_an_error_about_one_thread_leaves_the_others_alone(bench: Bench) -> None:
    bench.write(two_threads("a", "x"))
    bench.apply()
    bench.write(two_threads("A", "X"))
    plan = bench.plan()
    assert (len(plan.errors), plan.can_apply) == (1, True)

    report = bench.workspace.apply(approve=lambda plan: True)

    assert not report.ok
    assert bench.texts("one") == ["a", "b"]
    assert bench.texts("two") == ["X", "y"]
    assert ended(report) == {
        "a": Status.SKIPPED,
        "b": Status.SKIPPED,
        "x": Status.APPLIED,
        "y": Status.APPLIED,
    }
    assert changes(bench.plan()) == {
        "openai_message.a": Action.REPLACE,
        "openai_message.b": Action.REPLACE,
    }
    bench.write(two_threads("a", "X"))
    assert_settled(bench)


def test_what_depends_on_a_refused_thread_waits_and_no_rewrite_is_half_done(bench: Bench) -> None:
    """`y` names `b`; a new `x` without it would only change places with it."""
    named = "depends_on = [openai_message.b]"
    other = thread("three") + message("z", "z", thread="three")
    bench.write(two_threads("a", "x", arguments=named))
    bench.apply()
    bench.write(two_threads("A", "X", arguments=named) + other)

    report = bench.workspace.apply(approve=lambda plan: True)

    assert not report.ok
    assert (bench.texts("one"), bench.texts("two")) == (["a", "b"], ["x", "y"])
    assert bench.texts("three") == ["z"]


@pytest.mark.parametrize("requested", [False, True])
def test_a_thread_is_not_replaced_while_one_of_its_messages_waits(
    bench: Bench, requested: bool
) -> None:
    """`y` names `b`; half the messages would stand in one thread and half in the other."""
    policy = "" if requested else 'on_reorder = "replace_thread"'
    options = PlanOptions(replace=("openai_thread.two",) if requested else ())

    def spec(first: str, other: str) -> str:
        named = "depends_on = [openai_message.b]"
        text = two_threads(first, other, arguments=named) + thread("three")
        return text.replace(thread("two"), thread("two", policy))

    bench.write(spec("a", "x"))
    bench.apply()
    for said in "z", "Z":
        edited = spec("A", "x" if requested else "X")
        bench.write(edited + message("z", said, thread="three"))
        report = bench.workspace.apply(options=options, approve=lambda plan: True)
        assert not report.ok

    assert (bench.texts("two"), bench.texts("three")) == (["x", "y"], ["Z"])
    assert not bench.state.deposed


def test_metadata_is_updated_in_a_thread_whose_order_is_refused(bench: Bench) -> None:
    def spec(first: str, kind: str) -> str:
        arguments = f'metadata = {{ kind = "{kind}" }}'
        return thread(arguments='on_reorder = "error"') + "".join(
            message(name, first if name == "b" else name, arguments=arguments) for name in "abc"
        )

    bench.write(spec("b", "one"))
    bench.apply()
    bench.write(spec("B", "two"))

    report = bench.workspace.apply(approve=lambda plan: True)

    assert ended(report) == {"a": Status.APPLIED, "b": Status.SKIPPED, "c": Status.SKIPPED}
    assert bench.texts() == ["a", "b", "c"]


def test_what_goes_before_a_message_that_waits_is_read_back(bench: Bench) -> None:
    named = "depends_on = [openai_message.b]"
    bench.write(two_threads("a", "x"))
    bench.apply()
    new = message("v", "v", thread="two") + message("w", "w", thread="two", arguments=named)
    bench.write(two_threads("A", "x") + new)
    planned = bench.plan().calls
    bench.server.record()

    report = bench.workspace.apply(approve=lambda plan: True)

    assert bench.texts("two") == ["x", "y", "v"]
    assert planned == report.calls == 2


def test_a_refused_plan_counts_only_the_calls_it_makes(bench: Bench) -> None:
    bench.write(two_threads("a", "x"))
    bench.apply()
    bench.write(two_threads("A", "X"))
    planned = bench.plan().calls

    report = bench.workspace.apply(approve=lambda plan: True)

    assert planned == report.calls


def test_a_plan_with_nothing_but_refused_threads_is_not_applied(bench: Bench) -> None:
    bench.write(two_threads("a", "x"))
    bench.apply()
    bench.write(two_threads("A", "x"))

    plan = bench.plan()

    assert not plan.can_apply
    with pytest.raises(SpecError, match="Order cannot be restored"):
        bench.workspace.apply(approve=lambda plan: True)


def test_a_saved_plan_leaves_a_refused_thread_alone_too(bench: Bench) -> None:
    bench.write(two_threads("a", "x"))
    bench.apply()
    bench.write(two_threads("A", "X"))
    path = bench.folder / "plan"
    bench.workspace.plan(save_to=path)

    report = bench.workspace.apply(plan_file=path, approve=lambda plan: True)

    assert not report.ok
    assert (bench.texts("one"), bench.texts("two")) == (["a", "b"], ["X", "y"])


def test_a_refused_move_of_blocks_is_refused_again_by_the_next_plan(bench: Bench) -> None:
    """What was refused is not remembered as if it had been done."""
    bench.write(talk("abc") + thread("u"))
    bench.apply()
    bench.write(talk("bca") + thread("u") + message("x", "x", thread="u"))

    for _ in range(3):
        with suppress(SpecError):
            bench.workspace.apply(approve=lambda plan: True)
        assert summaries(bench) == ["Order cannot be restored"]

    assert bench.texts("t") == list("abc")
    bench.apply(reorder=True)
    assert bench.texts("t") == list("bca")


def test_a_refused_insertion_into_a_list_is_refused_again_by_the_next_plan(bench: Bench) -> None:
    def spec(texts: str, other: str) -> str:
        return counted(texts, thread_arguments='on_reorder = "error"') + (
            thread("u") + message("x", other, thread="u")
        )

    bench.write(spec("abcd", "x"))
    bench.apply()
    bench.write(spec("axbcd", "y"))

    for _ in range(2):
        with suppress(SpecError):
            bench.workspace.apply(approve=lambda plan: True)
        assert summaries(bench) == ["Order cannot be restored"]

    assert bench.texts("t") == list("abcd")
    bench.write(spec("abcd", "y"))
    bench.apply()
    assert bench.cost == (0, 0)


def test_a_rewrite_that_reaches_a_protected_message_is_an_error_of_its_thread(
    bench: Bench,
) -> None:
    def spec(first: str, other: str) -> str:
        return (
            talk({"a": first})
            + message("b", "b", arguments=KEEP)
            + thread("u")
            + message("x", other, thread="u")
        )

    bench.write(spec("a", "x"))
    bench.apply()
    bench.write(spec("A", "y"))
    assert summaries(bench) == ["Order cannot be restored"]

    bench.workspace.apply(approve=lambda plan: True)

    assert (bench.texts("t"), bench.texts("u")) == (["a", "b"], ["y"])


# -- what the spec says about single messages


def test_what_ignore_changes_covers_is_sent_as_recorded_in_a_rewrite(bench: Bench) -> None:
    def spec(first: str, ignored: str) -> str:
        frozen = "lifecycle {\n    ignore_changes = [content, metadata]\n  }"
        arguments = f'metadata = {{ v = "{ignored}" }}\n  {frozen}'
        return talk({"a": first}) + message("b", ignored, arguments=arguments) + message("c", "c")

    bench.write(spec("a", "b"))
    bench.apply()
    bench.write(spec("A", "other"))

    bench.apply()

    assert bench.texts() == ["A", "b", "c"]
    assert_settled(bench)


def test_a_message_that_ignores_its_content_does_not_hide_how_a_list_shifted(
    bench: Bench,
) -> None:
    frozen = "lifecycle {\n    ignore_changes = [content]\n  }"
    spec = message("head", "head", arguments=frozen) + message("tail", "tail")
    bench.write(counted(["x", "x"]) + spec)
    bench.apply()
    bench.write(thread() + message("head", "other", arguments=frozen) + LIST)
    bench.apply(reorder=True)
    bench.lose(1)

    bench.apply()

    assert bench.texts() == ["head", "x", "x"]
    assert bench.cost == (1, 0)
    assert_settled(bench)


LIST = message("m", '=["x", "x"][count.index]', arguments="count = 2")


def test_an_update_does_not_make_a_message_of_a_run_reproducible(bench: Bench) -> None:
    bench.write(talk("a"))
    bench.apply()
    answer = (
        bench.server.append_as_run(bench.thread_id(), "answer")
        if (bench.dialect == "threads")
        else None
    )
    if answer is None:
        pytest.skip("the items of a conversation do not tell who made them")
    taken = f'import {{\n  to = openai_message.r\n  id = "{bench.thread_id()}:{answer["id"]}"\n}}\n'

    def spec(first: str, value: str) -> str:
        metadata = f'metadata = {{ v = "{value}" }}'
        return (
            talk({"a": first})
            + taken
            + (message("r", "answer", role="assistant", arguments=metadata))
        )

    for value in ("1", "2"):
        bench.write(spec("a", value))
        bench.apply()

    bench.write(spec("A", "2"))
    (error,) = bench.plan().errors
    assert "cannot be sent again" in error.detail


def test_what_names_a_replaced_message_is_new_itself_and_no_rewrite(bench: Bench) -> None:
    spec = talk({"a": "a", "b": "see ${openai_message.a.id}"}, 'on_reorder = "error"')
    bench.write(spec)
    bench.apply()

    bench.apply(replace=("openai_message.a",))

    assert bench.texts() == ["a", f"see {bench.members()[0]['id']}"]
    assert bench.cost == (2, 2)
    assert_settled(bench)


# -- what is gone from the spec


def test_a_block_that_has_no_instance_any_more_is_still_there(bench: Bench) -> None:
    bench.write(
        thread()
        + message("m", "m", arguments="count = 2")
        + message("e", "e", arguments='for_each = toset(["k"])')
    )
    bench.apply()
    bench.write(
        thread()
        + message("m", "m", arguments="count = 0")
        + message("e", "e", arguments="for_each = toset([])")
    )

    plan = bench.plan()

    assert change(plan, "openai_message.m[1]").reason is Reason.COUNT_INDEX
    assert change(plan, 'openai_message.e["k"]').reason is Reason.EACH_KEY


def test_destroy_hears_of_the_end_of_a_protection_that_was_not_applied(bench: Bench) -> None:
    bench.write(thread(arguments=KEEP) + message("m", "m", arguments=KEEP))
    bench.apply()
    assert len(bench.workspace.plan(mode=PlanMode.DESTROY).errors) == 2
    bench.write(thread(arguments=LET_GO) + message("m", "m", arguments=LET_GO))

    bench.destroy()

    assert bench.parents == []


def test_a_thread_without_messages_can_be_replaced(bench: Bench) -> None:
    bench.write(thread())
    bench.apply()
    before = bench.thread_id()

    bench.apply(replace=("openai_thread.t",))

    assert bench.thread_id() != before
    assert_settled(bench)


def test_what_a_run_for_targets_left_is_nobodys_reordering(bench: Bench) -> None:
    bench.write(talk("abcd"))
    bench.apply()
    bench.write(talk("aybxcd"))
    bench.apply(targets=("openai_message.y",))
    assert bench.texts() == ["a", "b", "c", "d", "y"]

    (sequence,) = bench.plan().sequences

    assert (len(sequence.rewritten), sequence.reordered) == (3, False)
    bench.apply()
    assert bench.texts() == list("aybxcd")
    assert_settled(bench)


EDITS = {
    "edit": {"a": "a", "b": "B", "c": "c", "d": "d"},
    "insert": {"a": "a", "x": "x", "b": "b", "c": "c", "d": "d"},
    "delete": {"a": "a", "c": "c", "d": "D"},
    "move": {"a": "a", "d": "d", "b": "b", "c": "c"},
}


@pytest.mark.parametrize("target", ["a", "b", "c", "d"])
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("on_reorder", ["rewrite_tail", "replace_thread"])
def test_what_is_left_to_do_by_a_run_for_targets_is_nobodys_reordering(
    bench: Bench, on_reorder: str, edit: str, target: str
) -> None:
    policy = f'on_reorder = "{on_reorder}"'
    bench.write(talk("abcd", policy))
    bench.apply()
    bench.write(talk(EDITS[edit], policy))
    bench.apply(targets=(f"openai_message.{target}",), reorder=True)

    plan = bench.plan(reorder=True)

    assert not any(each.reordered for each in plan.sequences)
    bench.apply(reorder=True)
    assert bench.texts() == list(EDITS[edit].values())
    assert_settled(bench)
    assert not bench.state.unfinished


def test_the_rewrite_that_a_target_has_left_is_told_as_that(bench: Bench) -> None:
    bench.write(talk("abcd"))
    bench.apply()
    bench.write(talk({"a": "a", "b": "B", "c": "c", "d": "d"}))
    bench.apply(targets=("openai_message.b",))
    assert bench.texts() == ["a", "c", "d", "B"]

    (sequence,) = bench.plan().sequences

    assert (sequence.unfinished, sequence.reordered, len(sequence.rewritten)) == (True, False, 2)
    text = " ".join(sequence_lines([sequence], Style(enabled=False)))
    assert "an apply for targets, or one cut short, has left its order to be put right" in text
    assert "rewrites 2 messages" in text


def test_a_rewrite_that_failed_half_way_is_nobodys_reordering(bench: Bench) -> None:
    """Also when what it had replaced was deleted by the run after it, which failed again."""
    bench.write(talk("abcd"))
    bench.apply()
    bench.write(talk({"a": "a", "b": "B", "c": "no", "d": "d"}))
    bench.fail(Rule(do=Fault.REFUSE, method="POST", body='"no"', status=400))
    for _ in range(2):
        assert not bench.try_apply().ok
    bench.fail()

    (sequence,) = bench.plan().sequences

    assert not sequence.reordered
    bench.apply()
    assert bench.texts() == ["a", "B", "no", "d"]
    assert_settled(bench)


def test_whoever_reorders_after_the_order_is_whole_again_is_named(bench: Bench) -> None:
    bench.write(talk("abcd"))
    bench.apply()
    bench.write(talk({"a": "a", "b": "B", "c": "c", "d": "d"}))
    bench.apply(targets=("openai_message.b",))
    bench.apply()
    ids = [str(each["id"]) for each in bench.members()]
    bench.server.reorder(bench.thread_id(), [ids[0], ids[2], ids[1], ids[3]])

    (sequence,) = bench.plan().sequences

    assert (sequence.reordered, sequence.unfinished) == (True, False)


def test_what_append_left_is_nobodys_reordering(bench: Bench) -> None:
    bench.write(talk("abcd", 'on_reorder = "append"'))
    bench.apply()
    bench.write(talk("axbcd", 'on_reorder = "append"'))
    bench.apply()
    bench.write(talk("axbcd"))

    plan = bench.plan()

    assert [each.reordered for each in plan.sequences] == [False]
    assert "--reorder allows it" in plan.errors[0].detail
    bench.apply(reorder=True)
    assert bench.texts() == list("axbcd")
    assert_settled(bench)


# -- unmanaged messages


def test_unmanaged_messages_are_deleted_by_policy_though_nothing_else_changes(
    bench: Bench,
) -> None:
    spec = talk("ab", 'unmanaged_messages = "delete"')
    bench.write(spec)
    bench.apply()
    bench.say("noise")
    bench.say("more")
    plan = bench.plan()
    assert (plan.has_changes, plan.counts.destroy) == (True, 2)

    report = bench.apply()

    assert report.destroyed == 2
    assert bench.texts() == ["a", "b"]
    assert_settled(bench)


def test_unmanaged_messages_are_not_told_as_all_where_not_all_were_read(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    for _ in range(150):
        bench.say("more")

    plan = bench.plan()

    told = "\n".join(sequence_lines(plan.sequences, Style(enabled=False)))
    assert "t: holds at least 97 unmanaged messages, at least 97 of them new" in told
    (sequence,) = plan_document(plan)["reconciler"]["sequences"]
    assert (sequence["unmanaged"], sequence["at_least"]) == (97, True)


# -- a plan that is carried out later


@pytest.mark.parametrize("mode", [PlanMode.NORMAL, PlanMode.DESTROY])
def test_nothing_of_a_thread_that_has_moved_on_is_deleted(bench: Bench, mode: PlanMode) -> None:
    bench.write(talk("abc"))
    bench.apply()
    bench.write("")
    path = bench.folder / "plan"
    bench.workspace.plan(mode=mode, save_to=path)
    bench.say("more")

    report = bench.workspace.apply(plan_file=path, approve=lambda plan: True)

    assert not report.ok
    assert "has moved on" in "".join(str(each.error) for each in report.outcomes)
    assert bench.texts() == ["a", "b", "c", "more"]


def test_a_thread_that_has_moved_on_is_not_replaced(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    path = bench.folder / "plan"
    bench.workspace.plan(save_to=path, options=PlanOptions(replace=("openai_thread.t",)))
    bench.say("more")

    report = bench.workspace.apply(plan_file=path, approve=lambda plan: True)

    assert not report.ok
    assert bench.texts() == ["a", "b", "c", "more"]


def test_what_the_run_itself_appends_does_not_make_a_thread_move_on(bench: Bench) -> None:
    policy = 'unmanaged_messages = "delete"'
    bench.write(talk("abc", policy))
    bench.apply()
    bench.say("noise")
    bench.write(talk({"a": "a", "b": "b", "c": "C"}, policy))
    path = bench.folder / "plan"
    bench.workspace.plan(save_to=path)

    report = bench.workspace.apply(plan_file=path, approve=lambda plan: True)

    assert report.ok
    assert bench.texts() == ["a", "b", "C"]


def test_a_replaced_thread_goes_after_the_messages_that_an_earlier_run_did_not_copy(
    bench: Bench,
) -> None:
    texts = [f"turn {number}" for number in range(BATCH[bench.dialect] + 4)]
    bench.write(counted(texts))
    bench.apply()
    bench.fail(Rule(do=Fault.REFUSE, status=400, method="POST", path="/(messages|items)$"))
    assert not bench.try_apply(replace=("openai_thread.t",)).ok
    bench.fail()

    bench.apply()

    kinds = [kind_of(each) for each in bench.server.requests]
    assert "append" not in kinds[kinds.index("delete thread") :]
    assert kinds.count("append") == -(-4 // APPEND[bench.dialect])
    assert len(bench.parents) == 1
    assert bench.texts() == texts
    assert_settled(bench)


def _deletes_no_messages(bench: Bench) -> None:
    bench.fail(
        Rule(
            do=Fault.REFUSE,
            method="DELETE",
            path="/(messages|items)/",
            status=404,
            reply={
                "error": {
                    "message": "Invalid URL (DELETE /v1/threads/x/messages/y)",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": None,
                }
            },
        )
    )


def test_replace_thread_replaces_the_thread_of_a_server_that_refused_to_delete(
    tmp_path: Path,
) -> None:
    """The dialect has such a call; only the server can tell that it has not."""
    bench = make_bench(tmp_path, "threads")
    policy = 'on_reorder = "replace_thread"'
    bench.write(talk("abc", policy))
    bench.apply()
    before = bench.thread_id()
    _deletes_no_messages(bench)
    bench.write(talk({"a": "a", "b": "b", "c": "C"}, policy))
    assert not bench.try_apply().ok
    assert bench.texts() == ["a", "b", "c", "C"]

    bench.apply()

    assert bench.thread_id() != before
    assert bench.texts() == ["a", "b", "C"]
    assert_settled(bench)
    bench.write(talk("a", policy))
    assert not bench.try_apply().ok
    bench.apply()
    assert bench.texts() == ["a"]
    assert_settled(bench)
