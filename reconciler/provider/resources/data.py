"""Data: the data sources, which only read."""

from __future__ import annotations

from reconciler.provider.resources import message, thread
from reconciler.provider.resources.choices import one_of
from reconciler.schema import Attribute, Complaint, Schema, Value

_METADATA = ["map", "string"]


def _computed(schema: Schema, *names: str) -> dict[str, Attribute]:
    """Attributes of a resource as its data source has them: all read, none set."""
    return {
        name: Attribute(each.type, each.description, computed=True)
        for name, each in schema.attributes.items()
        if name in names
    }


def _id(description: str) -> Attribute:
    return Attribute("string", description, optional=True, computed=True)


def _limit(value: Value) -> list[Complaint]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value >= 1 and value == int(value):
            return []
        return [Complaint((), f"must be a whole number from 1, not {value}")]
    return []


_MESSAGE = (
    "object",
    "created_at",
    "role",
    "content",
    "attachments",
    "metadata",
    "assistant_id",
    "run_id",
    "status",
)

THREAD = Schema(
    type="openai_thread",
    description="A thread that exists already.",
    attributes={
        "id": _id("The thread's id."),
        "thread_id": _id("The same as `id`; one of the two is given."),
        **_computed(thread.SCHEMA, "object", "created_at", "metadata", "tool_resources"),
    },
    exclusive=(("id", "thread_id"),),
    required_sets=(("id", "thread_id"),),
    canonical=thread.canonical,
)

MESSAGE = Schema(
    type="openai_message",
    description="A message that exists already.",
    attributes={
        "thread_id": Attribute("string", "The thread it stands in.", required=True),
        "id": _id("The message's id."),
        "message_id": _id("The same as `id`; one of the two is given."),
        **_computed(message.SCHEMA, *_MESSAGE),
    },
    exclusive=(("id", "message_id"),),
    required_sets=(("id", "message_id"),),
    canonical=message.canonical,
)

MESSAGES = Schema(
    type="openai_messages",
    description="All messages of a thread, or those that the filters let through.",
    attributes={
        "thread_id": Attribute("string", "The thread they stand in.", required=True),
        "role": Attribute(
            "string", "Only messages of this role.", optional=True, check=one_of(*message.ROLES)
        ),
        "metadata": Attribute(
            ["map", "string"], "Only messages that carry all these pairs.", optional=True
        ),
        "order": Attribute(
            "string",
            "`asc`, oldest first (the default), or `desc`.",
            optional=True,
            check=one_of("asc", "desc"),
        ),
        "limit": Attribute(
            "number",
            "At most so many, counted in the order asked for.",
            optional=True,
            check=_limit,
        ),
        "after": Attribute(
            "string",
            "Only messages that stand after this id in the order asked for.",
            optional=True,
        ),
        "before": Attribute(
            "string",
            "Only messages that stand before this id in the order asked for.",
            optional=True,
        ),
        "id": Attribute("string", "The thread's id.", computed=True),
        "messages": Attribute(
            "dynamic",
            "The messages, each with the attributes of an `openai_message`.",
            computed=True,
        ),
        "first_id": Attribute("string", "The first message's id; null without any.", computed=True),
        "last_id": Attribute("string", "The last message's id; null without any.", computed=True),
        "has_more": Attribute("bool", "Whether `limit` has cut some off.", computed=True),
    },
)

FILE = Schema(
    type="openai_file",
    description="A file that was uploaded already; its content is not read.",
    attributes={
        "id": _id("The file's id."),
        "file_id": _id("The same as `id`; one of the two is given."),
        "object": Attribute("string", "What the API calls it: `file`.", computed=True),
        "filename": Attribute("string", "Its name.", computed=True),
        "bytes": Attribute("number", "Its size.", computed=True),
        "purpose": Attribute("string", "What it was uploaded for.", computed=True),
        "created_at": Attribute("number", "When it was uploaded, in Unix seconds.", computed=True),
        "expires_at": Attribute("number", "When it will be deleted, if so.", computed=True),
        "status": Attribute("string", "`uploaded`, `processed` or `error`.", computed=True),
        "project_id": Attribute(
            "string", "Accepted from Terraform configurations and not sent.", optional=True
        ),
    },
    exclusive=(("id", "file_id"),),
    required_sets=(("id", "file_id"),),
)

SCHEMAS = {each.type: each for each in (THREAD, MESSAGE, MESSAGES, FILE)}
"""Data sources by name."""
