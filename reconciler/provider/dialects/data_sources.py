"""Data sources: reading what exists, in whichever dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.errors import RequestRejected
from reconciler.provider.request import Kind, Request, checked_id
from reconciler.provider.resources import data, message, thread
from reconciler.schema import Attributes, Value

if TYPE_CHECKING:
    from reconciler.provider.dialects.dialect import Dialect


async def read(dialect: Dialect, type_: str, arguments: Attributes) -> dict[str, Value]:
    """Read a data source: every attribute of its schema, null where the dialect lacks it."""
    schema = data.SCHEMAS[type_]
    match type_:
        case "openai_thread":
            found = await _thread(dialect, arguments)
        case "openai_message":
            found = await _message(dialect, arguments)
        case "openai_messages":
            found = await _messages(dialect, arguments)
        case _:
            found = await _file(dialect, arguments)
    return {name: found.get(name, arguments.get(name)) for name in schema.attributes}


async def _thread(dialect: Dialect, arguments: Attributes) -> dict[str, Value]:
    thread_id = _given(arguments, "id", "thread_id")
    read = await dialect.read(thread.TYPE, {"id": thread_id})
    return {**read, "thread_id": thread_id}


async def _message(dialect: Dialect, arguments: Attributes) -> dict[str, Value]:
    message_id = _given(arguments, "id", "message_id")
    thread_id = _given(arguments, "thread_id")
    read = await dialect.read(message.TYPE, {"id": message_id, "thread_id": thread_id})
    return {**read, "message_id": message_id}


async def _messages(dialect: Dialect, arguments: Attributes) -> dict[str, Value]:
    thread_id = _given(arguments, "thread_id")
    found: list[Attributes] = []
    async for page in dialect.list_members(message.TYPE, thread_id):
        found.extend(each.attributes for each in page if each.is_message)
    if arguments.get("order") == "desc":
        found.reverse()
    chosen = [each for each in _between(found, arguments) if _passes(each, arguments)]
    limit = arguments.get("limit")
    shown = chosen if limit is None else chosen[: int(str(limit))]
    return {
        "id": thread_id,
        "messages": [_whole(each) for each in shown],
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(shown) < len(chosen),
    }


def _between(found: list[Attributes], arguments: Attributes) -> list[Attributes]:
    """What stands behind `after` and in front of `before`; an id that is not there is an error."""
    ids = [each["id"] for each in found]
    start, end = 0, len(found)
    if (after := arguments.get("after")) is not None:
        start = _place(ids, after, "after") + 1
    if (before := arguments.get("before")) is not None:
        end = _place(ids, before, "before")
    return found[start:end]


def _place(ids: list[Value], id_: Value, argument: str) -> int:
    if id_ not in ids:
        raise RequestRejected(f"{argument}: the thread has no message {id_}", param=argument)
    return ids.index(id_)


def _passes(each: Attributes, arguments: Attributes) -> bool:
    role, wanted = arguments.get("role"), arguments.get("metadata")
    pairs = each.get("metadata")
    if role is not None and each.get("role") != role:
        return False
    if not isinstance(wanted, dict):
        return True
    return isinstance(pairs, dict) and wanted.items() <= pairs.items()


def _whole(each: Attributes) -> dict[str, Value]:
    names = [*data.MESSAGE.attributes, *each]
    return {name: each.get(name) for name in dict.fromkeys(names) if name != "message_id"}


async def _file(dialect: Dialect, arguments: Attributes) -> dict[str, Value]:
    file_id = checked_id(_given(arguments, "id", "file_id"))
    request = Request("GET", f"/files/{file_id}", Kind.READ, names=(file_id,))
    value = await dialect.session.call(request)
    if not isinstance(value, dict) or value.get("id") != file_id:
        raise dialect.session.strange(request, value, "the answer is not that file")
    return {"id": file_id, "file_id": file_id, **_file_attributes(value)}


def _file_attributes(value: Mapping[str, object]) -> dict[str, Value]:
    texts = {name: thread.string(value.get(name)) for name in ("object", "filename", "purpose")}
    numbers = {
        name: thread.number(value.get(name)) for name in ("bytes", "created_at", "expires_at")
    }
    return {**texts, **numbers, "status": thread.string(value.get("status"))}


def _given(arguments: Attributes, *names: str) -> str:
    for name in names:
        value = arguments.get(name)
        if isinstance(value, str) and value:
            return value
    raise RequestRejected(f"{' or '.join(names)} must say what to read", param=names[0])
