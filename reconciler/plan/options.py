"""Options: what a run may do, and how each provider configuration wants its sequences treated."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from reconciler.frozen import frozen
from reconciler.schema import Attributes
from reconciler.state.model import Endpoint


class OnReorder(StrEnum):
    """What to do when the order asked for cannot be reached by appending alone."""

    REWRITE_TAIL = "rewrite_tail"
    """Create anew whatever has to stand behind the first change."""
    REPLACE_THREAD = "replace_thread"
    """Create the whole thread anew."""
    APPEND = "append"
    """Leave what is there where it stands and append the rest."""
    ERROR = "error"
    """Refuse."""


class UnmanagedMessages(StrEnum):
    """What to do with members that the specs do not declare."""

    REPORT = "report"
    IGNORE = "ignore"
    DELETE = "delete"


@frozen
class Policies:
    """How one provider configuration treats sequences, unless a thread says otherwise."""

    on_reorder: str = OnReorder.REWRITE_TAIL
    unmanaged_messages: str = UnmanagedMessages.REPORT
    batch_create: bool = True
    """Whether the call that creates a parent may carry its first members."""
    paced: bool = False
    """Whether members are sent one by one, with pauses, to a server that sorts them by time."""
    requests_per_minute: float | None = None
    """The known rate limit, for the estimate of how long an apply takes."""
    is_local: bool = False
    """Whether the server is the embedded one, which has no rate limit."""
    endpoint: Endpoint | None = None
    """The API it talks to."""


def treatment(desired: Attributes, defaults: Policies) -> tuple[OnReorder, UnmanagedMessages]:
    """How the members of a parent are treated: as it says itself, else as its provider does."""
    on_reorder = desired.get("on_reorder") or defaults.on_reorder
    unmanaged = desired.get("unmanaged_messages") or defaults.unmanaged_messages
    return OnReorder(str(on_reorder)), UnmanagedMessages(str(unmanaged))


@frozen
class PlanOptions:
    """What the user asked for beside the spec. Addresses are as written, targets may hold `*`."""

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    allow_destroy: tuple[str, ...] = ()
    """How many losses are fine ("12"), or addresses whose loss is."""
    accept_missing: tuple[str, ...] | Literal["all"] = ()
    """Addresses that may be believed to be gone, or "all"."""
    reorder: bool = False
    """Whether a rewrite is fine whose only cause is that blocks moved."""
    refresh: bool = True
    allow_unmanaged: bool = False
    """Whether threads may go together with messages that the specs never declared."""


NO_OPTIONS = PlanOptions()
"""Nothing but what the spec says."""
