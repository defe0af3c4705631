"""Fuzz: one file per reader of foreign bytes, each with a property that holds for all bytes.

A target is a module of `fuzz.targets`: its docstring states the property, and `check(data)` fails
where it does not hold. The corpus beside it keeps what was worth keeping: samples of every kind,
and every input that once failed. `tests/test_fuzz.py` runs `check` over the corpus and over small
changes to it; `make fuzz` looks for new inputs by coverage.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

Check = Callable[[bytes], None]

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
TARGETS = tuple(
    sorted(path.stem for path in (HERE / "targets").glob("*.py") if path.stem != "__init__")
)


def check_of(target: str) -> Check:
    """The property of a target."""
    check: Check = import_module(f"fuzz.targets.{target}").check
    return check


def corpus_of(target: str) -> list[Path]:
    """The inputs that are kept for a target."""
    return sorted(path for path in (CORPUS / target).glob("*") if path.is_file())


def text_of(data: bytes) -> str:
    """Bytes as text, for readers that are handed text; what is no UTF-8 is left out."""
    return data.decode("utf-8", "ignore")
