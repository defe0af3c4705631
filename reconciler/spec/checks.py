"""Checks: `check` blocks."""

from __future__ import annotations

from reconciler.address import Mode
from reconciler.language.syntax import Block
from reconciler.spec.kinds import Kinds
from reconciler.spec.model import CheckBlock
from reconciler.spec.reading import BlockReader
from reconciler.spec.resources import read_resource
from reconciler.spec.rules import read_rules


def read_check(reader: BlockReader, kinds: Kinds) -> CheckBlock | None:
    """Read a `check` block; None where it has no name to be known by."""
    name = reader.name()
    reader.expect(blocks=("data", "assert"))
    data = _only_data(reader)
    asserts = read_rules(reader, "assert")
    if not reader.blocks("assert") and not reader.body.unread:
        reader.error("Zero assert blocks", "A check needs at least one assert block.")
    if name is None:
        return None
    source = None if data is None else read_resource(reader.inner(data), Mode.DATA, kinds)
    return CheckBlock(name, source, asserts, reader.block.place)


def _only_data(reader: BlockReader) -> Block | None:
    found = reader.blocks("data")
    for each in found[1:]:
        detail = "A check may have one data source of its own. Use one outside for the others."
        reader.error("Multiple data resource blocks", detail, each.place)
    return found[0] if found else None
