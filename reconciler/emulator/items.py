"""Items: what stands in a conversation, from the form that is sent to the form that comes back."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.emulator.answer import Json, Refusal, bad_request
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
from reconciler.emulator.service import Service

ROLES = ("user", "assistant", "system", "developer")
PHASES = ("commentary", "final_answer")
DETAILS = ("auto", "low", "high", "original")
INPUT_PARTS = ("input_text", "input_image", "input_file")
OUTPUT_PARTS = ("output_text", "refusal")
INCLUDE_IMAGE_URL = "message.input_image.image_url"

_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fc",
    "reasoning": "rs",
    "item_reference": "",
}
_OTHER_TEXTS = ("call_id", "name", "arguments", "namespace", "encrypted_content")
_OTHER_TEXT_LISTS = {"summary": "summary_text", "content": "reasoning_text"}
_REQUIRED = {
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "reasoning": ("summary",),
    "item_reference": ("id",),
}
_KNOWN = {
    "message": ("type", "id", "status", "role", "content", "phase"),
    "function_call": ("type", "id", "status", "call_id", "name", "arguments", "namespace"),
    "function_call_output": ("type", "id", "status", "call_id", "output"),
    "reasoning": ("type", "id", "status", "summary", "content", "encrypted_content"),
    "item_reference": ("type", "id"),
}


def build_item(service: Service, conversation: Json, value: object, param: str) -> Json:
    """Check an item of a request and make the item that will stand in *conversation*.

    An id that another conversation's item already has brings in that item as it is, whatever
    else was sent.
    """
    given = read_object(value, param)
    type_ = read_choice(given.get("type", "message"), f"{param}.type", tuple(_PREFIXES))
    read_arguments(given, param, known=_KNOWN[type_], required=_REQUIRED.get(type_, ()))
    known = _find_known(service, conversation, given, type_, param)
    if known is not None:
        return known
    if type_ == "item_reference":
        raise Refusal(404, f"Item with id '{given['id']}' not found.", param=f"{param}.id")
    item = _build_message(given, param) if type_ == "message" else _build_other(given, param)
    return {"id": given.get("id") or _new_id(service, conversation, type_), **item}


def _find_known(
    service: Service, conversation: Json, given: Json, type_: str, param: str
) -> Json | None:
    if given.get("id") is None:
        return None
    id_ = read_id(given["id"], f"{param}.id", service.ids.prefix(_PREFIXES[type_]))
    item = service.store.get("item", id_)
    if item is not None and service.store.position(conversation["id"], id_) is not None:
        raise bad_request(
            "Item already in conversation", param="items", code="item_already_in_conversation"
        )
    return item


def _new_id(service: Service, conversation: Json, type_: str) -> str:
    tail = conversation["id"][-16:]
    return service.ids.new_stamped(f"{_PREFIXES[type_]}_", now_s=service.now_s(), tail=tail)


def _build_message(given: Json, param: str) -> Json:
    for name in ("role", "content"):
        if name not in given:
            raise missing(f"{param}.{name}")
    role = read_choice(given["role"], f"{param}.role", ROLES)
    message: Json = {
        "type": "message",
        "status": "completed",
        "role": role,
        "content": _read_content(given["content"], f"{param}.content", role),
    }
    if given.get("phase") is not None:
        message["phase"] = read_choice(given["phase"], f"{param}.phase", PHASES)
    return message


def _build_other(given: Json, param: str) -> Json:
    item: Json = {}
    for name, value in given.items():
        place = f"{param}.{name}"
        if name in _OTHER_TEXTS:
            item[name] = read_text(value, place, length_min=1)
        elif name in _OTHER_TEXT_LISTS:
            item[name] = _read_texts(value, place, _OTHER_TEXT_LISTS[name])
        elif name == "output" and not isinstance(value, str):
            parts = read_array(value, place)
            item[name] = [_read_part(p, f"{place}[{n}]", INPUT_PARTS) for n, p in enumerate(parts)]
        elif name != "id":
            item[name] = value
    return {**item, "status": "completed"}


def _read_texts(value: object, param: str, type_: str) -> list[Json]:
    texts = []
    for index, part in enumerate(read_array(value, param)):
        place = f"{param}[{index}]"
        names = ("type", "text")
        known = read_arguments(part, place, known=names, required=names)
        read_choice(known["type"], f"{place}.type", (type_,))
        texts.append({"type": type_, "text": read_text(known["text"], f"{place}.text")})
    return texts


def _read_content(value: object, param: str, role: str) -> list[Json]:
    if isinstance(value, str):
        return [_output_text(value) if role == "assistant" else _input_text(value)]
    if not isinstance(value, list):
        message = (
            f"Invalid type for '{param}': expected one of a string or array of objects, "
            f"but got {kind_of(value)} instead."
        )
        raise bad_request(message, param=param, code="invalid_type")
    allowed = OUTPUT_PARTS if role == "assistant" else INPUT_PARTS
    return [_read_part(part, f"{param}[{index}]", allowed) for index, part in enumerate(value)]


def _input_text(text: str) -> Json:
    return {"type": "input_text", "text": text}


def _output_text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _read_part(value: object, param: str, allowed: tuple[str, ...]) -> Json:
    part = read_object(value, param)
    if "type" not in part:
        raise missing(f"{param}.type")
    if part["type"] not in allowed:
        raise invalid_value(f"{param}.type", part["type"], allowed)
    match part["type"]:
        case "input_text":
            read_arguments(part, param, known=("type", "text"), required=("text",))
            return _input_text(read_text(part["text"], f"{param}.text"))
        case "output_text":
            known = ("type", "text", "annotations", "logprobs")
            read_arguments(part, param, known=known, required=("text",))
            lists = {n: read_array(part[n], f"{param}.{n}") for n in known[2:] if n in part}
            return _output_text(read_text(part["text"], f"{param}.text")) | lists
        case "refusal":
            read_arguments(part, param, known=("type", "refusal"), required=("refusal",))
            return {"type": "refusal", "refusal": read_text(part["refusal"], f"{param}.refusal")}
        case "input_image":
            return _read_image(part, param)
        case _:
            return _read_file(part, param)


def _read_image(part: Json, param: str) -> Json:
    read_arguments(part, param, known=("type", "image_url", "file_id", "detail"))
    _require_one(part, param, ("image_url", "file_id"))
    if part.get("image_url") is not None:
        read_url(part["image_url"], f"{param}.image_url")
    if part.get("file_id") is not None:
        read_id(part["file_id"], f"{param}.file_id", "file")
    detail = read_choice(part.get("detail", "auto"), f"{param}.detail", DETAILS)
    return {
        "type": "input_image",
        "detail": detail,
        "file_id": part.get("file_id"),
        "image_url": part.get("image_url"),
    }


def _read_file(part: Json, param: str) -> Json:
    known = ("type", "file_id", "filename", "file_data", "file_url", "detail")
    read_arguments(part, param, known=known)
    _require_one(part, param, ("file_id", "file_data", "file_url"))
    for name in known[1:]:
        if part.get(name) is not None:
            read_text(part[name], f"{param}.{name}", length_min=1)
    return {name: value for name, value in part.items() if value is not None}


def _require_one(part: Json, param: str, names: tuple[str, ...]) -> None:
    if all(part.get(name) is None for name in names):
        raise missing(f"{param}.{names[0]}")


def shown(item: Json, includes: Collection[str]) -> Json:
    """Leave out of an item what comes back only when it is asked for."""
    if item["type"] != "message" or INCLUDE_IMAGE_URL in includes:
        return item
    content = [
        {name: value for name, value in part.items() if name != "image_url"}
        if part["type"] == "input_image"
        else part
        for part in item["content"]
    ]
    return {**item, "content": content}
