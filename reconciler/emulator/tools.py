"""Tools: the files a thread gives to its tools, and the attachments that add to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.emulator.answer import Json, bad_request, not_found
from reconciler.emulator.checks import (
    invalid_value,
    missing,
    read_arguments,
    read_array,
    read_ids,
    read_metadata,
    read_object,
    read_text,
)
from reconciler.emulator.service import Service

INTERPRETER_FILES_MAX = 20
VECTOR_STORES_MAX = 1
TOOL_TYPES = ("code_interpreter", "file_search")


def read_attachments(service: Service, value: object, param: str) -> list[Json]:
    """Check the attachments of a new message; null is none."""
    if value is None:
        return []
    attachments = read_array(value, param)
    return [
        _read_attachment(service, attachment, f"{param}[{index}]")
        for index, attachment in enumerate(attachments)
    ]


def _read_attachment(service: Service, value: object, param: str) -> Json:
    names = ("file_id", "tools")
    attachment = read_arguments(value, param, known=names, required=names)
    file_id = read_text(attachment["file_id"], f"{param}.file_id", length_min=1)
    check_files(service, [file_id])
    tools = read_array(attachment["tools"], f"{param}.tools", length_min=1)
    for index, tool in enumerate(tools):
        _read_tool(tool, f"{param}.tools[{index}]")
    return {"file_id": file_id, "tools": tools}


def _read_tool(value: object, param: str) -> None:
    tool = read_object(value, param)
    if "type" not in tool:
        raise missing(f"{param}.type")
    if tool["type"] not in TOOL_TYPES:
        raise invalid_value(f"{param}.type", tool["type"], TOOL_TYPES)
    read_arguments(tool, param, known=("type",))


def check_files(service: Service, file_ids: Iterable[str]) -> None:
    """Refuse a file that was not uploaded here, where this server looks."""
    if not service.flavour.checks_files:
        return
    for file_id in file_ids:
        if service.store.get("file", file_id) is None:
            raise not_found("file", file_id)


def read_tool_resources(service: Service, value: object, *, creating: bool) -> Json:
    """Check the tool resources of a thread; null is none.

    Only the call that *creates* a thread may describe a vector store instead of naming one.
    """
    param = "tool_resources"
    if value is None:
        return {}
    given = read_arguments(value, param, known=TOOL_TYPES)
    resources: Json = {}
    if given.get("code_interpreter") is not None:
        place = f"{param}.code_interpreter"
        tool = read_arguments(given["code_interpreter"], place, known=("file_ids",))
        file_ids = read_ids(
            tool.get("file_ids", []), f"{place}.file_ids", "", length_max=INTERPRETER_FILES_MAX
        )
        check_files(service, file_ids)
        resources["code_interpreter"] = {"file_ids": file_ids}
    if given.get("file_search") is not None:
        resources["file_search"] = _read_file_search(
            service, given["file_search"], creating=creating
        )
    return resources


def _read_file_search(service: Service, value: object, *, creating: bool) -> Json:
    place = "tool_resources.file_search"
    known = ("vector_store_ids", "vector_stores") if creating else ("vector_store_ids",)
    tool = read_arguments(value, place, known=known)
    if "vector_stores" not in tool:
        store_ids = tool.get("vector_store_ids", [])
        param = f"{place}.vector_store_ids"
        return {"vector_store_ids": read_ids(store_ids, param, "", length_max=VECTOR_STORES_MAX)}
    if "vector_store_ids" in tool:
        message = f"'{place}' takes 'vector_store_ids' or 'vector_stores', not both."
        raise bad_request(message, param=place, code="mutually_exclusive_parameters")
    stores = read_array(
        tool["vector_stores"], f"{place}.vector_stores", length_max=VECTOR_STORES_MAX
    )
    ids = [
        _create_vector_store(service, store, f"{place}.vector_stores[{index}]")
        for index, store in enumerate(stores)
    ]
    return {"vector_store_ids": ids}


def _create_vector_store(service: Service, value: object, param: str) -> str:
    known = ("file_ids", "chunking_strategy", "metadata")
    described = read_arguments(value, param, known=known)
    file_ids = read_ids(described.get("file_ids", []), f"{param}.file_ids", "")
    check_files(service, file_ids)
    metadata = read_metadata(described.get("metadata"), f"{param}.metadata")
    if described.get("chunking_strategy") is not None:
        read_object(described["chunking_strategy"], f"{param}.chunking_strategy")
    return _put_vector_store(service, file_ids, metadata)


def _put_vector_store(
    service: Service, file_ids: list[str], metadata: dict[str, str | None]
) -> str:
    store_id = service.ids.new("vs_")
    service.store.put(
        "vector_store",
        {
            "id": store_id,
            "object": "vector_store",
            "created_at": service.created_at(),
            "file_ids": file_ids,
            "metadata": metadata,
        },
    )
    return store_id


def extend(service: Service, thread: Json, attachments: Iterable[Json]) -> bool:
    """Add attached files to what the thread's tools have; tell whether that changed the thread.

    Deleting the message does not undo it.
    """
    resources = thread["tool_resources"]
    before = repr(resources)
    for type_, file_id in _pairs(attachments):
        if type_ == "code_interpreter":
            files = resources.setdefault("code_interpreter", {"file_ids": []})["file_ids"]
            files.extend([] if file_id in files else [file_id])
        else:
            _search(service, resources, file_id)
    return repr(resources) != before


def _pairs(attachments: Iterable[Json]) -> Iterator[tuple[str, str]]:
    for attachment in attachments:
        for tool in attachment["tools"]:
            yield tool["type"], attachment["file_id"]


def _search(service: Service, resources: Json, file_id: str) -> None:
    store_ids = resources.setdefault("file_search", {"vector_store_ids": []})["vector_store_ids"]
    if not store_ids:
        store_ids.append(_put_vector_store(service, [], {}))
    vector_store = service.store.get("vector_store", store_ids[0])
    # A store named by the caller lives elsewhere; the emulator does not know its files.
    if vector_store is not None and file_id not in vector_store["file_ids"]:
        vector_store["file_ids"].append(file_id)
        service.store.put("vector_store", vector_store)
