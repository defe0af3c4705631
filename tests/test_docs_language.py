"""Docs of the language: what the reference shows is what happens, and its numbers are the code's."""

from __future__ import annotations

import doctest
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from reconciler import diagnostics
from reconciler.expand import repetition
from reconciler.language import (
    evaluate,
    frame,
    numbers,
    parse,
    reading,
    scan,
    template_shape,
    values,
    words,
)
from reconciler.language.functions import (
    folder,
    lists,
    pattern_syntax,
    standard_functions,
    yaml_reader,
)
from reconciler.spec import given, load, type_constraints

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "reference" / "language.md").read_text()


def fenced(language: str) -> list[str]:
    """What stands between fences of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def functions_page() -> ModuleType:
    """The script that writes the page of functions."""
    spec = importlib.util.spec_from_file_location("functions_page", ROOT / "docs" / "functions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLES = [line.split("  # -> ") for block in fenced("hcl") for line in block.splitlines()]


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 20
    assert all(len(each) == 2 for each in EXAMPLES)


@pytest.mark.parametrize(("text", "shown"), EXAMPLES)
def test_an_example_gives_what_the_page_says(text: str, shown: str) -> None:
    assert functions_page().written(evaluate(text)) == shown


def test_the_examples_in_python_hold() -> None:
    text = "\n".join(fenced("pycon"))
    example = doctest.DocTestParser().get_doctest(text, {}, "language.md", None, 0)
    assert len(example.examples) > 8
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        (
            "a spec file, and the spec files of one folder in all",
            f"{parse.MAX_FILE_BYTES >> 20} MiB",
        ),
        ("blocks of one file", f"{reading.MAX_BLOCKS:,}"),
        (
            "interpolations, directives and texts of one template",
            f"{template_shape.MAX_PIECES:,}",
        ),
        (
            "one repetition in a pattern, those inside counted",
            f"{pattern_syntax.MAX_REPEAT:,}",
        ),
        ("errors and warnings that are kept of one command", f"{diagnostics.MAX_KEPT:,}"),
        ("mistakes in the syntax of one file that are told", f"{reading.MAX_MISTAKES}"),
        ("words of one expression or block", f"{words.MAX_WORDS:,}"),
        ("brackets and expressions in each other", f"{words.MAX_NESTING} deep"),
        ("templates in templates", f"{scan.MAX_TEMPLATE_DEPTH} deep"),
        ("a value", f"{values.MAX_DEPTH} deep, {values.MAX_PARTS:,} parts"),
        ("elements that one evaluation goes through", f"{frame.MAX_STEPS:,}"),
        ("text that one evaluation makes", f"{frame.MAX_TEXT >> 20} MiB"),
        ("digits before or after the point of a number", f"{numbers.MAX_EXPONENT:,}"),
        ("numbers of one `range`", f"{lists.MAX_RANGE:,}"),
        (
            "a file that `file` and its like read",
            f"{folder.MAX_FILE_BYTES >> 20} MiB; `.jsonl`, `.ndjson` and `.csv` "
            f"{folder.MAX_TABLE_BYTES >> 20} MiB",
        ),
        ("files that one `fileset` looks at", f"{folder.MAX_ENTRIES:,}"),
        ("nodes of a YAML document, aliases counted in full", f"{yaml_reader.MAX_NODES:,}"),
        ("instances of one block", f"{repetition.MAX_INSTANCES:,}"),
        ("types nested in types", f"{type_constraints.MAX_TYPE_DEPTH} deep"),
        ("modules calling modules", f"{load.MAX_MODULE_DEPTH} deep"),
        (
            "blocks of called modules in all, counted for every call",
            f"{load.MAX_CALLED_BLOCKS:,}",
        ),
        ("values in a variable file in JSON", f"{given.MAX_DEPTH} deep"),
    ],
)
def test_a_limit_is_the_one_of_the_code(what: str, limit: str) -> None:
    assert f"| {what} | {limit} |" in TEXT


def test_the_length_of_a_shown_line_is_the_one_of_the_code() -> None:
    assert f"more than {diagnostics.MAX_SNIPPET_LENGTH:,} characters" in TEXT


def test_every_function_is_on_its_page() -> None:
    page = (ROOT / "docs" / "reference" / "functions.md").read_text()
    headings = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert sorted(headings) == sorted(standard_functions(ROOT))


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= anchors
