"""Request: one call to the API as the dialects ask for it, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from reconciler.errors import RequestRejected
from reconciler.frozen import frozen


class Kind(StrEnum):
    """What a request does to the world: this decides whether it may be sent twice."""

    READ = "read"
    CREATE = "create"
    """Makes a parent. Nothing can tell afterwards whether a lost one happened."""
    APPEND = "append"
    """Makes a member. A listing of the parent tells whether a lost one happened."""
    UPDATE = "update"
    """Sets the whole of what it sets: the second time changes nothing."""
    DELETE = "delete"

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it a second time does no more than sending it once."""
        return self not in (Kind.CREATE, Kind.APPEND)


@frozen
class Request:
    """One call. *path* begins with a slash and is relative to the base URL.

    *names* are the ids in the path: a 404 that names one of them is about an object of ours.
    """

    method: str
    path: str
    kind: Kind
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | None = None
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def is_id(value: object) -> bool:
    """Whether *value* can stand in a URL as the id of an object."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def checked_id(value: object) -> str:
    """Return an id that may stand in a URL.

    Raises:
        RequestRejected: it is empty or holds characters that no id has; nothing is sent.
    """
    if isinstance(value, str) and is_id(value):
        return value
    shown = repr(value) if isinstance(value, str) else type(value).__name__
    raise RequestRejected(
        f"{shown[:140]} is not an id (1 to 128 letters, digits, - and _); nothing was sent",
        code="invalid_id",
    )
