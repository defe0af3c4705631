"""Context: what a run is given, and what it knows while it lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from reconciler.address import Address
from reconciler.execute.events import Event
from reconciler.execute.oddities import Oddities
from reconciler.expand import Instance
from reconciler.frozen import frozen
from reconciler.provider.protocol import Provider
from reconciler.schema import Attributes
from reconciler.state.entries import Entry, Intent
from reconciler.state.model import StateObject

if TYPE_CHECKING:
    import asyncio

    from reconciler.execute.turns import Turns


class Resolver(Protocol):
    """Evaluates the spec again as ids become known."""

    def resolve(self, address: Address) -> Instance:
        """The instance with its desired values, wholly known once what it refers to is settled.

        Raises:
            SpecError: evaluating it failed.
        """

    def settle(self, address: Address, attributes: Attributes) -> None:
        """Tell what an object has become."""


class Recorder(Protocol):
    """Where a run writes down what it does, before and after."""

    def next_seq(self) -> int:
        """A number for the next intent."""

    async def record(self, *entries: Entry) -> None:
        """Return once *entries* are on disk.

        Raises:
            StateUnwritable: they cannot be; nothing more may be sent.
        """

    def object(self, address: Address) -> StateObject | None:
        """What state has under an address at this moment."""

    def known_ids(self) -> frozenset[str]:
        """The ids of everything that state has at this moment, deposed objects included."""

    def holders(self, id_: str) -> Iterable[StateObject]:
        """What state has under an id at this moment, deposed objects included."""

    def suspects_in(self, parent_id: str) -> tuple[Address, ...]:
        """The suspects that may stand in a parent."""

    def open_intents(self) -> tuple[Intent, ...]:
        """The writes that were announced and whose outcome is not recorded, oldest first."""


@frozen
class Settings:
    """What a provider configuration asks of the engine."""

    batch_create: bool = True
    create_concurrency: int = 8
    """Creations of parents in flight at once: the most suspects a crash can leave."""
    settle_s: float = 2.0
    """How long a lost write is given to show up before it is looked for again."""
    sequence_gap_s: float = 0.0
    """Pause between two appends to one parent, for servers that sort by whole seconds."""


@frozen
class Unseen:
    """A parent that a server says it has created, until anything else has shown it."""

    intent: Intent
    instance: Instance
    replaced: StateObject | None


@dataclass(slots=True)
class Run:
    """One execution of a plan."""

    providers: Mapping[str, Provider]
    settings: Mapping[str, Settings]
    resolver: Resolver
    recorder: Recorder
    emit: Callable[[Event], None]
    clock: Callable[[], float]
    """Seconds that never go back."""
    now: Callable[[], str]
    """RFC 3339, UTC."""
    sleep: Callable[[float], Awaitable[None]]
    new_key: Callable[[], str]
    """A deposed key: 8 hex digits."""
    turns: dict[str, Turns] = field(default_factory=dict)
    """By provider configuration: whose turn it is to create a parent."""
    tails: dict[str, str | None] = field(default_factory=dict)
    """By parent id: the last member known to stand in it."""
    last_seen: dict[str, str] = field(default_factory=dict)
    """By id of each parent that loses members: the last member the plan has seen. Looked at again
    before anything happens to it, and taken out then."""
    moved_on: set[str] = field(default_factory=set)
    """The parents among those that had another last member by then: nothing happens to them."""
    unseen: dict[str, Unseen] = field(default_factory=dict)
    """By id: the parents of this run that nothing has shown yet."""
    created: set[tuple[str, str]] = field(default_factory=set)
    """Configuration and id of each parent that this run has created."""
    looking: dict[str, asyncio.Lock] = field(default_factory=dict)
    deposed_keys: dict[tuple[Address, str], str] = field(default_factory=dict)
    """By address and object id: where state keeps what has been replaced in this run."""
    warnings: list[str] = field(default_factory=list)
    oddities: Oddities = field(default_factory=Oddities)
    interrupted: Callable[[], bool] = lambda: False
    """Whether the run has been asked to end: nothing is waited for then."""

    def provider(self, name: str) -> Provider:
        """The provider of a configuration."""
        return self.providers[name]
