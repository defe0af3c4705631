"""Objectjson: one recorded object in JSON form, as journals and suspects hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.address import Address
from reconciler.schema import Path, Value
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument
from reconciler.state.model import StateObject


def object_to_json(each: StateObject) -> dict[str, Value]:
    """The JSON form, in a fixed order."""
    return {
        "address": str(each.address),
        "attributes": plain(each.attributes),
        "sent": plain(each.sent),
        "sensitive": [list(path) for path in each.sensitive],
        "dependencies": list(each.dependencies),
        "protected": each.protected,
        "irreproducible": each.irreproducible,
        "previous_id": each.previous_id,
        "behind": each.behind,
        "create_before_destroy": each.create_before_destroy,
        "tainted": each.tainted,
        "deposed": each.deposed,
        "provider": each.provider,
        "foreign": plain(each.foreign),
    }


def object_from_json(fields: Fields) -> StateObject:
    """Read the JSON form.

    Raises:
        BadDocument: it is damaged.
    """
    return StateObject(
        address=read_address(fields.text("address"), fields.at("address")),
        attributes=fields.mapping("attributes"),
        sent=fields.mapping("sent"),
        sensitive=tuple(_path(each, fields.at("sensitive")) for each in fields.items("sensitive")),
        dependencies=fields.texts("dependencies"),
        protected=fields.flag("protected"),
        irreproducible=fields.flag("irreproducible"),
        previous_id=fields.optional_text("previous_id"),
        behind=fields.optional_text("behind"),
        create_before_destroy=fields.flag("create_before_destroy"),
        tainted=fields.flag("tainted"),
        deposed=read_deposed(fields),
        provider=fields.text("provider"),
        foreign=fields.mapping("foreign"),
    )


def read_address(text: str, place: str) -> Address:
    """Read an address.

    Raises:
        BadDocument: it is none.
    """
    try:
        return Address.parse(text)
    except ValueError as error:
        raise BadDocument(f'{place} is not an address: "{text}"') from error


def read_deposed(fields: Fields) -> str | None:
    """Read the key of a deposed object; None: it is the current one.

    Raises:
        BadDocument: it is not eight hex digits.
    """
    key = fields.optional_text("deposed")
    if key is not None and not _DEPOSED.fullmatch(key):
        raise BadDocument(f"{fields.at('deposed')} is not eight hex digits")
    return key


_DEPOSED = re.compile(r"[0-9a-fA-F]{8}")


def plain(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Attributes as the dictionary that JSON wants, copied only where they are none."""
    return attributes if isinstance(attributes, dict) else dict(attributes)


def _path(value: Value, place: str) -> Path:
    if not isinstance(value, list) or not all(isinstance(each, (str, int)) for each in value):
        raise BadDocument(f"{place} is not a list of paths")
    return tuple(value)
