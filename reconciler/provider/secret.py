"""Secret: a text that no output may show."""

from __future__ import annotations

from reconciler.frozen import frozen


@frozen
class Secret:
    """A key or token. Printing, formatting or logging it shows stars; only `reveal` tells it."""

    _text: str

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled")
