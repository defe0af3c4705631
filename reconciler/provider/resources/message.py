"""Message: the type `openai_message`, and how it reads and writes on the threads wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.provider.resources import limits
from reconciler.provider.resources.choices import one_of
from reconciler.provider.resources.thread import metadata, number, string
from reconciler.schema import Attribute, Attributes, ChangeCost, Schema, Sequence, Value

TYPE = "openai_message"
"""The type's name."""

ROLES = ("user", "assistant", "system", "developer")
"""The roles that any dialect knows; each dialect names its own."""

FILE_IDS_TOOL = "file_search"
"""The tool that `file_ids` stand for."""


def canonical(attributes: Attributes) -> dict[str, Value]:
    """The form in which two messages are compared.

    A text and its one text part look the same, annotations and defaults are left out, `file_ids`
    are the attachments they stand for, null and empty look the same. What is not known yet stays.
    """
    same = {name: value for name, value in attributes.items() if name != "file_ids"}
    same["content"] = canonical_content(attributes.get("content"))
    same["attachments"] = canonical_attachments(attributes)
    same["metadata"] = {} if attributes.get("metadata") is None else attributes["metadata"]
    return same


def canonical_content(content: Value) -> Value:
    """A text where there is one text part, else the parts with nothing but what was meant."""
    if not isinstance(content, list):
        return content
    parts = [_canonical_part(each) for each in content]
    if len(parts) == 1 and isinstance(parts[0], dict) and parts[0].get("type") == "text":
        return parts[0].get("text")
    return parts


def _canonical_part(part: Value) -> Value:
    if not isinstance(part, dict):
        return part
    kind = part.get("type")
    if kind == "text":
        return {"type": "text", "text": part.get("text")}
    if isinstance(kind, str) and kind in ("image_file", "image_url"):
        image = part.get(kind)
        if isinstance(image, dict):
            return {"type": kind, kind: {"detail": "auto", **_said(image)}}
    return _said(part)


def _said(value: Mapping[str, Value]) -> dict[str, Value]:
    return {name: each for name, each in value.items() if each is not None}


def canonical_attachments(attributes: Attributes) -> Value:
    """Attachments, those that `file_ids` stand for included."""
    attachments, file_ids = attributes.get("attachments"), attributes.get("file_ids")
    if attachments is None or attachments == []:
        attachments = file_ids if file_ids is not None else []
        if isinstance(attachments, list):
            return [_searched(each) for each in attachments]
    if not isinstance(attachments, list):
        return attachments
    return [_canonical_attachment(each) for each in attachments]


def _searched(file_id: Value) -> dict[str, Value]:
    return {"file_id": file_id, "tools": [{"type": FILE_IDS_TOOL}]}


def _canonical_attachment(one: Value) -> Value:
    if not isinstance(one, dict):
        return one
    tools = one.get("tools")
    if isinstance(tools, list):
        tools = [_said(each) if isinstance(each, dict) else each for each in tools]
    return {**_said(one), "tools": tools if tools is not None else []}


def encode(desired: Attributes) -> dict[str, object]:
    """The body that creates a message; what is empty is left out."""
    body: dict[str, object] = {"role": desired["role"], "content": _encoded(desired["content"])}
    if attachments := canonical_attachments(desired):
        body["attachments"] = attachments
    if desired.get("metadata"):
        body["metadata"] = desired["metadata"]
    return body


def _encoded(content: Value) -> Value:
    """A text is sent as it is, parts without what was left out."""
    if not isinstance(content, list):
        return content
    return [_encoded_part(each) if isinstance(each, dict) else each for each in content]


def _encoded_part(part: Mapping[str, Value]) -> dict[str, Value]:
    said = _said(part)
    said.pop("annotations", None)
    return {name: _said(each) if isinstance(each, dict) else each for name, each in said.items()}


def decode(value: Mapping[str, object], message_id: str, thread_id: str) -> dict[str, Value]:
    """The attributes of a message as a threads server shows it. Servers differ; this is lenient."""
    return {
        "id": message_id,
        "object": string(value.get("object")),
        "created_at": number(value.get("created_at")),
        "thread_id": thread_id,
        "role": string(value.get("role")),
        "content": decode_content(value.get("content"), _decode_part),
        "attachments": _decode_attachments(value.get("attachments")),
        "metadata": metadata(value.get("metadata")),
        "assistant_id": string(value.get("assistant_id")),
        "run_id": string(value.get("run_id")),
        "status": string(value.get("status")),
    }


_TYPES: Mapping[str, tuple[type, ...]] = {
    "role": (str,),
    "content": (str, list),
    "metadata": (dict,),
}


def misshapen(value: Mapping[str, object]) -> str | None:
    """The attribute of a message or thread that is there and of no type it can have, if any.

    What reads as nothing would be taken for a change that somebody made.
    """
    for name, types in _TYPES.items():
        each = value.get(name)
        if each is not None and not isinstance(each, types):
            return name
    return None


def decode_content(content: object, decode_part: Callable[[object], Value]) -> Value:
    """The text of one text part without annotations, else the parts as a spec would write them."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    parts = [decode_part(each) for each in content]
    if len(parts) == 1 and isinstance(parts[0], dict) and set(parts[0]) == {"type", "text"}:
        return parts[0]["text"]
    return parts


def _decode_part(part: object) -> Value:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, dict) or part.get("type") != "text":
        return part
    text = part.get("text")
    if isinstance(text, str):
        return {"type": "text", "text": text}
    inner = text if isinstance(text, dict) else {}
    plain = {"type": "text", "text": str(inner.get("value") or "")}
    annotations = inner.get("annotations")
    return {**plain, "annotations": annotations} if annotations else plain


def _decode_attachments(value: object) -> list[Value]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def is_reproducible(attributes: Attributes) -> bool:
    """Whether sending the message again would give the same: no run made it, no part is foreign."""
    if attributes.get("run_id") or attributes.get("assistant_id"):
        return False
    content = attributes.get("content")
    if isinstance(content, str):
        return True
    return isinstance(content, list) and all(_can_be_sent(each) for each in content)


def _can_be_sent(part: Value) -> bool:
    if not isinstance(part, dict) or part.get("annotations"):
        return False
    return part.get("type") in ("text", "image_file", "image_url")


_ATTACHMENTS = [
    "list",
    ["object", {"file_id": "string", "tools": ["list", ["object", {"type": "string"}]]}],
]

SCHEMA = Schema(
    type=TYPE,
    description="A message of an `openai_thread`.",
    attributes={
        "thread_id": Attribute(
            "string",
            "The thread it stands in: `openai_thread.NAME.id`, or the id of any thread.",
            required=True,
            cost=ChangeCost.REPLACE,
        ),
        "role": Attribute(
            "string",
            "Who says it: `user` or `assistant`; `system` and `developer` where conversations "
            "are spoken.",
            required=True,
            cost=ChangeCost.REPLACE,
            check=one_of(*ROLES),
        ),
        "content": Attribute(
            "dynamic",
            "What is said: a text of up to 256,000 characters, or a list of parts: "
            '`{ type = "text", text = "..." }`, `{ type = "image_url", image_url = { url = "..." '
            '} }`, `{ type = "image_file", image_file = { file_id = "..." } }`.',
            required=True,
            cost=ChangeCost.REPLACE,
            check=limits.content,
        ),
        "file_ids": Attribute(
            ["list", "string"],
            "Files for the `file_search` tool; sent as `attachments`. `[]` means none.",
            optional=True,
            cost=ChangeCost.REPLACE,
            check=limits.file_ids,
        ),
        "attachments": Attribute(
            _ATTACHMENTS,
            'Files and the tools they are for: `[{ file_id = "...", tools = [{ type = '
            '"code_interpreter" }] }]`. Not together with `file_ids`.',
            optional=True,
            cost=ChangeCost.REPLACE,
            check=limits.attachments,
        ),
        "metadata": Attribute(
            ["map", "string"],
            "Up to 16 pairs of text; keys up to 64, values up to 512 characters. Leaving it out "
            "clears it on the server.",
            optional=True,
            check=limits.metadata,
        ),
        "order": Attribute(
            "dynamic",
            "A number or text that says where it stands among the messages of its thread, before "
            "the order of the blocks does. Known to state only.",
            optional=True,
            cost=ChangeCost.LOCAL,
            check=limits.order,
        ),
        "id": Attribute("string", "The id that the server chose.", computed=True),
        "created_at": Attribute("number", "When it was created, in Unix seconds.", computed=True),
        "object": Attribute("string", "What the API calls it: `thread.message`.", computed=True),
        "assistant_id": Attribute(
            "string", "The assistant that wrote it, if one did.", computed=True
        ),
        "run_id": Attribute("string", "The run that wrote it, if one did.", computed=True),
        "status": Attribute("string", "`completed`, `in_progress` or `incomplete`.", computed=True),
    },
    sequence=Sequence(
        parent_type="openai_thread",
        parent_argument="thread_id",
        order_argument="order",
        identity=("role", "content", "attachments"),
    ),
    import_id="thread_id:message_id",
    exclusive=(("file_ids", "attachments"),),
    canonical=canonical,
    instead={
        "attachment": "Write attachments = [{ file_id = ..., tools = [{ type = "
        '"file_search" }] }].',
        "text": "Write content.",
    },
)
"""What an `openai_message` has."""
