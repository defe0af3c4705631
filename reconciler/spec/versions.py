"""Versions: constraints such as `>= 1.5, < 2.0.0`, as `required_version` has them."""

from __future__ import annotations

import re

LANGUAGE_VERSION = "1.11.4"
"""The release of Terraform whose language this is."""


def meets(version: str, constraint: str) -> bool:
    """Whether *version* is one that *constraint* allows.

    Raises:
        ValueError: *constraint* is not one.
    """
    return all(_meets_one(version, each) for each in require_constraint(constraint))


def require_constraint(text: str) -> list[re.Match[str]]:
    """The parts of a constraint, which must all hold.

    Raises:
        ValueError: *text* is not a constraint.
    """
    found: list[re.Match[str]] = []
    for part in text.split(","):
        match = _CONSTRAINT.fullmatch(part)
        if match is None:
            raise ValueError(f'"{part.strip()}" is not a version constraint')
        found.append(match)
    return found


_CONSTRAINT = re.compile(
    r"\s*(?P<operator>=|!=|>=|<=|>|<|~>)?\s*"
    r"v?(?P<version>[0-9]{1,18}(?:\.[0-9]{1,18})*)(?:(?:-?[A-Za-z~]|-[0-9]|\+)[0-9A-Za-z.+~-]*)?\s*"
)


def _meets_one(version: str, match: re.Match[str]) -> bool:
    dots = match["version"].count(".")
    there, wanted = (_numbers(each, dots + 1) for each in (version, match["version"]))
    match match["operator"] or "=":
        case "=":
            return there == wanted
        case "!=":
            return there != wanted
        case ">=":
            return there >= wanted
        case "<=":
            return there <= wanted
        case ">":
            return there > wanted
        case "<":
            return there < wanted
        case _:
            fixed = max(1, dots)
            return there >= wanted and there[:fixed] == wanted[:fixed]


def _numbers(version: str, at_least: int) -> tuple[int, ...]:
    """The numbers of a version, filled up with zeros."""
    given = tuple(int(part) for part in version.split("."))
    return given + (0,) * (max(at_least, _SEGMENTS) - len(given))


_SEGMENTS = 3
"""How many numbers a version has at the least."""
