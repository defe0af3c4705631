"""Alone: an expression evaluated outside of any spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.frozen import frozen
from reconciler.language.functions import standard_functions
from reconciler.language.mistakes import ValueMistake
from reconciler.language.parse import parse_expression
from reconciler.language.plain import from_plain, plain_with_marks


@frozen
class GivenScope:
    """Names that stand for given values."""

    values: Mapping[str, object]
    functions: Mapping[str, object]

    def root(self, name: str) -> object:
        """The value of a name.

        Raises:
            LookupError: it was not given.
        """
        if name in self.values:
            return self.values[name]
        raise LookupError(f'There is no value for "{name}"', tuple(self.values))


def evaluate_alone(text: str, variables: Mapping[str, object], base_dir: Path | None) -> object:
    """See `reconciler.language.evaluate`."""
    if not isinstance(text, str):
        raise TypeError(f"an expression is a str, not {type(text).__name__}")
    values = {name: _given(name, value) for name, value in variables.items()}
    scope = GivenScope(values, standard_functions(base_dir))
    return plain_with_marks(parse_expression(text).evaluate(scope))


def _given(name: str, value: object) -> object:
    try:
        return from_plain(value)
    except ValueMistake as mistake:
        raise TypeError(f"variable {name}: {mistake.message}") from None
    except RecursionError:
        raise TypeError(f"variable {name}: it is nested too deeply") from None
