"""Types: what values are of, what they convert to, and what several have in common."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from reconciler.language.convert import conversion_type
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import add, divide, format_number, multiply, parse_number
from reconciler.language.plain import convert, from_plain, to_plain, type_of
from reconciler.language.types import (
    describe_type,
    has_dynamic,
    is_convertible,
    type_text,
    unify,
)
from reconciler.language.values import (
    Sensitive,
    SetValue,
    TypedList,
    TypedMap,
    TypedNull,
    Unknown,
)

OBJECT = ["object", {"a": "string", "n": "number"}, ["n"]]


@pytest.mark.parametrize(
    ("value", "of"),
    [
        (None, "dynamic"),
        (True, "bool"),
        (1, "number"),
        (Decimal("1.5"), "number"),
        ("x", "string"),
        ([1, "a"], ["tuple", ["number", "string"]]),
        ({"a": [None]}, ["object", {"a": ["tuple", ["dynamic"]]}]),
        (TypedList([], "string"), ["list", "string"]),
        (TypedMap({}, "bool"), ["map", "bool"]),
        (SetValue([1], "number"), ["set", "number"]),
        (TypedNull("string"), "string"),
        (Unknown(["list", "number"]), ["list", "number"]),
        (Sensitive({"a": 1}), ["object", {"a": "number"}]),
    ],
)
def test_a_value_is_of_a_type(value: object, of: object) -> None:
    assert type_of(value) == of


@pytest.mark.parametrize(
    ("value", "of", "result"),
    [
        (1, "string", "1"),
        (Decimal("1.50"), "string", "1.5"),
        (True, "string", "true"),
        ("1e3", "number", 1000),
        ("1", "bool", True),
        (None, "string", None),
        ([1, "a"], ["list", "string"], ["1", "a"]),
        ([1, "a", None], ["list", "dynamic"], ["1", "a", None]),
        (["b", "a", "b"], ["set", "string"], ["a", "b"]),
        ({"b": 1, "a": "x"}, ["map", "string"], {"a": "x", "b": "1"}),
        ({"a": 1, "more": 2}, OBJECT, {"a": "1", "n": None}),
        (TypedMap({"a": "x", "n": "2"}, "string"), OBJECT, {"a": "x", "n": 2}),
        ([1, "2"], ["tuple", ["string", "number"]], ["1", 2]),
        ([[1], ["a"]], ["list", ["list", "dynamic"]], [["1"], ["a"]]),
        ([{"a": 1}, {"b": "x"}], ["list", "dynamic"], [{"a": "1"}, {"b": "x"}]),
        ([], ["list", "dynamic"], []),
        (SetValue([2, 10], "number"), ["list", "string"], ["2", "10"]),
        ("anything", "dynamic", "anything"),
    ],
)
def test_a_value_converts(value: object, of: object, result: object) -> None:
    assert convert(value, of) == result


@pytest.mark.parametrize(
    ("value", "of", "said"),
    [
        ("x", "number", "a number is required, and this text does not spell one"),
        (True, "number", "a number is required, not a bool"),
        (1, "bool", "a bool is required, not a number"),
        ("TRUE", "bool", 'a bool is required; write "true" or "false" in lower case'),
        ([], "string", "a string is required, not a tuple"),
        ({"n": 1}, OBJECT, 'attribute "a" is required'),
        ({"a": [1]}, OBJECT, ".a: a string is required, not a tuple"),
        ([{"a": "x"}, {"a": {}}], ["list", OBJECT], "[1].a: a string is required, not an object"),
        ([1, True], ["list", "dynamic"], "all elements of a list must have the same type"),
        ([1], ["tuple", []], "a tuple of 0 elements is required, not of 1"),
        ("x", ["list", "string"], "a list of string is required, not a string"),
        ([1], ["map", "string"], "a map of string is required, not a tuple"),
        (Unknown("bool"), "number", "a number is required, not a bool"),
    ],
)
def test_a_conversion_that_fails_says_where_and_why(value: object, of: object, said: str) -> None:
    with pytest.raises(ValueMistake) as caught:
        convert(value, of)
    assert caught.value.text == said


def test_a_conversion_keeps_marks_and_unknowns_where_they_are() -> None:
    found = convert([Sensitive(1), Unknown("number"), "x"], ["list", "string"])
    assert found == [Sensitive("1"), Unknown("string", not_null=False), "x"]
    assert convert([Sensitive("a"), "b"], ["set", "string"]) == Sensitive(["a", "b"])
    unknown = Unknown("string", origin="openai_thread.a.id")
    assert convert(unknown, "string") is unknown


def test_a_path_inside_a_sensitive_value_is_not_told() -> None:
    with pytest.raises(ValueMistake) as caught:
        convert(Sensitive({"hunter2": [1], "b": 1}), ["map", "string"])
    assert "hunter2" not in caught.value.text


@pytest.mark.parametrize(
    ("types", "common"),
    [
        (["number", "string"], "string"),
        (["bool", "string"], "string"),
        (["number", "bool"], None),
        (["dynamic", "number"], "number"),
        ([["list", "number"], ["list", "string"]], ["list", "string"]),
        ([["list", "number"], ["set", "number"]], ["list", "number"]),
        ([["tuple", ["number"]], ["tuple", ["string"]]], ["tuple", ["string"]]),
        ([["tuple", ["number"]], ["tuple", []]], ["list", "number"]),
        ([["object", {"a": "number"}], ["object", {"a": "string"}]], ["object", {"a": "string"}]),
        ([["object", {"a": "number"}], ["object", {"b": "string"}]], ["map", "string"]),
        ([["map", "number"], ["object", {"a": "string"}]], ["map", "string"]),
        ([["list", "number"], ["tuple", ["string"]]], ["list", "string"]),
        ([["object", {}], ["tuple", []]], None),
        (["string", ["list", "string"]], None),
        (["dynamic", ["list", "string"]], "dynamic"),
    ],
)
def test_types_have_one_in_common_or_none(types: list[object], common: object) -> None:
    assert unify(types) == common


@pytest.mark.parametrize(
    ("of", "words", "text"),
    [
        ("string", "string", "string"),
        ("dynamic", "any type", "any"),
        (["list", "string"], "list of string", "list(string)"),
        (["map", "dynamic"], "map of any single type", "map(any)"),
        (["tuple", ["string", "bool"]], "tuple", "tuple([string, bool])"),
        (OBJECT, "object", "object({ a = string, n = optional(number) })"),
        (["object", {}], "object", "object({})"),
    ],
)
def test_a_type_has_words_and_a_spelling(of: object, words: str, text: str) -> None:
    assert (describe_type(of), type_text(of)) == (words, text)


def test_any_inside_a_type_is_resolved_by_what_is_converted() -> None:
    assert conversion_type(["tuple", ["number", "string"]], ["list", "dynamic"]) == [
        "list",
        "string",
    ]
    assert conversion_type(["set", "bool"], ["list", "dynamic"]) == ["list", "bool"]
    assert conversion_type(["object", {"a": "number"}], ["map", "dynamic"]) == ["map", "number"]
    assert has_dynamic(["map", ["object", {"a": "dynamic"}]])
    assert is_convertible(["object", {"a": "number"}], OBJECT)


# To and from Python


DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text("aé\u0301 \n", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@for_all(DATA)
def test_data_that_goes_in_and_out_twice_is_the_same(value: object) -> None:
    once, sensitive = to_plain(from_plain(value))
    assert sensitive == ()
    assert to_plain(from_plain(once)) == (once, ())


def test_plain_data_tells_what_was_sensitive_by_its_path() -> None:
    value = {"a": [1, Sensitive("x")], "b": Sensitive({"c": Sensitive(1)}), "n": Decimal("2.50")}
    assert to_plain(value) == (
        {"a": [1, "x"], "b": {"c": 1}, "n": 2.5},
        (("a", 1), ("b",)),
    )
    assert to_plain(Sensitive(Unknown("string"))) == (Unknown("string"), ((),))


def test_floats_become_the_decimals_they_show() -> None:
    assert from_plain([0.1, 2.0, 1e22]) == [Decimal("0.1"), 2, 10**22]


# Numbers


@for_all(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    )
)
def test_a_number_spelled_out_and_read_again_is_the_same(value: Decimal) -> None:
    number = from_plain(value)
    assert isinstance(number, (int, Decimal))
    assert parse_number(format_number(number)) == number


@for_all(st.integers(1, 10**40), st.integers(1, 10**40))
def test_a_quotient_times_the_divisor_is_close_to_the_dividend(left: int, right: int) -> None:
    product = multiply(divide(left, right), right)
    assert abs(Decimal(product) - left) <= Decimal(left).scaleb(-150)


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5), ("+5", 5), ("-0", 0), (".5", Decimal("0.5")), ("5.", 5), ("1e3", 1000),
     ("1.10", Decimal("1.1")), ("", None), ("1_0", None), ("0x1", None), (" 1", None), ("1e", None),
     ("\u0661", None), ("Inf", Decimal("Infinity"))],
)  # fmt: skip
def test_a_text_spells_a_number_or_none(text: str, number: object) -> None:
    assert parse_number(text) == number


def test_a_sum_is_rounded_to_512_bits() -> None:
    assert add(Decimal("0.1"), Decimal("0.2")) == Decimal("0.3")
    assert add(2**600, 1) == add(2**600, 0)
