"""Provider: what the engine asks of the world, whatever API is behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Protocol

from reconciler.frozen import frozen
from reconciler.schema import Attributes, Schema

UNPROVEN = "unproven"
"""`NotServed.code` of an empty 404, a 404 that does not name the object, or a 200 `null`. It proves
that an object is gone only where the same server has just shown another one; no other code of
`NotServed` proves anything."""
NO_API = "no_api"
"""`NotServed.code` where a web page answered a creating call, and a read as well, and nothing has
answered as this API before: what was sent may have happened for all that."""

UNKNOWN_ROUTE = "unknown_route"
"""`NotServed.code` where the server does not know the address or the method at all."""


class Carry(StrEnum):
    """How a dialect carries an argument."""

    EXACT = "exact"
    STATE_ONLY = "state only"
    REFUSED = "refused"


@frozen
class Rates:
    """Requests a minute of each class; the original was reported to allow these."""

    reads: float = 1000
    writes: float = 300
    deletes: float = 300


@frozen
class Capabilities:
    """What one dialect can and cannot do; printed in the docs."""

    dialect: str
    roles: tuple[str, ...]
    batch_limit: int
    """Members that the call creating their parent may carry."""
    append_limit: int
    """Members that one later call may append."""
    page_limit: int = 100
    deletes_members: bool = True
    deletes_members_with_parent: bool = True
    updates_members: bool = True
    lists_parents: bool = False
    keeps_order: bool = True
    rates: Rates | None = Rates()
    """What is known of the rate limits; a plan tells how long its calls take under them."""
    carry: Mapping[tuple[str, str], Carry] = field(default_factory=dict)
    """(type, argument) to how it is carried; exact where not named."""
    id_prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Type to the prefixes its ids may have; an id with the prefix of another dialect is told
    before any request."""


@frozen
class Member:
    """One member of a sequence as a listing shows it."""

    id: str
    attributes: Attributes
    """Normalised to the schema of the member type; for what is not a message only `id`."""
    is_message: bool = True
    reproducible: bool = True
    """False where a run made it or a part of it cannot be sent."""


class Provider(Protocol):
    """One configured endpoint. Every method raises leaves of `ProviderError` and nothing else.

    Attributes go in as desired (plain, wholly known) and come back normalised to the schema,
    with every attribute of the schema that the API carries.
    """

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """Resource types by name."""

    @property
    def data_schemas(self) -> Mapping[str, Schema]:
        """Data sources by name."""

    @property
    def capabilities(self) -> Capabilities:
        """What this dialect can carry."""

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""

    async def create(
        self, type_: str, desired: Attributes, members: Sequence[Attributes] = ()
    ) -> Attributes:
        """Create an object, with its first members in the same call; ids of members are not told.

        Raises:
            OutcomeUnknown: it may exist now.
        """

    async def append(
        self, type_: str, parent_id: str, members: Sequence[Attributes]
    ) -> tuple[Attributes, ...]:
        """Append members in order, at most `append_limit`; one call."""

    async def read(self, type_: str, object_: Attributes) -> Attributes:
        """Read an object; *object_* holds its `id` and, for a member, its parent's.

        Raises:
            ObjectNotFound: the API itself says that it is not there.
        """

    def list_members(
        self, type_: str, parent_id: str, *, after: str | None = None
    ) -> AsyncIterator[tuple[Member, ...]]:
        """List the members of a parent in server order, oldest first, a page at a time.

        The listing is complete when the iterator ends by itself.
        """

    async def last_member(self, type_: str, parent_id: str) -> str | None:
        """The id of the member that stands last in a parent, None where there is none; one call."""

    def list_parents(
        self, type_: str, *, after: str | None = None
    ) -> AsyncIterator[tuple[Attributes, ...]]:
        """List every parent the key can see; only where `capabilities.lists_parents`."""

    async def read_data(self, type_: str, arguments: Attributes) -> Attributes:
        """Read a data source: its arguments, and everything computed from them.

        Raises:
            ObjectNotFound: the API itself says that what it asks about is not there.
            RequestRejected: an argument that says what to read is missing.
        """

    async def update(self, type_: str, object_: Attributes, desired: Attributes) -> Attributes:
        """Bring the in-place arguments of an object to *desired*."""

    async def delete(self, type_: str, object_: Attributes) -> None:
        """Delete an object.

        Raises:
            ObjectNotFound: it was not there; the caller decides whether that is success.
        """

    async def aclose(self) -> None:
        """Close every connection."""
