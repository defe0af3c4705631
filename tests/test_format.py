"""Format: where blanks stand, what is rewritten, and that nothing else changes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.errors import SpecError
from reconciler.language.format import format_file, format_text
from reconciler.language.likeness import Parsed, first_difference
from reconciler.language.parse import read_passages
from reconciler.language.rewrite import TYPES

ROOT = Path(__file__).resolve().parents[1]
PAIRS = json.loads((Path(__file__).parent / "vectors" / "fmt.json").read_text())
"""Texts of our own, and what `terraform fmt -` of release 1.11.4 makes of them."""

SHARED_PAIRS = SHARED / "hcl" / "fmt-vectors.json"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["in"][:60])
def test_a_text_is_laid_out_as_terraform_does(pair: dict[str, str]) -> None:
    assert format_text(pair["in"]) == pair["out"]
    assert format_text(pair["out"]) == pair["out"]


@pytest.mark.skipif(not SHARED_PAIRS.is_file(), reason="the shared vectors are not here")
def test_the_shared_pairs_hold() -> None:
    pairs = json.loads(SHARED_PAIRS.read_text())
    assert [format_text(each["in"]) for each in pairs] == [each["out"] for each in pairs]
    assert len(pairs) == 50


BETTER = [
    pytest.param(
        'block /* a */ "b" /* c */ d {\n}\n',
        'block /* a */ "b" /* c */ "d" {\n}\n',
        id="comments between labels stay",
    ),
    pytest.param("x = y[true]\n", "x = y[true]\n", id="an index stays, whatever it is"),
    pytest.param('x = "${"${a}"}"\n', "x = a\n", id="one go unwraps all there is"),
    pytest.param('x = "${(a)\n+(b)}"\n', "x = ((a)\n+ (b))\n", id="lines need parentheses"),
    pytest.param('x = "${\n# c\na}"\n', "x = ( # c\na)\n", id="comments end no value"),
    pytest.param(
        'x = "${<<E\na\nE\n}" # c\n', 'x = "${<<E\na\nE\n}" # c\n', id="nothing follows a marker"
    ),
    pytest.param("a = 1\n  ", "a = 1\n", id="blanks at the end go"),
    pytest.param(" \n  ", "\n", id="a blank file has no blanks"),
    pytest.param("\ufeff", "", id="a mark alone is nothing"),
]
"""Where `terraform fmt` loses something, writes what it cannot read, or is not done at once."""


@pytest.mark.parametrize(("text", "expected"), BETTER)
def test_what_terraform_gets_wrong_is_right(text: str, expected: str) -> None:
    assert format_text(text) == expected
    assert format_text(expected) == expected


def test_a_text_with_mistakes_is_refused_with_every_one_of_them() -> None:
    with pytest.raises(SpecError) as caught:
        format_text("a = [1\n\nb = 2 3\n}\nc = 1\nc = 2\n", path="main.tf")
    places = [str(each.subject) for each in caught.value.diagnostics]
    assert places[0].startswith("main.tf:1:")


def test_the_same_argument_twice_is_refused() -> None:
    with pytest.raises(SpecError, match="Duplicate argument"):
        format_text("c = 1\nc = 2\n")


BLANK = st.sampled_from(["", "", " ", "  ", "\t", " /* c */ ", "/* é\n*/"])
BREAK = st.sampled_from(["", "", " ", "\n", "\n\n\t", " # c\n", "\n  // 日本\n", "/**/"])
END = st.sampled_from(["\n", "  \n", " # c\n", "\t// dd\n", " /* e */\n", "\r\n", "\n\n\n", "#\n"])
ITEMS = [
    "N·=·1",
    'N·=·"日本 # no"',
    "N·=·-·a -·-·1·*·!·b",
    "N·=·[↵1·,↵{·k·=·2·,·l·:·3·}↵,↵[·]↵]",
    'N·=·{·⏎k·=·1·⏎"l ${·m·}"·=·2·⏎(·n·)·=·{·}·⏎}',
    "N·=·f·(↵a·.·b·[·0·]·,↵c·[·*·]·.·d·...↵)",
    "N·=·(↵a↵&&↵b·?·c·:·d↵)",
    "N·=·[↵for k·,·v in m↵:↵v if k·!=·null↵]",
    "N·=·{↵for k·,·v in m·:↵k·=>·v·...↵}",
    'N·=·"${·a·}"',
    'N·=·"${↵a↵.b·}"',
    'N·=·"x${·f·(·{·k·=·"y${·z·}"·}·)·}%{·if a·~}b%{·endif·}"',
    "N·=·<<EOT\n  keep   ${·a·+·b·}\n\n\t# no comment\nEOT",
    "N·=·[↵<<-E\n    a\n      b\n  E\n↵,↵1↵]",
    'resource x·"y"·{·⏎N·=·1·⏎dynamic "z"·{·⏎N·=·2·⏎}·⏎}',
    "b·{·N·=·[·1·]·}",
    "b·{·}",
    'variable v·{·⏎type·=·"list"·⏎default·=·[·]·⏎}',
    "# alone",
    "/* long\n   one */",
]


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A valid spec with blanks, line breaks and comments wherever they may be."""
    text = ""
    for number, item in enumerate(draw(st.lists(st.sampled_from(ITEMS), max_size=5))):
        for piece in re.split("([·↵⏎N])", item):
            match piece:
                case "·":
                    text += draw(BLANK)
                case "↵":
                    text += draw(BREAK)
                case "⏎":
                    text += draw(END)
                case "N":
                    text += f"n{'x' * draw(st.integers(0, 9))}{number}"
                case _:
                    text += piece
        # Nothing but a line end may follow the marker of a heredoc.
        text += "\n" if item.endswith("EOT") else draw(END)
    return text


def parsed(text: str) -> Parsed:
    source, diagnostics = SourceFile("main.tf", text), Diagnostics()
    passages = read_passages(source, diagnostics)
    diagnostics.raise_if_errors()
    return Parsed(source, passages)


@settings(max_examples=150, deadline=None)
@given(specs())
def test_once_is_enough_and_nothing_is_lost(text: str) -> None:
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    assert first_difference(parsed(text), parsed(formatted), TYPES) is None


ALIKE = [
    ("a=1 # c\nb {}", "a = 1 # c\nb {\n}\n"),
    ('b l { x = "${a . b}" }', 'b "l" {\n  x = a.b\n}\n'),
    ('variable v { type = "map" }', "variable v {\n type = map(string)\n}\n"),
    ("x = - 5", "x = -5"),
    ("x = (1)", "x = 1"),
    ("  b {\n  }\n  # c\n  d = 1", "b {\n}\n# c\nd = 1"),
]
UNLIKE = [
    ("a = 1", "a = 2"),
    ("a = 1", 'a = "1"'),
    ("a = 1", "b = 1"),
    ("a = 1", ""),
    ("", "a = 1"),
    ("a = 1\nb = 2", "a = 1"),
    ("a = x.y", "a = x.z"),
    ("a = x - (y - z)", "a = x - y - z"),
    ("a = [1, 2]", "a = [2, 1]"),
    ("a = {x = 1}", "a = {(x) = 1}"),
    ('a = "${x}"', 'a = "x"'),
    ('a = "${x}y"', 'a = "${z}y"'),
    ('a = "${x ~} y"', 'a = "${x} y"'),
    ('a = ["${x}"]', "a = [x]"),
    ("a = <<E\n x\nE\n", "a = <<-E\n x\nE\n"),
    ("a = <<E\nx\nE\n", "a = <<E\nx \nE\n"),
    ("a = 1 # c", "a = 1"),
    ("a = 1", "a = 1 # c"),
    ("# a\n# b", "# b\n# a"),
    ("a = 1 # c", "a = 1 # d"),
    ('a = "${ /* c */ x }"', 'a = "${ x }"'),
    ("b {}", "c {}"),
    ("b {}", "b x {}"),
    ("b x {}", "b y {}"),
    ("b {\nx = 1\n}", "b {\nx = 2\n}"),
    ("b {\nc {}\n}", "b {\n}"),
    ('x { type = "map" }', "x {\n type = map(string)\n}\n"),
    ("x = true", "x = 1"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_texts_are_alike(one: str, other: str) -> None:
    assert first_difference(parsed(one), parsed(other), TYPES) is None


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_texts_are_not_alike(one: str, other: str) -> None:
    assert first_difference(parsed(one), parsed(other), TYPES) is not None


@pytest.mark.parametrize("wrong", ["a = 2 # c\n", "a = 1\n", "a = 1 # c\nb = 1\n", "a = [\n"])
def test_a_layout_that_changes_the_meaning_is_an_error_and_no_result(wrong: str) -> None:
    diagnostics = Diagnostics()
    source = SourceFile("main.tf", "a=1 # c\n")
    assert format_file(source, diagnostics, layout=lambda text: wrong) is None
    (found,) = diagnostics
    assert found.summary == "File not formatted"
    assert found.subject is not None
    assert found.subject.path == "main.tf"


SPECS = sorted((ROOT / "specs").rglob("*.tf"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name)
def test_the_examples_are_formatted(path: Path) -> None:
    text = path.read_text()
    assert format_text(text, path=str(path)) == text


def test_the_examples_in_the_docs_are_formatted() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    fences = [
        fence
        for page in pages
        for fence in re.findall(r"^```terraform\n(.*?)^```", page.read_text(), re.M | re.S)
    ]
    assert fences
    assert [format_text(each) for each in fences] == fences
