"""Repetition: how many instances a block may stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Project
from spec_writing import DATA_SCHEMAS, SCHEMAS, told, write_specs

from reconciler.diagnostics import Diagnostics
from reconciler.language.functions import standard_functions
from reconciler.spec.load import load


def counted(project: Project, count: str) -> str:
    """What a plan says of a block with a count that is known only when it is evaluated."""
    project.write(
        f'locals {{\n  n = {count}\n}}\n\nresource "openai_thread" "t" {{\n  count = local.n\n}}\n'
    )
    ended = project("plan")
    return ended.out + ended.err


@pytest.mark.parametrize("count", ["2", '"2"', "2.0", '"2e0"', "4 / 2"])
def test_what_spells_a_whole_number_counts(project: Project, count: str) -> None:
    assert "Plan: 2 to add" in counted(project, count)


@pytest.mark.parametrize(
    "count", ["2.5", "-1", "1 / 0", '"x"', "null", "[1]", "100001", f'"{"9" * 5000}"']
)
def test_what_is_no_number_of_instances_is_refused(project: Project, count: str) -> None:
    said = counted(project, count)
    assert "Invalid count argument" in said
    assert "main.tf" in said
    assert "6:   count = local.n" in said


def test_instances_of_all_blocks_together_have_a_limit(project: Project) -> None:
    project.write(
        "".join(f'resource "openai_thread" "t{n}" {{\n  count = 60000\n}}\n' for n in range(5))
    )
    ended = project("plan")
    assert ended.code == 1
    assert ended.err.count("Too many instances") == 1
    assert "5:   count = 60000" in ended.err


def test_too_many_instances_are_refused_before_any_is_made(tmp_path: Path) -> None:
    write_specs(
        tmp_path,
        "".join(f'resource "openai_thread" "t{n}" {{\n  count = 99999\n}}\n' for n in range(5)),
    )
    diagnostics = Diagnostics()
    load(tmp_path, SCHEMAS, DATA_SCHEMAS, diagnostics=diagnostics, functions=standard_functions())
    assert [told(each) for each in diagnostics] == ["error main.tf:5:11 Too many instances"]
