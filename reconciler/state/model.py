"""State: what is remembered of every object, and of runs that did not end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from reconciler.address import Address
from reconciler.frozen import frozen
from reconciler.schema import Path, Value

PROVIDER = 'provider["registry.terraform.io/mkdev-me/openai"]'
"""The provider address that new objects get in the file."""


@frozen
class StateObject:
    """One remote object as last seen, under the address that manages it."""

    address: Address
    attributes: Mapping[str, Value]
    """As the API returned them, plus the arguments that live in state only."""
    sent: Mapping[str, Value] = field(default_factory=dict)
    """Arguments as they were sent, where that is not what was returned."""
    sensitive: tuple[Path, ...] = ()
    dependencies: tuple[str, ...] = ()
    """Block addresses it depended on, for the order of destruction once the spec is gone."""
    protected: bool = False
    """Refuses destruction whatever became of its block."""
    irreproducible: bool = False
    """Was made by a run or has parts that cannot be sent: never rewritten."""
    previous_id: str | None = None
    """The id of what stood here at the server that the state belonged to before."""
    behind: str | None = None
    """The member it stood behind in its sequence when it was last applied, "" for the first; None
    where that is not known. Tells a spec whose blocks moved from a run that did not end."""
    create_before_destroy: bool = False
    tainted: bool = False
    deposed: str | None = None
    """Set on an object that has been replaced and is still to be deleted: a key of 8 hex digits."""
    provider: str = PROVIDER
    foreign: Mapping[str, Value] = field(default_factory=dict)
    """What other tools keep with the object in the file (schema version, identity, private data)
    and find unchanged there."""

    @property
    def id(self) -> str:
        """The id the API gave it."""
        return str(self.attributes["id"])

    @property
    def arguments(self) -> dict[str, Value]:
        """The arguments as they were sent: what a desired value is compared with."""
        return {**self.attributes, **self.sent}


@frozen
class OutputValue:
    """An output as last applied; *type* in JSON form."""

    value: Value
    type: object
    sensitive: bool = False


@frozen
class Endpoint:
    """Which API a provider configuration talks to: what makes a 404 mean anything."""

    dialect: str
    url: str
    organization: str | None = None
    project: str | None = None


class SuspectKind(StrEnum):
    """What kind of create lost its answer."""

    CREATE = "create"
    APPEND = "append"


@frozen
class Suspect:
    """A create whose answer was lost and that nothing has explained yet."""

    address: Address
    kind: SuspectKind
    sent: Mapping[str, Value]
    sent_at: str
    """RFC 3339, UTC."""
    seen: str
    """What came instead of an answer, in words."""
    parent_id: str | None = None
    after_id: str | None = None
    members: tuple[Address, ...] = ()
    """The messages that went along in the creating call."""
    objects: tuple[StateObject, ...] = ()
    """What was sent, in order, as state shall remember it once its ids are known."""


@frozen
class State:
    """A snapshot. *serial* counts the snapshots of one *lineage*."""

    lineage: str
    serial: int = 0
    objects: Mapping[Address, StateObject] = field(default_factory=dict)
    deposed: Mapping[tuple[Address, str], StateObject] = field(default_factory=dict)
    outputs: Mapping[str, OutputValue] = field(default_factory=dict)
    suspects: Mapping[Address, Suspect] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    """By provider configuration: "openai", "openai.alias"."""
    specs_root: str | None = None
    unordered: frozenset[str] = frozenset()
    """Ids of threads whose server did not keep the order we wrote."""
    unfinished: frozenset[str] = frozenset()
    """Ids of threads that a run, for some targets or cut short, has left in another order than the
    one asked for."""
    previous_ids: Mapping[Address, str] = field(default_factory=dict)
    """The ids of what was forgotten when the state moved to another server, until what stands in
    its place has taken it over."""
    keeping: frozenset[str] = frozenset()
    """Ids of threads whose server deletes no single messages, as it was seen to refuse it."""
    check_results: object = None
    terraform_version: str = "1.11.4"
    epoch: int = 0
    """Counts the runs that wrote to it; binds the journal beside the file. 0: none of ours yet."""
    folded: int | None = None
    """While a journal of this epoch is open, how many of its batches are already in here; None
    when no journal is open."""
    resolved: tuple[int, ...] = ()
    """Intents of that journal whose outcome is in here and could not be written there."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is managed."""
        return not self.objects and not self.deposed and not self.suspects

    @property
    def says_nothing(self) -> bool:
        """Whether nothing would be lost with it."""
        kept = (self.outputs, self.previous_ids, self.unordered, self.check_results)
        return self.is_empty and not any(kept)


def configuration_name(provider: str) -> str:
    """The provider configuration behind a state object's `provider["…/openai"].alias`."""
    _, _, alias = provider.rpartition("]")
    return f"openai{alias}"
