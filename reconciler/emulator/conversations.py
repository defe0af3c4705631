"""Conversations: the routes under `/conversations`."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.emulator.answer import Answer, Json, Refusal, json_answer
from reconciler.emulator.call import Call
from reconciler.emulator.checks import read_arguments, read_array
from reconciler.emulator.items import build_item, shown
from reconciler.emulator.paging import envelope, read_page, select
from reconciler.emulator.service import CONVERSATIONS, Service

ITEMS_MAX = 20


def _find(service: Service, call: Call) -> Json:
    conversation_id = call.ids["conversation_id"]
    service.check_id(conversation_id, "conversation_id", "conv")
    conversation = service.store.get("conversation", conversation_id)
    if conversation is None:
        raise Refusal(404, f"Conversation with id '{conversation_id}' not found.")
    return conversation


def _build_items(service: Service, conversation: Json, value: object) -> list[Json]:
    described = read_array(value, "items", length_max=ITEMS_MAX)
    return [
        build_item(service, conversation, item, f"items[{index}]")
        for index, item in enumerate(described)
    ]


def append_items(service: Service, conversation_id: str, items: Sequence[Json]) -> None:
    """Keep items at the end of a conversation, in order."""
    for item in items:
        service.store.put("item", item)
        service.store.append(conversation_id, item["id"])


def create(service: Service, call: Call) -> Answer:
    """POST /conversations: the conversation and its first items, all or nothing."""
    given = read_arguments(call.arguments(), "", known=("metadata", "items"))
    conversation: Json = {
        "id": service.ids.new_stamped("conv_", now_s=service.now_s()),
        "object": "conversation",
        "created_at": service.created_at(),
        "metadata": service.read_metadata(given.get("metadata")),
    }
    described = given.get("items")
    items = _build_items(service, conversation, [] if described is None else described)
    service.store.put("conversation", conversation)
    service.store.append(CONVERSATIONS, conversation["id"])
    append_items(service, conversation["id"], items)
    return json_answer(conversation, status=service.flavour.created_status)


def read(service: Service, call: Call) -> Answer:
    """GET /conversations/{conversation_id}."""
    return json_answer(_find(service, call))


def update(service: Service, call: Call) -> Answer:
    """POST /conversations/{conversation_id}: the metadata, which must be given."""
    conversation = _find(service, call)
    known = ("metadata",)
    given = read_arguments(call.arguments(), "", known=known, required=known)
    service.update_metadata(conversation, given)
    service.store.put("conversation", conversation)
    return json_answer(conversation)


def delete(service: Service, call: Call) -> Answer:
    """DELETE /conversations/{conversation_id}; its items live on, reachable by id alone."""
    conversation_id = _find(service, call)["id"]
    drop_conversation(service, conversation_id)
    return json_answer({"id": conversation_id, "object": "conversation.deleted", "deleted": True})


def drop_conversation(service: Service, conversation_id: str) -> None:
    """Forget a conversation and leave its items."""
    service.store.empty(conversation_id, dropping=False)
    service.store.drop(conversation_id)


def create_items(service: Service, call: Call) -> Answer:
    """POST /conversations/{conversation_id}/items: all of them, in order, or none."""
    conversation = _find(service, call)
    given = read_arguments(call.arguments(), "", known=("items",), required=("items",))
    items = _build_items(service, conversation, given["items"])
    append_items(service, conversation["id"], items)
    data = [shown(item, call.includes) for item in items]
    return json_answer(envelope(data, has_more=False), status=service.flavour.created_status)


def list_items(service: Service, call: Call) -> Answer:
    """GET /conversations/{conversation_id}/items, which has no `before`."""
    page = read_page(call, knows_before=False)
    conversation_id = _find(service, call)["id"]
    items, has_more = select(service, conversation_id, page, what="item")
    return json_answer(envelope([shown(item, call.includes) for item in items], has_more=has_more))


def _find_item(service: Service, call: Call) -> tuple[Json, Json]:
    conversation, item_id = _find(service, call), call.ids["item_id"]
    item = service.store.member(conversation["id"], item_id)
    if item is None:
        raise Refusal(404, f"No item found with id '{item_id}'")
    return conversation, item


def read_item(service: Service, call: Call) -> Answer:
    """GET /conversations/{conversation_id}/items/{item_id}."""
    return json_answer(shown(_find_item(service, call)[1], call.includes))


def delete_item(service: Service, call: Call) -> Answer:
    """DELETE /conversations/{conversation_id}/items/{item_id}, which returns the conversation."""
    conversation, item = _find_item(service, call)
    drop_item(service, conversation["id"], item["id"])
    return json_answer(conversation)


def drop_item(service: Service, conversation_id: str, item_id: str) -> None:
    """Take an item out of a conversation, and forget it where no other has it."""
    service.store.remove(conversation_id, item_id)
    if not service.store.stands_somewhere(item_id):
        service.store.drop(item_id)
