"""Parse: text to bodies and expressions, whatever python-hcl2 itself makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.errors import SpecError
from reconciler.language import evaluate
from reconciler.language.expression import Expression
from reconciler.language.parse import MAX_FILE_BYTES, parse_expression, parse_file, parse_template
from reconciler.language.shapecache import Shapes
from reconciler.language.syntax import Body, IndexKey


def parse(text: str, shapes: Shapes | None = None) -> Body:
    diagnostics = Diagnostics()
    body = parse_file(SourceFile("main.tf", text), diagnostics, shapes=shapes)
    assert [each.summary for each in diagnostics] == []
    return body


def placed(expression: Expression) -> str:
    return str(expression.source.range(*expression.place[1:]))


MESSAGE = """\
# One message.
resource "openai_message" "a" {
  thread_id = openai_thread.t.id
  content   = <<-EOT
    Hello ${var.name},
    bye.
  EOT
  metadata = {
    n = 1
  }

  lifecycle {
    prevent_destroy = true
  }
}
"""


def test_a_block_has_type_labels_arguments_and_blocks() -> None:
    (block,) = parse(MESSAGE).blocks
    assert (block.type, block.labels) == ("resource", ("openai_message", "a"))
    assert list(block.body.arguments) == ["thread_id", "content", "metadata"]
    assert [each.type for each in block.body.blocks] == ["lifecycle"]
    assert list(block.body.blocks[0].body.arguments) == ["prevent_destroy"]


def test_places_point_into_the_file() -> None:
    (block,) = parse(MESSAGE).blocks
    source, start, end = block.place
    assert source.text[start:end] == 'resource "openai_message" "a"'
    texts = [source.text[each[1] : each[2]] for each in block.label_places]
    assert texts == ['"openai_message"', '"a"']
    argument = block.body.arguments["metadata"]
    assert source.text[argument.name_place[1] : argument.name_place[2]] == "metadata"
    assert source.text[argument.place[1] : argument.place[2]].endswith("n = 1\n  }")
    assert placed_of(argument.expression) == "main.tf:8:14"
    assert source.text[block.body.place[1] - 1] == "{"
    assert source.text[block.body.place[2]] == "}"


def placed_of(expression: object) -> str:
    assert isinstance(expression, Expression)
    return placed(expression)


def test_columns_count_what_a_person_sees() -> None:
    body = parse('x = "e\u0301👩\u200d🚀" == y\n')
    (reference,) = body.arguments["x"].expression.references()
    source, start, end = reference.place
    assert str(source.range(start, end)) == "main.tf:1:13"


def test_blocks_that_differ_in_constants_share_one_shape() -> None:
    blocks = parse(MESSAGE + MESSAGE.replace("Hello", "Ciao").replace('"a"', '"b"')).blocks
    first, second = (block.body.arguments["content"].expression for block in blocks)
    assert isinstance(first, Expression)
    assert isinstance(second, Expression)
    assert first.formula is second.formula
    assert first.text != second.text


def test_labels_may_be_bare_names() -> None:
    assert parse("b x y-z {}\n").blocks[0].labels == ("x", "y-z")


def test_labels_are_unescaped() -> None:
    assert parse('b "\\u00e9" "$${x}" {}\n').blocks[0].labels == ("é", "${x}")


VALID = [
    "a = 1\r\nb = 2\r\n",
    "\ufeffa = 1\n",
    "b { a = 1 }\n",
    "b { a = [\n1\n] }\n",
    "b {\nm = {\nx = 1\n}\nn = [\n{\na = 1\n}\n]\n}\nc {\n}\n",
    "b {\n a = <<EOT\n}\nEOT\n}\n",
    "for = 1\nin = 2\nif {}\ntrue = 1\nnull {}\nendif = 1\n",
    "a /* x */ = 1\n",
    'b /* x */ "y" /* z */ {\n}\n',
    "a = /* x\n y */ 1 /* x\n y */\nb = 2\n",
    "# c\rd\na = 1\n",
    "_a = 1\na-b = 2\né = var.é\n",
    "b { # x\n a = 1\n}\n",
    "b {\n  # only\n}\nc { /* x */ }\n",
    "a = [1, # x\n2, // y\n]\n",
    "a = {\n# x\nb = 1 # y\n/* z */ c = 2\n}\n",
    "a = true ? {\nb = 1\n} : {\nc=2\n}\n",
    "a = {\n for k, v in x:\n k\n => v\n}\n",
    "a = <<E\nx\nE",
    "a = 1 # x",
    "",
    "\n\n",
    "# only a comment",
]


@pytest.mark.parametrize("text", VALID)
def test_valid_files_are_read(text: str) -> None:
    parse(text)


EXPRESSIONS = [
    ("10-35", -25),
    ("[9][0] -10", -1),
    ("5-2.5", 2.5),
    ("1e2-1e1", 90),
    ("1--1", 2),
    ("!!true", True),
    ("--3", 3),
    ("- - -3", -3),
    ("!(!true)", True),
    ("-[1][0]", -1),
    ("(5\n - 2)", 3),
    ("(true\n # c\n && true)", True),
    ("({a=1}\n.a)", 1),
    ("(\n[1,2]\n[0]\n)", 1),
    ("{for k in [1] : k\n => 1}", {"1": 1}),
    ("[for i,\n x in [5] : i]", [0]),
    ("[for for in [1] : for]", [1]),
    ("[for in in [1] : in]", [1]),
    ("[for if in [1] : if if if > 0]", [1]),
    ("{for x in [1] : x => x...if -x < 0}", {"1": [1]}),
    ("[for x in --[1][0] > 0 ? [2] : [] : x]", [2]),
    ("[1] [ * ]", [1]),
    ("[{a=1}]. * .a", [1]),
    ('core::upper("a")', "A"),
    ("{if = 1, in = 2, null = 3, true = 4}", {"if": 1, "in": 2, "null": 3, "true": 4}),
    ('{"for" = 1}', {"for": 1}),
    ("[{a = [1, 2]}, {a = [3, 4]}].*.a[1]", [3, 4]),
    ("[{a = [1, 2]}, {a = [3, 4]}][*].a[1]", [2, 4]),
    ("[[{a = 1}], [{a = 2}]][*][*].a", [[1], [2]]),
    ("[[{a = 1}], [{a = 2}]].*.0.a", [1, 2]),
    ("[[[1]]].0 .0", [1]),
    ("{a = [1]}.a.0", 1),
    ("true ? 1 : true ? 2 : 3", 1),
    ("1 - 1 - 1", -1),
    ("2 + 3 * 4 == 14 && !false", True),
    ("007", 7),
    ("1.e2", 100),
    ("1E+2 + 1e-1*10", 101),
    ("[for e in [1] : e+1]", [2]),
    ("[1, 2,\n]", [1, 2]),
    ("1 /* a\n b */ + 1", 2),
    ("1 # c", 1),
]


@pytest.mark.parametrize(("text", "value"), EXPRESSIONS)
def test_expressions_mean_what_hcl_says(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")
def test_every_vector_is_parsed_or_refused() -> None:
    vectors = json.loads((SHARED / "hcl" / "vectors.json").read_text())
    for vector in vectors:
        try:
            parse_expression(f"{vector['expr']}\n")
        except SpecError:
            assert vector.get("error"), vector["expr"]


REFERENCES = [
    ("a.b.c", [("a", ("b", "c"))]),
    ('a.b["k"].c', [("a", ("b", IndexKey("k"), "c"))]),
    ("a.b[0]", [("a", ("b", IndexKey(0)))]),
    ("a.0.b", [("a", (IndexKey(0), "b"))]),
    ("a.b[*].c", [("a", ("b", None, "c"))]),
    ("a.b[each.key].c", [("a", ("b", None, "c")), ("each", ("key",))]),
    ('a["x-${b.c}"].d', [("a", (None, "d")), ("b", ("c",))]),
    ("[for k, v in a.b : k + v + c]", [("a", ("b",)), ("c", ())]),
    ('[for v in a : "${v}${w}"]', [("a", ()), ("w", ())]),
    ("[for v in v : v]", [("v", ())]),
    ("convert(a, list(object({ b = string })))", [("a", ())]),
    ("f(a, b.c).d + -e", [("a", ()), ("b", ("c",)), ("e", ())]),
    ("{a = b, (c) = d}", [("b", ()), ("c", ()), ("d", ())]),
    ("{a = 1}.b", []),
    ("é.ü", [("é", ("ü",))]),
]


@pytest.mark.parametrize(("text", "found"), REFERENCES)
def test_references_are_found_in_source_order(text: str, found: list[object]) -> None:
    assert [(each.root, each.steps) for each in parse_expression(text).references()] == found


def test_a_reference_alone_is_a_traversal() -> None:
    traversal = parse_expression("a.b[0]").traversal()
    assert traversal is not None
    assert traversal.text == "a.b[0]"
    assert parse_expression("a.b + 1").traversal() is None
    assert parse_expression('"${a}"').traversal() is None


def test_the_parts_of_constructors_are_expressions() -> None:
    items = parse_expression('[a, "x${b}", 3]').items()
    assert items is not None
    assert [each.text for each in items] == ["a", '"x${b}"', "3"]
    assert [each.text for each in items[1].references()] == ["b"]
    pairs = parse_expression("{ a = b, (c) = 1 }").pairs()
    assert pairs is not None
    assert [(key.text, value.text) for key, value in pairs] == [("a", "b"), ("(c)", "1")]
    assert parse_expression("a").items() is parse_expression("a").pairs() is None


def test_calls_are_found_in_templates_too() -> None:
    expression = parse_expression('f(g(1), "${a::b("x")}")')
    assert [name for name, _ in expression.calls()] == ["f", "g", "a::b"]
    source, start, end = expression.calls()[1][1]
    assert source.text[start:end] == "g"


DEEP = [
    ("(" * 199 + "1" + ")" * 199, 1),
    ("+".join("1" for _ in range(3000)), 3000),
    ("true ? 1 : " * 500 + "2", 1),
    ("-" * 150 + "1", 1),
    ("[0]" + "[0]" * 1, 0),
]


@pytest.mark.parametrize(("text", "value"), DEEP, ids=["()", "+", "?:", "-", "[]"])
def test_long_and_deep_expressions_are_parsed(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "[" * 201 + "]" * 201,
        "-" * 300 + "1",
        "t ? " * 400 + "1" + " : 2" * 400,
        "x" + "[*]" * 400,
        '"${' * 5000,
        '"${' * 60 + "1" + '}"' * 60,
        '"' + "%{if t}" * 60 + "%{endif}" * 60 + '"',
        "a[" * 300 + "0" + "]" * 300,
        "9" * 100_000,
        "1e100000",
        "<<E\n" * 20_000,
        "1," * 200_000,
        '"' + "${1}" * 20_001 + '"',
        '"\n' * 5000,
        "\x01\x02\x03\x04\x05\x06",
        "\0" * 100,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_what_is_too_deep_or_too_long_is_a_diagnostic(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_expression(text)
    assert 1 <= len(caught.value.diagnostics) <= 100


def test_a_file_that_is_too_large_is_a_diagnostic() -> None:
    diagnostics = Diagnostics()
    parse_file(SourceFile("x.tf", "#" * (MAX_FILE_BYTES + 1)), diagnostics)
    assert [each.summary for each in diagnostics] == ["File too large"]


def test_no_file_has_more_than_a_hundred_diagnostics() -> None:
    diagnostics = Diagnostics()
    parse_file(SourceFile("x.tf", "b {\n  a = = 1\n}\n" * 500), diagnostics)
    assert len(diagnostics) == 100


WORDS = st.sampled_from(
    [
        *"abx_-.19 \t\n{}[]()=:,?!+*/<>%$~#\"\\é\u0301日\x01\r'`@;&|",
        *('"t"', "${", "%{", "<<E\n", "\nE\n", "for ", " in ", " if ", "...", "=>", "==", "&&"),
        *("::", ".*", "[*]", "null", "true", "x.y", "1.5", "/*", "*/", "//", "\n}\n", "b {\n"),
        *("%{ if x }", "%{ else }", "%{ endif }", "%{ for a in b }", "%{ endfor }", "f(", "${~"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=25).map("".join))
def test_random_text_is_read_or_refused(text: str) -> None:
    parse_file(SourceFile("x.tf", text), Diagnostics())
    for read in (parse_expression, parse_template):
        try:
            expression = read(text)
        except SpecError:
            continue
        expression.references()
        expression.calls()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    parse_file(SourceFile("x.tf", text), Diagnostics())


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(MESSAGE)), st.integers(0, 40), WORDS)
def test_a_damaged_block_does_not_hide_the_next(start: int, length: int, word: str) -> None:
    damaged = MESSAGE[:start] + word + MESSAGE[start + length :]
    text = f'{damaged}\nresource "openai_thread" "next" {{\n}}\n'
    diagnostics = Diagnostics()
    body = parse_file(SourceFile("x.tf", text), diagnostics)
    assert diagnostics.has_errors or [each.labels[-1:] for each in body.blocks][-1] == ("next",)


def test_a_shape_from_the_cache_is_the_shape_that_was_made(tmp_path: Path) -> None:
    folder = str(tmp_path)
    made = Shapes(folder)
    text = MESSAGE + 'x = { for k, v in a : k => "${v}"... if v[*].b != 1.5 }\ny = [f(-z...)]\n'
    before = parse(text, made)
    made.save()
    after = parse(text, Shapes(folder))
    assert shown(before) == shown(after)


def shown(body: Body) -> str:
    parts = []
    for name in body.arguments:
        expression = body.arguments[name].expression
        assert isinstance(expression, Expression)
        parts += [name, tree(expression.node), repr(expression.references())]
    for block in body.blocks:
        parts += [block.type, *block.labels, repr(block.label_places), shown(block.body)]
    return " ".join(parts)


def tree(node: object) -> str:
    if isinstance(node, tuple):
        return f"({' '.join(map(tree, node))})"
    slots = [name for each in type(node).__mro__ for name in getattr(each, "__slots__", ())]
    if not slots:
        return repr(node)
    return f"{type(node).__name__}({' '.join(tree(getattr(node, name)) for name in slots)})"
