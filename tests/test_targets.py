"""Targets: what a run for targets takes along, what it leaves alone, and what it leaves open."""

from __future__ import annotations

import pytest
from bench import Bench, assert_settled, message, talk, thread

from reconciler.address import Address
from reconciler.errors import SpecError
from reconciler.plan.model import Action
from reconciler.plan.options import PlanOptions

KEEP = "lifecycle {\n    prevent_destroy = true\n  }"


def four(first: str, policy: str = "", kept: str = "") -> str:
    """A thread of a, b, c and d, the first of which says *first*; c and d have *kept*."""
    return thread(arguments=policy) + "".join(
        message(name, first if name == "a" else name, arguments=kept if name in "cd" else "")
        for name in "abcd"
    )


BOTH = pytest.mark.parametrize(
    ("policy", "options"),
    [
        ('on_reorder = "replace_thread"', {"targets": ("openai_message.b",)}),
        ("", {"targets": ("openai_thread.t",), "replace": ("openai_thread.t",)}),
        ("", {"targets": ("openai_message.a",), "replace": ("openai_thread.t",)}),
    ],
    ids=["by its order", "by request", "by request, with a message"],
)


@BOTH
def test_a_thread_is_replaced_with_all_its_messages(
    bench: Bench, policy: str, options: dict[str, tuple[str, ...]]
) -> None:
    bench.write(four("a", policy))
    bench.apply()
    bench.write(four("A", policy))

    plan = bench.plan(**options)
    bench.apply(allow_destroy=("9",), **options)

    replaced = [each.address for each in plan.changes if each.action is Action.REPLACE]
    assert len(replaced) == 5
    assert bench.texts() == ["A", "b", "c", "d"]
    assert len(bench.parents) == 1
    assert_settled(bench)


@BOTH
def test_a_target_takes_no_protected_message_along_into_another_thread(
    bench: Bench, policy: str, options: dict[str, tuple[str, ...]]
) -> None:
    bench.write(four("a", policy, KEEP))
    bench.apply()
    bench.write(four("A", policy, KEEP))

    with pytest.raises(SpecError, match=r"protected|prevent_destroy"):
        bench.workspace.apply(options=PlanOptions(**options), approve=lambda plan: True)

    assert bench.texts() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("target", ["openai_thread.t", "openai_message.a"])
def test_a_target_that_appends_nothing_leaves_no_order_open(bench: Bench, target: str) -> None:
    bench.write(talk("abcd"))
    bench.apply()
    bench.write(talk("abcd", 'on_reorder = "rewrite_tail"'))
    bench.apply(targets=(target,))
    assert not bench.state.unfinished
    ids = [str(each["id"]) for each in bench.members()]
    bench.server.reorder(bench.thread_id(), [ids[0], ids[2], ids[1], ids[3]])

    (sequence,) = bench.plan().sequences

    assert sequence.reordered


def test_an_order_that_the_spec_has_come_round_to_is_open_no_more(bench: Bench) -> None:
    bench.write(talk("abcd"))
    bench.apply()
    bench.write(talk("aybcd"))
    bench.apply(targets=("openai_message.y",))
    assert bench.state.unfinished
    bench.write(talk("abcdy"))

    assert not bench.plan(reorder=True).has_changes
    bench.apply(reorder=True)

    assert not bench.state.unfinished
    serial = bench.state.serial
    bench.apply(reorder=True)
    assert bench.state.serial == serial


def test_what_stands_at_the_address_of_a_target_leaves_it(bench: Bench) -> None:
    listed = '["b"][count.index]'
    block = message("m", f"${{{listed}}}", arguments="count = 1")
    bench.write(thread() + block)
    bench.apply()
    bench.write(thread() + block.replace('["b"]', '["a", "b"]').replace("count = 1", "count = 2"))

    bench.apply(targets=("openai_message.m[0]",))

    assert not bench.state.deposed
    assert bench.texts() == ["a", "b"]
    known = bench.state.objects[Address.parse("openai_message.m[1]")]
    assert known.arguments["content"] == "b"
    assert_settled(bench)
