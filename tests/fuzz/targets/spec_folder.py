"""Spec folder: any main.tf is checked to the end, and whatever is wrong is a diagnostic.

What passes every check has an order, and can be expanded while nothing exists yet.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from reconciler.errors import ReconcilerError, SpecError
from reconciler.expand.walk import Expander
from reconciler.expand.world import Given
from reconciler.workflow.prepare import Prepared, prepare


def check(data: bytes) -> None:
    """Check *data* as the one file of a folder."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_bytes(data)
        (Path(folder) / "turns.jsonl").write_text('{"role": "user"}\n')
        for need_values in (False, True):
            prepared = _prepared(Path(folder), need_values=need_values)
            if prepared is not None and need_values:
                _expand(prepared)


def _prepared(folder: Path, *, need_values: bool) -> Prepared | None:
    try:
        return prepare(folder, given=(), environ={}, need_values=need_values)
    except SpecError as error:
        assert error.diagnostics
        assert all(each.summary for each in error.diagnostics)
        return None


def _expand(prepared: Prepared) -> None:
    expander = Expander(
        prepared.spec,
        prepared.graph,
        Given(prepared.variables, {}),
        functions=prepared.functions,
        will_replace=lambda instance: False,
    )
    try:
        expansion = expander.expand()
    except ReconcilerError:
        return
    addresses = [each.address for each in expansion.instances]
    assert len(set(addresses)) == len(addresses)
