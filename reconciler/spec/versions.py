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
    return all(_meets_one(_numbers(version), part) for part in constraint.split(","))


_CONSTRAINT = re.compile(
    r"\s*(?P<operator>=|!=|>=|<=|>|<|~>)?\s*"
    r"v?(?P<version>[0-9]{1,9}(?:\.[0-9]{1,9}){0,3})(?:[-+][0-9A-Za-z.+-]+)?\s*"
)


def _meets_one(version: tuple[int, ...], text: str) -> bool:
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text.strip()}" is not a version constraint')
    wanted = _numbers(match["version"])
    match match["operator"] or "=":
        case "=":
            return version == wanted
        case "!=":
            return version != wanted
        case ">=":
            return version >= wanted
        case "<=":
            return version <= wanted
        case ">":
            return version > wanted
        case "<":
            return version < wanted
        case _:
            fixed = max(1, match["version"].count("."))
            return version >= wanted and version[:fixed] == wanted[:fixed]


def _numbers(version: str) -> tuple[int, ...]:
    given = tuple(int(part) for part in version.split("."))
    return given + (0,) * (_SEGMENTS - len(given))


_SEGMENTS = 4
