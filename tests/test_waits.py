"""Waits: an instance that cannot be sent yet keeps no other one of its block from the batch."""

from __future__ import annotations

import re

import pytest
from bench import (
    APPEND,
    BATCH,
    Bench,
    assert_settled,
    message,
    thread,
)

from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.execute.events import Report, Status

SIZE = 25
AT = 12
"""The turn that refers to a message of another thread."""

MODULE = """
variable "thread" { type = string }
variable "turns" { type = list(string) }

resource "openai_message" "m" {
  count     = length(var.turns)
  thread_id = var.thread
  role      = "user"
  content   = var.turns[count.index]
}
"""


def turns(reference: str) -> str:
    """A list of texts, one of which is a reference."""
    texts = [reference if at == AT else f'"turn {at}"' for at in range(SIZE)]
    return f"[{', '.join(texts)}]"


def keyed(reference: str) -> str:
    """The same as a map, its keys in order."""
    texts = [reference if at == AT else f'"turn {at}"' for at in range(SIZE)]
    return f"{{ {', '.join(f't{at} = {text}' for at, text in enumerate(texts))} }}"


def repeated(reference: str, arguments: str = "") -> dict[str, str]:
    """The same conversation, written in every way that makes many messages of one block."""
    count = f"count = {SIZE}\n  {arguments}"
    return {
        "conditional": message(
            "m",
            f'=count.index == {AT} ? {reference} : "turn ${{count.index}}"',
            arguments=count,
        ),
        "list": message("m", f"={turns(reference)}[count.index]", arguments=count),
        "local": f"locals {{ turns = {turns(reference)} }}\n"
        + message("m", "=local.turns[count.index]", arguments=count),
        "length": f"locals {{ turns = {turns(reference)} }}\n"
        + message(
            "m",
            "=local.turns[count.index]",
            arguments=f"count = length(local.turns)\n  {arguments}",
        ),
        "each": message(
            "m", "=each.value", arguments=f"for_each = {keyed(reference)}\n  {arguments}"
        ),
        "key": message(
            "m",
            f'={keyed(reference)}["${{each.key}}"]',
            arguments=f"for_each = toset([for at in range({SIZE}) : "
            f'format("t%d", at)])\n  {arguments}',
        ),
        "module": f'module "talk" {{\n  source = "./talk"\n  thread = openai_thread.t.id\n'
        f"  turns  = {turns(reference)}\n  {arguments}\n}}\n",
    }


WAYS = tuple(repeated("x"))


def write(bench: Bench, way: str, reference: str, arguments: str = "", other: str = "x") -> None:
    bench.write(MODULE, "talk/main.tf")
    bench.write(
        thread()
        + thread("u")
        + message("x", other, thread="u")
        + repeated(reference, arguments)[way]
    )


def said(bench: Bench, reference: str) -> list[str]:
    return [reference if at == AT else f"turn {at}" for at in range(SIZE)]


@pytest.mark.parametrize("way", WAYS)
def test_one_instance_that_waits_does_not_keep_the_others_from_the_batch(
    bench: Bench, way: str
) -> None:
    write(bench, way, "openai_message.x.id")
    planned = bench.plan()

    report = bench.apply()

    appends = -(-(SIZE - AT) // APPEND[bench.dialect])
    assert bench.calls == {"create thread": 2, "list": 3, "append": appends}
    assert planned.calls == report.calls == sum(bench.calls.values())
    assert bench.texts("t") == said(bench, str(bench.members("u")[0]["id"]))
    assert_settled(bench)


@pytest.mark.parametrize("way", WAYS)
def test_a_reference_to_what_is_there_keeps_nothing_from_the_batch(bench: Bench, way: str) -> None:
    bench.write(thread("u") + message("x", "x", thread="u"))
    bench.apply()
    write(bench, way, "openai_message.x.id")
    planned = bench.plan()

    report = bench.apply()

    rest = max(SIZE - BATCH[bench.dialect], 0)
    appends = -(-rest // APPEND[bench.dialect])
    lists = 1 + bool(rest)
    wanted = {"create thread": 1, "list": lists, "append": appends}
    assert bench.calls == {kind: number for kind, number in wanted.items() if number}
    assert planned.calls == report.calls == sum(bench.calls.values())


@pytest.mark.parametrize("way", WAYS)
def test_who_takes_a_known_text_of_another_message_waits_for_it(bench: Bench, way: str) -> None:
    """Only the instance that is made from it fails with it, and what stands behind that one."""
    write(bench, way, "openai_message.x.content", other="refuse me")
    _refuse(bench, "refuse me")

    report = bench.try_apply()

    assert bench.texts("t") == [f"turn {at}" for at in range(AT)]
    assert _skipped(report) == SIZE - AT
    bench.fail()
    bench.apply()
    assert bench.texts("t") == said(bench, "refuse me")
    assert_settled(bench)


@pytest.mark.parametrize("way", WAYS)
def test_depends_on_holds_the_whole_block(bench: Bench, way: str) -> None:
    write(bench, way, '"turn"', "depends_on = [openai_message.x]", other="refuse me")
    _refuse(bench, "refuse me")

    report = bench.try_apply()

    assert bench.texts("t") == []
    assert _skipped(report) == SIZE


def test_depends_on_of_an_output_holds_who_takes_it(bench: Bench) -> None:
    bench.write(
        'resource "openai_thread" "u" {\n'
        '  metadata = { name = "u" }\n}\n'
        + message("x", "refuse me", thread="u")
        + 'output "text" {\n  value = "m"\n  depends_on = [openai_message.x]\n}\n',
        "other/main.tf",
    )
    bench.write(
        'module "other" {\n  source = "./other"\n}\n'
        + thread()
        + message("m", "=module.other.text", arguments="count = 2")
    )
    _refuse(bench, "refuse me")

    report = bench.try_apply()

    assert bench.texts("t") == []
    assert _skipped(report) == 2


def test_a_block_with_preconditions_waits_for_all_that_it_refers_to(bench: Bench) -> None:
    rule = """lifecycle {
    precondition {
      condition     = openai_message.x.id != ""
      error_message = "There is no x."
    }
  }"""
    write(bench, "conditional", '"turn"', rule, other="refuse me")
    _refuse(bench, "refuse me")

    report = bench.try_apply()

    assert bench.texts("t") == []
    assert _skipped(report) == SIZE


def test_how_many_there_are_is_waited_for(bench: Bench) -> None:
    bench.write(
        thread()
        + thread("u")
        + message("x", "refuse me", thread="u")
        + message("m", "m", arguments="count = length(openai_message.x.content) - 6")
    )
    _refuse(bench, "refuse me")

    report = bench.try_apply()

    assert bench.texts("t") == []
    assert _skipped(report) == 3


def test_the_order_is_that_of_the_references_all_the_same(bench: Bench) -> None:
    """What a block refers to comes before all of it, also where one instance alone needs it."""
    bench.write(
        thread()
        + message("m", '=[openai_message.x.id, "one"][count.index]', arguments="count = 2")
        + message("x", "x")
    )

    bench.apply()

    assert bench.texts() == ["x", str(bench.members()[0]["id"]), "one"]
    assert_settled(bench)


def test_a_saved_plan_takes_the_calls_it_told(bench: Bench) -> None:
    write(bench, "local", "openai_message.x.id")
    file = bench.folder / "plan"
    planned = bench.workspace.plan(save_to=file)
    bench.server.record()

    report = bench.workspace.apply(plan_file=file, approve=lambda plan: True)

    assert planned.calls == report.calls == sum(bench.calls.values())
    assert len(bench.texts("t")) == SIZE


def _refuse(bench: Bench, text: str) -> None:
    bench.fail(
        Rule(
            do=Fault.REFUSE,
            method="POST",
            body=re.escape(text),
            status=400,
            reply={"error": {"message": "Not that.", "type": "invalid_request_error"}},
        )
    )


def _skipped(report: Report) -> int:
    return sum(each.status is Status.SKIPPED for each in report.outcomes)
