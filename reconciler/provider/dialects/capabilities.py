"""Capabilities: what each dialect can and cannot carry. Plain data: plans offline need it too."""

from __future__ import annotations

from reconciler.provider.protocol import Capabilities, Carry

THREADS = Capabilities(
    dialect="threads",
    roles=("user", "assistant"),
    batch_limit=32,
    append_limit=1,
    id_prefixes={"openai_thread": ("thread_",), "openai_message": ("msg_", "message_")},
)
"""The OpenAI Threads v2 wire."""

AZURE_AGENTS = Capabilities(
    dialect="azure_agents",
    roles=("user", "assistant"),
    batch_limit=32,
    append_limit=1,
    lists_parents=True,
    rates=None,
    id_prefixes={"openai_thread": ("thread_",), "openai_message": ("msg_", "message_")},
)
"""Azure AI Foundry Agent Service (classic)."""

CONVERSATIONS = Capabilities(
    dialect="conversations",
    roles=("user", "assistant", "system", "developer"),
    batch_limit=20,
    append_limit=20,
    deletes_members_with_parent=False,
    updates_members=False,
    carry={
        ("openai_message", "metadata"): Carry.STATE_ONLY,
        ("openai_message", "file_ids"): Carry.REFUSED,
        ("openai_message", "attachments"): Carry.REFUSED,
        ("openai_thread", "tool_resources"): Carry.STATE_ONLY,
    },
    id_prefixes={"openai_thread": ("conv_",), "openai_message": ("msg_",)},
)
"""OpenAI's `/v1/conversations`."""

CAPABILITIES = {each.dialect: each for each in (THREADS, CONVERSATIONS, AZURE_AGENTS)}
"""Capabilities by dialect."""
