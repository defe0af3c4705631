"""Dialects: the wire APIs that can serve threads, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.provider.dialects.capabilities import CAPABILITIES

if TYPE_CHECKING:
    from reconciler.provider.dialects.dialect import Dialect

__all__ = ["CAPABILITIES", "dialect_of"]


def dialect_of(name: str) -> type[Dialect]:
    """The class that speaks a dialect; *name* has been checked against the known ones."""
    match name:
        case "threads":
            from reconciler.provider.dialects.threads import Threads

            return Threads
        case "conversations":
            from reconciler.provider.dialects.conversations import Conversations

            return Conversations
        case _:
            from reconciler.provider.dialects.azure_agents import AzureAgents

            return AzureAgents
