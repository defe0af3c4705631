"""Settle: a finished value without what only evaluation needs, and not larger than allowed."""

from __future__ import annotations

from reconciler.diagnostics import Severity, diagnostic
from reconciler.errors import SpecError
from reconciler.language.frame import Evaluable
from reconciler.language.marks import rebuild
from reconciler.language.values import Sensitive, TypedNull

MAX_PARTS = 2_000_000
"""How many parts a value may have, counted as often as they are part of it."""


def settle(expression: Evaluable, value: object) -> object:
    """The value with plain None for every null.

    Raises:
        SpecError: it has more parts than a value may have.
    """
    if not isinstance(value, (list, dict, Sensitive, TypedNull)):
        return value
    if not _has_typed_null(expression, value):
        return value
    return with_plain_nulls(value)


def _has_typed_null(expression: Evaluable, value: object) -> bool:
    parts = 1
    found = False
    queue = [value]
    while queue:
        each = queue.pop()
        if isinstance(each, dict):
            parts += len(each)
            queue.extend(each.values())
        elif isinstance(each, list):
            parts += len(each)
            queue.extend(each)
        elif isinstance(each, Sensitive):
            queue.append(each.value)
        elif isinstance(each, TypedNull):
            found = True
        if parts > MAX_PARTS:
            raise _too_large(expression)
    return found


def _too_large(expression: Evaluable) -> SpecError:
    problem = diagnostic(
        Severity.ERROR,
        "Value too large",
        f"The value has more than {MAX_PARTS:,} parts. Split it up, or make less of it.",
        place=expression.place_of(expression.node),
    )
    return SpecError((problem,))


def with_plain_nulls(value: object) -> object:
    """The value with None for every null that has a type."""
    if isinstance(value, TypedNull):
        return None
    if isinstance(value, Sensitive):
        return Sensitive(with_plain_nulls(value.value))
    return rebuild(value, with_plain_nulls)
