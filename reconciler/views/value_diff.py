"""Value diff: how one value becomes another, in the notation of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.language.values import contains_unknown
from reconciler.schema import Path, Type, Value
from reconciler.views import json_value
from reconciler.views.list_diff import Pair, gathered, pairs
from reconciler.views.masks import HIDDEN, Mask, below, is_hidden
from reconciler.views.style import Style
from reconciler.views.text_diff import heredoc_diff
from reconciler.views.value_text import (
    JSON_TYPE,
    MAX_DEPTH,
    STEP,
    Whole,
    child_type,
    is_map,
    key_text,
    pad,
)

FORCES = " # forces replacement"


class Side:
    """A value, and what of it is hidden."""

    __slots__ = ("mask", "value")

    def __init__(self, value: Value, mask: Mask = False) -> None:
        self.value = value
        self.mask = mask

    def child(self, key: str | int) -> Side:
        """One part of it; None where there is none."""
        mask = below(self.mask, key)
        if isinstance(self.value, Mapping):
            return Side(self.value.get(key), mask)
        if isinstance(self.value, (list, tuple)) and isinstance(key, int):
            return Side(self.value[key], mask)
        return Side(None, mask)

    @property
    def hidden(self) -> bool:
        """Whether nothing of it may be shown."""
        return is_hidden(self.value, self.mask)


def same(before: Side, after: Side) -> bool:
    """Whether there is nothing to show: equal values, equally hidden.

    Null and an empty collection mean the same to the API and never alternate in a plan.
    """
    if before.hidden != after.hidden:
        return False
    return same_value(before.value, after.value)


def same_value(before: Value, after: Value) -> bool:
    """Whether two values are equal, both of them known."""
    if before is None or after is None:
        return _is_nothing(before) and _is_nothing(after)
    if isinstance(before, bool) is not isinstance(after, bool):
        return False
    return before == after and not contains_unknown(after)


class ValueDiff:
    """Writes changed values; *replace_paths* are marked as forcing a replacement."""

    def __init__(self, style: Style, replace_paths: frozenset[Path] = frozenset()) -> None:
        self.style = style
        self.replace_paths = replace_paths

    def entry(
        self, head: str, before: Side, after: Side, type_: Type, column: int, path: Path
    ) -> list[str]:
        """Write one changed part: its symbol, *head* (`name = `), and its values."""
        inner = self.value(before, after, type_, column, path)
        mark = self.style.symbol(symbol_of(before, after))
        return [f"{pad(column)}{mark} {head}{inner[0]}", *inner[1:]]

    def value(self, before: Side, after: Side, type_: Type, column: int, path: Path) -> list[str]:
        """Write how a value changes, in the lines it takes."""
        lines = self._value(before, after, type_, column, path)
        if path in self.replace_paths:
            lines[0] += self.style.red(FORCES)
        return lines

    def _value(self, before: Side, after: Side, type_: Type, column: int, path: Path) -> list[str]:
        if before.hidden or after.hidden:
            return _hidden(before, after, self.style)
        if before.value is None:
            return Whole("+", self.style).value(after.value, after.mask, type_, column)
        if after.value is None:
            return self._gone(before, type_, column)
        return self._changed(before, after, type_, column, path)

    def _gone(self, before: Side, type_: Type, column: int) -> list[str]:
        lines = Whole("-", self.style).value(before.value, before.mask, type_, column)
        lines[-1] += self.style.dim(" -> null")
        return lines

    def _changed(
        self, before: Side, after: Side, type_: Type, column: int, path: Path
    ) -> list[str]:
        one, other = before.value, after.value
        if column > MAX_DEPTH * STEP:
            return ["(nested too deep to be shown)"]
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            return self.mapping(before, after, type_, column, path)
        if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
            return self._list(before, after, type_, column, path)
        if isinstance(one, str) and isinstance(other, str):
            return self._text(one, other, column)
        return self._arrow(before, after, type_, column)

    def _arrow(self, before: Side, after: Side, type_: Type, column: int) -> list[str]:
        lines = Whole("-", self.style).value(before.value, before.mask, type_, column)
        rest = Whole("+", self.style).value(after.value, after.mask, type_, column)
        lines[-1] += self.style.yellow(" -> ") + rest[0]
        return [*lines, *rest[1:]]

    def mapping(self, before: Side, after: Side, type_: Type, column: int, path: Path) -> list[str]:
        """Write two mappings key by key, unchanged ones counted."""
        keys = sorted({*_keys(before), *_keys(after)}, key=str)
        names = {key: key_text(key, type_) for key in keys}
        width = max((len(each) for each in names.values()), default=0)
        lines, hidden = ["{"], 0
        for key in keys:
            one, other = before.child(key), after.child(key)
            if same(one, other) and (key in _keys(before)) is (key in _keys(after)):
                hidden += one.value is not None
                continue
            head = f"{names[key]:<{width}} = "
            inner, place = child_type(type_, key), (*path, key)
            if key not in _keys(after) and not is_map(type_):
                lines += self._removed(head, one, inner, column + STEP)
            else:
                lines += self.entry(head, one, other, inner, column + STEP, place)
        what = "element" if is_map(type_) else "attribute"
        return [*lines, *hidden_note(hidden, what, column, self.style), pad(column + 2) + "}"]

    def _removed(self, head: str, before: Side, type_: Type, column: int) -> list[str]:
        whole = Whole("-", self.style)
        return whole.entry(head, whole.value(before.value, before.mask, type_, column), column)

    def _list(self, before: Side, after: Side, type_: Type, column: int, path: Path) -> list[str]:
        assert isinstance(before.value, Sequence)
        assert isinstance(after.value, Sequence)
        lines = ["["]
        for each in gathered(pairs(before.value, after.value)):
            if isinstance(each, int):
                lines += hidden_note(each, "element", column, self.style)
            else:
                lines += self._element(each, before, after, type_, column + STEP, path)
        return [*lines, pad(column + 2) + "]"]

    def _element(
        self, pair: Pair, before: Side, after: Side, type_: Type, column: int, path: Path
    ) -> list[str]:
        old, new = pair
        inner = child_type(type_, new if new is not None else old or 0)
        if old is None or new is None:
            side, symbol = (
                (before.child(old), "-") if old is not None else (after.child(new or 0), "+")
            )
            whole = Whole(symbol, self.style)
            lines = whole.entry("", whole.value(side.value, side.mask, inner, column), column)
        else:
            one, other = before.child(old), after.child(new)
            if same(one, other):
                whole = Whole(" ", self.style)
                lines = whole.entry("", whole.value(one.value, one.mask, inner, column), column)
            else:
                lines = self.entry("", one, other, inner, column, (*path, new))
        lines[-1] += ","
        return lines

    def _text(self, before: str, after: str, column: int) -> list[str]:
        old, new = json_value.parse(before), json_value.parse(after)
        if old is not None and new is not None and type(old) is type(new):
            return self._json(old, new, column)
        multiline = "\n" in before or "\n" in after
        if multiline and old is None and new is None:
            return heredoc_diff(before, after, column, self.style)
        return self._arrow(Side(before), Side(after), "string", column)

    def _json(self, before: Value, after: Value, column: int) -> list[str]:
        if before == after:
            lines = Whole(" ", self.style).json(before, column)
            lines[0] += self.style.dim(" # whitespace changes")
            return lines
        inner = self.value(Side(before), Side(after), JSON_TYPE, column + STEP, ("jsonencode",))
        mark = self.style.symbol("~")
        return [
            "jsonencode(",
            f"{pad(column + 4)}{mark} {inner[0]}",
            *inner[1:],
            pad(column + 2) + ")",
        ]


def symbol_of(before: Side, after: Side) -> str:
    """`+` for what was not there, `-` for what will not be, else `~`."""
    if before.value is None:
        return "+"
    return "-" if after.value is None else "~"


def hidden_note(count: int, what: str, column: int, style: Style) -> list[str]:
    """Say how many parts are not shown, if any are not."""
    if not count:
        return []
    plural = "" if count == 1 else "s"
    return [pad(column + 6) + style.dim(f"# ({count} unchanged {what}{plural} hidden)")]


def _hidden(before: Side, after: Side, style: Style) -> list[str]:
    if after.value is None:
        return [HIDDEN + style.dim(" -> null")]
    return [HIDDEN]


def _keys(side: Side) -> Sequence[str]:
    return list(side.value) if isinstance(side.value, Mapping) else []


def _is_nothing(value: Value) -> bool:
    return value is None or (isinstance(value, (dict, list, tuple)) and not value)
