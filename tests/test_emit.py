"""Emit: what is written evaluates to exactly what was given, and looks as `fmt` would have it."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reconciler.language
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language import (
    BlockText,
    Code,
    emit,
    emit_block,
    emit_expression,
    evaluate,
)
from reconciler.language.format import format_text
from reconciler.language.parse import parse_file

HARD = st.sampled_from(
    [
        *("\n", "\n\n", " ", "  ", "\t", "\r", "$", "%", "{", "}", '"', "\\", "#", "//", "/*"),
        *("${", "%{", "$${", "EOT", "EOT\n", "\nEOT\n", "~}", "é", "e\u0301", "日本", "😀"),
        *("\x00", "\x01", "\x06", "\x7f", "\x85", "\xa0", "\u2028", "\u202e", "\ufeff", "text "),
    ]
)
HARD_TEXTS = st.lists(HARD, max_size=14).map("".join)
TEXTS = st.one_of(st.text(max_size=20), HARD_TEXTS).map(lambda text: normalize("NFC", text))
NUMBERS = st.one_of(
    st.integers(-(2**500), 2**500), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def same(value: object) -> object:
    """*value* as the language has it: whole numbers as int, a float as its shortest decimal."""
    return evaluate("value", {"value": value})


Wrap = Callable[[object], object]


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_any_text_comes_back(text: str) -> None:
    assert evaluate(emit_expression(text)) == text


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_any_value_comes_back(value: object) -> None:
    assert evaluate(emit_expression(value)) == same(value)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_it_is_laid_out_already(value: object) -> None:
    line = f"x = {emit_expression(value)}\n"
    assert format_text(line) == line


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.dictionaries(st.sampled_from(["a", "bb", "for", "c-d"]), VALUES, max_size=3))
def test_any_block_comes_back(label: str, arguments: dict[str, object]) -> None:
    inner = BlockText("inner", (), arguments)
    text = emit_block("outer", [label, "x"], arguments, [inner, inner])
    assert format_text(text) == text
    diagnostics = Diagnostics()
    (block,) = parse_file(SourceFile("main.tf", text), diagnostics).blocks
    assert (block.type, block.labels) == ("outer", (label, "x"))
    assert not diagnostics.has_errors
    for body in (block.body, *(each.body for each in block.body.blocks)):
        found = {name: evaluate(body.arguments[name].expression.text) for name in body.arguments}
        assert found == {name: same(each) for name, each in arguments.items()}


EXAMPLES = [
    (None, "null"),
    (True, "true"),
    (-12, "-12"),
    (1.5, "1.5"),
    ("", '""'),
    ('say "${x}" for 50%\n', r'"say \"$${x}\" for 50%\n"'),
    ("a\u202eb\x07", r'"a\u202eb\u0007"'),
    ([], "[]"),
    ([1, "b", [None]], '[1, "b", [null]]'),
    ({}, "{}"),
    ({"a": 1, "long-name": {}, "for": 2, "x y": 3}, None),
    ("one\ntwo\n\n  three ${x}\n", "<<-EOT\n  one\n  two\n\n    three $${x}\nEOT"),
    ("one\ntwo\nthree", "chomp(<<-EOT\n  one\n  two\n  three\nEOT\n)"),
    ("  a\n  b\n  c\n", "<<EOT\n  a\n  b\n  c\nEOT"),
    ("a\nEOT\nb\n", "<<-EOT1\n  a\n  EOT\n  b\nEOT1"),
]


@pytest.mark.parametrize(("value", "text"), EXAMPLES)
def test_a_value_is_written_as(value: object, text: str | None) -> None:
    if text is None:
        text = '{\n  a         = 1\n  long-name = {}\n  "for"     = 2\n  "x y"     = 3\n}'
    assert emit_expression(value) == text


def test_a_block_is_written_as_a_person_would() -> None:
    text = emit_block(
        "resource",
        ["openai_message", "hello"],
        {
            "thread_id": Code("openai_thread.t.id"),
            "role": "user",
            "content": "Hello,\nhow are you?\n\nBye.\n",
            "metadata": {"turn": "1", "language": "en"},
            "file_ids": ["file-" + "a" * 40, "file-" + "b" * 40],
        },
        [BlockText("lifecycle", (), {"prevent_destroy": True})],
    )
    assert text == WRITTEN


WRITTEN = """\
resource "openai_message" "hello" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = <<-EOT
    Hello,
    how are you?

    Bye.
  EOT
  metadata = {
    turn     = "1"
    language = "en"
  }
  file_ids = [
    "file-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "file-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
  ]

  lifecycle {
    prevent_destroy = true
  }
}
"""


def test_an_empty_block_has_a_line_for_its_end() -> None:
    assert emit_block("resource", ["openai_thread", "t"]) == ('resource "openai_thread" "t" {\n}\n')


def test_the_examples_of_the_docs_hold() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "language.md"
    fence = page.read_text().split("```python\n")[1].split("```")[0]
    example = doctest.DocTestParser().get_doctest(fence, {}, page.name, str(page), 0)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
    assert doctest.testmod(emit).failed == 0


REFUSED = [
    math.inf,
    -math.inf,
    math.nan,
    Decimal("Infinity"),
    2**600 + 1,
    Decimal(1).scaleb(5000),
    "\ud800",
    "a\udfffb\nc\nd\n",
    {"\ud800": 1},
    {"\u00e9": 1, "e\u0301": 2},
    Code(""),
    Code("a = 1"),
    Code("a # comment"),
    Code("a\nb = c"),
    Code("a, b"),
    Code("a]"),
    Code("}\nb {"),
]


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: repr(value)[:40])
def test_what_cannot_be_written_is_refused(value: object) -> None:
    for each in (value, [value], {"a": value}):
        with pytest.raises(ValueError, match=r"cannot be written|same text"):
            emit_expression(each)
        with pytest.raises(ValueError, match=r"cannot be written|same text"):
            emit_block("b", [], {"a": each})


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_deep_values_are_written_up_to_a_limit(wrap: Wrap) -> None:
    value: object = 1
    for _ in range(100):
        value = wrap(value)
    assert evaluate(emit_expression(value)) == value
    with pytest.raises(ValueError, match="up to 100 deep"):
        emit_expression(wrap(value))


@pytest.mark.parametrize("value", [{1: 2}, {None: 1}, object(), b"x", {1, 2}, [object()]])
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        emit_expression(value)


@pytest.mark.parametrize("name", ["", "a b", "1a", 'a"', "a.b", "a\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        emit_block(name)
    with pytest.raises(ValueError, match="name"):
        emit_block("b", [], {name: 1})


@pytest.mark.parametrize(
    "text",
    [
        "one\ntwo\n\u0301three\n",
        "one\ntwo\rthree\nfour\n",
        "one\ntwo\u202ethree\nfour\n",
        "one\ntwo\x00\nthree\n",
    ],
)
def test_text_that_a_heredoc_would_change_or_hide_is_in_quotes(text: str) -> None:
    assert "<<" not in emit_expression(text)
    assert evaluate(emit_expression(text)) == text


def test_text_comes_back_composed() -> None:
    assert evaluate(emit_expression("e\u0301")) == "\u00e9"


NUMBERS_WRITTEN = [
    (5.0, "5"),
    (-0.0, "-0"),
    (1e15, "1000000000000000"),
    (1e16, "1e+16"),
    (0.1, "0.1"),
    (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (Decimal("2.50"), "2.5"),
    (Decimal("3.0"), "3"),
    (10**30, "1" + "0" * 30),
    (2**512 - 1, str(2**512 - 1)),
]


@pytest.mark.parametrize(("value", "text"), NUMBERS_WRITTEN, ids=lambda each: str(each)[:20])
def test_a_number_is_written_as(value: object, text: str) -> None:
    assert emit_expression(value) == text
    assert evaluate(text) == same(value)


def test_nothing_but_what_is_there_can_be_imported() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(reconciler.language, "nothing")  # noqa: B009
