"""Literal text: a value as it could stand in a spec, for outputs and the console."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.schema import Value
from reconciler.views import sanitise
from reconciler.views.masks import HIDDEN, Mask, below, is_hidden
from reconciler.views.value_text import MAX_DEPTH, scalar

_INDENT = "  "


def literal_lines(value: Value, mask: Mask = False, *, depth: int = 0) -> list[str]:
    """Write *value* over as many lines as it needs; the first carries no indent."""
    if is_hidden(value, mask):
        return [HIDDEN]
    if depth > MAX_DEPTH:
        return ["(nested too deep to be shown)"]
    if isinstance(value, Mapping):
        return _mapping(value, mask, depth)
    if isinstance(value, (list, tuple)):
        return _list(value, mask, depth)
    if isinstance(value, str) and "\n" in value:
        return ["<<EOT", *sanitise.lines(value.removesuffix("\n")), "EOT"]
    return [scalar(value)]


def _mapping(value: Mapping[str, Value], mask: Mask, depth: int) -> list[str]:
    if not value:
        return ["{}"]
    lines = ["{"]
    for key in sorted(value):
        inner = literal_lines(value[key], below(mask, key), depth=depth + 1)
        head = f"{_INDENT * (depth + 1)}{sanitise.quoted(str(key))} = {inner[0]}"
        lines += [head, *inner[1:]]
    return [*lines, _INDENT * depth + "}"]


def _list(value: list[Value] | tuple[Value, ...], mask: Mask, depth: int) -> list[str]:
    if not value:
        return ["[]"]
    lines = ["["]
    for index, each in enumerate(value):
        inner = literal_lines(each, below(mask, index), depth=depth + 1)
        inner[-1] += ","
        lines += [f"{_INDENT * (depth + 1)}{inner[0]}", *inner[1:]]
    return [*lines, _INDENT * depth + "]"]
