"""The page of promises names every promise, and only tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

from publishing import PROMISES

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reference" / "reliability.md").read_text()


def test_every_promise_is_on_the_page_as_it_is_made() -> None:
    missing = [title for title, text in PROMISES.values() if f"## {title}\n\n{text}\n" not in PAGE]
    assert missing == []


def test_every_test_on_the_page_exists() -> None:
    named = re.findall(r"^\| `(tests/\w+\.py)::(\w+)` \|", PAGE, re.MULTILINE)
    assert len(named) > len(PROMISES)
    missing = [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert missing == []
