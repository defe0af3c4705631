"""Number: what spells a number is one, reads the same when written, and survives arithmetic."""

from __future__ import annotations

from itertools import pairwise

from fuzz import text_of
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import (
    add,
    divide,
    format_number,
    multiply,
    normal,
    parse_number,
    subtract,
)


def check(data: bytes) -> None:
    """Read each line of *data* as a number."""
    numbers = []
    for line in text_of(data).split("\n")[:20]:
        try:
            number = parse_number(line)
        except ValueMistake:
            continue
        if number is None:
            continue
        numbers.append(number)
        assert normal(number) == number
        assert parse_number(format_number(number)) == number
    for left, right in pairwise(numbers):
        for operate in (add, subtract, multiply, divide):
            try:
                result = operate(left, right)
            except ValueMistake:
                continue
            assert normal(result) == result
