"""Templates: what quoted text, heredocs, interpolations and directives stand for."""

from __future__ import annotations

import pytest

from reconciler.language import evaluate
from reconciler.language.nodes import Template, Wrap
from reconciler.language.parse import parse_expression, parse_template


class Names:
    """A scope with two names and no functions."""

    functions: dict[str, object] = {}  # noqa: RUF012  # never changed

    def root(self, name: str) -> object:
        return {"name": "Ada", "list": ["a", "b"]}[name]


HEREDOCS = [
    ("<<EOT\n  keep\n    this\nEOT", "  keep\n    this\n"),
    ("<<EOT\nEOT", ""),
    ("<<-EOT\nEOT", ""),
    ("<<E\nx\nE", "x\n"),
    ("<<_E\nx\n_E", "x\n"),
    ("<<é\nx\né", "x\n"),
    ("<<E-1\nx\nE-1", "x\n"),
    ("<<EOT\nx\n  EOT\t", "x\n"),
    ("<<EOT\nx EOT\nEOTX\nEOT", "x EOT\nEOTX\n"),
    ('<<EOT\n\\n \\q " $ % $$ %%\nEOT', '\\n \\q " $ % $$ %%\n'),
    ("<<EOT\n$${a} %%{b} $$${c}\nEOT", "${a} %{b} $${c}\n"),
    ("<<EOT\r\na\r\n  b\r\nEOT\r", "a\n  b\n"),
    ("<<-EOT\n  a\n\n    b\n  EOT", "a\n\n  b\n"),
    ("<<-EOT\n  a\n \n  b\n  EOT", "a\n \nb\n"),
    ("<<-EOT\n   \n  a\n\n  EOT", "   \na\n\n"),
    ("<<-EOT\n\ta\n\t\tb\n  EOT", "a\n\tb\n"),
    ("<<-EOT\n\xa0 a\n  b\n  EOT", "a\nb\n"),
    ("<<-EOT\n    a\n  EOT", "a\n"),
    ('<<-EOT\n  ${"x"}\n    ${"y"} z\n  EOT', "x\n  y z\n"),
    ('<<-EOT\n  a ${"x"\n} b\n   c\nEOT', "a x b\n c\n"),
    ('<<-EOT\n   ${"z"}\n ${"x"}${"y"}\nEOT', "  z\nxy\n"),
    ('<<EOT\n${"a" ~}\n\n  b\nEOT', "a\n  b\n"),
    ('<<EOT\na\n   ${~ "x"}\nEOT', "a\nx\n"),
    ('<<EOT\na\n${~ "x"}\nEOT', "ax\n"),
    ('<<-EOT\n  a\n  ${~ "x" ~}\n  b\n  EOT', "  a\nx  b\n"),
    ("<<-EOT\n  %{ if true }\n    b\n  %{ endif }\n  c\n  EOT", "\n  b\n\nc\n"),
    ("<<EOT\n%{ if true ~}\na\n%{ else ~}\nb\n%{ endif ~}\nEOT", "a\n"),
    ("<<EOT\n%{ for x in [1, 2] ~}\n- ${x}\n%{ endfor ~}\nEOT", "- 1\n- 2\n"),
]


@pytest.mark.parametrize(("text", "value"), HEREDOCS)
def test_a_heredoc_stands_for(text: str, value: str) -> None:
    assert evaluate(f"{text}\n") == value


QUOTED = [
    (r'"a\n\t\r\"\\"', 'a\n\t\r"\\'),
    (r'"\u00e9\U0001F600"', "é😀"),
    ('"e\u0301"', "é"),
    ('"$ $$ % %%"', "$ $$ % %%"),
    ('"$${a"', "${a"),
    ('"$$${a}"', "$${a}"),
    ('"%%{ if }"', "%{ if }"),
    ('"a ${"b"} c"', "a b c"),
    ('"a ${~ "b" ~} c"', "abc"),
    (r'"a\n ${~ "b"}"', "ab"),
    ('"${"a"}$"', "a$"),
    ('"a\\\\${1}"', "a\\1"),
    ('"${"}"}{"', "}{"),
    ('"${\n"a" # }\n}b"', "ab"),
    ('"${ {a = "}"}.a }!"', "}!"),
    ('"%{ if true }a%{ else }b%{ endif }"', "a"),
    ('"%{if false}a%{else}b%{endif}"', "b"),
    ('"%{~ if true ~} a %{~ endif ~} b"', "ab"),
    ('"%{ for k, v in {a = 1, b = 2} }${k}${v}%{ endfor }"', "a1b2"),
    ('"%{ for in in [1] }${in}%{ endfor }"', "1"),
    ('"%{ if\ntrue }x%{ endif }"', "x"),
    ('"%{ if true }%{ if false }a%{ else }b%{ endif }%{ endif }"', "b"),
    ('"${<<A\nx\nA\n}."', "x\n."),
    ('[for x in ["a"] : "${x}-${[for y in ["b"] : "${x}${y}"][0]}"]', ["a-ab"]),
]


@pytest.mark.parametrize(("text", "value"), QUOTED)
def test_a_quoted_template_stands_for(text: str, value: object) -> None:
    assert evaluate(text) == value


def test_one_interpolation_alone_keeps_its_type() -> None:
    assert evaluate('"${[1]}"') == [1]
    assert evaluate('"${~ [1] ~}"') == [1]


def test_one_interpolation_with_text_around_it_is_text() -> None:
    assert evaluate('" ${~ 1 ~} "') == "1"


def test_a_template_of_a_file_needs_no_quotes() -> None:
    template = parse_template('Hello ${name}, "%{ for x in list ~}\n  <${x}>\n%{ endfor ~}".\n')
    assert template.evaluate(Names()) == 'Hello Ada, "  <a>\n  <b>\n".\n'


def test_a_template_of_a_file_may_be_empty() -> None:
    assert parse_template("").evaluate(Names()) == ""


def test_templates_that_differ_in_words_only_share_their_shape() -> None:
    one, other = parse_template("Dear ${name},\n"), parse_template("Hi ${name}!")
    assert one.shape is other.shape
    assert isinstance(one.node, Template)


def test_a_template_that_only_interpolates_is_a_wrap() -> None:
    assert isinstance(parse_template("${name}").node, Wrap)


def test_a_template_in_a_slot_refers_to_what_is_in_it() -> None:
    expression = parse_expression('"${a.b} %{ for x in c.d ~}${x}${e}%{ endfor }"')
    assert [each.text for each in expression.references()] == ["a.b", "c.d", "e"]


def test_places_inside_a_heredoc_are_places_of_the_file() -> None:
    expression = parse_expression("<<-EOT\n    é ${one}\n    and ${two.three}\n  EOT\n")
    source = expression.source
    places = [str(source.range(*each.place[1:])) for each in expression.references()]
    assert places == ["<expression>:2:9", "<expression>:3:11"]
