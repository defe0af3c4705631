"""Entries: what a run writes down before and after each write it sends."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.schema import Value
from reconciler.state.model import Endpoint, OutputValue, StateObject, Suspect


class IntentKind(StrEnum):
    """What is about to be sent."""

    CREATE = "create"
    APPEND = "append"
    UPDATE = "update"
    DELETE = "delete"


@frozen
class Intent:
    """A write about to be sent, on disk before its first byte leaves.

    *objects* is what is created, in order, as state shall remember it once its ids are known: a
    parent first and then the members that go along, or the members that are appended, whose
    addresses *members* has. *after_id* is the last member known to stand in the parent before an
    append. *object_id* is the object that is updated, deleted, or replaced by what is created;
    *sent* is what an update sends.
    """

    seq: int
    kind: IntentKind
    address: Address
    at: str
    """RFC 3339, UTC."""
    members: tuple[Address, ...] = ()
    parent_id: str | None = None
    after_id: str | None = None
    object_id: str | None = None
    sent: tuple[Mapping[str, Value], ...] = ()
    objects: tuple[StateObject, ...] = ()


@frozen
class Put:
    """The object now stands under its address (and deposed key)."""

    object: StateObject


@frozen
class Drop:
    """Nothing stands there any more."""

    address: Address
    deposed: str | None = None


@frozen
class SetOutputs:
    """All outputs, as last evaluated."""

    outputs: Mapping[str, OutputValue]


@frozen
class AddSuspect:
    """A create whose answer was lost and not explained."""

    suspect: Suspect


@frozen
class DropSuspect:
    """The suspect of an address has been explained."""

    address: Address


@frozen
class Intend:
    """The write is about to be sent."""

    intent: Intent


@frozen
class Resolve:
    """What became of an intended write is known and recorded; *outcome* says it in a word."""

    seq: int
    outcome: str = "done"


@frozen
class MarkUnordered:
    """Whether the server of this parent keeps the order we write."""

    parent_id: str
    unordered: bool


@frozen
class MarkUnfinished:
    """Whether this parent's members may stand in another order than the one remembered."""

    parent_id: str
    unfinished: bool


@frozen
class MarkKeeping:
    """Whether the server of this parent deletes no single members."""

    parent_id: str
    keeping: bool


@frozen
class SetEndpoint:
    """Which API a provider configuration talks to."""

    name: str
    endpoint: Endpoint


@frozen
class SetCheckResults:
    """What the checks said, in the form the file has for it."""

    check_results: object


Entry = (
    Put
    | Drop
    | SetOutputs
    | AddSuspect
    | DropSuspect
    | Intend
    | Resolve
    | MarkUnordered
    | MarkUnfinished
    | MarkKeeping
    | SetEndpoint
    | SetCheckResults
)
