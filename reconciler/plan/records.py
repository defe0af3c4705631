"""Records: what state and the API say about one address, brought together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.address import Address
from reconciler.frozen import frozen, replace
from reconciler.refresh import Observed
from reconciler.schema import Attributes, Schema
from reconciler.state.model import PROVIDER, State, StateObject


@frozen
class Record:
    """One managed object, under the address it has after moves."""

    object: StateObject
    observed: Attributes | None
    """None: gone, or not looked for."""
    looked_for: bool
    moved_from: Address | None = None
    import_id: str | None = None

    @property
    def address(self) -> Address:
        """Where it is now."""
        return self.object.address

    @property
    def gone(self) -> bool:
        """Whether it is proven not to exist any more."""
        return self.looked_for and self.observed is None

    @property
    def attributes(self) -> Attributes:
        """What the API has now, as far as is known."""
        if self.observed is None:
            return self.object.attributes
        return {**self.object.attributes, **self.observed}

    def at(self, address: Address) -> Record:
        """The same object under another address."""
        if address == self.address:
            return self
        origin = self.moved_from or self.address
        moved = replace(self.object, address=address)
        return replace(self, object=moved, moved_from=None if origin == address else origin)


Records = Mapping[Address, Record]


def gather(recorded: State, observed: Observed) -> dict[Address, Record]:
    """Bring together what is recorded and what was observed, by recorded address."""
    return {
        address: Record(each, observed.objects.get(address), address in observed.objects)
        for address, each in recorded.objects.items()
    }


def configuration(object_: StateObject) -> str:
    """The provider configuration an object belongs to: "openai" or "openai.alias"."""
    head, _, alias = object_.provider.partition("]")
    name = head.rstrip('"').rsplit("/", 1)[-1] or "openai"
    return f"{name}{alias}"


def provider_address(configuration_: str) -> str:
    """How state writes the provider configuration "openai.alias"."""
    _, _, alias = configuration_.partition(".")
    return f"{PROVIDER}.{alias}" if alias else PROVIDER


def parent_id(record: Record, schema: Schema) -> str | None:
    """The id of the parent that the object stands under; None where it is no member."""
    if schema.sequence is None:
        return None
    value = record.object.attributes.get(schema.sequence.parent_argument)
    return value if isinstance(value, str) else None


def members_of(records: Iterable[Record], schemas: Mapping[str, Schema]) -> dict[str, list[Record]]:
    """The managed members by the id of their parent."""
    found: dict[str, list[Record]] = {}
    for each in records:
        above = parent_id(each, schemas[each.address.type])
        if above is not None:
            found.setdefault(above, []).append(each)
    return found
