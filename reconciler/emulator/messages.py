"""Messages: the routes under `/threads/{thread_id}/messages`."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.emulator.answer import (
    Answer,
    Json,
    bad_request,
    invalid_url,
    json_answer,
    not_found,
    run_is_active,
)
from reconciler.emulator.call import Call
from reconciler.emulator.checks import read_arguments, read_choice, under
from reconciler.emulator.content import read_content
from reconciler.emulator.paging import envelope, read_page, select
from reconciler.emulator.service import Service
from reconciler.emulator.tools import extend, read_attachments

MESSAGES_MAX = 100_000
ROLES = ("user", "assistant")
_ARGUMENTS = ("role", "content", "attachments", "metadata")


def build_message(service: Service, thread_id: str, value: object, param: str = "") -> Json:
    """Check a request for a message and make the message, without keeping it."""
    given = read_arguments(value, param, known=_ARGUMENTS, required=("role", "content"))
    role = read_choice(given["role"], under(param, "role"), ROLES)
    content = read_content(given["content"], under(param, "content"))
    attachments = read_attachments(service, given.get("attachments"), under(param, "attachments"))
    return make_message(
        service,
        thread_id,
        role=role,
        content=_kept(service, content),
        attachments=attachments,
        metadata=service.read_metadata(given.get("metadata"), under(param, "metadata")),
    )


def _kept(service: Service, content: list[Json]) -> list[Json]:
    if service.flavour.trims_text:
        for part in content:
            if part["type"] == "text":
                part["text"]["value"] = part["text"]["value"].strip()
    return content


def make_message(
    service: Service,
    thread_id: str,
    *,
    role: str,
    content: list[Json],
    attachments: Sequence[Json] = (),
    metadata: dict[str, str | None] | None = None,
    assistant_id: str | None = None,
    run_id: str | None = None,
) -> Json:
    """Make a message that is complete."""
    created_at = service.created_at()
    return {
        "id": service.ids.new("msg_"),
        "object": "thread.message",
        "created_at": created_at,
        "thread_id": thread_id,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": created_at,
        "incomplete_at": None,
        "role": role,
        "content": content,
        "assistant_id": assistant_id,
        "run_id": run_id,
        "attachments": list(attachments),
        "metadata": metadata or {},
    }


def append_messages(service: Service, thread: Json, messages: Sequence[Json]) -> None:
    """Keep new messages at the end of their thread, in order, and the thread as they change it."""
    for message in messages:
        service.store.put("message", message)
        service.store.append(thread["id"], message["id"], label=message["run_id"])
    attachments = [part for message in messages for part in message["attachments"]]
    if attachments and extend(service, thread, attachments):
        service.store.put("thread", thread)


def shown(service: Service, message: Json) -> Json:
    """Make a message look as this server sends it."""
    flavour = service.flavour
    if not (flavour.omits or flavour.adds):
        return message
    return {**{k: v for k, v in message.items() if k not in flavour.omits}, **flavour.adds}


def create(service: Service, call: Call) -> Answer:
    """POST /threads/{thread_id}/messages."""
    thread_id = call.ids["thread_id"]
    thread = service.find_thread(thread_id)
    message = build_message(service, thread_id, call.arguments())
    run_id = active_run(service, thread_id)
    if run_id is not None:
        raise run_is_active(thread_id, run_id)
    _check_room(service, thread_id)
    append_messages(service, thread, [message])
    return json_answer(shown(service, message), status=service.flavour.created_status)


def _check_room(service: Service, thread_id: str) -> None:
    store = service.store
    if store.appended() >= MESSAGES_MAX and store.count(thread_id) >= MESSAGES_MAX:
        raise bad_request(f"Thread '{thread_id}' already has {MESSAGES_MAX} messages.")


def active_run(service: Service, thread_id: str) -> str | None:
    """Tell which run holds the thread, if one does."""
    run = service.store.get("run", f"active:{thread_id}")
    return run["run_id"] if run else None


def list_(service: Service, call: Call) -> Answer:
    """GET /threads/{thread_id}/messages."""
    thread_id = call.ids["thread_id"]
    page = read_page(call, label="run_id")
    service.find_thread(thread_id)
    messages, has_more = select(service, thread_id, page, what="message")
    return json_answer(
        envelope([shown(service, message) for message in messages], has_more=has_more)
    )


def _find(service: Service, call: Call) -> Json:
    thread_id, message_id = call.ids["thread_id"], call.ids["message_id"]
    service.find_thread(thread_id)
    service.check_id(message_id, "message_id", "msg")
    message = service.store.member(thread_id, message_id)
    if message is None:
        raise not_found("message", message_id)
    return message


def read(service: Service, call: Call) -> Answer:
    """GET /threads/{thread_id}/messages/{message_id}."""
    return json_answer(shown(service, _find(service, call)))


def update(service: Service, call: Call) -> Answer:
    """POST /threads/{thread_id}/messages/{message_id}: the metadata, as a whole."""
    message = _find(service, call)
    arguments = read_arguments(call.arguments(), "", known=("metadata",))
    service.update_metadata(message, arguments)
    service.store.put("message", message)
    return json_answer(shown(service, message))


def delete(service: Service, call: Call) -> Answer:
    """DELETE /threads/{thread_id}/messages/{message_id}."""
    if not service.flavour.deletes_messages:
        raise invalid_url(call.method, call.path)
    message = _find(service, call)
    service.store.drop(message["id"])
    return json_answer({"id": message["id"], "object": "thread.message.deleted", "deleted": True})
