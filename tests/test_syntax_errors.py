"""Syntax errors: where they are, and in words a person can use."""

from __future__ import annotations

import re

import pytest

from reconciler.diagnostics import Diagnostic, Diagnostics, SourceFile
from reconciler.errors import SpecError
from reconciler.language.parse import parse_expression, parse_file


def mistakes(text: str) -> list[Diagnostic]:
    diagnostics = Diagnostics()
    parse_file(SourceFile("main.tf", text), diagnostics)
    return list(diagnostics)


def placed(found: Diagnostic) -> str:
    assert found.subject is not None
    start = found.subject.start
    return f"{start.line}:{start.column} {found.summary}"


EXPRESSIONS = [
    ("a ? b", "1:6 Incomplete condition"),
    ("a ? : b", "1:5 Missing value"),
    ("1 +", "1:3 Missing value"),
    ("+ 1", "1:1 Missing value"),
    ("1 2", "1:3 Missing operator"),
    ("a b", "1:3 Missing operator"),
    ("[1 2]", "1:4 Missing comma"),
    ("[1\n2]", "2:1 Missing comma"),
    ("max(1 2)", "1:7 Missing comma"),
    ("f(a..., b)", "1:7 Misplaced comma"),
    ("(1, 2)", "1:3 Misplaced comma"),
    ("[1,,2]", "1:4 Missing value"),
    ("{a=1 b=2}", "1:6 Missing separator"),
    ("{a=1\n, b=2}", "2:1 Unexpected start of a line"),
    ("{a = 1 +\n 2}", "1:8 Missing value"),
    ("{ a }", "1:5 Missing equals sign"),
    ("{ a = }", "1:7 Missing value"),
    ("{for = 1}", "1:2 Misplaced for"),
    ("()", "1:2 Missing value"),
    ("", "1:1 Missing expression"),
    ("[1, 2", "1:1 Unclosed bracket"),
    ("max(1", "1:4 Unclosed bracket"),
    ("(1]", "1:1 Mismatched brackets"),
    ("1)", "1:2 Extra closing bracket"),
    ("[for x in xs x]", "1:14 Incomplete for expression"),
    ("[for x xs : x]", "1:8 Incomplete for expression"),
    ('[for "x" in xs : x]', "1:10 Incomplete for expression"),
    ("{for x in xs : x}", "1:17 Incomplete for expression"),
    ("[for x in xs : k => x]", "1:18 Misplaced =>"),
    ("[for x in xs : x,]", "1:17 Misplaced comma"),
    ("a.", "1:2 Missing value"),
    ("a..b", "1:3 Missing value"),
    ('a."b"', "1:3 Invalid attribute name"),
    ("a[]", "1:3 Missing value"),
    ("a.0.1", "1:3 Ambiguous index"),
    ("a.*.b.*.c", "1:6 Nested splat"),
    ("a = b", "1:3 Misplaced equals sign"),
    ("a => b", "1:3 Misplaced =>"),
    ("a...", "1:2 Misplaced ..."),
    ("a::b", "1:1 Missing open parenthesis"),
    ('"x"(1)', "1:1 Invalid function name"),
    ("a & b", "1:3 Invalid character"),
    ("a; b", "1:2 Invalid character"),
    ("“a”", "1:1 Invalid character"),
    ("1\xa0+ 1", "1:2 Invalid character"),
    ("1.5.5", "1:1 Invalid number"),
    ('"abc', "1:1 Unclosed string"),
    ('"a\nb"', "1:1 Unclosed string"),
    ('"a\rb"', "1:3 Invalid character"),
    ('"a${b"', "1:3 Unclosed interpolation"),
    ('"a\\q"', "1:3 Invalid escape sequence"),
    ('"${b}\\/"', "1:6 Invalid escape sequence"),
    ('"\\u12"', "1:2 Invalid escape sequence"),
    ('"\\ud800"', "1:2 Invalid escape sequence"),
    ('"\\U00110000"', "1:2 Invalid escape sequence"),
    ('"${}"', "1:4 Missing expression"),
    ('"é${1 2}"', "1:7 Missing operator"),
    ('"${"x${1 2}"}"', "1:10 Missing operator"),
    ('"%{if true}x"', "1:2 Unclosed directive"),
    ('"%{ifx true}x"', "1:2 Invalid directive"),
    ('"%{endif}"', "1:2 Unexpected endif"),
    ('"%{for x in y}%{endif}"', "1:15 Unexpected endif"),
    ('"%{if a}%{else}%{else}%{endif}"', "1:16 Unexpected else"),
    ('"%{if a}%{else if b}%{endif}"', "1:9 Invalid directive"),
    ("<<EOT\nabc", "1:1 Unclosed heredoc"),
    ("<<EOT\na\rb\nEOT\n", "2:2 Invalid character"),
    ("<< EOT\nabc\nEOT\n", "1:1 Invalid heredoc"),
    ("<<EOT\n${1 2}\nEOT\n", "2:5 Missing operator"),
    ("/* abc", "1:1 Unclosed comment"),
]


@pytest.mark.parametrize(("text", "place"), EXPRESSIONS)
def test_an_expression_is_refused_at(text: str, place: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_expression(text)
    assert placed(caught.value.diagnostics[0]) == place


BODIES = [
    ("a = 1\rb = 2\n", ["1:6 Invalid character"]),
    ("b { a = 1\n}\n", ["1:5 Missing line break"]),
    ("b {\n a = 1 }\n", ["2:8 Missing line break"]),
    ("b { a = 1, c = 2 }\n", ["1:10 Misplaced comma"]),
    ("b { a = 1 c = 2 }\n", ["1:11 Missing line break"]),
    ("b { c {} }\n", ["1:5 Missing line break"]),
    ("b {\n c {} }\n", ["2:7 Missing line break"]),
    ("b {} c {}\n", ["1:6 Missing line break"]),
    ("a = 1 b = 2\n", ["1:7 Missing line break"]),
    ("a = 1 + 2 b = 2\n", ["1:11 Missing line break"]),
    ("a = 1,\n", ["1:6 Misplaced comma"]),
    ("a = 1 +\n 2\n", ["1:7 Missing value"]),
    ("a = 1\n + 2\n", ["2:2 Unexpected start of a line"]),
    ("a = c ?\n 1 :\n 2\n", ["1:7 Missing value"]),
    ("a = x\n.b\n", ["2:1 Unexpected start of a line"]),
    ('b "x${1}" {}\n', ["1:3 Template in a label"]),
    ("b 1 {}\n", ["1:3 Missing equals sign or brace"]),
    ("b\n{}\n", ["1:1 Incomplete argument or block"]),
    ('"a" = 1\n', ["1:1 Invalid argument name"]),
    ('"b" {}\n', ["1:1 Invalid block type"]),
    ("a : 1\n", ["1:3 Colon instead of equals sign"]),
    ("a.b = 1\n", ["1:2 Invalid argument name"]),
    ("= 1\n", ["1:1 Missing name"]),
    ("a = 1\na = 2\n", ["2:1 Duplicate argument"]),
    ("a = 1\nb {\n}\na = 2\n", ["4:1 Duplicate argument"]),
    ("b {\n a = 1\n a = 2\n}\n", ["3:2 Duplicate argument"]),
    ("b {\n c {\n a = 1\n a = 2\n}\n}\n", ["4:2 Duplicate argument"]),
    ("b {\n", ["1:3 Unclosed block"]),
    ("}\n", ["1:1 Extra closing bracket"]),
    ("b {\n a = [1\n}\n", ["2:6 Unclosed bracket"]),
    ("a = 1\n\ufeff", ["2:1 Invalid character"]),
    ("b {\n a = <<EOT\n}\nc {\n}\n", ["2:6 Unclosed heredoc"]),
    ("x = 1\n/* open\ny = 2\n", ["2:1 Unclosed comment"]),
]


@pytest.mark.parametrize(("text", "places"), BODIES)
def test_a_file_is_refused_at(text: str, places: list[str]) -> None:
    assert [placed(each) for each in mistakes(text)] == places


SEVERAL = """\
resource "a" "b" {
  x = 1 +
  y = "q
  z = [1 2]
  w {
    v = = 3
  }
}

resource "c" "d" {
  x = foo(
}

resource "e" "f" {
  ok = "${var.x} and ${1 2}"
  no = "${var.x} and ${1 2}"
}

resource "good" "one" {
  a = b
}

resource "g" {
  a = b c
}
"""


def test_all_mistakes_of_all_blocks_are_found_at_once() -> None:
    assert [placed(each) for each in mistakes(SEVERAL)] == [
        "2:9 Missing value",
        "3:7 Unclosed string",
        "4:10 Missing comma",
        "6:9 Missing value",
        "11:10 Unclosed bracket",
        "15:26 Missing operator",
        "16:26 Missing operator",
        "24:9 Missing line break or operator",
    ]


def test_what_has_no_mistakes_is_read_all_the_same() -> None:
    body = parse_file(SourceFile("main.tf", SEVERAL), Diagnostics())
    assert [each.labels for each in body.blocks] == [
        ("a", "b"),
        ("c", "d"),
        ("e", "f"),
        ("good", "one"),
        ("g",),
    ]
    (inner,) = body.blocks[0].body.blocks
    assert inner.body.arguments["v"].expression.is_unread
    ok = body.blocks[2].body.arguments
    assert {name: each.expression.is_unread for name, each in ok.items()} == {
        "ok": True,
        "no": True,
    }


def test_a_missing_brace_is_looked_for_by_indentation() -> None:
    text = 'r "a" {\n  metadata = {\n    k = "v"\n}\n\nr "b" {\n  k = 1\n}\n'
    assert [placed(each) for each in mistakes(text)] == ["2:14 Unclosed bracket"]


def test_the_same_mistake_in_blocks_of_one_shape_is_reported_in_each() -> None:
    text = 'b "x" {\n  a = = 1\n}\nb "yyy" {\n  a = = 2\n}\n'
    assert [placed(each) for each in mistakes(text)] == ["2:7 Missing value", "5:7 Missing value"]


def test_the_end_of_the_line_is_where_something_is_missing() -> None:
    (found,) = mistakes("a = [\n  foo(1,\n]\n")
    assert found.lines == ("  foo(1,",)


@pytest.mark.parametrize("text", [each[0] for each in EXPRESSIONS])
def test_no_message_speaks_the_language_of_parsers(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_expression(text)
    for each in caught.value.diagnostics:
        said = f"{each.summary} {each.detail}"
        assert not re.search(r"\b[A-Z]{4,}\b(?<!NNNN)|token|lark|\$END|[\x01-\x08]", said), said
        assert not each.summary.removesuffix("...").endswith(".")
        assert each.detail.endswith((".", "?", ")"))
