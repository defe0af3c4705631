"""Suggest: the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, with the space before it, or nothing where no name is close."""
    best = closest(name, known)
    return f' Did you mean "{best}"?' if best is not None else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of *known* that is fewest slips of the pen away from *name*.

    A slip is a letter too much, too few, another one, or two neighbours swapped. More than a
    third of the letters wrong is another name. Ties go to the first by name.
    """
    limit = min(3, (len(name) + 1) // 3, len(name) - 1)
    measured = ((_distance(name.lower(), each.lower(), limit), each) for each in known)
    found = [each for each in measured if each[0] <= limit]
    return min(found)[1] if found else None


def _distance(left: str, right: str, limit: int) -> int:
    """Count the slips between two names; anything above *limit* stands for "too many"."""
    if abs(len(left) - len(right)) > limit or max(len(left), len(right)) > _LONGEST:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last = row, before
        row = [i]
        for j, b in enumerate(right, 1):
            slips = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                slips = min(slips, last[j - 2] + 1)
            row.append(slips)
        if min(row) > limit:
            return limit + 1
    return row[-1]


_LONGEST = 100
"""Names longer than this are not compared."""
