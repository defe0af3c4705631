"""Constants: expressions that mean the same wherever they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.diagnostics import (
    Diagnostic,
    Diagnostics,
    Place,
    Severity,
    SourceRange,
    diagnostic,
)
from reconciler.errors import SpecError
from reconciler.frozen import replace
from reconciler.language.syntax import Expression

REFUSED_IN_SECRET = "it is refused, and it is sensitive, so that what is wrong with it is not shown"
"""What stands in place of a complaint that may quote the value."""


class NoNames:
    """The scope in which nothing has a name and no function can be called."""

    def root(self, name: str) -> object:
        """Refuse *name*."""
        raise LookupError(f'There is no variable named "{name}" here.')

    @property
    def functions(self) -> Mapping[str, object]:
        """None at all."""
        return {}


NO_NAMES = NoNames()


def constant(expression: Expression) -> object:
    """The value of an expression that may use neither names nor functions.

    Raises:
        SpecError: it uses some, or has no value.
    """
    found = [_not_allowed("Variables", each.place) for each in expression.references()]
    found += [_not_allowed("Functions", place) for _, place in expression.calls()]
    if found:
        raise SpecError(tuple(found))
    return expression.evaluate(NO_NAMES)


def in_context(diagnostics: Diagnostics, error: SpecError, context: str) -> None:
    """Note what *error* carries, as found in the block *context*."""
    diagnostics.extend(
        each if each.context is not None else replace(each, context=context)
        for each in error.diagnostics
    )


def except_at(error: SpecError, told: Collection[SourceRange]) -> SpecError:
    """What *error* carries that is not about a place where something has been reported."""
    return SpecError(tuple(each for each in error.diagnostics if not is_told(each, told)))


def is_told(found: Diagnostic, told: Iterable[SourceRange]) -> bool:
    """Whether something has been reported at the place of *found*, or in it, or around it."""
    place = found.subject
    return place is not None and any(each.overlaps(place) for each in told)


def _not_allowed(what: str, place: Place) -> Diagnostic:
    detail = f"{what} may not be used here: the value must be known before anything is evaluated."
    return diagnostic(Severity.ERROR, f"{what} not allowed", detail, place=place)
