"""Model: one instance of a block with what the spec asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from reconciler.address import Address
from reconciler.diagnostics import Place
from reconciler.frozen import frozen
from reconciler.schema import Path, Schema, Value
from reconciler.spec.model import Lifecycle
from reconciler.state.model import OutputValue


@frozen
class Instance:
    """One instance of a resource block with what the spec asks of it."""

    address: Address
    schema: Schema
    desired: Mapping[str, Value]
    """Every argument of the schema, None where the spec leaves it out; converted to its type."""
    sensitive: tuple[Path, ...]
    depends_on: frozenset[Address]
    """Instances it depends on, directly or through locals, modules and data sources."""
    rank: int
    """Place in the lexicographically first topological order of the whole graph."""
    lifecycle: Lifecycle
    place: Place
    provider: str = "openai"
    """Provider configuration: "openai" or "openai.alias"."""
    parent: Address | str | None = None
    """For a member of a sequence: the address of its parent if the specs manage it, else its id."""
    triggers: frozenset[Address] = field(default_factory=frozenset)
    """`replace_triggered_by`, resolved to instances."""
    argument_places: Mapping[str, Place] = field(default_factory=dict)
    waits_for: frozenset[Address] | None = None
    """Those of *depends_on* that must be there before it is sent; None: all of them."""

    @property
    def needs(self) -> frozenset[Address]:
        """What must be there before it is sent. The order of a sequence rests on *depends_on*."""
        return self.depends_on if self.waits_for is None else self.waits_for


@frozen
class DataRequest:
    """A data source whose arguments are known: the workflow reads it and expands again."""

    address: Address
    schema: Schema
    arguments: Mapping[str, Value]
    provider: str
    place: Place
    is_of_check: bool = False
    """Whether only a check asks, which warns where the object is not there."""
    argument_places: Mapping[str, Place] = field(default_factory=dict)


@frozen
class PendingRead:
    """A data source that can only be read during apply."""

    instance: Instance
    config_unknown: bool
    """Whether an argument is not known yet; otherwise something it depends on is to change."""


@frozen
class Expansion:
    """What the spec means at this moment."""

    instances: tuple[Instance, ...]
    """Managed instances, in order of rank."""
    reads: tuple[PendingRead, ...]
    requests: tuple[DataRequest, ...]
    outputs: Mapping[str, OutputValue]
    pending: frozenset[Address]
    """Instances whose computed attributes are not known: they are created or replaced."""
    empty_blocks: tuple[Address, ...] = ()
    """Blocks whose `count` or `for_each` has no instance, each with a key of the kind that its
    instances would have."""
