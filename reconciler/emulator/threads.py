"""Threads: the routes under `/threads`."""

from __future__ import annotations

from reconciler.emulator.answer import Answer, Json, invalid_url, json_answer
from reconciler.emulator.call import Call
from reconciler.emulator.checks import read_arguments, read_array
from reconciler.emulator.messages import append_messages, build_message, shown
from reconciler.emulator.paging import envelope, read_page, select
from reconciler.emulator.service import THREADS, Service
from reconciler.emulator.tools import read_tool_resources

FIRST_MESSAGES_MAX = 32


def create(service: Service, call: Call) -> Answer:
    """POST /threads: the thread and its first messages, all or nothing."""
    known = ("messages", "tool_resources", "metadata")
    given = read_arguments(call.arguments(), "", known=known)
    thread: Json = {
        "id": service.ids.new("thread_"),
        "object": "thread",
        "created_at": service.created_at(),
        "metadata": service.read_metadata(given.get("metadata")),
        "tool_resources": read_tool_resources(service, given.get("tool_resources"), creating=True),
    }
    described = read_array(given.get("messages", []), "messages", length_max=FIRST_MESSAGES_MAX)
    messages = [
        build_message(service, thread["id"], value, f"messages[{index}]")
        for index, value in enumerate(described)
    ]
    service.store.put("thread", thread)
    service.store.append(THREADS, thread["id"])
    append_messages(service, thread, messages)
    return json_answer(shown(service, thread), status=service.flavour.created_status)


def list_(service: Service, call: Call) -> Answer:
    """GET /threads, which only some servers have."""
    if not service.flavour.lists_threads:
        raise invalid_url(call.method, call.path)
    threads, has_more = select(service, THREADS, read_page(call), what="thread")
    return json_answer(envelope([shown(service, thread) for thread in threads], has_more=has_more))


def read(service: Service, call: Call) -> Answer:
    """GET /threads/{thread_id}."""
    return json_answer(shown(service, service.find_thread(call.ids["thread_id"])))


def update(service: Service, call: Call) -> Answer:
    """POST /threads/{thread_id}: metadata and tool resources, each as a whole."""
    thread = service.find_thread(call.ids["thread_id"])
    given = read_arguments(call.arguments(), "", known=("tool_resources", "metadata"))
    service.update_metadata(thread, given)
    if "tool_resources" in given:
        thread["tool_resources"] = read_tool_resources(
            service, given["tool_resources"], creating=False
        )
    service.store.put("thread", thread)
    return json_answer(shown(service, thread))


def delete(service: Service, call: Call) -> Answer:
    """DELETE /threads/{thread_id}: the thread and its messages."""
    thread_id = call.ids["thread_id"]
    service.find_thread(thread_id)
    drop_thread(service, thread_id)
    return json_answer({"id": thread_id, "object": "thread.deleted", "deleted": True})


def drop_thread(service: Service, thread_id: str) -> None:
    """Forget a thread and all that stands in it."""
    service.store.empty(thread_id, dropping=True)
    service.store.drop(thread_id)
    service.store.drop(f"active:{thread_id}")
