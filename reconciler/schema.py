"""Schema: what an object of a type has: attribute, who decides it, what changing it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum

from reconciler.frozen import frozen

Value = object
"""A value of an attribute: None, bool, int, float, str, list or dict of such; `Unknown` where the
API has not chosen yet. Never a sensitive mark: those travel beside the values, as paths."""

Attributes = Mapping[str, Value]
"""The attributes of one object by name."""

Path = tuple[str | int, ...]
"""The way from an object to one of its leaves: `("metadata", "source")`."""

Type = object
"""A value type in the JSON form that state files use: `"string"`, `["map", "string"]`,
`["list", "string"]`, `["object", {...}]`, `"number"`, `"bool"`, or `"dynamic"`."""


class ChangeCost(StrEnum):
    """What a different desired value costs."""

    UPDATE = "update"
    """One call that changes the object in place."""
    REPLACE = "replace"
    """The object is created anew and the present one deleted."""
    LOCAL = "local"
    """Nothing: the value lives in state only."""


@frozen
class Attribute:
    """One attribute of a type: an argument if the spec may set it, computed if the API may."""

    type: Type
    description: str
    required: bool = False
    optional: bool = False
    computed: bool = False
    cost: ChangeCost = ChangeCost.UPDATE
    check: Callable[[Value], list[Complaint]] | None = None
    """Complaints about a known value, as the API's limits have it; applied at plan time.
    A complaint reads on behind the argument's name: `has 17 pairs; the API takes 16`."""

    @property
    def is_argument(self) -> bool:
        """Whether the spec may set it."""
        return self.required or self.optional


@frozen
class Complaint:
    """What is wrong with a value: where below the attribute, and in words."""

    path: Path
    message: str
    about_key: bool = False
    """Whether it is the name of that part that is wrong, not its value."""


@frozen
class Sequence:
    """Objects of this type form a sequence under a parent: their order is part of their meaning."""

    parent_type: str
    """`openai_thread`."""
    parent_argument: str
    """The argument that names the parent's id: `thread_id`."""
    order_argument: str
    """The local argument that overrides source order: `order`."""
    identity: tuple[str, ...]
    """The arguments that say whether two members are the same: role, content, attachments."""


@frozen
class Schema:
    """What objects of one resource type or data source have."""

    type: str
    description: str
    attributes: Mapping[str, Attribute]
    sequence: Sequence | None = None
    import_id: str = "id"
    """How an import id is written, for messages and docs: `thread_id:message_id`."""
    exclusive: tuple[tuple[str, ...], ...] = field(default=())
    """Sets of arguments of which at most one may be non-empty."""
    required_sets: tuple[tuple[str, ...], ...] = field(default=())
    """Sets of arguments of which at least one must be given."""
    canonical: Callable[[Attributes], dict[str, Value]] = dict
    """The form in which two sets of attributes are compared: what means the same looks the same
    (a text and its one text part, `file_ids` and their `attachments`, null and `{}`)."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Arguments and blocks that people expect and this type does not have, each with a sentence
    that says what to write instead."""

    @property
    def arguments(self) -> dict[str, Attribute]:
        """The attributes the spec may set."""
        return {name: each for name, each in self.attributes.items() if each.is_argument}
