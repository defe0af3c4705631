"""Refresh: what is there now, and drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.address import Address
from reconciler.provider.protocol import Member
from reconciler.schema import Attributes


@dataclass(frozen=True, slots=True)
class Listing:
    """The members of one parent in server order, as far as they were read."""

    members: tuple[Member, ...]
    complete: bool
    """Whether the listing reached the end; it may stop once every recorded id was seen."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the API has now of everything recorded."""

    objects: Mapping[Address, Attributes | None] = field(default_factory=dict)
    """None: gone, proven. An address that is missing was not looked for."""
    listings: Mapping[str, Listing] = field(default_factory=dict)
    """By id of the parent."""
