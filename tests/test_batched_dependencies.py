"""Batched dependencies: what depends on a whole block in its own thread keeps its place in the call."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import APPEND, BATCH, Bench, assert_settled, make_bench, message, thread

from reconciler.address import Address
from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.execute.events import Status

X = message("x", "x${count.index}", arguments="count = 2")
X_EACH = message("x", "${each.key}", arguments='for_each = toset(["x0", "x1"])')
MODULE = """
variable "thread" { type = string }
variable "texts" { type = list(string) }

resource "openai_message" "m" {
  count     = length(var.texts)
  thread_id = var.thread
  role      = "user"
  content   = var.texts[count.index]
}

output "texts" { value = openai_message.m[*].content }
"""
LATER = 15
"""Messages that depend on what is before them."""


def y(content: str = "y${count.index}", arguments: str = "", size: int = LATER) -> str:
    return message("y", content, arguments=f"count = {size}\n  {arguments}")


def module(name: str, texts: str, arguments: str = "") -> str:
    return (
        f'module "{name}" {{\n  source = "./talk"\n  thread = openai_thread.t.id\n'
        f"  texts = {texts}\n  {arguments}\n}}\n"
    )


AFTER_X = "depends_on = [openai_message.x]"
FORMS = {
    "depends_on a count block": X + y(arguments=AFTER_X),
    "depends_on a block of one": message("x", "x0", arguments="count = 1") + y(arguments=AFTER_X),
    "depends_on a for_each block": X_EACH + y(arguments=AFTER_X),
    "depends_on an instance": X + y(arguments="depends_on = [openai_message.x[1]]"),
    "depends_on what depends on it": X
    + y(arguments=AFTER_X, size=3)
    + message("z", "z", arguments="depends_on = [openai_message.y]"),
    "a splat": X + y('y${count.index} ${join(",", openai_message.x[*].content)}'),
    "for in a local": X
    + "locals { said = [for each in openai_message.x : each.content] }\n"
    + y("y${count.index} ${local.said[0]}"),
    "values of a for_each block": X_EACH
    + y('y${count.index} ${join(",", values(openai_message.x)[*].role)}'),
    "one that depends on nothing behind it": X + y(arguments=AFTER_X, size=3) + message("z", "z"),
    "depends_on a module": module("first", '["x0", "x1"]')
    + y(arguments="depends_on = [module.first]"),
    "a module that depends_on a block": X + module("last", '["y0", "y1", "y2"]', AFTER_X),
    "a module that depends on a module": module("first", '["x0", "x1"]')
    + module("last", '["y0", "y1", "y2"]', "depends_on = [module.first]"),
    "an output of a module": module("first", '["x0", "x1"]')
    + y("y${count.index} ${module.first.texts[1]}"),
}


def write(bench: Bench, spec: str) -> None:
    bench.write(MODULE, "talk/main.tf")
    bench.write(spec)


def apply_as_planned(bench: Bench) -> int:
    """Apply; the plan has told exactly the calls that are made."""
    planned = bench.plan().calls
    report = bench.apply()
    assert planned == report.calls == sum(bench.calls.values())
    return planned


@pytest.mark.parametrize("form", FORMS)
def test_a_new_thread_takes_along_what_depends_on_a_block_of_its_own(
    bench: Bench, form: str
) -> None:
    write(bench, thread() + FORMS[form])

    assert apply_as_planned(bench) == 2

    assert bench.calls == {"create thread": 1, "list": 1}
    assert_settled(bench)


@pytest.mark.parametrize("form", FORMS)
def test_a_thread_that_exists_gets_them_in_as_few_calls(bench: Bench, form: str) -> None:
    write(bench, thread())
    bench.apply()
    write(bench, thread() + FORMS[form])

    apply_as_planned(bench)

    size = len(bench.texts())
    appends = -(-size // APPEND[bench.dialect])
    assert bench.calls == {"append": appends, "list": 1}
    assert_settled(bench)


@pytest.mark.parametrize("size", [18, 19, 29, 30, 31, 40, 64])
def test_the_limit_of_a_call_is_all_that_ends_it(bench: Bench, size: int) -> None:
    write(bench, thread() + X + y(arguments=AFTER_X, size=size))

    apply_as_planned(bench)

    rest = max(size + 2 - BATCH[bench.dialect], 0)
    wanted = {
        "create thread": 1,
        "append": -(-rest // APPEND[bench.dialect]),
        "list": 1 + (rest > 0),
    }
    assert bench.calls == {kind: number for kind, number in wanted.items() if number}
    assert bench.texts() == ["x0", "x1", *(f"y{number}" for number in range(size))]


def test_a_block_whose_other_members_stand_in_another_thread_is_waited_for(bench: Bench) -> None:
    """The thread itself waits for nothing, so that none of them rides along."""
    both = "count.index == 0 ? openai_thread.t.id : openai_thread.u.id"
    x = message("x", "x${count.index}", arguments="count = 2")
    x = x.replace("openai_thread.t.id", both)
    write(bench, thread() + thread("u") + x + y(arguments=AFTER_X, size=3) + message("z", "z"))

    planned = bench.plan().calls
    report = bench.apply()

    assert planned == report.calls == sum(bench.calls.values())
    appends = 4 if bench.dialect == "threads" else 1
    assert bench.calls == {"create thread": 2, "append": appends, "list": 3}
    assert bench.texts("t") == ["x0", "y0", "y1", "y2", "z"]
    assert_settled(bench)


def test_two_threads_whose_messages_depend_on_each_others_block_wait_for_no_thread(
    bench: Bench,
) -> None:
    write(
        bench,
        thread("one")
        + thread("two")
        + message("a", "a${count.index}", thread="one", arguments="count = 2")
        + message("x", "x${count.index}", thread="two", arguments="count = 2")
        + message("b", "b", thread="one", arguments="depends_on = [openai_message.x]")
        + message("y", "y", thread="two", arguments="depends_on = [openai_message.a]"),
    )

    apply_as_planned(bench)

    assert bench.calls == {"create thread": 2, "append": 2, "list": 4}
    assert bench.texts("one") == ["a0", "a1", "b"]


def test_what_a_thread_waits_for_as_a_block_may_be_named_by_its_messages(bench: Bench) -> None:
    write(
        bench,
        thread("first")
        + message("x", "x${count.index}", thread="first", arguments="count = 2")
        + thread(arguments=AFTER_X)
        + y(arguments=AFTER_X, size=3),
    )

    apply_as_planned(bench)

    assert bench.calls == {"create thread": 2, "list": 2}


@pytest.mark.parametrize("left", ["count = 1", 'for_each = toset(["a", "b"])'])
def test_members_of_the_block_that_go_are_not_waited_for(bench: Bench, left: str) -> None:
    """What a dependency names may be about to go, or to become a block of several."""
    write(bench, thread() + message("x", "x", arguments="count = 3"))
    bench.apply()
    write(bench, thread() + message("x", "x", arguments=left) + y(arguments=AFTER_X))

    planned = bench.plan(allow_destroy=("9",)).calls
    report = bench.apply(allow_destroy=("9",))

    assert planned == report.calls == sum(bench.calls.values())
    fresh = LATER + 2 * left.startswith("for_each")
    assert bench.calls["append"] == -(-fresh // APPEND[bench.dialect])
    assert_settled(bench)


def test_a_block_that_exists_but_for_one_is_waited_for_only_there(bench: Bench) -> None:
    write(bench, thread() + X + message("end", "end"))
    bench.apply()
    write(
        bench,
        thread()
        + message("x", "x${count.index}", arguments="count = 3")
        + message("end", "end")
        + y(arguments=AFTER_X),
    )

    planned = bench.plan(reorder=True).calls
    report = bench.apply(reorder=True)

    assert planned == report.calls == sum(bench.calls.values())
    assert bench.texts()[:3] == ["x0", "x1", "x2"]
    assert bench.calls["append"] == -(-(LATER + 2) // APPEND[bench.dialect])
    assert_settled(bench, reorder=True)


def test_what_a_thread_waits_for_ends_no_later_call(bench: Bench) -> None:
    """Behind the call that creates the thread as in it."""
    plain = message("p", "p${count.index}", arguments="count = 45")
    write(
        bench,
        thread("first")
        + message("x", "x${count.index}", thread="first", arguments="count = 2")
        + thread(arguments=AFTER_X)
        + plain
        + y(arguments=AFTER_X),
    )

    apply_as_planned(bench)

    rest = 45 + LATER - BATCH[bench.dialect]
    assert bench.calls["append"] == -(-rest // APPEND[bench.dialect])


@pytest.mark.parametrize("refused", ["x0", "x1", "y0", "y7"])
def test_a_refusal_in_the_call_stops_what_is_behind_it_and_nothing_else(
    bench: Bench, refused: str
) -> None:
    write(
        bench,
        thread()
        + X
        + y(arguments=AFTER_X)
        + thread("u")
        + message("z", "z", thread="u", arguments="depends_on = [openai_message.y]")
        + message("free", "free", thread="u", arguments="order = 1"),
    )
    bench.fail(
        Rule(
            do=Fault.REFUSE,
            method="POST",
            body=f'"{refused}"',
            status=400,
            reply={"error": {"message": "No.", "type": "invalid_request_error", "param": None}},
        )
    )
    texts = ["x0", "x1", *(f"y{number}" for number in range(LATER))]

    report = bench.try_apply()

    ends = {str(each.address): each.status for each in report.outcomes}
    assert [each for each, status in ends.items() if status is Status.FAILED] == [
        f"openai_message.{refused[0]}[{refused[1:]}]"
    ]
    assert bench.texts("t") == texts[: texts.index(refused)]
    assert bench.texts("u") == ["free"]
    assert ends["openai_message.z"] is Status.SKIPPED
    bench.fail()
    bench.apply()
    assert bench.texts("t") == texts
    assert bench.texts("u") == ["free", "z"]
    assert_settled(bench)


NAMES = {
    "depends_on": message("y", "y0", arguments="depends_on = [openai_message.x]"),
    "a content": message("y", "y ${openai_message.x[1].metadata.kind}"),
    "a metadata": message("y", "y0", arguments="metadata = openai_message.x[0].metadata"),
}


@pytest.mark.parametrize("form", NAMES)
def test_what_is_changed_in_state_alone_is_not_waited_for(tmp_path: Path, form: str) -> None:
    bench = make_bench(tmp_path, "conversations")
    x = message("x", "x${count.index}", arguments='count = 2\n  metadata = { kind = "KIND" }')
    write(bench, thread() + x.replace("KIND", "one"))
    bench.apply()
    write(bench, thread() + x.replace("KIND", "two") + message("n", "new") + NAMES[form])

    assert apply_as_planned(bench) == 2

    assert bench.calls == {"append": 1, "list": 1}
    assert bench.state.objects[Address.parse("openai_message.x[1]")].attributes["metadata"] == {
        "kind": "two"
    }
    assert_settled(bench)


def test_what_becomes_known_in_state_alone_is_waited_for(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "conversations")
    x = message("x", "x", arguments='metadata = { kind = "one" }')
    write(bench, thread() + x)
    bench.apply()
    x = x.replace('"one"', "openai_thread.u.id")
    y = message("y", "y ${openai_message.x.metadata.kind}")
    write(bench, thread() + thread("u") + x + message("n", "n") + y)

    assert apply_as_planned(bench) == 5

    assert bench.calls == {"create thread": 1, "read thread": 1, "append": 2, "list": 1}
    assert bench.texts("t") == ["x", "n", f"y {bench.thread_id('u')}"]
    assert not bench.plan().has_changes
