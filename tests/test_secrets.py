"""Secrets: no mistake of evaluation shows anything of a value that is sensitive."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from reconciler.errors import SpecError
from reconciler.language import Sensitive, Unknown, evaluate
from reconciler.language.functions import standard_functions
from reconciler.provider.config import configure
from reconciler.provider.discretion import Discretion

CANARY = "zqvwxk"

SECRETS: tuple[object, ...] = (
    Sensitive(CANARY),
    Sensitive("${" + CANARY + "}"),
    Sensitive("${a." + CANARY + "}"),
    Sensitive(f'{{"{CANARY}": 1, "{CANARY}"'),
    Sensitive(f"({CANARY}"),
    Sensitive(f"%{CANARY}"),
    Sensitive(f"a,{CANARY}\n1,2,{CANARY}"),
    Sensitive(f"a: {CANARY}: x"),
    Sensitive([CANARY, CANARY]),
    Sensitive({CANARY: 1}),
    Sensitive({CANARY: {CANARY: "x"}}),
    Sensitive([{CANARY: 1}, CANARY]),
    ["zqvwx1", Sensitive(CANARY)],
    {"a": Sensitive({CANARY: [CANARY]})},
)
BESIDE: tuple[object, ...] = ("x", 1, [], {"a": 1}, "2020-01-01T00:00:00Z", "10.0.0.0/8", Unknown())


def shown(text: str, variables: dict[str, object], base: Path) -> str:
    """All that is said when *text* is evaluated; nothing if it has a value."""
    try:
        evaluate(text, variables, base_dir=base)
    except SpecError as error:
        return repr(error.diagnostics[0].summary) + repr(
            [(each.detail, each.values) for each in error.diagnostics]
        )
    return ""


def assert_hidden(text: str, base: Path) -> None:
    said = {shown(text, {"s": s, "p": p}, base) for s, p in product(SECRETS, BESIDE)}
    assert not [each for each in said if CANARY in each]


@pytest.mark.parametrize("name", sorted(standard_functions(Path())))
def test_no_function_shows_a_sensitive_argument(name: str, tmp_path: Path) -> None:
    function = standard_functions(tmp_path)[name]
    count = len(function.parameters) + (2 if function.variadic else 0)  # type: ignore[attr-defined]
    calls = [f"{name}({', '.join(['s'] * count)})", f"{name}(s...)", f"{name}([s], [s])"]
    for at in range(count):
        arguments = ["p"] * count
        arguments[at] = "s"
        calls.append(f"{name}({', '.join(arguments)})")
    for call in calls:
        assert_hidden(call, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "s.zqvwx1",
        "s[9]",
        "s[s]",
        "p[s]",
        "{ zqvwx1 = 1 }[s]",
        "{ (s) = 1 }.zqvwx1",
        "{ for x in [s] : x => 1 }.zqvwx1",
        "{ for x in [s, s] : x => 1 }",
        "{ for x in s : x => x.nope }",
        "[for x in s : x.nope]",
        "[for x in [1] : x if s]",
        "s[*].nope",
        "s + 1",
        "!s",
        "s ? 1 : 2",
        "true ? [s] : {}",
        '"a${s}"',
        '"%{ for x in s }${x.q}%{ endfor }"',
        "keys(s).x",
        "merge({ (s) = 1 }, {}).zqvwx1",
        "lookup({ zqvwx1 = 1 }, s)",
        "try(tonumber(s), tonumber(s))",
        "[convert(s, number)]",
        "convert(s, map(number))",
        "convert(s, object({ zqvwx1 = number }))",
        'templatestring("$${zqvwx1}", s)',
        'templatestring("$${a.zqvwx1}", { a = s })',
        "templatestring(s, { zqvwx1 = 1 })",
        "jsondecode(s).a",
    ],
)
def test_no_expression_shows_a_sensitive_value(text: str, tmp_path: Path) -> None:
    assert_hidden(text, tmp_path)


def test_the_name_of_a_template_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    said = shown("templatefile(s, {})", {"s": Sensitive(CANARY)}, tmp_path)
    assert "could reveal a sensitive value" in said


def test_whether_a_text_is_true_is_not_shown(tmp_path: Path) -> None:
    said = {shown("!s", {"s": Sensitive(each)}, tmp_path) for each in ("TRUE", "FALSE")}
    assert len(said) == 1


@pytest.mark.parametrize("argument", ["headers", "query"])
@pytest.mark.parametrize(
    ("value", "is_hidden"),
    [
        ("zqvwxk-7f3a", True),
        ("2025-05-15-zqvwxk", True),
        ("20250515", True),
        ("beta=v2", False),
        ("2025-05-15", False),
        ("2025-05-15-preview", False),
    ],
)
def test_values_of_headers_and_query_are_hidden_by_one_rule(
    argument: str, value: str, is_hidden: bool
) -> None:
    arguments = {"base_url": "https://x.example/v1", argument: {"name": value}}
    config = configure(arguments, {}, emulator=None)  # type: ignore[arg-type]
    said = Discretion(config.secrets).hide(f"You sent {value}.")
    assert said == ("You sent ***." if is_hidden else f"You sent {value}.")
