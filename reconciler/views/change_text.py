"""Change text: one object's block in the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.address import Address, Mode, key_text
from reconciler.plan.model import Action, Drift, PlannedChange, Reason
from reconciler.schema import Attributes, Schema, Type, Value
from reconciler.views import sanitise
from reconciler.views.masks import below, mask_of
from reconciler.views.style import Style
from reconciler.views.value_diff import Side, ValueDiff, hidden_note, same
from reconciler.views.value_text import Whole, pad
from reconciler.views.wrapping import fitted

ALWAYS_SHOWN = ("id", "name", "tags")
"""Attributes that stay visible although they do not change, so that one knows what it is about."""

_COLUMN = 6
_COMMENT = "  # "
_GUESSED_MAP: Type = ["map", "dynamic"]


class ChangeText:
    """Writes changes as blocks. *schemas* tell names from data where they are at hand.

    What stands above a block is broken to the *screen* if there is one, the block itself never.
    """

    def __init__(
        self,
        style: Style,
        schemas: Mapping[str, Schema] | None = None,
        *,
        screen: int | None = None,
    ) -> None:
        self.style = style
        self.schemas = schemas or {}
        self._room = None if screen is None else screen - len(_COMMENT)
        self._known: dict[str, dict[str, Type]] = {}

    def change(self, change: PlannedChange) -> list[str]:
        """Write the block of one change, or nothing where there is nothing to say."""
        if not change.changes_something:
            return []
        lines = [
            *self._comment(self._headline(change), self.style.bold),
            *(line for note in _notes(change) for line in self._comment(note)),
        ]
        symbol = _symbol(change)
        return [*lines, *self._block(change.address, symbol, self._body(change))]

    def drift(self, drift: Drift) -> list[str]:
        """Write what someone else did to one object."""
        address = sanitise.line(str(drift.address))
        mask = mask_of(drift.sensitive)
        before = Side(drift.before, mask)
        if drift.after is None:
            verb, symbol = self.style.alarm("deleted"), "  -"
            body = self._whole("-", drift.address.type, before)
        else:
            verb, symbol = "changed", "  ~"
            body = self._changed(drift.address.type, before, Side(drift.after, mask))
        been = "been " if drift.after is None else ""
        lines = self._comment(f"{self.style.bold(f'{address} has ')}{been}{verb}")
        if drift.position is not None:
            place, count = drift.position
            lines += self._comment(f"(it was position {place} of {count})")
        return [*lines, *self._block(drift.address, symbol, body)]

    def _headline(self, change: PlannedChange) -> str:
        address = sanitise.line(str(change.address))
        alarm = self.style.alarm
        match change.action:
            case Action.CREATE if change.reason is Reason.GONE:
                return f"{address} is gone and will be created again"
            case Action.CREATE:
                return f"{address} will be created"
            case Action.READ:
                return f"{address} will be read during apply"
            case Action.UPDATE:
                return f"{address} will be updated in-place"
            case Action.REPLACE:
                return _REPLACED.get(change.reason, _REPLACED[None]).format(
                    address=address, replaced=alarm("replaced")
                )
            case Action.DELETE:
                what = f"{address} (deposed object {change.deposed})" if change.deposed else address
                return f"{what} will be {alarm('destroyed')}"
            case Action.FORGET:
                return (
                    f"{address} will no longer be managed by reconciler, but will not be destroyed"
                )
            case Action.NO_OP if change.import_id is not None:
                return f"{address} will be imported"
            case Action.NO_OP:
                return f"{sanitise.line(str(change.moved_from))} has moved to {address}"

    def _comment(self, text: str, paint: Callable[[str], str] = str) -> list[str]:
        return [f"  {paint(f'# {each}')}" for each in fitted([text], self._room)]

    def _block(self, address: Address, symbol: str, body: list[str]) -> list[str]:
        keyword = "data" if address.mode is Mode.DATA else "resource"
        mark = self.style.symbol(symbol)
        type_, name = sanitise.quoted(address.type), sanitise.quoted(address.name)
        return [f"{mark} {keyword} {type_} {name} {{", *body, pad(4) + "}"]

    def _body(self, change: PlannedChange) -> list[str]:
        type_ = change.address.type
        before = Side(change.before, mask_of(change.before_sensitive))
        after = Side(change.after, mask_of(change.after_sensitive))
        match change.action:
            case Action.CREATE | Action.READ:
                return self._whole("+", type_, after)
            case Action.DELETE:
                return self._whole("-", type_, before)
            case Action.UPDATE | Action.REPLACE:
                differ = ValueDiff(self.style, frozenset(change.replace_paths))
                return self._changed(type_, before, after, differ)
            case Action.NO_OP if change.import_id is not None:
                return self._whole(" ", type_, after if after.value is not None else before)
            case _:
                return self._changed(type_, before, before)

    def _whole(self, symbol: str, type_: str, side: Side) -> list[str]:
        attributes = _attributes(side.value)
        shown = {name: attributes[name] for name in sorted(attributes)}
        shown = {name: value for name, value in shown.items() if value is not None}
        width = max((len(sanitise.line(each)) for each in shown), default=0)
        types = self._types(type_)
        writer = Whole(symbol, self.style)
        lines: list[str] = []
        for name, value in shown.items():
            attribute = types.get(name) or _guessed(value)
            inner = writer.value(value, below(side.mask, name), attribute, _COLUMN)
            if symbol == "-":
                inner[-1] += self.style.dim(" -> null")
            lines += writer.entry(f"{sanitise.line(name):<{width}} = ", inner, _COLUMN)
        return lines

    def _changed(
        self, type_: str, before: Side, after: Side, differ: ValueDiff | None = None
    ) -> list[str]:
        differ = differ or ValueDiff(self.style)
        names = _names(before, after)
        width = max((len(sanitise.line(each)) for each in names), default=0)
        lines: list[str] = []
        hidden = 0
        types = self._types(type_)
        for name in names:
            one, other = before.child(name), after.child(name)
            value = one.value if one.value is not None else other.value
            attribute = types.get(name) or _guessed(value)
            head = f"{sanitise.line(name):<{width}} = "
            if not same(one, other):
                lines += differ.entry(head, one, other, attribute, _COLUMN, (name,))
            elif name in ALWAYS_SHOWN:
                whole = Whole(" ", self.style)
                inner = whole.value(one.value, one.mask, attribute, _COLUMN)
                lines += whole.entry(head, inner, _COLUMN)
            else:
                hidden += 1
        return [*lines, *hidden_note(hidden, "attribute", 2, self.style)]

    def _types(self, type_: str) -> Mapping[str, Type]:
        if type_ not in self._known:
            schema = self.schemas.get(type_)
            attributes = schema.attributes if schema is not None else {}
            self._known[type_] = {name: each.type for name, each in attributes.items()}
        return self._known[type_]


def _guessed(value: Value) -> Type:
    return _GUESSED_MAP if isinstance(value, Mapping) else "dynamic"


_REPLACED: dict[Reason | None, str] = {
    None: "{address} must be {replaced}",
    Reason.REQUESTED: "{address} will be {replaced}, as requested",
    Reason.TAINTED: "{address} is tainted, so it must be {replaced}",
    Reason.TRIGGERS: "{address} will be {replaced} due to changes in replace_triggered_by",
}

_WHY: dict[Reason, str] = {
    Reason.NO_BLOCK: "because {address} is not in configuration",
    Reason.NO_MODULE: "because {module} is not in configuration",
    Reason.WRONG_REPETITION: "because {block} does not use {repetition}",
    Reason.COUNT_INDEX: "because index {key} is out of range for count",
    Reason.EACH_KEY: "because key {key} is not in for_each map",
    Reason.DEPOSED: "left over from a replacement that did not finish",
    Reason.GONE: "it is no longer on the server",
    Reason.REWRITE: "written again to keep the messages in order",
    Reason.PARENT_REPLACED: "because the thread it stands in is replaced",
    Reason.CONFIG_UNKNOWN: "config refers to values not yet known",
    Reason.DEPENDENCY_PENDING: "depends on a resource or a module with changes pending",
}


def _notes(change: PlannedChange) -> list[str]:
    notes: list[str] = []
    why = _WHY.get(change.reason) if change.reason is not None else None
    if why is not None:
        notes.append(sanitise.line(_filled(why, change.address)))
    if change.moved_from is not None and change.action is not Action.NO_OP:
        notes.append(f"moved from {sanitise.line(str(change.moved_from))}")
    if change.import_id is not None and change.action is not Action.NO_OP:
        notes.append(f"imported from {sanitise.quoted(change.import_id)}")
    if change.local and change.action is Action.UPDATE:
        notes.append("in the state only, without a call")
    if change.blocked_by is not None:
        blocker = sanitise.line(str(change.blocked_by))
        if change.refused:
            notes.append(f"left alone because of the error about {blocker}")
        else:
            notes.append(f"not before {blocker} is resolved by reconciler recover")
    if change.note:
        notes.append(sanitise.line(change.note))
    return [f"({note})" for note in notes]


def _filled(why: str, address: Address) -> str:
    return why.format(
        address=address,
        block=address.block,
        key=key_text(address.key),
        module=".".join(map(str, address.module)),
        repetition="for_each" if isinstance(address.key, str) else "count",
    )


def _symbol(change: PlannedChange) -> str:
    symbol = change.action.symbol
    if change.action is Action.REPLACE and change.create_before_destroy:
        symbol = "+/-"
    return f"{symbol:>3}" if len(symbol) > 1 else f"  {symbol}"


def _attributes(value: Value) -> Attributes:
    return value if isinstance(value, Mapping) else {}


def _names(before: Side, after: Side) -> list[str]:
    one, other = _attributes(before.value), _attributes(after.value)
    return sorted(
        name for name in {*one, *other} if one.get(name) is not None or other.get(name) is not None
    )
