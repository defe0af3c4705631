"""Docs of the command line: every command, option, exit code and error is in them."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import click
import pytest

from reconciler import errors
from reconciler.cli.options import Option
from reconciler.cli.session import Session
from reconciler.cli.tree import Command, Tree, root
from reconciler.version import VERSION
from reconciler.views.console import Console

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"


def commands(tree: Tree = root, path: str = "reconciler") -> Iterator[tuple[str, Command]]:
    context = click.Context(tree)
    for name in tree.list_commands(context):
        command = tree.get_command(context, name)
        if isinstance(command, Tree):
            yield from commands(command, f"{path} {name}")
        else:
            assert isinstance(command, Command), name
            yield f"{path} {name}", command


COMMANDS = dict(commands())


def section(name: str) -> str:
    text = (REFERENCE / "cli.md").read_text()
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{name} has no section"
    return found[1]


def long_options(command: Command) -> set[str]:
    return {
        next(each for each in option.opts if each.startswith("--"))
        for option in command.own_params
        if isinstance(option, Option) and not option.hidden
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_the_docs_have_every_option_of_a_command_and_no_other(name: str) -> None:
    documented = set(re.findall(r"`(--[a-z-]+)[^`]*`", "\n".join(_rows(section(name)))))
    assert documented == long_options(COMMANDS[name])


def test_the_docs_have_every_global_option() -> None:
    text = section("Global options")
    for option in ("--chdir", "--specs", "--state", "--emulator", "--no-color", "--help"):
        assert f"`{option}" in text


def test_the_docs_have_no_command_that_does_not_exist() -> None:
    headings = re.findall(r"^## (reconciler .*)$", (REFERENCE / "cli.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130, 143])
def test_the_docs_have_every_exit_code(code: int) -> None:
    assert f"| {code} |" in (REFERENCE / "exit-codes.md").read_text()


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.ReconcilerError)
    ],
)
def test_the_docs_have_every_error(name: str) -> None:
    assert f"`{name}`" in (REFERENCE / "errors.md").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_in_its_first_line_what_it_does(name: str) -> None:
    help_ = COMMANDS[name].help or ""
    assert help_.split("\n")[0].rstrip().endswith((".", ",", ":")), help_


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_are_commands(name: str) -> None:
    session = Session(Console(StringIO(), StringIO(), environ={}))
    for typed, meaning in COMMANDS[name].examples:
        command = next(each.strip() for each in typed.split("|") if name in each)
        words = shlex.split(command.partition(" > ")[0].removeprefix(name))
        COMMANDS[name].make_context(name, words, obj=session)
        assert meaning.endswith((".", "plan"))


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def _rows(text: str) -> list[str]:
    """What stands in the first column of the tables."""
    lines = (line for line in text.split("\n") if line.startswith("| `"))
    return [re.split(r"(?<!\\)\|", line)[1] for line in lines]
