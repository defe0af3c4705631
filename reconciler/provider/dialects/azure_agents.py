"""Azure agents: Azure AI Foundry Agent Service (classic), which serves the threads wire."""

from __future__ import annotations

from typing import ClassVar

from reconciler.errors import NotServed
from reconciler.frozen import replace
from reconciler.provider.dialects.capabilities import AZURE_AGENTS
from reconciler.provider.dialects.threads import Threads
from reconciler.provider.protocol import Capabilities
from reconciler.provider.resources import message
from reconciler.schema import Attributes


class AzureAgents(Threads):
    """Threads without the beta header, with an `api-version` in the query of every request.

    Whether messages can be deleted depends on the service's version and is found out by the
    first deletion.
    """

    HEADERS: ClassVar[dict[str, str]] = {}
    _deletes_messages = True

    @property
    def capabilities(self) -> Capabilities:
        """What this service was found to carry."""
        return replace(AZURE_AGENTS, deletes_members=self._deletes_messages)

    async def delete(self, type_: str, object_: Attributes) -> None:
        """Delete a thread with all its messages, or one message."""
        try:
            await super().delete(type_, object_)
        except NotServed as error:
            if type_ == message.TYPE:
                self._deletes_messages = False
                error.hint = (
                    "this version of the service deletes no messages; another api-version "
                    'may: provider "openai" { query = { api-version = "2025-05-15-preview" } }'
                )
            raise
