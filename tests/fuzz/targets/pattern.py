"""Pattern: any pattern over any text matches, does not match, or is refused, and in time.

The first line of the data is the pattern. A match of `regex` is the first of `regexall`.
"""

from __future__ import annotations

from fuzz import text_of
from reconciler.errors import SpecError
from reconciler.language import evaluate


def check(data: bytes) -> None:
    """Search the lines after the first for the first."""
    pattern, _, text = text_of(data).partition("\n")
    names = {"pattern": pattern, "text": text}
    try:
        found = evaluate("regexall(pattern, text)", names)
    except SpecError:
        return
    assert isinstance(found, list)
    if found:
        assert evaluate("regex(pattern, text)", names) == found[0]
    replaced = evaluate('replace(text, "/${pattern}/", "")', names) if pattern else text
    assert isinstance(replaced, str)
    assert len(replaced) <= len(text)
