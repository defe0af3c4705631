"""Entryjson: the entries of a journal in JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from reconciler.address import Address
from reconciler.schema import Value
from reconciler.state.entries import (
    AddSuspect,
    Drop,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    IntentKind,
    MarkKeeping,
    MarkUnfinished,
    MarkUnordered,
    Put,
    Resolve,
    SetCheckResults,
    SetEndpoint,
    SetOutputs,
)
from reconciler.state.facts import (
    endpoint_from_json,
    endpoint_to_json,
    suspect_from_json,
    suspect_to_json,
)
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument
from reconciler.state.model import OutputValue
from reconciler.state.objectjson import object_from_json, object_to_json, plain, read_address


def entry_to_json(entry: Entry) -> dict[str, Value]:
    """The JSON form: an object with one key that says what kind of entry it is."""
    match entry:
        case Put(each):
            return {"put": object_to_json(each)}
        case Drop(address, deposed):
            return {"drop": {"address": str(address), "deposed": deposed}}
        case Intend(intent):
            return {"intend": _intent_to_json(intent)}
        case Resolve(seq, outcome):
            return {"resolve": {"seq": seq, "outcome": outcome}}
        case AddSuspect(suspect):
            return {"suspect": suspect_to_json(suspect)}
        case DropSuspect(address):
            return {"explained": {"address": str(address)}}
        case SetEndpoint(name, endpoint):
            return {"endpoint": {"name": name, **endpoint_to_json(endpoint)}}
        case MarkUnordered(id_, is_on) | MarkUnfinished(id_, is_on) | MarkKeeping(id_, is_on):
            name = next(each for each, kind in _MARKS.items() if isinstance(entry, kind))
            return {name: {"parent_id": id_, name: is_on}}
        case SetOutputs(outputs):
            return {"outputs": _outputs_to_json(outputs)}
        case SetCheckResults(check_results):
            return {"checks": {"check_results": check_results}}
        case _:
            assert_never(entry)


_MARKS: dict[str, type[MarkUnordered | MarkUnfinished | MarkKeeping]] = {
    "unordered": MarkUnordered,
    "unfinished": MarkUnfinished,
    "keeping": MarkKeeping,
}


def entry_from_json(fields: Fields) -> Entry:
    """Read one entry.

    Raises:
        BadDocument: it is damaged or of a kind from a newer version.
    """
    if len(fields.values) != 1:
        raise BadDocument(f"{fields.place} holds something that is not one entry")
    kind = next(iter(fields.values))
    return _read_kind(kind, Fields(fields.mapping(kind), fields.at(kind)))


def _read_kind(kind: str, inner: Fields) -> Entry:
    match kind:
        case "put":
            return Put(object_from_json(inner))
        case "drop":
            return Drop(_address(inner), inner.optional_text("deposed"))
        case "intend":
            return Intend(_intent_from_json(inner))
        case "resolve":
            return Resolve(inner.count("seq"), inner.text("outcome"))
        case "suspect":
            return AddSuspect(suspect_from_json(inner))
        case "explained":
            return DropSuspect(_address(inner))
        case "endpoint":
            return SetEndpoint(inner.text("name"), endpoint_from_json(inner))
        case "unordered" | "unfinished" | "keeping":
            return _MARKS[kind](inner.text("parent_id"), inner.flag(kind))
        case "outputs":
            return SetOutputs(_outputs_from_json(inner))
        case "checks":
            return SetCheckResults(inner.values.get("check_results"))
        case _:
            raise BadDocument(f"{inner.place} is of a kind that this version does not know")


def _address(fields: Fields) -> Address:
    return read_address(fields.text("address"), fields.at("address"))


def _intent_to_json(intent: Intent) -> dict[str, Value]:
    return {
        "seq": intent.seq,
        "kind": intent.kind.value,
        "address": str(intent.address),
        "at": intent.at,
        "members": [str(each) for each in intent.members],
        "parent_id": intent.parent_id,
        "after_id": intent.after_id,
        "object_id": intent.object_id,
        "sent": [plain(each) for each in intent.sent],
        "objects": [object_to_json(each) for each in intent.objects],
    }


def _intent_from_json(fields: Fields) -> Intent:
    kind = fields.text("kind")
    if kind not in set(IntentKind):
        raise BadDocument(f'{fields.at("kind")} is "{kind}", which this version does not know')
    return Intent(
        seq=fields.count("seq"),
        kind=IntentKind(kind),
        address=_address(fields),
        at=fields.text("at"),
        members=tuple(read_address(each, fields.at("members")) for each in fields.texts("members")),
        parent_id=fields.optional_text("parent_id"),
        after_id=fields.optional_text("after_id"),
        object_id=fields.optional_text("object_id"),
        sent=tuple(each.values for each in fields.objects("sent")),
        objects=tuple(map(object_from_json, fields.objects("objects"))),
    )


def _outputs_to_json(outputs: Mapping[str, OutputValue]) -> dict[str, Value]:
    return {
        name: {"value": each.value, "type": each.type, "sensitive": each.sensitive}
        for name, each in outputs.items()
    }


def _outputs_from_json(fields: Fields) -> dict[str, OutputValue]:
    found = {}
    for name, each in fields.values.items():
        output = Fields.of(each, fields.at(name))
        found[name] = OutputValue(
            output.values.get("value"), output.values.get("type"), output.flag("sensitive")
        )
    return found
