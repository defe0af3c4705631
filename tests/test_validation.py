"""Validation: what is wrong whatever the world looks like is told before anything is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.errors import SpecError
from reconciler.language import evaluate
from reconciler.workflow.configurations import configurations
from reconciler.workflow.prepare import prepare

LOCALS = 'locals {\n  big = { name = "x", list = [1, 2] }\n  again = local.big\n'
MODULE = 'variable "n" {\n  type = number\n}\n'


def mistakes(folder: Path, text: str, *, called: str = MODULE) -> list[str]:
    (folder / "m").mkdir()
    (folder / "m" / "main.tf").write_text(called)
    (folder / "main.tf").write_text(text)
    try:
        prepare(folder, given=(), environ={}, need_values=False)
    except SpecError as error:
        return [
            f"{os.path.basename(str(each.subject))}: {each.summary}: {each.detail}"
            for each in error.diagnostics
        ]
    return []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            LOCALS + '}\noutput "o" {\n  value = local.again.nme\n}\n',
            'main.tf:6:11: Unsupported attribute: The object has no attribute "nme". '
            'Did you mean "name"?',
        ),
        (
            LOCALS + '}\noutput "o" {\n  value = local.big.list[7]\n}\n',
            "main.tf:6:11: Invalid index: There is no element 7: the last of the 2 is 1.",
        ),
        (
            LOCALS + '}\nresource "openai_thread" "a" {\n  metadata = { a = "x${local.big}" }\n}\n',
            "main.tf:6:24: Invalid template interpolation value: A string is required, not an "
            "object.",
        ),
        (
            LOCALS + "  wrong = local.big.name.x\n}\n",
            'main.tf:4:11: Unsupported attribute: A string has no attributes, so no "x" either.',
        ),
        (
            'module "e" {\n  source = "./m"\n  n      = "x"\n}\n',
            "main.tf:3:12: Invalid value for module argument: The given value is not suitable for "
            'the variable "n": a number is required, and this text does not spell one.',
        ),
        (
            'data "openai_thread" "y" {\n}\n',
            "main.tf:1:1: Missing required argument: One of id and thread_id must be given, and "
            "must not be null.",
        ),
    ],
    ids=["attribute", "index", "template", "a local of a local", "module argument", "no id"],
)
def test_what_follows_from_constants_is_checked(tmp_path: Path, text: str, said: str) -> None:
    assert mistakes(tmp_path, text) == [said]


def test_a_mistake_of_a_local_value_is_told_where_it_is_and_nowhere_else(tmp_path: Path) -> None:
    text = 'locals {\n  a = [].x\n  b = [local.a]\n}\noutput "o" {\n  value = local.b[0].y[0]\n}\n'
    assert [each[:11] for each in mistakes(tmp_path, text)] == ["main.tf:2:7"]


def test_a_long_chain_of_local_values_is_followed_to_its_end(tmp_path: Path) -> None:
    chain = "".join(f"  v{n} = local.v{n + 1}\n" for n in range(5000))
    text = f'locals {{\n{chain}  v5000 = {{ a = 1 }}\n}}\noutput "o" {{\n  value = local.v0.b\n}}\n'
    assert [each.split(": ")[1] for each in mistakes(tmp_path, text)] == ["Unsupported attribute"]


def test_local_values_that_refer_to_each_other_have_that_mistake_only(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "locals {\n  a = [local.b.x]\n  b = { x = local.a[0] }\n}\n")
    assert len(found) == 1


def test_a_variable_without_a_value_is_no_mistake_of_what_uses_it(tmp_path: Path) -> None:
    text = (
        'variable "v" {}\nlocals {\n  a = { b = var.v }\n}\noutput "o" {\n  value = local.a.b.c[7]\n'
        '}\nmodule "e" {\n  source = "./m"\n  n      = local.a.b\n}\n'
        'data "openai_thread" "y" {\n  id = var.v\n}\n'
    )
    assert mistakes(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        'resource "openai_thread" "a" {\n  metadata = sensitive({ zqvwxk = [1] })\n}\n',
        'resource "openai_thread" "a" {\n  on_reorder = sensitive("zqvwxk")\n}\n',
        'module "e" {\n  source = "./m"\n  n      = local.s\n}\n',
    ],
)
def test_what_is_sensitive_is_not_shown(tmp_path: Path, text: str) -> None:
    locals_ = 'locals {\n  s = sensitive({ zqvwxk = "zqvwxk" })\n}\n'
    found = mistakes(tmp_path, locals_ + text)
    assert len(found) == 1
    assert "zqvwxk" not in found[0]


def configured(folder: Path, text: str) -> list[str]:
    """What is wrong when the provider block is evaluated, before anything is asked."""
    (folder / "main.tf").write_text('provider "openai" {\n  timeout_s = 5\n}\n' + text)
    prepared = prepare(folder, given=(), environ={})
    with pytest.raises(SpecError) as caught:
        configurations(prepared, {}, emulator=None)
    return [f"{each.subject}".rpartition("/")[2] for each in caught.value.diagnostics]


def test_a_wrong_local_value_hides_no_mistake_of_a_resource(tmp_path: Path) -> None:
    text = (
        'variable "s" {\n  default = "x"\n}\nlocals {\n  n = tonumber(var.s)\n}\n'
        'resource "openai_thread" "a" {\n  metadata = { a = tonumber(var.s) }\n}\n'
        'resource "openai_thread" "b" {\n  for_each = toset([tonumber(var.s)])\n}\n'
        'resource "openai_thread" "c" {\n  count = var.s == "x" ? -1 : 0\n}\n'
    )
    assert configured(tmp_path, text) == [
        "main.tf:8:16",
        "main.tf:11:29",
        "main.tf:14:30",
        "main.tf:17:11",
    ]


def test_what_depends_on_a_wrong_value_is_no_mistake(tmp_path: Path) -> None:
    text = (
        'variable "s" {\n  default = "x"\n}\nlocals {\n  n = tonumber(var.s)\n  m = local.n + 1\n}\n'
        'resource "openai_thread" "a" {\n  count = local.m\n}\n'
        'resource "openai_thread" "b" {\n  for_each = toset(["${local.n}"])\n}\n'
    )
    assert configured(tmp_path, text) == ["main.tf:8:16"]


def test_a_sensitive_variable_is_called_sensitive(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "s" {\n  type      = string\n  sensitive = true\n}\n'
        'output "o" {\n  value = upper(var.s).nope\n}\n'
    )
    with pytest.raises(SpecError) as caught:
        prepare(tmp_path, given=(), environ={}, need_values=False)
    assert caught.value.diagnostics[0].values == (("var.s", "has a sensitive value"),)


def test_the_error_itself_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'output "a" {\n  value = [].x\n}\noutput "b" {\n  value = [].y\n}\n'
    )
    with pytest.raises(SpecError, match=r"main\.tf:2:11: Unsupported attribute: A list .*1 more"):
        prepare(tmp_path, given=(), environ={}, need_values=False)


def test_an_expression_that_is_no_text_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="an expression is a str, not int"):
        evaluate(5)  # type: ignore[arg-type]


def test_a_module_that_calls_itself_is_named_in_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = mistakes(Path(), 'module "x" {\n  source = "./"\n}\n')
    assert found == [
        'main.tf:2:12: Module cycle: The module calls itself: "." -> ".". Remove one of these calls.'
    ]
