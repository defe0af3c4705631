"""Vectors: expressions and what Terraform makes of them, and how to compare with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import SpecError
from reconciler.language import Unknown, evaluate
from reconciler.language.plain import to_plain

OWN = Path(__file__).parent / "vectors"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "hcl"

Vector = dict[str, Any]


def load(path: Path) -> list[Any]:
    """The vectors of a file as pytest parameters; one that skips, visibly, without the file."""
    if not path.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"{path.name} is not here"))]
    return [pytest.param(each, id=each["expr"][:80]) for each in json.loads(path.read_text())]


def given(value: object) -> object:
    """A variable of a vector: `{"$unknown": type}` is unknown."""
    if isinstance(value, dict):
        if "$unknown" in value:
            of = value["$unknown"]
            return Unknown("dynamic" if of == "any" else of)
        return {name: given(each) for name, each in value.items()}
    return [given(each) for each in value] if isinstance(value, list) else value


def shown(value: object) -> object:
    """A result as vectors write it."""
    if isinstance(value, Unknown):
        return {"$unknown": True}
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    return [shown(each) for each in value] if isinstance(value, list) else value


def close(value: object) -> object:
    """The value with its numbers to be compared within 1e-12."""
    if isinstance(value, dict):
        return {name: close(each) for name, each in value.items()}
    if isinstance(value, list):
        return [close(each) for each in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return pytest.approx(value, rel=1e-12, abs=0)
    return value


def check(vector: Vector, variables: Mapping[str, object] | None = None) -> None:
    """Evaluate a vector and hold the result against what Terraform says."""
    names = dict(variables or {}) | {
        name: given(each) for name, each in vector.get("vars", {}).items()
    }
    if vector.get("error"):
        with pytest.raises(SpecError) as caught:
            evaluate(vector["expr"], names)
        assert all(each.subject is not None for each in caught.value.diagnostics)
        return
    value, sensitive = to_plain(evaluate(vector["expr"], names))
    assert shown(value) == close(vector.get("want"))
    if "sensitive_paths" in vector or vector.get("group") in ("unknown", "sensitive"):
        assert sorted(map(list, sensitive), key=str) == vector.get("sensitive_paths", [])
