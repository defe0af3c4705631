"""Diffs in views: what is shown as kept, gone and new always adds up to both sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.views import json_value
from reconciler.views.list_diff import gathered, pairs
from reconciler.views.masks import HIDDEN, mask_of, masked
from reconciler.views.text_diff import CONTEXT_LINES, MAX_CELLS, folded, line_edits

LINES = st.lists(st.sampled_from("abcde"), max_size=12)
ELEMENTS = st.lists(st.sampled_from(["a", "b", 1, None, {"x": 1}, ["y"]]), max_size=8)


@given(LINES, LINES)
def test_edits_lead_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    edits = list(line_edits(before, after))
    assert [line for side, line in edits if side != "+"] == before
    assert [line for side, line in edits if side != "-"] == after


def test_edits_of_texts_too_large_to_align_exactly_still_add_up() -> None:
    before = [str(number % 13) for number in range(400)]
    after = [str(number % 11) for number in range(400)]
    assert len(before) * len(after) > MAX_CELLS
    edits = list(line_edits(before, after))
    assert [line for side, line in edits if side != "+"] == before
    assert [line for side, line in edits if side != "-"] == after


def test_lines_that_occur_once_hold_a_long_text_together() -> None:
    before = [f"line {number}" for number in range(5000)]
    after = [*before[:100], "new", *before[101:2000], *before[3000:], "end"]
    edits = list(line_edits(before, after))
    assert [edit for edit in edits if edit[0] == "+"] == [("+", "new"), ("+", "end")]
    assert sum(side == "-" for side, _ in edits) == 1001


@pytest.mark.parametrize("kinds", [(1, 1), (2, 3), (7, 5), (90_000, 80_000)])
def test_texts_that_share_nothing_are_told_apart_to_their_end(kinds: tuple[int, int]) -> None:
    before = [str(number % kinds[0]) for number in range(60_000)]
    after = [str(-number % kinds[1]) for number in range(60_000)]
    edits = list(line_edits(before, after))
    assert [text for side, text in edits if side != "+"] == before
    assert [text for side, text in edits if side != "-"] == after
    assert len(list(folded(edits))) <= len(edits)


@given(LINES, LINES)
def test_folding_hides_only_unchanged_lines_and_counts_them(
    before: list[str], after: list[str]
) -> None:
    edits = list(line_edits(before, after))
    shown = list(folded(edits))
    hidden = sum(each for each in shown if isinstance(each, int))
    lines = [each for each in shown if not isinstance(each, int)]
    assert hidden + len(lines) == len(edits)
    assert [each for each in lines if each[0] != " "] == [each for each in edits if each[0] != " "]


def test_a_single_hidden_line_would_take_as_much_room_as_itself() -> None:
    edits = [("-", "x"), *[(" ", str(n)) for n in range(CONTEXT_LINES + 1)]]
    assert list(folded(edits)) == edits  # type: ignore[arg-type]


@given(ELEMENTS, ELEMENTS)
def test_every_element_of_both_lists_stands_in_one_pair(
    before: list[object], after: list[object]
) -> None:
    aligned = pairs(before, after)
    olds = [old for (old, _), _ in aligned if old is not None]
    news = [new for (_, new), _ in aligned if new is not None]
    assert olds == list(range(len(before)))
    assert news == list(range(len(after)))
    for (old, new), unchanged in aligned:
        if unchanged:
            assert old is not None
            assert new is not None
            assert before[old] == after[new]


@given(ELEMENTS, ELEMENTS)
def test_gathering_counts_every_element_it_hides(before: list[object], after: list[object]) -> None:
    aligned = pairs(before, after)
    shown = list(gathered(aligned))
    hidden = sum(each for each in shown if isinstance(each, int))
    assert hidden + sum(not isinstance(each, int) for each in shown) == len(aligned)


def test_two_lists_of_objects_are_paired_in_order() -> None:
    assert pairs([{"a": 1}, {"b": 1}], [{"a": 1}, {"b": 2}, {"c": 3}]) == [
        ((0, 0), True),
        ((1, 1), False),
        ((None, 2), False),
    ]


def test_json_is_only_what_can_be_shown_without_loss() -> None:
    assert json_value.parse('{"a": 1.0}') == {"a": "1.0"}
    assert json_value.parse(" [1e999, 00]") is None
    assert json_value.parse('{"a": 1, "a": 2}') is None
    assert json_value.parse('{"a": NaN}') is None
    assert json_value.parse('"text"') is None
    assert json_value.parse("[" * 5000 + "]" * 5000) is None
    assert json_value.parse("[" * 30 + "]" * 30) is None


def test_a_mask_hides_what_its_paths_name_and_everything_below() -> None:
    value = {"a": {"b": ["x", {"c": "y"}]}, "d": None, "e": 1}
    assert masked(value, mask_of([("a", "b", 1), ("d",)])) == {
        "a": {"b": ["x", HIDDEN]},
        "d": None,
        "e": 1,
    }
    assert masked(value, mask_of([()])) == HIDDEN
    assert masked(value, mask_of([("a",), ("a", "b")]))["a"] == HIDDEN  # type: ignore[index,call-overload]
    assert masked(value, mask_of([])) == value
