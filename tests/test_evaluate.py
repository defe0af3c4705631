"""Evaluation: operators, templates, loops, references, and what a mistake says."""

from __future__ import annotations

import doctest
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from vectors import OWN, SHARED, Vector, check, load

import reconciler.language
from reconciler.diagnostics import Diagnostic
from reconciler.errors import SpecError
from reconciler.language import Sensitive, Unknown, evaluate
from reconciler.language.functions import standard_functions
from reconciler.language.parse import parse_expression
from reconciler.language.values import SetValue, TypedList, TypedMap


@pytest.mark.parametrize("vector", load(OWN / "own.json"))
def test_an_own_vector_holds(vector: Vector) -> None:
    check(vector)


@pytest.mark.parametrize("vector", load(OWN / "console.json"))
def test_what_terraform_console_prints_holds(vector: Vector) -> None:
    check(vector)


@pytest.mark.parametrize("vector", load(SHARED / "vectors.json"))
def test_a_shared_vector_holds(vector: Vector) -> None:
    check(vector)


def test_the_examples_of_the_public_function_hold() -> None:
    assert doctest.testmod(reconciler.language).failed == 0


def mistake(text: str, **variables: object) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        evaluate(text, variables)
    (found,) = caught.value.diagnostics
    return found


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("1.10", "1.1"),
        ("2 / 3 * 3", "2"),
        ("1e21", "1000000000000000000000"),
        ("1 / 3", "0.33333333333333333333333333333333333333333333333333333333333333333333333333333"
         "333333333333333333333333333333333333333333333333333333333333333333333333333335"),
        ("1 / 0", "+Inf"),
        ("-1 / 0", "-Inf"),
        ("2 / (1 / 0)", "0"),
    ],
)  # fmt: skip
def test_numbers_are_computed_on_512_bits_and_written_in_decimal(text: str, value: str) -> None:
    assert evaluate(f"tostring({text})") == value


@pytest.mark.parametrize("text", ["0 / 0", "1 / 0 - 1 / 0", "1 / 0 / (1 / 0)", "(1 / 0) % 2"])
def test_what_is_not_a_number_is_a_mistake(text: str) -> None:
    assert mistake(text).summary == "Invalid value"


@pytest.mark.parametrize("text", ["1e4000 * 10", 'tonumber("1e99999999")', "1 / 1e4000 / 10"])
def test_numbers_have_limits(text: str) -> None:
    assert "too large or too small" in mistake(text).detail


def test_a_whole_number_is_an_int_and_another_a_float() -> None:
    assert evaluate("[1.0, 2.5, 10 / 4 * 2]") == [1, 2.5, 5]
    assert [type(each) for each in evaluate("[1.0, 2.5]")] == [int, float]  # type: ignore[union-attr]


# Chains


def test_a_chain_of_thousands_of_terms_needs_no_depth() -> None:
    assert evaluate("1" + " + 1" * 4000) == 4001
    assert evaluate("true" + " && true" * 4000) is True
    assert evaluate("false ? 0 : " * 2000 + "7") == 7
    assert evaluate('"' + "${1}x" * 2000 + '"') == "1x" * 2000


@pytest.mark.parametrize(
    "text",
    [
        "nothing != null && nothing.on",
        "nothing.on && nothing != null",
        "!(nothing == null || nothing.on)",
        "false && nothing.on && true",
        "nothing.on == 1 && false",
        '"a" + 1 > 0 && false',
    ],
)
def test_one_side_that_settles_makes_up_for_a_mistake_in_the_other(text: str) -> None:
    assert evaluate(text, {"nothing": None}) is False


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("true && nothing.on", "Attempt to get attribute from null value"),
        ("nothing.on == 1 && true", "Attempt to get attribute from null value"),
        ("false && 1 == null || nothing", "Invalid operand"),
        ("nothing ? [][0] : 1", "Null condition"),
        ('"x" ? [][0] : 1', "Incorrect condition type"),
        ("[] ? 1 : 2", "Incorrect condition type"),
        ("u ? [] : 1", "Inconsistent conditional result types"),
        ("[for x in [1] : x if nothing]", "Condition is null"),
        ("{ for x in [1] : nothing => x }", "Invalid object key"),
        ("{ for x in [1] : [] => x }", "Invalid object key"),
        ("{ (nothing) = 1 }", "Null value as key"),
        ("{ ([]) = 1 }", "Incorrect key type"),
        ("{ a.b = 1 }", "Ambiguous key"),
        ("tolist(nothing)[*]", "Splat of null value"),
        ("toset([1])[0]", "Invalid index"),
        ("[1, 2][1.5]", "Invalid index"),
        ('[1]["x"]', "Invalid index"),
        ("nothing[0]", "Attempt to index null value"),
        ("[1][nothing]", "Invalid index"),
        ("tomap({ a = 1 }).b", "Missing map element"),
        ('"%{ for x in nothing }%{ endfor }"', "Iteration over null value"),
    ],
)
def test_a_mistake_is_called_by_its_name(text: str, summary: str) -> None:
    assert mistake(text, nothing=None, u=Unknown("bool")).summary == summary


def test_calls_nested_as_deeply_as_the_parser_takes_them_end_in_a_value_or_a_diagnostic() -> None:
    for opening, closing in (
        ("try(", ")"),
        ("[for x in [", "] : x]"),
        ("{ a = ", " }"),
        ("(", ")"),
    ):
        with suppress(SpecError):
            evaluate(opening * 190 + "1" + closing * 190)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('true ? "x" : [][0] + 1', "x"),
        ("true ? 5 : -[][0]", 5),
        ('true ? 5 : "${[][0]}x"', "5"),
        ("true ? [1] : [[][0]]", [1]),
        ('true ? { a = 1 } : { a = ([][0]), b = "x" }', {"a": "1"}),
        ("true ? { a = 1 } : { ([][0]) = 1 }", {"a": 1}),
        ("true ? [1] : tolist([])[0]", [1]),
    ],
)
def test_what_a_failed_branch_would_have_been_still_decides_the_type(
    text: str, value: object
) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "true ? true : [][0] + 1",
        "true ? 1 : !([][0])",
        "true ? 1 : { a = [][0] }",
        "false ? [[][0]] : {}",
        'true ? {} : ("x${[][0]}")',
    ],
)
def test_a_failed_branch_of_another_type_does_not_go_with_the_chosen_one(text: str) -> None:
    assert mistake(text).summary == "Inconsistent conditional result types"


def test_mistakes_in_branches_not_chosen_do_not_double_the_work_with_every_level() -> None:
    class Counting:
        functions = standard_functions(None)
        asked = 0

        def root(self, name: str) -> object:
            self.asked += 1
            return "no number"

    scope = Counting()
    text = "x"
    for _ in range(12):
        text = f"[true ? 1 : {text}, x + 1]"
    with suppress(SpecError):
        parse_expression(f"true ? 1 : {text}").evaluate(scope)
    assert scope.asked < 500


def test_a_mistake_in_the_branch_not_chosen_does_not_count() -> None:
    assert evaluate("true ? 1 : [][0]") == 1
    assert evaluate("false ? [][0] : 1") == 1
    assert mistake("true ? [][0] : 1").summary == "Invalid index"


# References


class Lazy(Mapping[str, object]):
    """An object whose attributes are made when asked for, and which cannot be gone through."""

    def __init__(self, **made: object) -> None:
        self.made = made
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> object:
        self.asked.append(name)
        if name not in self.made:
            raise KeyError(f'There is no "{name}".', list(self.made))
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("nobody goes through a lazy object for one attribute")

    def __len__(self) -> int:
        return len(self.made)


class Scope:
    """Names for an expression."""

    functions = standard_functions()

    def __init__(self, **values: object) -> None:
        self.values = values

    def root(self, name: str) -> object:
        if name not in self.values:
            raise LookupError(f'There is no "{name}" here', list(self.values))
        return self.values[name]


def test_a_lazy_object_is_asked_for_what_is_needed_only() -> None:
    inner = Lazy(id="thread_1", other=1)
    outer = Lazy(a=inner, b=2)
    scope = Scope(openai_thread=outer)
    assert parse_expression("openai_thread.a.id").evaluate(scope) == "thread_1"
    assert parse_expression('openai_thread["a"].id').evaluate(scope) == "thread_1"
    assert outer.asked == ["a", "a"]
    assert inner.asked == ["id", "id"]


@pytest.mark.parametrize(
    ("text", "summary", "detail"),
    [
        (
            "lcal.x",
            "Reference to undeclared name",
            'There is no "lcal" here. Did you mean "local"?',
        ),
        ("local.x", "Unsupported attribute", 'There is no "x".'),
        ("local.nam", "Unsupported attribute", 'There is no "nam". Did you mean "name"?'),
        ("try(local.x, 1)", "Unsupported attribute", 'There is no "x".'),
        ("can(lcal)", "Reference to undeclared name", None),
    ],
)
def test_a_name_that_was_never_declared_is_a_mistake_even_inside_try(
    text: str, summary: str, detail: str | None
) -> None:
    with pytest.raises(SpecError) as caught:
        parse_expression(text).evaluate(Scope(local=Lazy(name="n")))
    (found,) = caught.value.diagnostics
    assert found.summary == summary
    assert detail is None or found.detail == detail


def test_an_error_of_a_value_behind_a_name_is_passed_on_whole() -> None:
    class Broken(Lazy):
        def __getitem__(self, name: str) -> object:
            return evaluate("[][0]")

    with pytest.raises(SpecError) as caught:
        parse_expression("try(local.x, 1)").evaluate(Scope(local=Broken()))
    assert caught.value.diagnostics[0].lines == ("[][0]",)


def test_a_for_variable_hides_a_name_of_the_scope_and_ends_with_the_loop() -> None:
    assert evaluate("[[for var in [1, 2] : var], var.x]", {"var": {"x": 3}}) == [[1, 2], 3]


# Values from Python


def test_python_data_goes_in_and_comes_out() -> None:
    value = {"text": "e\u0301", "on": True, "n": [1, 2.5, None], "set": {"b", "a"}}
    assert evaluate("x", {"x": value}) == {
        "text": "é", "on": True, "n": [1, 2.5, None], "set": ["a", "b"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [object(), float("nan"), {1: 2}, "\ud800", b"x", Unknown("strng"), [Unknown(["list", "x"])]],
)
def test_what_is_not_data_of_the_language_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="variable x"):
        evaluate("x", {"x": value})


def test_typed_collections_keep_their_type_inside_an_evaluation() -> None:
    found = parse_expression("[tolist([1]), tomap({ a = 1 }), toset([1])]").evaluate(Scope())
    assert isinstance(found, list)
    assert [type(each) for each in found] == [TypedList, TypedMap, SetValue]


def test_a_null_that_has_a_type_is_none_outside() -> None:
    assert parse_expression("{ a = tostring(null) }").evaluate(Scope()) == {"a": None}
    assert parse_expression("tostring(null)").evaluate(Scope()) is None


# Mistakes


@pytest.mark.parametrize(
    ("text", "summary", "place", "values"),
    [
        ('upper(var.n)[0]', "Invalid index", (1, 16), (("var.n", "is 5"),)),
        ("1 + var.text", "Invalid operand", (5, 13), (("var.text", 'is "abc"'),)),
        ("var.list[7]", "Invalid index", (1, 12), (("var.list", "is a tuple with 2 elements"),)),
        ("var.none.x", "Attempt to get attribute from null value", (1, 11), (("var.none", "is null"),)),
        ("tobool(var.secret)", "Invalid function argument", (8, 18),
         (("var.secret", "has a sensitive value"),)),
        ("var.id.x", "Unsupported attribute", (1, 9),
         (("var.id", "is a string, known only after apply"),)),
        ("[for x in [1] : x.y]", "Unsupported attribute", (17, 20), (("x", "is 1"),)),
        ('"a ${var.list} b"', "Invalid template interpolation value", (6, 14),
         (("var.list", "is a tuple with 2 elements"),)),
    ],
)  # fmt: skip
def test_a_mistake_tells_its_place_and_what_the_names_stand_for(
    text: str, summary: str, place: tuple[int, int], values: tuple[tuple[str, str], ...]
) -> None:
    variables = {
        "n": 5, "text": "abc", "list": [1, 2], "none": None, "secret": Sensitive("x"),
        "id": Unknown("string"),
    }  # fmt: skip
    found = mistake(text, var=variables)
    assert found.subject is not None
    assert (found.subject.start.column, found.subject.end.column) == place
    assert (found.summary, found.values) == (summary, values)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('uper("a")', 'Did you mean "upper"?'),
        ("var.nmae", 'Did you mean "name"?'),
        ('{ content = 1 }["contnet"]', 'Did you mean "content"?'),
        ("vra.name", 'Did you mean "var"?'),
    ],
)
def test_a_name_that_is_close_is_suggested(text: str, hint: str) -> None:
    assert mistake(text, var={"name": 1}).detail.endswith(hint)


SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        's + 1', 'tobool(s)', '{ a = 1 }[s]', '[for x in l : tonumber(x)]', '{ for x in l : x => 1 }',
        'l[*].a', '[for x in l : {}[x]]', 'm.q', 'lookup({}, s)', 'parseint(s, 10)', 'timeadd(s, "1h")',
        'regex(s, "a")', 'formatdate("YYYY", s)', 'index(["a"], s)', '"%{ for x in l }${x + 1}%{ endfor }"',
        'templatestring("$${x + 1}", { x = s })', 'try(tonumber(s))', 'textencodebase64("a", s)',
        '[for k, v in m : tonumber(k)]', 'cidrhost(s, 1)', 'jsondecode(s)', 's.x', 'tomap(m2)',
    ],
)  # fmt: skip
def test_no_mistake_shows_a_sensitive_value(text: str) -> None:
    found = mistake(
        text,
        s=Sensitive(SECRET),
        l=Sensitive([SECRET, SECRET]),
        m=Sensitive({SECRET: SECRET}),
        m2=Sensitive({SECRET: [1], "b": 2}),
    )
    assert SECRET not in repr(found)


def test_a_long_text_is_shown_in_part() -> None:
    (_, meaning) = mistake("1 + var.x", var={"x": "y" * 1000}).values[0]
    assert meaning == f'is "{"y" * 60}" and 940 characters more'


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (None, "is null"),
        (True, "is true"),
        (2.5, "is 2.5"),
        ("a\nb", 'is "a\\nb"'),
        ([], "is a tuple with no elements"),
        ({"a": 1}, "is an object with 1 attribute"),
        ({"a", "b"}, "is a set of string with 2 elements"),
        (Sensitive("x"), "has a sensitive value"),
        (Unknown("dynamic"), "will be known only after apply"),
        (Unknown(["list", "string"]), "is a list of string, known only after apply"),
    ],
)
def test_what_a_name_stands_for_is_told_in_words(value: object, meaning: str) -> None:
    found = mistake("upper([x.y])", x={"y": value})
    assert found.values == (("x.y", meaning),)


def test_what_a_typed_collection_is_is_told_in_words() -> None:
    for made, words in (("tolist([1])", "list of number"), ("tomap({ a = 1 })", "map of number")):
        found = mistake(f"[for x in [{made}] : upper(x)]")
        assert found.values == (("x", f"is a {words} with 1 element"),)


# Limits


def test_a_value_nested_too_deeply_is_refused() -> None:
    deep: object = 1
    for _ in range(300):
        deep = [deep]
    assert mistake("x", x=deep).summary == "Value nested too deeply"
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(TypeError, match="nested too deeply"):
        evaluate("x", {"x": deep})


@pytest.mark.parametrize(
    "text",
    [
        '[for a in range(1000) : [for b in range(1000) : [for c in range(10) : 1]]]',
        '"${big}${big}"',
        '[for i in range(100) : "${big}x"]',
        'join(big, range(100))',
        'replace("aaaa", "", big)',
        'format("%99999999999d", 1)',
        'formatlist("%s", [for i in range(100) : big])',
        'indent(99999999, "a\\nb")',
        "setproduct(range(1000), range(1000), range(1000))",
        "[for i in range(1000) : rows]",
        "jsonencode([for i in range(1000) : rows])",
        "concat([for i in range(1000) : rows]...)",
        "tree == tree",
        "tolist(tree)",
        "true ? tree : [1]",
        "flatten(tree)",
        'jsondecode(join("", [for i in range(1000) : "[[["]))',
        'regex("(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")',
    ],
)  # fmt: skip
def test_a_small_text_cannot_fill_the_memory_or_run_for_ever(text: str) -> None:
    tree: list[object] = []
    for _ in range(50):
        tree = [tree, tree]
    big = "x" * 40_000_000
    assert mistake(text, big=big, rows=[1] * 100_000, tree=tree).detail


# Anything


NAMES = st.sampled_from(["a", "b", "c", "missing"])
LITERALS = st.sampled_from(
    ["null", "true", "false", "0", "1", "-1.5", "1e30", '""', '"x"', '"1"', '"é"', "[]", "{}"]
)
FUNCTIONS = st.sampled_from(sorted(set(standard_functions()) - {"bcrypt"}))
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{ a = {}, (({})) = {} }}".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("({}).a".format, inner),
        st.builds("({})[*].a".format, inner),
        st.builds("(!{})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds('"x${{{}}}y"'.format, inner),
        st.builds('"%{{ if {} }}{}%{{ else }}b%{{ endif }}"'.format, inner, st.just("t")),
        st.builds("[for k, v in {} : {} if {}]".format, inner, inner, inner),
        st.builds("{{ for k, v in {} : {} => {}... }}".format, inner, inner, inner),
        st.builds("{}({})".format, FUNCTIONS, inner),
        st.builds("{}({}, {})".format, FUNCTIONS, inner, inner),
        st.builds("{}({}, {}, {})".format, FUNCTIONS, inner, inner, inner),
        st.builds("{}({}...)".format, FUNCTIONS, inner),
    )


EXPRESSIONS = st.recursive(st.one_of(LITERALS, NAMES), larger, max_leaves=6)


@settings(max_examples=400, deadline=None)
@for_all(EXPRESSIONS)
def test_an_expression_has_a_value_or_a_spec_error_and_nothing_else(text: str) -> None:
    variables = {
        "a": Unknown("string"),
        "b": Sensitive([1, {"a": "x"}]),
        "c": {"a": Unknown(), "b": [Decimal("1.5"), None]},
    }
    refused: list[SpecError] = []
    try:
        evaluate(text, variables)
    except SpecError as error:
        refused.append(error)
    assert all(error.diagnostics for error in refused)


@pytest.mark.parametrize(
    "text", ['"${a.x} ${upper(1, 2)}"', "[a.x, [1, upper(1, 2)]]", "{ k = a.x, l = upper(1, 2) }"]
)
def test_a_mistake_in_one_part_hides_none_in_another(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        evaluate(text, {"a": {}})
    assert [each.summary for each in caught.value.diagnostics] == [
        "Unsupported attribute",
        "Too many function arguments",
    ]
    assert evaluate(f"try({text}, 1)", {"a": {}}) == 1
