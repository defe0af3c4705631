"""Settle: a finished value without what only evaluation needs, and not larger than allowed."""

from __future__ import annotations

from reconciler.diagnostics import Severity, diagnostic
from reconciler.errors import SpecError
from reconciler.language.frame import Evaluable
from reconciler.language.marks import rebuild
from reconciler.language.mistakes import ValueMistake
from reconciler.language.values import Sensitive, TypedNull, contains_typed_null


def settle(expression: Evaluable, value: object) -> object:
    """The value with plain None for every null.

    Raises:
        SpecError: it has more parts than a value may have.
    """
    if not isinstance(value, (list, dict, Sensitive, TypedNull)):
        return value
    try:
        return with_plain_nulls(value) if contains_typed_null(value) else value
    except ValueMistake as mistake:
        problem = diagnostic(
            Severity.ERROR,
            mistake.summary or "Value too large",
            f"This is no value to work with: {mistake.message}.",
            place=expression.place_of(expression.node),
        )
        raise SpecError((problem,)) from None


def with_plain_nulls(value: object) -> object:
    """The value with None for every null that has a type."""
    if isinstance(value, TypedNull):
        return None
    if isinstance(value, Sensitive):
        return Sensitive(with_plain_nulls(value.value))
    return rebuild(value, with_plain_nulls)
