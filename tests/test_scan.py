"""Scan: lifting takes nothing away, and a file is cut only where it may be cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.language.chunks import cut_chunks
from reconciler.language.exact import lift_exactly
from reconciler.language.scan import MARKS, has_marks, is_lifted, lift

PIECES = st.sampled_from(
    [
        *'abx_-.19 \t\n\r{}[]()=:,?!+*/<>%$~#"\\é\u0301日\x01',
        '"text"',
        '"a ${b} c"',
        '"${f("x")}"',
        '"\\n\\u00e9"',
        "$${",
        "${",
        "%{ if a }",
        "<<EOT\nline\nEOT\n",
        "<<-EOT\n  ${a}\n  EOT\n",
        "# comment\n",
        "/* comment */",
        "openai_thread.t17.id",
        "12.5e3",
        'b "l" {\n',
        "\n}\n",
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def put_back(skeleton: str, slots: list[str]) -> str:
    rest = iter(slots)
    return re.sub(f"[{MARKS}]", lambda _: next(rest), skeleton)


@given(TEXTS)
def test_lifting_takes_nothing_away(text: str) -> None:
    skeleton, slots = lift(text)
    if not has_marks(text):
        assert put_back(skeleton, slots) == text


@given(TEXTS)
def test_exact_lifting_takes_nothing_away(text: str) -> None:
    lifted = lift_exactly(text)
    assert put_back(lifted.skeleton(len(text)), lifted.slots) == text


@given(TEXTS)
def test_what_lift_takes_is_what_exact_lifting_takes(text: str) -> None:
    skeleton, slots = lift(text)
    exact = lift_exactly(text)
    if is_lifted(skeleton) and not has_marks(text) and not exact.mistakes:
        assert (exact.skeleton(len(text)), exact.slots) == (skeleton, slots)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_chunks_leave_out_only_blanks_and_comments(text: str) -> None:
    end = 0
    for chunk in cut_chunks(text):
        left_out = text[end : chunk.start]
        assert chunk.start >= end
        assert re.fullmatch(r"\ufeff?(\s|#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)*", left_out)
        assert put_back(chunk.skeleton, chunk.raw) == text[chunk.start : chunk.end]
        end = chunk.end


@pytest.mark.parametrize(
    ("text", "skeleton", "slots"),
    [
        pytest.param('a = "x"', "a = \x01", ['"x"'], id="a string is one slot with its quotes"),
        pytest.param('a = "$${x}"', "a = \x01", ['"$${x}"'], id="an escaped interpolation too"),
        pytest.param("a = b.c", "a = b\x04", [".c"], id="a name after a dot is a slot"),
        pytest.param("a = 1.50", "a = \x02", ["1.50"], id="a number is a slot"),
        pytest.param("a = x1-1", "a = x1-1", [], id="digits of a name are no number"),
        pytest.param("a = 1 # c", "a = \x02 \x03", ["1", "# c"], id="a comment is a slot"),
        pytest.param(
            "a = <<E\nb\nE\n", "a = \x06\n", ["<<E\nb\nE"], id="the line after a heredoc is left"
        ),
    ],
)
def test_constants_are_lifted(text: str, skeleton: str, slots: list[str]) -> None:
    assert lift(text) == (skeleton, slots)


@pytest.mark.parametrize(
    "inside",
    [
        '"${"nested ${"twice ${x}"}"}"',
        '"${ /* } " */ x }"',
        '"${ { a = "}" }.a }"',
        '"${<<E\n}\nE\n}"',
        "<<-EOT\n  ${<<-IN\n    x\n  IN\n  }\n  EOT",
    ],
)
def test_templates_in_templates_are_followed_to_their_end(inside: str) -> None:
    lifted = lift_exactly(f"a = {inside}\n")
    assert (lifted.skeleton(len(inside) + 5)[4:], lifted.slots) == (
        f"{lifted.skeleton(len(inside) + 5)[4]}\n",
        [inside],
    )


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param("a = <<EOT\n{\n}\nEOT\n", id="a brace in a heredoc"),
        pytest.param("/*\n}\n*/\n", id="a brace in a comment"),
        pytest.param("a = {\nb = [\n{\n}\n]\n}\nc {\n}\n", id="braces that are not indented"),
        pytest.param("a = <<A\n}\nA\nb = <<B\n}\n}\nB\n" * 9, id="many heredocs"),
    ],
)
def test_a_block_is_not_cut_at(inside: str) -> None:
    text = f"x {{\n{inside}}}\ny {{\n}}\n"
    chunks = cut_chunks(text)
    assert [text[each.start] for each in chunks] == ["x", "y"]


def test_a_block_that_is_never_closed_does_not_take_the_next_ones_with_it() -> None:
    text = "x {\n a = {\n}\ny {\n}\nz {\n}\n"
    assert [text[each.start] for each in cut_chunks(text)] == ["x", "y", "z"]
