"""Benchmarks: that they are there to be run, and that the picture is what the writer writes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from benchmarks.chart import Line, chart  # noqa: E402 - found in the root

DOCS = ROOT / "docs" / "reference"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ["startup", "engine", "durability", "growth"])
def test_every_benchmark_can_be_run(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").main)


def drawn(lines: list[Line]) -> ElementTree.Element:
    return ElementTree.fromstring(chart(("CPU < wall", lines), below="messages"))


def test_a_chart_has_a_line_and_a_dot_for_each_point() -> None:
    picture = drawn([Line("a", [(1, 2), (2, 4)]), Line("b", [(1, 1)])])
    assert len(picture.findall(f".//{SVG}polyline")) == 2
    assert len(picture.findall(f".//{SVG}circle")) == 3


def test_twice_as_much_stands_twice_as_high() -> None:
    picture = drawn([Line("a", [(1, 2), (2, 4)])])
    (one, other) = picture.findall(f".//{SVG}circle")
    bottom = 240.0
    low, high = (bottom - float(each.attrib["cy"]) for each in (one, other))
    assert high == pytest.approx(2 * low, abs=0.2)


def test_the_same_numbers_give_the_same_picture() -> None:
    lines = [Line("a", [(1, 2), (2, 4)])]
    assert chart(("x", lines), below="y") == chart(("x", lines), below="y")


def test_the_picture_of_growth_is_shown_and_can_be_read() -> None:
    assert "(growth.svg)" in (DOCS / "performance.md").read_text()
    picture = ElementTree.parse(DOCS / "growth.svg").getroot()
    assert len(picture.findall(f".//{SVG}circle")) == 2 * 3 * 5
