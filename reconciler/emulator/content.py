"""Content: the parts of a message, from the form that is sent to the form that comes back."""

from __future__ import annotations

from reconciler.emulator.answer import Json, bad_request
from reconciler.emulator.checks import (
    invalid_value,
    kind_of,
    missing,
    read_arguments,
    read_array,
    read_choice,
    read_id,
    read_object,
    read_text,
    read_url,
)

TEXT_MAX = 256_000
DETAILS = ("auto", "low", "high")
PART_TYPES = ("text", "image_url", "image_file")


def read_content(value: object, param: str) -> list[Json]:
    """Check the content of a new message and turn it into the parts that a read returns."""
    if isinstance(value, str):
        return [text_part(read_text(value, param, length_min=1, length_max=TEXT_MAX))]
    if not isinstance(value, list):
        message = (
            f"Invalid type for '{param}': expected one of a string or array of objects, "
            f"but got {kind_of(value)} instead."
        )
        raise bad_request(message, param=param, code="invalid_type")
    parts = read_array(value, param, length_min=1)
    return [_read_part(part, f"{param}[{index}]") for index, part in enumerate(parts)]


def text_part(text: str) -> Json:
    """Make the part that a read returns for *text*."""
    return {"type": "text", "text": {"value": text, "annotations": []}}


def _read_part(value: object, param: str) -> Json:
    part = read_object(value, param)
    if "type" not in part:
        raise missing(f"{param}.type")
    match part["type"]:
        case "text":
            read_arguments(part, param, known=("type", "text"), required=("text",))
            place = f"{param}.text"
            return text_part(read_text(part["text"], place, length_min=1, length_max=TEXT_MAX))
        case "image_url":
            return _read_image(part, param, "image_url", "url")
        case "image_file":
            return _read_image(part, param, "image_file", "file_id")
        case other:
            raise invalid_value(f"{param}.type", other, PART_TYPES)


def _read_image(part: Json, param: str, type_: str, source: str) -> Json:
    read_arguments(part, param, known=("type", type_), required=(type_,))
    place = f"{param}.{type_}"
    image = read_arguments(part[type_], place, known=(source, "detail"), required=(source,))
    if source == "url":
        address = read_url(image["url"], f"{place}.url")
    else:
        address = read_id(image["file_id"], f"{place}.file_id", "file")
    detail = read_choice(image.get("detail", "auto"), f"{place}.detail", DETAILS)
    return {"type": type_, type_: {source: address, "detail": detail}}
