"""Shifted ids: what holds the ids of messages that change places is planned with the right ones."""

from __future__ import annotations

import json

import pytest
from bench import Bench, assert_settled, message, thread

IDS = '${join(",", openai_message.m[*].id)}'


def listed(texts: str, content: str = "", arguments: str = "") -> str:
    quoted = ", ".join(f'"{each}"' for each in texts)
    said = f"${{[{quoted}][count.index]}}{content}"
    return message("m", said, arguments=f"count = {len(texts)}\n  {arguments}")


HOLDERS = {
    "a message": thread("u") + message("h", IDS, thread="u"),
    "the first of them": thread("u") + message("h", "${openai_message.m[0].id}", thread="u"),
    "a message behind them": message("h", IDS),
    "metadata": message("h", "h", arguments=f'metadata = {{ ids = "{IDS}" }}'),
    "a thread": f'resource "openai_thread" "u" {{\n  metadata = {{ ids = "{IDS}" }}\n}}\n',
    "an output": f'output "ids" {{\n  value = "{IDS}"\n}}\n',
}


@pytest.mark.parametrize("edit", ["b", "ba", "bc", "cab", "xab", "xb"])
@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_the_ids_of_a_list_follows_its_edits(
    bench: Bench, holder: str, edit: str
) -> None:
    bench.write(thread() + listed("ab") + HOLDERS[holder])
    bench.apply()
    bench.write(thread() + listed(edit) + HOLDERS[holder])

    planned = bench.plan().calls
    report = bench.apply()

    assert planned == report.calls
    assert bench.texts("t")[: len(edit)] == list(edit)
    assert not bench.plan().has_changes
    ids = [str(each["id"]) for each in bench.members("t")[: len(edit)]]
    if holder == "an output":
        assert bench.state.outputs["ids"].value == ",".join(ids)
    elif holder in ("a message", "the first of them"):
        said = ids[0] if holder == "the first of them" else ",".join(ids)
        assert bench.texts("u") == [said]


@pytest.mark.parametrize("edit", ["ba", "xb", "xab"])
@pytest.mark.parametrize("on_reorder", ["replace_thread", "rewrite_tail"])
def test_messages_that_hold_the_id_of_their_thread_change_places(
    bench: Bench, on_reorder: str, edit: str
) -> None:
    policy = f'on_reorder = "{on_reorder}"'
    own = " in ${openai_thread.t.id}"
    bench.write(thread(arguments=policy) + listed("ab", own))
    bench.apply()
    bench.write(thread(arguments=policy) + listed(edit, own))

    bench.apply()

    assert bench.texts() == [f"{each} in {bench.thread_id()}" for each in edit]
    assert_settled(bench)


@pytest.mark.parametrize("ignored", ["all", "[thread_id]"])
def test_a_message_that_ignores_its_thread_id_stays_where_it_is(bench: Bench, ignored: str) -> None:
    keep = f"lifecycle {{\n    ignore_changes = {ignored}\n  }}"
    two = thread() + thread("u")
    bench.write(two + message("a", "a", arguments=keep) + message("b", "b", arguments=keep))
    bench.apply()
    elsewhere = [message(each, each, thread="u", arguments=keep) for each in "abc"]
    bench.write(two + "".join(elsewhere[:2]))
    assert not bench.plan().has_changes

    bench.write(two + "".join(elsewhere))
    bench.apply()

    assert (bench.texts("t"), bench.texts("u")) == (["a", "b"], ["c"])
    assert not bench.plan().has_changes


SPREAD = """
locals { items = %s }
resource "openai_message" "m" {
  count     = length(local.items)
  thread_id = openai_thread.t[local.items[count.index][0]].id
  role      = "user"
  content   = local.items[count.index][1]
}
resource "openai_thread" "t" {
  for_each = toset(["x", "y"])
  metadata = { name = each.key }
}
"""


@pytest.mark.parametrize("place", range(5))
def test_a_deletion_inside_a_list_over_two_threads_costs_one_delete(
    bench: Bench, place: int
) -> None:
    items = [["x", "a"], *(["y", str(number)] for number in range(4))]
    bench.write(SPREAD % json.dumps(items))
    bench.apply()
    del items[place]
    bench.write(SPREAD % json.dumps(items))

    bench.apply()

    assert bench.calls == {"delete message": 1, "list": 1}
    for name in "xy":
        assert bench.texts(name) == [text for thread_, text in items if thread_ == name]
    assert not bench.plan().has_changes
