"""Unknown and sensitive values: what a plan knows of a result, and what it must not show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from vectors import OWN, SHARED, Vector, check, load

from reconciler.language import Sensitive, Unknown, evaluate
from reconciler.language.functions import standard_functions
from reconciler.language.parse import parse_expression
from reconciler.language.plain import convert
from reconciler.language.values import (
    contains_sensitive,
    contains_unknown,
    is_unknown,
)

UNKNOWNS = {
    "u": Unknown("string"),
    "d": Unknown("dynamic"),
    "dd": Unknown("dynamic"),
    "n": Unknown("number"),
    "l": Unknown(["list", "string"]),
}


@pytest.mark.parametrize("vector", load(OWN / "plan.json"))
def test_what_a_terraform_plan_knows_is_known(vector: Vector) -> None:
    check(vector, UNKNOWNS)


@pytest.mark.parametrize("vector", load(OWN / "sensitive.json"))
def test_what_a_terraform_plan_hides_is_hidden(vector: Vector) -> None:
    check(vector, UNKNOWNS)


@pytest.mark.parametrize("vector", load(SHARED / "vectors-unknown.json"))
def test_a_shared_vector_of_a_plan_holds(vector: Vector) -> None:
    check(vector)


ID = Unknown("string", origin="openai_thread.a.id")
THREAD = Unknown(["object", {"id": "string"}], origin="openai_thread.a")


def origin(text: str) -> str | None:
    value = evaluate(
        text, {"id": ID, "thread": THREAD, "var": {"id": ID, "ids": [ID]}, "u": Unknown()}
    )
    while isinstance(value, Sensitive):
        value = value.value
    assert isinstance(value, Unknown)
    return value.origin


@pytest.mark.parametrize(
    "text",
    [
        "id", "var.id", 'var["id"]', "(id)", '"${id}"', "true ? id : 1", 'false ? "x" : id', "var.ids[0]",
        "{ a = id }.a", "[for x in [id] : x][0]", "one([id])", 'lookup({ a = id }, "a")',
        "element([id], 0)", "merge({}, { a = id }).a", "sensitive(id)", "nonsensitive(id)",
    ],
)  # fmt: skip
def test_an_origin_survives_what_hands_the_value_on(text: str) -> None:
    assert origin(text) == "openai_thread.a.id"


@pytest.mark.parametrize(
    "text",
    ['"${id}-1"', '"x${id}"', "upper(id)", 'id == "a"', 'u ? id : "x"', "split(id, id)",
     "tonumber(id)", "[for x in u : id]", "try(id)", 'coalesce(id, "x")', "d"],
)  # fmt: skip
def test_an_origin_is_lost_by_any_computation(text: str) -> None:
    if text == "d":
        assert Unknown().origin is None
    else:
        assert origin(text) is None


def test_an_attribute_of_an_unknown_object_has_an_origin_of_its_own() -> None:
    assert origin("thread.id") == "openai_thread.a.id"
    assert evaluate('x["k"].y[0]', {"x": Unknown(origin="a.b")}) == Unknown(
        "dynamic", not_null=False, origin='a.b["k"].y[0]'
    )


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ('"turn-${id}"', "turn-"),
        ('"turn${id}"', "tur"),
        ('"é${id}"', ""),
        ('"日本${id}"', "日"),
        ("jsonencode({ a = id })", "{"),
        ("jsonencode([id])", "["),
        ('format("turn %s", id)', "turn "),
        ('"${id}-"', ""),
    ],
)
def test_the_beginning_of_an_unknown_text_is_known_as_far_as_nothing_can_change_it(
    text: str, prefix: str
) -> None:
    value = evaluate(text, {"id": ID})
    assert isinstance(value, Unknown)
    assert (value.type, value.not_null, value.prefix) == ("string", True, prefix)


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("u + 1", "number"), ('u == "a"', "bool"), ("!(u > 1)", "bool"), ('split(",", u)', ["list", "string"]),
        ('u == "a" ? 1 : "b"', "string"), ('u == "a" ? [1] : []', ["list", "number"]),
        ("jsondecode(u)", "dynamic"), ("tolist(l)", ["list", "string"]), ("toset(l)", ["set", "string"]),
        ("reverse(l)", ["list", "string"]), ("element(l, 0)", "string"), ("l[0]", "string"),
        ("l[*]", ["list", "string"]), ("one(l)", "string"), ("chunklist(l, 1)", ["list", ["list", "string"]]),
        ("setproduct(l, l)", ["list", ["tuple", ["string", "string"]]]), ("values(m)", ["list", "number"]),
        ("keys(m)", ["list", "string"]), ("m.x", "number"), ('m["x"]', "number"), ('lookup(m, "x", 1)', "number"),
        ("o.a", "string"), ("o[u]", "dynamic"), ("t[1]", "bool"), ("t[*]", ["tuple", ["string", "bool"]]),
        ('regex("(a)(b)", u)', ["tuple", ["string", "string"]]),
    ],
)  # fmt: skip
def test_an_unknown_result_has_a_type(text: str, of: object) -> None:
    variables = {
        **UNKNOWNS,
        "m": Unknown(["map", "number"]),
        "o": Unknown(["object", {"a": "string"}]),
        "t": Unknown(["tuple", ["string", "bool"]]),
    }
    value = evaluate(text, variables)
    assert isinstance(value, Unknown)
    assert value.type == of


def test_what_is_known_of_an_unknown_rules_values_out() -> None:
    variables = {"u": Unknown("bool"), "t": Unknown("string", prefix="turn-")}
    for text, value in (
        ('t == "x"', False),
        ('t == "turn-1"', None),
        ("(u ? 1 : 5) == 7", False),
        ("(u ? 1 : 5) == 3", None),
        ("(u ? tolist([1]) : tolist([2])) == tolist([1, 2])", False),
        ("(u ? tomap({ a = 1 }) : tomap({})) == tomap({ a = 1 })", None),
        ("(u ? 1 : 5) >= 0", True),
        ("(u ? 1 : 5) >= 1", None),
        ("(u ? 1 : 5) > 0", True),
        ("length(u ? tolist([1]) : tolist([1, 2])) < 3", True),
        ("length(u ? tolist([1]) : tolist([])) < 2", None),
    ):
        found = evaluate(text, variables)
        assert found is value if value is not None else isinstance(found, Unknown), text


@pytest.mark.parametrize(
    ("given", "of", "resolved"),
    [
        (["tuple", ["number"]], ["tuple", ["dynamic"]], ["tuple", ["number"]]),
        (["object", {"a": "number"}], ["object", {"a": "dynamic"}], ["object", {"a": "dynamic"}]),
        (["object", {"a": "number"}], ["map", "dynamic"], ["map", "number"]),
        ("dynamic", ["list", "dynamic"], ["list", "dynamic"]),
    ],
)
def test_an_unknown_converts_to_a_type_with_any_in_it(
    given: object, of: object, resolved: object
) -> None:
    found = convert(Unknown(given), of)
    assert isinstance(found, Unknown)
    assert found.type == resolved


@pytest.mark.parametrize("text", ["o.b", 'o["b"]', "t[2]", "u.a", "u[0]", 'l["x"]', "n[*].a"])
def test_a_mistake_about_the_type_of_an_unknown_is_found_before_it_is_known(text: str) -> None:
    variables = {
        **UNKNOWNS,
        "o": Unknown(["object", {"a": "string"}]),
        "t": Unknown(["tuple", ["string", "bool"]]),
    }
    check({"expr": text, "error": True}, variables)


class Scope:
    """Functions of an apply, and no names."""

    def __init__(self, *, is_applying: bool) -> None:
        at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
        self.functions = standard_functions(planned_at=at, is_applying=is_applying)

    def root(self, name: str) -> object:
        raise LookupError(f"no {name}")


@pytest.mark.parametrize("text", ["timestamp()", "uuid()", 'bcrypt("a", 4)'])
def test_what_only_an_apply_can_say_is_unknown_until_then(text: str) -> None:
    expression = parse_expression(text)
    assert expression.evaluate(Scope(is_applying=False)) == Unknown("string")
    first, second = (expression.evaluate(Scope(is_applying=True)) for _ in range(2))
    assert isinstance(first, str)
    assert first != second or text == "timestamp()"


def test_the_time_of_the_plan_is_the_same_all_along() -> None:
    for is_applying in (False, True):
        value = parse_expression("plantimestamp()").evaluate(Scope(is_applying=is_applying))
        assert value == "2026-03-01T12:30:00Z"


def test_unknown_and_sensitive_parts_are_found_however_deep_they_are() -> None:
    value = {"a": [1, {"b": Sensitive(Unknown("string"))}]}
    assert contains_unknown(value)
    assert contains_sensitive(value)
    assert is_unknown(Sensitive(Unknown()))
    assert not contains_unknown({"a": [1, None, "x"]})


def test_a_sensitive_value_does_not_show_itself() -> None:
    assert repr({"key": Sensitive("hunter2")}) == "{'key': Sensitive(...)}"
