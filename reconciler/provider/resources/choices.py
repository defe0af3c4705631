"""Choices: arguments that take one of a few words, named the same in threads and provider."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.schema import Complaint, Value

Check = Callable[[Value], list[Complaint]]

ON_REORDER = ("rewrite_tail", "replace_thread", "append", "error")
"""What may be done when messages must move."""

UNMANAGED_MESSAGES = ("report", "ignore", "delete")
"""What may be done about messages that the specs do not manage."""


def one_of(*allowed: str) -> Check:
    """A check that a text is one of *allowed*; anything but a text is not its business."""

    def check(value: Value) -> list[Complaint]:
        if not isinstance(value, str) or value in allowed:
            return []
        listed = ", ".join(f'"{each}"' for each in allowed)
        return [Complaint((), f'must be one of {listed}, not "{value}"')]

    return check
