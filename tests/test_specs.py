"""Every example in specs/ says what it shows, and does it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Run

SPECS = Path(__file__).resolve().parents[1] / "specs"
EXAMPLES = sorted(each.name for each in SPECS.iterdir() if each.is_dir())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_applies_and_then_nothing_is_left_to_do(
    name: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SPECS / name, tmp_path / "specs" / name)
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)
    specs = ["--specs", f"specs/{name}"]

    assert run("apply", "-auto-approve", *specs).code == 0

    assert run("plan", "-detailed-exitcode", *specs).code == 0
    assert (tmp_path / "state" / f"{name}.json").exists()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_opens_with_what_it_shows(name: str) -> None:
    assert (SPECS / name / "main.tf").read_text().startswith("# ")
