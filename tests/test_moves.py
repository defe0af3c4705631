"""Moves: addresses that changed, and the alignment of what has no name of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conversation_model import PLACE, Conversations, message, thread
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address, ModuleStep
from reconciler.diagnostics import Diagnostics
from reconciler.expand import Instance
from reconciler.plan.alignment import MAX_PAIRS, Standing, Wanted, align
from reconciler.plan.model import Action, Plan
from reconciler.plan.moves import Moved, Removed, covers, end_text, relocate, removal
from reconciler.plan.records import Record
from reconciler.state.model import StateObject


def at(text: str) -> Address:
    head, dot, rest = text.rpartition(".")
    return Address.parse(f"{head}{dot}openai_message.{rest}")


def module(text: str) -> tuple[ModuleStep, ...]:
    return Address.parse(f"{text}.openai_message.x").module


def move(origin: str, target: str) -> Moved:
    if origin.rpartition(".")[2].startswith("!"):
        return Moved(module(origin.replace("!", "")), module(target.replace("!", "")), PLACE)
    return Moved(at(origin), at(target), PLACE)


def relocated(
    recorded: Sequence[str],
    moves: Sequence[tuple[str, str]],
    desired: Sequence[str] = (),
) -> tuple[dict[str, str], Diagnostics]:
    """New address to old one, where they differ; and what was said about it."""
    diagnostics = Diagnostics()
    records = [Record(StateObject(at(each), {"id": each}), {"id": each}, True) for each in recorded]
    found = relocate(
        records,
        [move(*each) for each in moves],
        desired={at(each) for each in desired},
        diagnostics=diagnostics,
    )
    assert all(address == each.address for address, each in found.items())
    assert len(found) == len(recorded), "no object is lost by moving"
    texts = {
        str(address).replace("openai_message.", ""): str(each.moved_from).replace(
            "openai_message.", ""
        )
        for address, each in found.items()
        if each.moved_from is not None
    }
    return texts, diagnostics


@pytest.mark.parametrize(
    ("recorded", "moves", "expected"),
    [
        pytest.param(["a"], [("a", "b")], {"b": "a"}, id="a block is renamed"),
        pytest.param(["a"], [("a", "b"), ("b", "c")], {"c": "a"}, id="chains are followed"),
        pytest.param(["b"], [("a", "b"), ("b", "c")], {"c": "b"}, id="from the middle too"),
        pytest.param(["c"], [("a", "b"), ("b", "c")], {}, id="what has arrived stays"),
        pytest.param(
            ["a[0]", "a[1]"],
            [("a", "b")],
            {"b[0]": "a[0]", "b[1]": "a[1]"},
            id="a block moves with every instance",
        ),
        pytest.param(["a"], [("a", 'b["k"]')], {'b["k"]': "a"}, id="a plain block gets a key"),
        pytest.param(["a[0]"], [("a[0]", 'a["k"]')], {'a["k"]': "a[0]"}, id="count to for_each"),
        pytest.param(['a["k"]'], [('a["k"]', "a[1]")], {"a[1]": 'a["k"]'}, id="for_each to count"),
        pytest.param(["a[0]"], [("a[1]", "b")], {}, id="only the instance named"),
        pytest.param(["a"], [("a", "module.x.a")], {"module.x.a": "a"}, id="into a module"),
        pytest.param(
            ["module.x.a"], [("module.x.a", "b")], {"b": "module.x.a"}, id="out of a module"
        ),
        pytest.param(
            ["module.x.a", "module.x.module.y.b[0]", "module.z.a"],
            [("module.!x", "module.!n")],
            {"module.n.a": "module.x.a", "module.n.module.y.b[0]": "module.x.module.y.b[0]"},
            id="a module call is renamed with all in it",
        ),
        pytest.param(
            ["module.x[0].a", "module.x[1].a"],
            [("module.!x", "module.!n")],
            {"module.n[0].a": "module.x[0].a", "module.n[1].a": "module.x[1].a"},
            id="with every instance of it",
        ),
        pytest.param(
            ["module.x.a"],
            [("module.!x", 'module.!x["k"]')],
            {'module.x["k"].a': "module.x.a"},
            id="a module call gets a key",
        ),
        pytest.param(
            ["module.x.a"],
            [("module.!x", "module.!n"), ("module.n.a", "b")],
            {"b": "module.x.a"},
            id="modules and resources in one chain",
        ),
    ],
)
def test_where_moved_blocks_lead(
    recorded: list[str], moves: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    found, diagnostics = relocated(recorded, moves)
    assert found == expected
    assert not len(diagnostics)


@pytest.mark.parametrize(
    ("recorded", "desired", "expected"),
    [
        (["a"], ["a[0]", "a[1]"], {"a[0]": "a"}),
        (["a[0]", "a[1]"], ["a"], {"a": "a[0]"}),
        (["a", "a[0]"], ["a[0]"], {}),
        (["a"], ['a["k"]'], {}),
        (["a[1]"], ["a"], {}),
    ],
)
def test_a_block_that_gets_or_loses_count_keeps_its_first_object(
    recorded: list[str], desired: list[str], expected: dict[str, str]
) -> None:
    assert relocated(recorded, [], desired)[0] == expected


@pytest.mark.parametrize(
    ("moves", "summary"),
    [
        ([("a", "b"), ("a", "c")], "Ambiguous move"),
        ([("a", "c"), ("b", "c")], "Ambiguous move"),
        ([("a", "b"), ("b", "a")], "Moves in a circle"),
        ([("a", "b"), ("b", "c"), ("c", "a")], "Moves in a circle"),
        ([("a", "a")], "Moves in a circle"),
    ],
)
def test_moves_that_contradict_each_other_are_refused(
    moves: list[tuple[str, str]], summary: str
) -> None:
    found, diagnostics = relocated(["a"], moves)
    assert found == {}
    assert {each.summary for each in diagnostics.errors} == {summary}
    assert all(each.subject is not None for each in diagnostics.errors)


def test_a_move_between_types_is_refused() -> None:
    diagnostics = Diagnostics()
    wrong = Moved(Address("openai_thread", "a"), at("a"), PLACE)
    relocate([], [wrong], desired=(), diagnostics=diagnostics)
    assert [each.summary for each in diagnostics.errors] == ["Move between types"]


def test_a_move_between_a_module_and_a_resource_is_refused() -> None:
    diagnostics = Diagnostics()
    relocate([], [Moved(module("module.x"), at("a"))], desired=(), diagnostics=diagnostics)
    assert [each.summary for each in diagnostics.errors] == ["Move between a module and a resource"]


def test_a_move_from_what_is_still_declared_is_refused() -> None:
    _, diagnostics = relocated(["a"], [("a", "b")], desired=["a", "b"])
    assert [each.summary for each in diagnostics.errors] == ["Moved object still declared"]


def test_a_move_onto_another_object_is_not_made() -> None:
    found, diagnostics = relocated(["a", "b"], [("a", "b")])
    assert found == {}
    assert [each.summary for each in diagnostics.warnings] == ["Move not made"]


def test_a_move_that_is_not_made_does_not_drag_others_along() -> None:
    found, diagnostics = relocated(["a", "b", "c"], [("b", "c"), ("a", "b")])
    assert found == {}
    assert len(diagnostics.warnings) == 2


def test_a_moved_object_is_no_change_on_the_server() -> None:
    server = Conversations()
    server.apply([thread(), message("a", "A")])
    spec = [thread(), message("b", "A")]
    plan = server.apply(spec, moved=[Moved(at("a"), at("b"))])
    (change,) = [each for each in plan.changes if each.changes_something]
    assert (change.action, change.moved_from) == (Action.NO_OP, at("a"))
    assert plan.calls == 0
    assert not server.plan(spec, moved=[Moved(at("a"), at("b"))]).has_changes


def test_a_moved_object_may_be_edited_at_once() -> None:
    server = Conversations()
    server.apply([thread(), message("a", "A")])
    spec = [thread(), message("b", "B")]
    server.apply(spec, moved=[Moved(at("a"), at("b"))])
    assert server.contents() == ["B"]
    assert not server.plan(spec).has_changes


# -- removed


def test_what_a_removed_block_speaks_of() -> None:
    assert covers(at("a"), at("a[0]"))
    assert covers(at("a[0]"), at("a[0]"))
    assert not covers(at("a[0]"), at("a[1]"))
    assert covers(module("module.x"), at("module.x[0].module.y.a"))
    assert not covers(module("module.x[1]"), at("module.x[0].a"))
    assert not covers(module("module.x"), at("a"))


def test_the_first_removed_block_counts() -> None:
    blocks = [Removed(at("b")), Removed(at("a"), destroy=True)]
    assert removal(at("a[3]"), blocks) == blocks[1]
    assert removal(at("c"), blocks) is None


@pytest.mark.parametrize("text", ["module.x", 'module.x["k"].module.y[0]'])
def test_an_end_is_written_as_people_write_it(text: str) -> None:
    assert end_text(module(text)) == text


# -- alignment


def wanted(texts: Sequence[str | None], metadata: Sequence[str] | None = None) -> list[Wanted]:
    notes = metadata or [""] * len(texts)
    return [
        Wanted(at(f"m[{index}]"), text, note)
        for index, (text, note) in enumerate(zip(texts, notes, strict=True))
    ]


def standing(texts: Sequence[str | None], metadata: Sequence[str] | None = None) -> list[Standing]:
    notes = metadata or [""] * len(texts)
    return [
        Standing(at(f"m[{index}]"), text, note, index)
        for index, (text, note) in enumerate(zip(texts, notes, strict=True))
    ]


def aligned(
    recorded: Sequence[str | None],
    desired: Sequence[str | None],
    *,
    was: Sequence[str] | None = None,
    want: Sequence[str] | None = None,
) -> dict[int, int]:
    """Old index to new index, where they differ."""
    found = align(wanted(desired, want), standing(recorded, was))
    return {old.key: new.key for old, new in found.items()}


@pytest.mark.parametrize(
    ("recorded", "desired", "moves"),
    [
        pytest.param("abc", "abc", {}, id="nothing changed"),
        pytest.param("abc", "abcd", {}, id="appended"),
        pytest.param("abc", "ab", {}, id="the last one deleted"),
        pytest.param("abc", "bc", {1: 0, 2: 1, 0: 2}, id="the first one deleted"),
        pytest.param("abc", "xabc", {0: 1, 1: 2, 2: 3}, id="inserted at the top"),
        pytest.param("abc", "axc", {}, id="edited in place"),
        pytest.param("abc", "cab", {2: 0, 0: 1, 1: 2}, id="the last one to the top"),
        pytest.param("ab", "bx", {1: 0, 0: 1}, id="what is left over is replaced"),
        pytest.param("aaa", "aa", {}, id="equal ones keep their index"),
        pytest.param("aab", "ab", {2: 1, 1: 2}, id="an equal one deleted"),
        pytest.param("pqrsp", "spqr", {3: 0, 4: 1, 1: 2, 2: 3, 0: 4}, id="more can stay in place"),
    ],
)
def test_how_a_count_block_is_aligned(recorded: str, desired: str, moves: dict[int, int]) -> None:
    assert aligned(recorded, desired) == moves


def test_equal_metadata_decides_where_the_index_cannot() -> None:
    found = aligned("xaa", "a", was=["", "1", "2"], want=["2"])
    assert found == {2: 0, 0: 2}


def test_the_same_index_comes_before_equal_metadata() -> None:
    assert aligned("aaa", "aa", was=["1", "2", "3"], want=["2", "3"]) == {}


def test_unknown_content_aligns_with_nothing() -> None:
    assert aligned("ab", [None, "a", "b"]) == {0: 1, 1: 2}
    assert aligned(["a", None], "ba") == {0: 1, 1: 0}


def test_only_instances_of_the_same_count_block_trade() -> None:
    desired = [Wanted(at("m[0]"), "b"), Wanted(at('k["x"]'), "a"), Wanted(at("n[0]"), "a")]
    recorded = [
        Standing(at("m[0]"), "a", "", 0),
        Standing(at('k["y"]'), "a", "", 1),
        Standing(at("n[0]"), "b", "", 2),
    ]
    assert align(desired, recorded) == {}


def test_members_between_those_of_a_block_are_reckoned_with() -> None:
    desired = [Wanted(at("b"), "b"), Wanted(at("m[0]"), "x")]
    recorded = [
        Standing(at("m[0]"), "x", "", 0),
        Standing(at("b"), "b", "", 1),
        Standing(at("m[1]"), "x", "", 2),
    ]
    assert align(desired, recorded) == {at("m[1]"): at("m[0]"), at("m[0]"): at("m[1]")}


def test_a_fixed_block_never_trades() -> None:
    desired = [Wanted(at("m[0]"), None, fixed=True), Wanted(at("m[1]"), None, fixed=True)]
    assert align(desired, standing("ba")) == {}


texts = st.lists(st.sampled_from("abc"), max_size=8)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(texts, texts)
def test_an_alignment_loses_nothing_and_pairs_all_it_can(
    recorded: list[str], desired: list[str]
) -> None:
    moves = aligned(recorded, desired)
    where = {index: moves.get(index, index) for index in range(len(recorded))}
    assert len(set(where.values())) == len(recorded), "no two objects get one address"
    pairs = [(recorded[old], desired[new]) for old, new in where.items() if new < len(desired)]
    same = sum(was == wants for was, wants in pairs)
    assert same == sum(min(recorded.count(each), desired.count(each)) for each in "abc")
    assert len(pairs) == min(len(recorded), len(desired))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text("abcdefgh", min_size=1, max_size=2), max_size=12, unique=True), st.data())
def test_a_deletion_anywhere_only_shifts(recorded: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(range(len(recorded))))) if recorded else set()
    desired = [each for index, each in enumerate(recorded) if index not in gone]
    moves = aligned(recorded, desired)
    where = {moves.get(index, index): each for index, each in enumerate(recorded)}
    assert [where[index] for index in range(len(desired))] == desired


def test_thousands_are_aligned_in_no_time() -> None:
    many = [str(index) for index in range(3000)]
    assert len(aligned(many, many[1:])) == 3000
    assert len(aligned(many, ["x", *many])) == 3000
    equal = ["same"] * 3000
    assert MAX_PAIRS < 3000 * 3000
    assert aligned(["y", *equal], ["x", *equal]) == {}


def test_instances_spread_over_threads_never_share_an_address() -> None:
    first, second = Address("openai_thread", "t"), Address("openai_thread", "u")

    def spec(split: int) -> list[Instance]:
        named = [
            message(
                f"openai_message.m[{index}]", f"c{index}", parent=first if index < split else second
            )
            for index in range(6)
        ]
        return [thread(), thread("u"), *named]

    server = Conversations()
    server.apply(spec(2))
    server.apply(spec(4))
    assert not server.plan(spec(4)).has_changes
    assert sorted(len(each) for each in server.threads.values()) == [2, 4]


def moved_addresses(plan: Plan) -> dict[str, str]:
    return {str(each.address): str(each.moved_from) for each in plan.changes if each.moved_from}


def test_moved_blocks_come_before_the_alignment() -> None:
    server = Conversations()
    server.apply([thread(), *(message(f"openai_message.m[{i}]", c) for i, c in enumerate("abc"))])
    spec = [thread(), *(message(f"openai_message.n[{i}]", c) for i, c in enumerate("bc"))]
    plan = server.apply(spec, moved=[Moved(at("m"), at("n"))])
    assert moved_addresses(plan) == {
        "openai_message.n[0]": "openai_message.m[1]",
        "openai_message.n[1]": "openai_message.m[2]",
        "openai_message.n[2]": "openai_message.m[0]",
    }
    assert server.contents() == ["b", "c"]
    assert not server.plan(spec).has_changes
