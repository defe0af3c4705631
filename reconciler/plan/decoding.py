"""Decoding: a plan out of its JSON form. Every complaint names the place."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from reconciler.diagnostics import Diagnostic, Position, Severity, SourceRange
from reconciler.plan.leaves import (
    address_from_json,
    addresses_from_json,
    attributes_from_json,
    from_json,
    optional_address,
    optional_attributes,
    paths_from_json,
)
from reconciler.plan.model import (
    Action,
    Drift,
    OutputChange,
    Plan,
    PlanMode,
    PlannedChange,
    ReadBack,
    Reason,
    SequencePlan,
    UnmanagedLoss,
)
from reconciler.schema import Value
from reconciler.state.facts import suspect_from_json
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument
from reconciler.state.model import OutputValue, StateObject, Suspect

Word = TypeVar("Word", bound=StrEnum)


def plan_from_json(fields: Fields) -> Plan:
    """Read a plan.

    Raises:
        BadDocument: it is damaged or from a newer version.
    """
    return Plan(
        mode=_word(PlanMode, fields, "mode"),
        changes=tuple(map(_change, fields.objects("changes"))),
        sequences=tuple(map(_sequence, fields.objects("sequences"))),
        drift=tuple(map(_drift, fields.objects("drift"))),
        outputs=tuple(map(_output_change, fields.objects("outputs"))),
        suspects=tuple(map(_suspect, fields.objects("suspects"))),
        warnings=tuple(map(_diagnostic, fields.objects("warnings"))),
        errors=tuple(map(_diagnostic, fields.objects("errors"))),
        refusals=tuple(map(_diagnostic, fields.objects("refusals"))),
        refreshed={
            address_from_json(each.text("address"), each.place): _optional_object(each, "object")
            for each in fields.objects("refreshed")
        },
        calls=fields.count("calls"),
        at_least=fields.flag("at_least"),
        seconds=_seconds(fields),
        rate=fields.text("rate"),
        lineage=fields.text("lineage"),
        serial=fields.count("serial"),
        state_digest=fields.text("state_digest"),
        timestamp=fields.text("timestamp"),
        targeted=fields.flag("targeted"),
        values=attributes_from_json(fields, "values"),
        last_seen=texts_from_json(fields, "last_seen"),
        unmanaged_losses=tuple(
            UnmanagedLoss(address_from_json(each.text("address"), each.place), each.count("count"))
            for each in fields.objects("unmanaged_losses")
        ),
        unmanaged_allowed=fields.flag("unmanaged_allowed"),
        read_backs=tuple(map(_read_back, fields.objects("read_backs"))),
        unread=frozenset(fields.texts("unread")),
    )


def _read_back(fields: Fields) -> ReadBack:
    between = fields.values.get("between")
    return ReadBack(
        fields.text("parent_id"),
        fields.text("provider"),
        fields.optional_text("after"),
        None if between is None else fields.count("between"),
    )


def texts_from_json(fields: Fields, key: str) -> dict[str, str]:
    """Texts by name."""
    inner = Fields(fields.mapping(key), fields.at(key))
    return {name: inner.text(name) for name in inner.values}


def _change(fields: Fields) -> PlannedChange:
    reason = fields.optional_text("reason")
    return PlannedChange(
        address=address_from_json(fields.text("address"), fields.place),
        action=_word(Action, fields, "action"),
        before=optional_attributes(fields, "before"),
        after=optional_attributes(fields, "after"),
        reason=None if reason is None else _word(Reason, fields, "reason"),
        replace_paths=paths_from_json(fields, "replace_paths"),
        before_sensitive=paths_from_json(fields, "before_sensitive"),
        after_sensitive=paths_from_json(fields, "after_sensitive"),
        recorded=_optional_object(fields, "recorded"),
        moved_from=optional_address(fields, "moved_from"),
        import_id=fields.optional_text("import_id"),
        create_before_destroy=fields.flag("create_before_destroy"),
        depends_on=frozenset(addresses_from_json(fields, "depends_on")),
        protected=fields.flag("protected"),
        deposed=fields.optional_text("deposed"),
        note=fields.optional_text("note"),
        behind=fields.optional_text("behind"),
        local=fields.flag("local"),
        blocked_by=optional_address(fields, "blocked_by"),
        refused=fields.flag("refused"),
    )


def _optional_object(fields: Fields, key: str) -> StateObject | None:
    value = fields.values.get(key)
    if value is None:
        return None
    inner = Fields.of(value, fields.at(key))
    attributes = attributes_from_json(inner, "attributes")
    if not isinstance(attributes.get("id"), str):
        raise BadDocument(f"{inner.at('attributes')} has no id")
    return StateObject(
        address=address_from_json(inner.text("address"), inner.place),
        attributes=attributes,
        sent=attributes_from_json(inner, "sent"),
        sensitive=paths_from_json(inner, "sensitive"),
        dependencies=inner.texts("dependencies"),
        protected=inner.flag("protected"),
        irreproducible=inner.flag("irreproducible"),
        previous_id=inner.optional_text("previous_id"),
        behind=inner.optional_text("behind"),
        create_before_destroy=inner.flag("create_before_destroy"),
        tainted=inner.flag("tainted"),
        deposed=inner.optional_text("deposed"),
        provider=inner.text("provider"),
        foreign=attributes_from_json(inner, "foreign"),
    )


def _sequence(fields: Fields) -> SequencePlan:
    parent = optional_address(fields, "parent")
    return SequencePlan(
        parent=fields.text("parent_id") if parent is None else parent,
        member_type=fields.text("member_type"),
        order=addresses_from_json(fields, "order"),
        kept=addresses_from_json(fields, "kept"),
        appended=addresses_from_json(fields, "appended"),
        rewritten=addresses_from_json(fields, "rewritten"),
        deleted=addresses_from_json(fields, "deleted"),
        deleted_unmanaged=fields.texts("deleted_unmanaged"),
        unmanaged=fields.count("unmanaged"),
        grown=fields.count("grown"),
        at_least=fields.flag("at_least"),
        last_id=fields.optional_text("last_id"),
        parent_replaced=fields.flag("parent_replaced"),
        reordered=fields.flag("reordered"),
        unfinished=fields.flag("unfinished"),
        partial=fields.flag("partial"),
    )


def _drift(fields: Fields) -> Drift:
    position = _numbers(fields, "position")
    return Drift(
        address=address_from_json(fields.text("address"), fields.place),
        before=attributes_from_json(fields, "before"),
        after=optional_attributes(fields, "after"),
        sensitive=paths_from_json(fields, "sensitive"),
        position=(position[0], position[1]) if len(position) == 2 else None,
    )


def _output_change(fields: Fields) -> OutputChange:
    return OutputChange(fields.text("name"), _output(fields, "before"), _output(fields, "after"))


def _output(fields: Fields, key: str) -> OutputValue | None:
    value = fields.values.get(key)
    if value is None:
        return None
    inner = Fields.of(value, fields.at(key))
    return OutputValue(
        from_json(inner.values.get("value"), inner.at("value")),
        from_json(inner.values.get("type"), inner.at("type")),
        inner.flag("sensitive"),
    )


def _suspect(fields: Fields) -> Suspect:
    sent = attributes_from_json(fields, "sent")
    return suspect_from_json(Fields({**fields.values, "sent": sent}, fields.place))


def _diagnostic(fields: Fields) -> Diagnostic:
    return Diagnostic(
        severity=_word(Severity, fields, "severity"),
        summary=fields.text("summary"),
        detail=fields.text("detail", ""),
        subject=_range(fields, "subject"),
        lines=fields.texts("lines"),
        context=fields.optional_text("context"),
        values=tuple(_pair(each, fields.at("values")) for each in fields.items("values")),
        address=fields.optional_text("address"),
    )


def _pair(value: Value, place: str) -> tuple[str, str]:
    match value:
        case [str(name), str(text)]:
            return name, text
    raise BadDocument(f"{place} is not a list of pairs")


def _range(fields: Fields, key: str) -> SourceRange | None:
    value = fields.values.get(key)
    if value is None:
        return None
    inner = Fields.of(value, fields.at(key))
    return SourceRange(inner.text("path"), _position(inner, "start"), _position(inner, "end"))


def _position(fields: Fields, key: str) -> Position:
    numbers = _numbers(fields, key)
    if len(numbers) != 3:
        raise BadDocument(f"{fields.at(key)} is not a position")
    return Position(*numbers)


def _numbers(fields: Fields, key: str) -> list[int]:
    numbers = [each for each in fields.items(key) if isinstance(each, int)]
    if len(numbers) != len(fields.items(key)):
        raise BadDocument(f"{fields.at(key)} is not a list of numbers")
    return numbers


def _seconds(fields: Fields) -> float:
    value = from_json(fields.values.get("seconds"), fields.at("seconds"))
    if not isinstance(value, float):
        raise BadDocument(f"{fields.at('seconds')} is not a number")
    return value


def _word(kind: type[Word], fields: Fields, key: str) -> Word:
    text = fields.text(key)
    if text not in set(kind):
        raise BadDocument(f'{fields.at(key)} is "{text}", which this version does not know')
    return kind(text)
