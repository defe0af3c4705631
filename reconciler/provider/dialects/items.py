"""Items: how a message reads and writes on the conversations wire."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.provider.resources.message import decode_content
from reconciler.provider.resources.thread import string
from reconciler.schema import Attributes, Value

_TEXT_TYPES = ("input_text", "output_text", "text")


def encode(desired: Attributes) -> dict[str, object]:
    """The item for a message. Metadata has no place there and stays in state."""
    text_type = "output_text" if desired["role"] == "assistant" else "input_text"
    content = desired["content"]
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return {
        "type": "message",
        "role": desired["role"],
        "content": [_encode_part(each, text_type) for each in parts],
    }


def _encode_part(part: Value, text_type: str) -> Value:
    if not isinstance(part, dict):
        return part
    kind = part.get("type")
    if kind == "text":
        return {"type": text_type, "text": part.get("text")}
    image = part.get(kind) if isinstance(kind, str) else None
    if not isinstance(image, dict):
        return part
    detail = image.get("detail") or "auto"
    if kind == "image_url":
        return {"type": "input_image", "image_url": image.get("url"), "detail": detail}
    return {"type": "input_image", "file_id": image.get("file_id"), "detail": detail}


def is_message(item: Mapping[str, object]) -> bool:
    """Whether an item is a message; tool calls, reasoning and others are not."""
    return item.get("type", "message") == "message"


def lacks_an_image(item: Mapping[str, object]) -> bool:
    """Whether the server left out where an image is, as it does unless it is asked for."""
    return any(
        isinstance(part, dict)
        and part.get("type") == "input_image"
        and not part.get("image_url")
        and not part.get("file_id")
        for part in _parts(item)
    )


def _parts(item: Mapping[str, object]) -> list[object]:
    content = item.get("content")
    return content if isinstance(content, list) else []


def decode(item: Mapping[str, object], item_id: str, conversation_id: str) -> dict[str, Value]:
    """The attributes of a message that a conversation knows; the others are left out."""
    return {
        "id": item_id,
        "object": string(item.get("object")) or "thread.message",
        "thread_id": conversation_id,
        "role": string(item.get("role")),
        "content": decode_content(item.get("content"), _decode_part),
        "status": string(item.get("status")),
    }


def _decode_part(part: object) -> Value:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, dict):
        return None
    kind = part.get("type")
    if kind in _TEXT_TYPES:
        text = {"type": "text", "text": string(part.get("text")) or ""}
        annotations = part.get("annotations")
        return {**text, "annotations": annotations} if annotations else text
    if kind == "input_image":
        return _decode_image(part)
    return part


def _decode_image(part: Mapping[str, object]) -> Value:
    detail = string(part.get("detail")) or "auto"
    if file_id := string(part.get("file_id")):
        return {"type": "image_file", "image_file": {"file_id": file_id, "detail": detail}}
    if url := string(part.get("image_url")):
        return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
    return dict(part)
