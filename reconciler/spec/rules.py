"""Rules: `validation`, `precondition`, `postcondition` and `assert` blocks."""

from __future__ import annotations

from reconciler.spec.model import Rule
from reconciler.spec.reading import BlockReader


def read_rules(reader: BlockReader, type_: str) -> tuple[Rule, ...]:
    """Read the nested blocks of one type as rules; those with mistakes are left out."""
    found = (_read_rule(reader.inner(each)) for each in reader.blocks(type_))
    return tuple(rule for rule in found if rule is not None)


def _read_rule(reader: BlockReader) -> Rule | None:
    reader.labels()
    names = ("condition", "error_message")
    reader.expect(names, required=names)
    condition, message = (reader.expression(name) for name in names)
    if condition is None:
        return None
    if not condition.references() and not condition.is_unread:
        summary = f"Invalid {reader.block.type} expression"
        reader.error(summary, _CHECKS_NOTHING, condition.place)
    return None if message is None else Rule(condition, message, reader.block.place)


_CHECKS_NOTHING = (
    "The condition refers to nothing, so it is the same on every run and checks nothing. "
    "Refer to what it is about."
)
