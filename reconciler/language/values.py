"""Values: plain Python data where known; `Unknown` and `Sensitive` wrap only where needed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value only the API can choose, not chosen yet.

    *type* is its type in JSON form (`"dynamic"` when even that is unknown). *not_null* promises
    that it will not be null. *origin* is the attribute it will come from, as written in an
    address: `openai_thread.a.id`; it survives references, locals, modules and known conditionals
    and is lost by any other computation. Two unknowns are never equal to anything: comparing them
    is a bug, use `is_unknown`.
    """

    type: object = "dynamic"
    not_null: bool = True
    origin: str | None = None
    prefix: str = field(default="")
    """What the text of an unknown string is known to begin with."""


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A value that must not be shown. Containers keep the mark on the parts that carry it."""

    value: object

    def __repr__(self) -> str:
        return "Sensitive(...)"


UNKNOWN = Unknown()
"""An unknown of which nothing more is known."""


def contains_unknown(value: object) -> bool:
    """Whether *value* is unknown or holds an unknown anywhere, also behind a sensitive mark."""
    queue = [value]
    while queue:
        each = queue.pop()
        if isinstance(each, Unknown):
            return True
        if isinstance(each, Sensitive):
            queue.append(each.value)
        elif isinstance(each, dict):
            queue.extend(each.values())
        elif isinstance(each, (list, tuple, set, frozenset)):
            queue.extend(each)
    return False
