"""Suggest: the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, with the space before it, or nothing where no name is close."""
    candidates = [each for each in known if abs(len(each) - len(name)) <= _SLIPS]
    if not candidates or len(candidates) > _MOST:
        return ""
    from difflib import get_close_matches  # only a mistake pays for the import

    close = get_close_matches(name, candidates, n=1, cutoff=0.7)
    return f' Did you mean "{close[0]}"?' if close else ""


_SLIPS = 3
"""A name with more letters too many or too few is another name."""

_MOST = 5_000
"""Among more names than this none is looked for."""
