"""List diff: which elements of two lists belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.language.values import Unknown
from reconciler.schema import Value

Pair = tuple[int | None, int | None]
"""Index before and index after; None where there is none."""

CONTEXT_ELEMENTS = 1
MAX_CELLS = 250_000
"""Elements of one list times elements of the other, up to which they are aligned."""


def pairs(before: Sequence[Value], after: Sequence[Value]) -> list[tuple[Pair, bool]]:
    """Align two lists by their longest common subsequence; True for an unchanged pair.

    What stands between two common elements is paired in order where both sides have parts that
    can be compared, else removed and added.
    """
    found: list[tuple[Pair, bool]] = []
    old = new = 0
    for left, right in [*common(before, after), (len(before), len(after))]:
        found += _gap(before, range(old, left), after, range(new, right))
        if left < len(before):
            found.append(((left, right), True))
        old, new = left + 1, right + 1
    return found


def gathered(aligned: Sequence[tuple[Pair, bool]]) -> Iterator[Pair | int]:
    """Replace unchanged elements away from any change by their number."""
    near: set[int] = set()
    for index, (_, unchanged) in enumerate(aligned):
        if not unchanged:
            near.update(range(index - CONTEXT_ELEMENTS, index + CONTEXT_ELEMENTS + 1))
    hidden = 0
    for index, (pair, _) in enumerate(aligned):
        if index not in near:
            hidden += 1
            continue
        if hidden:
            yield hidden
            hidden = 0
        yield pair
    if hidden:
        yield hidden


def _gap(
    before: Sequence[Value], old: range, after: Sequence[Value], new: range
) -> Iterator[tuple[Pair, bool]]:
    paired = 0
    while (
        paired < len(old)
        and paired < len(new)
        and _comparable(before[old[paired]], after[new[paired]])
    ):
        yield (old[paired], new[paired]), False
        paired += 1
    yield from (((index, None), False) for index in old[paired:])
    yield from (((None, index), False) for index in new[paired:])


def _comparable(before: Value, after: Value) -> bool:
    if isinstance(after, Unknown):
        return True
    if isinstance(before, str) and isinstance(after, str):
        return "\n" in before and "\n" in after
    return any(
        isinstance(before, kind) and isinstance(after, kind) for kind in (dict, (list, tuple))
    )


def common(
    before: Sequence[Value], after: Sequence[Value], *, max_cells: int = MAX_CELLS
) -> list[tuple[int, int]]:
    """Indexes of a longest common subsequence; beyond the bound only what both ends share."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    start = [(index, index) for index in range(head)]
    end = [(len(before) - left, len(after) - left) for left in range(tail, 0, -1)]
    if len(old) * len(new) > max_cells:
        return start + end
    middle = [(head + left, head + right) for left, right in _longest(old, new)]
    return start + middle + end


def _longest(before: Sequence[Value], after: Sequence[Value]) -> list[tuple[int, int]]:
    rows, columns = len(before), len(after)
    length = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            if before[row] == after[column]:
                length[row][column] = length[row + 1][column + 1] + 1
            else:
                length[row][column] = max(length[row + 1][column], length[row][column + 1])
    found, row, column = [], 0, 0
    while row < rows and column < columns:
        if before[row] == after[column]:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif length[row + 1][column] >= length[row][column + 1]:
            row += 1
        else:
            column += 1
    return found
