"""Thread: the type `openai_thread`, and how it reads and writes on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.provider.resources import limits
from reconciler.provider.resources.choices import ON_REORDER, UNMANAGED_MESSAGES, one_of
from reconciler.schema import Attribute, Attributes, ChangeCost, Schema, Value

TYPE = "openai_thread"
"""The type's name."""

_TOOL_ARGUMENTS = {"code_interpreter": "file_ids", "file_search": "vector_store_ids"}


def canonical(attributes: Attributes) -> dict[str, Value]:
    """The form in which two threads are compared: nothing and empty look the same."""
    return {
        **attributes,
        "metadata": _plain(attributes.get("metadata")),
        "tool_resources": _resources(attributes.get("tool_resources")),
    }


def _plain(metadata: Value) -> Value:
    return {} if metadata is None else metadata


def _resources(value: Value) -> Value:
    """Without what is null or empty; what is not known yet stays as it is."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return value
    tools = {tool: _resource(inner) for tool, inner in value.items()}
    return {tool: inner for tool, inner in tools.items() if inner not in (None, {})}


def _resource(inner: Value) -> Value:
    if not isinstance(inner, dict):
        return inner
    return {name: listed for name, listed in inner.items() if listed not in (None, [])}


def encode(desired: Attributes) -> dict[str, object]:
    """The body that creates a thread, without its messages; what is empty is left out."""
    body: dict[str, object] = {}
    if desired.get("metadata"):
        body["metadata"] = desired["metadata"]
    if resources := _resources(desired.get("tool_resources")):
        body["tool_resources"] = resources
    return body


def encode_update(desired: Attributes) -> dict[str, object]:
    """The body that brings a thread to *desired*.

    Metadata is always sent, `{}` clears it. Tool resources are only sent where the spec names
    them: what attachments have added stays.
    """
    body: dict[str, object] = {"metadata": desired.get("metadata") or {}}
    resources = desired.get("tool_resources")
    if isinstance(resources, dict):
        body["tool_resources"] = {
            tool: {argument: list(_listed(resources, tool, argument))}
            for tool, argument in _TOOL_ARGUMENTS.items()
            if resources.get(tool) is not None
        }
    return body


def _listed(resources: Mapping[str, Value], tool: str, argument: str) -> list[Value]:
    inner = resources.get(tool)
    listed = inner.get(argument) if isinstance(inner, dict) else None
    return listed if isinstance(listed, list) else []


def decode(value: Mapping[str, object], object_id: str) -> dict[str, Value]:
    """The attributes of a thread as the API shows it."""
    return {
        "id": object_id,
        "object": string(value.get("object")),
        "created_at": number(value.get("created_at")),
        "metadata": metadata(value.get("metadata")),
        "tool_resources": _resources(value.get("tool_resources")),
    }


def string(value: object) -> str | None:
    """A text, or None where a server puts something else."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> int | float | None:
    """A number, or None where a server puts something else."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def metadata(value: object) -> dict[str, Value]:
    """Metadata as texts; servers that keep numbers or null are put right."""
    if not isinstance(value, dict):
        return {}
    return {str(key): _metadata_text(each) for key, each in value.items() if each is not None}


def _metadata_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


_RESOURCES = [
    "object",
    {
        "code_interpreter": ["object", {"file_ids": ["list", "string"]}, ["file_ids"]],
        "file_search": [
            "object",
            {"vector_store_ids": ["list", "string"]},
            ["vector_store_ids"],
        ],
    },
    ["code_interpreter", "file_search"],
]

SCHEMA = Schema(
    type=TYPE,
    description="A conversation: the messages of `openai_message` stand in it, in order.",
    attributes={
        "metadata": Attribute(
            ["map", "string"],
            "Up to 16 pairs of text; keys up to 64, values up to 512 characters. Leaving it out "
            "clears it on the server.",
            optional=True,
            check=limits.metadata,
        ),
        "tool_resources": Attribute(
            _RESOURCES,
            "Files and vector stores for the tools: `{ code_interpreter = { file_ids = [...] }, "
            "file_search = { vector_store_ids = [...] } }`, up to 20 files and 1 store. What the "
            "server adds for attachments of messages is accepted; left out, it is the server's.",
            optional=True,
            computed=True,
            check=limits.tool_resources,
        ),
        "on_reorder": Attribute(
            "string",
            "What to do when messages must move: `rewrite_tail` (send them again behind the "
            "others, then delete the old ones), `replace_thread`, `append` (leave the order as it "
            "comes) or `error`. The default is the provider's.",
            optional=True,
            cost=ChangeCost.LOCAL,
            check=one_of(*ON_REORDER),
        ),
        "unmanaged_messages": Attribute(
            "string",
            "What to do about messages that the specs do not manage: `report`, `ignore` or "
            "`delete`. The default is the provider's.",
            optional=True,
            cost=ChangeCost.LOCAL,
            check=one_of(*UNMANAGED_MESSAGES),
        ),
        "id": Attribute("string", "The id that the server chose.", computed=True),
        "created_at": Attribute("number", "When it was created, in Unix seconds.", computed=True),
        "object": Attribute("string", "What the API calls it: `thread`.", computed=True),
    },
    import_id="thread_id",
    canonical=canonical,
    instead={
        "messages": "Messages are resources of their own: write an openai_message block with "
        "thread_id = openai_thread.NAME.id for each.",
    },
)
"""What an `openai_thread` has."""
