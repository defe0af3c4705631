"""Object id: a text is an id that leaves a URL as it is, or is refused before anything is sent.

The first line is an id, the second an import id, the third an address.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fuzz import text_of
from reconciler.address import Address
from reconciler.errors import RequestRejected, UsageError
from reconciler.provider.request import checked_id
from reconciler.provider.resources import SCHEMAS
from reconciler.workflow.importing import parse_import_id


def check(data: bytes) -> None:
    """Read *data* as ids and an address."""
    first, second, third = (*text_of(data).split("\n", 2), "", "")[:3]
    try:
        stays_in_place(checked_id(first))
    except RequestRejected as error:
        assert "nothing was sent" in error.message
    for schema in SCHEMAS.values():
        try:
            for each in parse_import_id(schema, second).values():
                stays_in_place(checked_id(each))
        except UsageError as mistake:
            assert mistake.message
    try:
        address = Address.parse(third)
    except ValueError:
        return
    assert Address.parse(str(address)) == address


def stays_in_place(id_: str) -> None:
    """An id in a path changes nothing but its own segment."""
    parts = urlsplit(f"http://server/v1/threads/{id_}/messages")
    assert parts.path.split("/") == ["", "v1", "threads", id_, "messages"]
    assert not parts.query
    assert not parts.fragment
