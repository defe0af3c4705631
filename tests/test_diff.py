"""Diff: what differs, attribute by attribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from conversation_model import MESSAGE, SCHEMAS, THREAD, at
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address
from reconciler.diff import AttributeChange, cost_of, diff, drift, is_vacant, refreshed, same
from reconciler.frozen import replace
from reconciler.language.values import UNKNOWN, Unknown
from reconciler.schema import ChangeCost, Schema, Value
from reconciler.state.model import StateObject

UPDATE, REPLACE, LOCAL = ChangeCost.UPDATE, ChangeCost.REPLACE, ChangeCost.LOCAL


def recorded(
    attributes: Mapping[str, Value], sent: Mapping[str, Value] | None = None
) -> StateObject:
    base = {"id": "msg_1", "thread_id": "thread_1", "role": "user", "content": "hi"}
    return StateObject(at("a"), {**base, "metadata": {}, **attributes}, sent or {})


def wanted(**desired: Value) -> dict[str, Value]:
    base: dict[str, Value] = {"thread_id": "thread_1", "role": "user", "content": "hi"}
    return {**dict.fromkeys(MESSAGE.arguments), **base, **desired}


def changed(
    was: StateObject | None,
    desired: Mapping[str, Value],
    *,
    observed: Mapping[str, Value] | None = None,
    ignore: object = (),
    schema: Schema = MESSAGE,
) -> dict[tuple[str | int, ...], tuple[Value, Value, ChangeCost]]:
    seen = None if observed is None or was is None else {**was.attributes, **observed}
    found = diff(schema, was, seen, desired, ignore=ignore)
    return {each.path: (each.before, each.after, each.cost) for each in found}


def test_what_is_as_desired_does_not_differ() -> None:
    assert changed(recorded({}), wanted()) == {}


@pytest.mark.parametrize(
    ("desired", "path", "cost"),
    [
        ({"content": "ho"}, ("content",), REPLACE),
        ({"role": "assistant"}, ("role",), REPLACE),
        ({"thread_id": "thread_2"}, ("thread_id",), REPLACE),
        ({"metadata": {"k": "v"}}, ("metadata",), UPDATE),
        ({"order": 3}, ("order",), LOCAL),
        ({"attachments": [{"file_id": "f", "tools": []}]}, ("attachments",), REPLACE),
        ({"file_ids": ["f"]}, ("file_ids",), REPLACE),
    ],
)
def test_each_attribute_has_its_cost(
    desired: dict[str, Value], path: tuple[str], cost: ChangeCost
) -> None:
    ((found, (_, _, price)),) = changed(recorded({}), wanted(**desired)).items()
    assert (found, price) == (path, cost)


def test_a_difference_in_a_map_is_told_by_its_key() -> None:
    was = recorded({"metadata": {"a": "1", "b": "2", "c": "3"}})
    assert changed(was, wanted(metadata={"a": "1", "b": "9", "d": "4"})) == {
        ("metadata", "b"): ("2", "9", UPDATE),
        ("metadata", "c"): ("3", None, UPDATE),
        ("metadata", "d"): (None, "4", UPDATE),
    }


def test_a_difference_in_a_list_of_equal_length_is_told_by_its_index() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    other = [{"type": "text", "text": "a"}, {"type": "text", "text": "c"}]
    assert list(changed(recorded({"content": parts}), wanted(content=other))) == [
        ("content", 1, "text")
    ]


def test_removing_metadata_clears_it() -> None:
    was = recorded({"metadata": {"k": "v"}})
    assert changed(was, wanted(metadata=None)) == {("metadata",): ({"k": "v"}, None, UPDATE)}


@pytest.mark.parametrize("have", [None, {}, {"k": None}])
@pytest.mark.parametrize("want", [None, {}, {"k": None}])
def test_null_absent_and_empty_never_alternate(have: Value, want: Value) -> None:
    assert changed(recorded({"metadata": have}), wanted(metadata=want)) == {}


@pytest.mark.parametrize("have", [None, []])
@pytest.mark.parametrize("want", [None, []])
def test_no_files_are_no_files(have: Value, want: Value) -> None:
    assert changed(recorded({"attachments": have}), wanted(file_ids=want)) == {}


def test_an_empty_text_is_not_an_absent_one() -> None:
    was = recorded({"metadata": {"k": ""}})
    assert changed(was, wanted(metadata={})) == {("metadata",): ({"k": ""}, None, UPDATE)}


def test_a_text_and_its_one_text_part_are_the_same() -> None:
    was = recorded({"content": [{"type": "text", "text": "hi"}]})
    assert changed(was, wanted(content="hi")) == {}


SEARCHED = [{"file_id": "f", "tools": [{"type": "file_search"}]}]
OTHER = [{"file_id": "g", "tools": [{"type": "file_search"}]}]


def as_read(was: StateObject, attachments: Value) -> dict[str, Value]:
    """What a server answers: it knows no `file_ids`."""
    read = {name: value for name, value in was.attributes.items() if name != "file_ids"}
    return {**read, "attachments": attachments}


def names(changes: Iterable[AttributeChange]) -> set[str | int]:
    return {each.path[0] for each in changes}


@pytest.mark.parametrize("now", [[], None, OTHER, [*SEARCHED, *OTHER]])
def test_file_ids_that_the_server_has_no_more_are_drift_until_they_are_back(now: Value) -> None:
    was, desired = recorded({"file_ids": ["f"], "attachments": SEARCHED}), wanted(file_ids=["f"])
    seen, well = as_read(was, now), as_read(was, SEARCHED)
    assert names(drift(MESSAGE, was, seen)) == {"attachments"}
    assert names(diff(MESSAGE, was, seen, desired)) == {"file_ids"}

    later = refreshed(MESSAGE, was, seen)

    assert not drift(MESSAGE, later, seen)
    assert names(diff(MESSAGE, later, seen, desired)) == {"file_ids"}
    assert names(drift(MESSAGE, later, well)) == {"attachments"}
    assert not diff(MESSAGE, refreshed(MESSAGE, later, well), well, desired)


def test_file_ids_that_a_server_never_tells_are_no_drift() -> None:
    was = recorded({"file_ids": ["f"], "attachments": []})
    seen = {**as_read(was, []), "metadata": {"k": "v"}}
    assert names(drift(MESSAGE, was, seen)) == {"metadata"}
    later = refreshed(MESSAGE, was, seen)
    assert not diff(MESSAGE, later, seen, wanted(file_ids=["f"], metadata={"k": "v"}))


def test_file_ids_are_their_attachments() -> None:
    attached = [{"file_id": "f", "tools": [{"type": "file_search"}]}]
    assert changed(recorded({"attachments": attached}), wanted(file_ids=["f"])) == {}


@pytest.mark.parametrize("unknown", [UNKNOWN, {"k": UNKNOWN}])
def test_an_unknown_desired_value_always_differs(unknown: Value) -> None:
    assert changed(recorded({"metadata": {"k": "v"}}), wanted(metadata=unknown)) != {}


def test_only_the_unknown_leaf_differs() -> None:
    was = recorded({"metadata": {"a": "1", "b": "2"}})
    found = changed(was, wanted(metadata={"a": "1", "b": UNKNOWN}))
    assert list(found) == [("metadata", "b")]


def test_what_did_not_exist_differs_in_all_that_is_desired() -> None:
    found = diff(MESSAGE, None, None, wanted())
    assert [each.path for each in found] == [("content",), ("role",), ("thread_id",)]
    assert {each.before for each in found} == {None}


# -- sent and returned


def test_what_a_server_made_of_our_write_is_no_difference() -> None:
    was = recorded({"content": "hi", "metadata": {}}, {"content": " hi ", "metadata": {"k": "v"}})
    desired = wanted(content=" hi ", metadata={"k": "v"})
    assert changed(was, desired) == {}
    assert changed(was, desired, observed={}) == {}


def test_a_new_wish_is_compared_with_what_was_sent() -> None:
    was = recorded({"content": "hi"}, {"content": " hi "})
    assert changed(was, wanted(content="hi")) == {("content",): (" hi ", "hi", REPLACE)}


def test_what_someone_else_changed_differs() -> None:
    was = recorded({"metadata": {"k": "v"}})
    found = changed(was, wanted(metadata={"k": "v"}), observed={"metadata": {"k": "w"}})
    assert found == {("metadata", "k"): ("w", "v", UPDATE)}


def test_what_someone_else_made_as_desired_does_not_differ() -> None:
    was = recorded({"metadata": {"k": "v"}})
    assert changed(was, wanted(metadata={"k": "w"}), observed={"metadata": {"k": "w"}}) == {}


def test_what_the_server_dropped_is_no_difference_beside_what_someone_changed() -> None:
    was = recorded({"metadata": {"a": "1"}}, {"metadata": {"a": "1", "dropped": "x"}})
    found = changed(
        was, wanted(metadata={"a": "1", "dropped": "x"}), observed={"metadata": {"a": "2"}}
    )
    assert found == {("metadata", "a"): ("2", "1", UPDATE)}


def test_emptied_metadata_is_seen() -> None:
    was = recorded({"metadata": {"k": "v"}})
    assert changed(was, wanted(metadata={"k": "v"}), observed={"metadata": {}}) == {
        ("metadata",): (None, {"k": "v"}, UPDATE)
    }


def test_an_attribute_that_the_api_does_not_carry_is_as_recorded() -> None:
    was = recorded({"metadata": {"k": "v"}})
    assert diff(MESSAGE, was, {"id": "msg_1"}, wanted(metadata={"k": "v"})) == ()


# -- what the API may choose


def thread_of(resources: Value, sent: Mapping[str, Value] | None = None) -> StateObject:
    attributes = {"id": "thread_1", "metadata": {}, "tool_resources": resources}
    return StateObject(Address("openai_thread", "t"), attributes, sent or {})


def resources_diff(
    was: StateObject, desired: Value, observed: Value = None
) -> tuple[AttributeChange, ...]:
    seen = {**was.attributes, "tool_resources": observed} if observed is not None else None
    return diff(THREAD, was, seen, {"tool_resources": desired})


ONE = {"code_interpreter": {"file_ids": ["f1"]}}
TWO = {"code_interpreter": {"file_ids": ["f1", "f2"]}, "file_search": {"vector_store_ids": ["v"]}}


def test_leaving_out_what_the_api_may_choose_accepts_what_is_there() -> None:
    assert resources_diff(thread_of(TWO), None) == ()


def test_what_the_server_added_is_accepted() -> None:
    assert resources_diff(thread_of(ONE), ONE, TWO) == ()


def test_what_the_server_lacks_is_not() -> None:
    assert len(resources_diff(thread_of(TWO), TWO, ONE)) == 2


def test_asking_for_less_is_a_wish_like_any_other() -> None:
    assert len(resources_diff(thread_of(TWO), ONE)) == 2


def test_what_the_server_added_is_accepted_again_once_it_is_remembered() -> None:
    was = thread_of(ONE)
    later = refreshed(THREAD, was, {**was.attributes, "tool_resources": TWO})
    assert later.attributes["tool_resources"] == TWO
    assert resources_diff(later, ONE, TWO) == ()
    assert drift(THREAD, was, {**was.attributes, "tool_resources": TWO}) == ()


# -- ignore_changes


def test_ignored_attributes_do_not_differ() -> None:
    was = recorded({"metadata": {"k": "v"}})
    desired = wanted(content="ho", metadata={"k": "w"})
    assert list(changed(was, desired, ignore=[("metadata",)])) == [("content",)]
    assert changed(was, desired, ignore="all") == {}


def test_an_ignored_key_leaves_the_others() -> None:
    was = recorded({"metadata": {"k": "v", "x": "1"}})
    desired = wanted(metadata={"k": "w", "x": "2"})
    assert list(changed(was, desired, ignore=[("metadata", "k")])) == [("metadata", "x")]


def test_an_ignored_key_may_be_missing_on_either_side() -> None:
    assert changed(recorded({}), wanted(metadata={"k": "w"}), ignore=[("metadata", "k")]) == {}
    was = recorded({"metadata": {"k": "w"}})
    assert changed(was, wanted(), ignore=[("metadata", "k")]) == {}


def test_an_ignored_element_of_a_list_leaves_the_others() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    other = [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]
    found = changed(recorded({"content": parts}), wanted(content=other), ignore=[("content", 0)])
    assert list(found) == [("content", 1, "text")]


def test_ignoring_file_ids_ignores_the_attachments_they_are() -> None:
    attached = [{"file_id": "f", "tools": [{"type": "file_search"}]}]
    was = recorded({"attachments": attached})
    assert changed(was, wanted(file_ids=["g"]), ignore=[("file_ids",)]) == {}


def test_ignored_drift_does_not_differ() -> None:
    was = recorded({"metadata": {"k": "v"}})
    found = changed(
        was, wanted(metadata={"k": "v"}), observed={"metadata": {"k": "x"}}, ignore=[("metadata",)]
    )
    assert found == {}


# -- drift and what is remembered


def test_drift_is_what_someone_else_did() -> None:
    was = recorded({"metadata": {"k": "v"}})
    found = drift(MESSAGE, was, {**was.attributes, "metadata": {"k": "w"}})
    assert found == (AttributeChange(("metadata", "k"), "v", "w", UPDATE),)


@pytest.mark.parametrize(
    "observed",
    [{"metadata": None}, {"assistant_id": ""}, {"attachments": []}, {"created_at": 2.0}],
)
def test_what_means_the_same_or_is_computed_is_no_drift(observed: dict[str, Value]) -> None:
    was = recorded({"assistant_id": None, "attachments": None, "created_at": 1})
    assert drift(MESSAGE, was, {**was.attributes, **observed}) == ()


def test_what_means_the_same_is_remembered_as_it_was_written() -> None:
    was = recorded({"content": "hi"})
    seen = {**was.attributes, "content": [{"type": "text", "text": "hi"}]}
    assert refreshed(MESSAGE, was, seen) is was


def test_what_was_sent_is_forgotten_where_someone_changed_it() -> None:
    was = recorded({"metadata": {"a": "1"}}, {"metadata": {"a": "1", "b": "2"}})
    later = refreshed(MESSAGE, was, {**was.attributes, "metadata": {"a": "9"}})
    assert later.sent == {"metadata": {"a": "9", "b": "2"}}
    desired = wanted(metadata={"a": "1", "b": "2"})
    assert list(changed(later, desired)) == [("metadata", "a")]


def test_computed_attributes_are_remembered_as_seen() -> None:
    was = recorded({"run_id": None})
    assert refreshed(MESSAGE, was, {**was.attributes, "run_id": "run_1"}).attributes["run_id"]


# -- values


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (False, 0, False),
        ([1, [2]], [1, [2]], True),
        ([True], [1], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        (None, None, True),
        (None, "", False),
        ("a", "a", True),
        (UNKNOWN, UNKNOWN, False),
        ([UNKNOWN], [UNKNOWN], False),
        ("a", UNKNOWN, False),
    ],
)
def test_when_two_values_are_the_same(left: Value, right: Value, equal: bool) -> None:
    assert same(left, right) is equal
    assert same(right, left) is equal


@pytest.mark.parametrize("value", [None, {}, [], {"a": None}, {"a": {"b": []}}])
def test_what_says_nothing(value: Value) -> None:
    assert is_vacant(value)


@pytest.mark.parametrize("value", [0, False, "", [None], {"a": ""}, Unknown()])
def test_what_says_something(value: Value) -> None:
    assert not is_vacant(value)


def test_the_dearest_cost_counts() -> None:
    def change(cost: ChangeCost) -> AttributeChange:
        return AttributeChange(("x",), None, 1, cost)

    assert cost_of([]) is None
    assert cost_of([change(LOCAL)]) is LOCAL
    assert cost_of([change(LOCAL), change(UPDATE)]) is UPDATE
    assert cost_of([change(REPLACE), change(UPDATE)]) is REPLACE


metadata = st.one_of(
    st.none(), st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "1", "2"]), max_size=3)
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(metadata, metadata, metadata, metadata)
def test_after_an_update_nothing_differs_whatever_the_server_drops(
    first: Value, kept: Value, second: Value, seen: Value
) -> None:
    """Send, have the server keep something else, let someone meddle, update: then all is well."""
    was = recorded({"metadata": kept}, {"metadata": first})
    assert changed(was, wanted(metadata=first)) == {}
    meddled = refreshed(MESSAGE, was, {**was.attributes, "metadata": seen})
    if changed(meddled, wanted(metadata=second)):
        meddled = replace(meddled, sent={"metadata": second})
    assert changed(meddled, wanted(metadata=second)) == {}


def test_every_schema_has_a_canonical_form_that_is_its_own() -> None:
    for schema in SCHEMAS.values():
        once = schema.canonical(wanted())
        assert schema.canonical(once) == once
