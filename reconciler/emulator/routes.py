"""Routes: which handler answers which method of which path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import Match, Route
from starlette.types import Scope

from reconciler.emulator import conversations, files, messages, threads
from reconciler.emulator.answer import Answer, bad_request, invalid_url, json_answer
from reconciler.emulator.call import Call
from reconciler.emulator.flavour import Flavour
from reconciler.emulator.service import Service

Handler = Callable[[Service, Call], Answer]

BETA = "assistants=v2"


@dataclass(frozen=True, slots=True)
class Resource:
    """One path and the handlers of its methods."""

    get: Handler | None = None
    post: Handler | None = None
    delete: Handler | None = None
    is_beta: bool = False
    """Served only to who sends the header for it."""

    def __call__(self, service: Service, call: Call) -> Answer:
        """Answer a call; what writes does so in one transaction."""
        handlers = {"GET": self.get, "POST": self.post, "DELETE": self.delete}
        handler = handlers.get(call.method)
        if handler is None:
            raise invalid_url(call.method, call.path)
        if self.is_beta and service.flavour.needs_beta_header:
            _check_beta(call)
        if service.flavour.needs_api_version and "api-version" not in call.query:
            raise bad_request("Missing required query parameter: api-version", code="BadRequest")
        if call.method == "GET":
            return handler(service, call)
        with service.store.write():
            return handler(service, call)


def _check_beta(call: Call) -> None:
    given = [value.strip() for value in call.headers.get("openai-beta", "").split(",")]
    if BETA not in given:
        raise bad_request(
            "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
            f"Please try again by setting the header 'OpenAI-Beta: {BETA}'.",
            code="invalid_beta",
        )


def _identify(service: Service, call: Call) -> Answer:
    return json_answer({"object": "emulator", "id": service.store.fact("identity")})


def build(flavour: Flavour) -> list[Route]:
    """List the routes of a server of this flavour."""
    paths: dict[str, Resource] = {
        "/files": Resource(get=files.list_, post=files.create),
        "/files/{file_id}": Resource(get=files.read, delete=files.delete),
        "/files/{file_id}/content": Resource(get=files.read_content),
        "/_emulator": Resource(get=_identify),
    }
    if flavour.serves_threads:
        paths |= _threads()
    if flavour.serves_conversations:
        paths |= _conversations()
    return [Route(flavour.base_path + path, resource) for path, resource in paths.items()]


def _threads() -> dict[str, Resource]:
    create = Resource(get=threads.list_, post=threads.create, is_beta=True)
    return {
        "/threads": create,
        # An empty thread id makes these of the paths below; the API answers as if to /threads.
        "/threads/": create,
        "/threads//messages": create,
        "/threads/{thread_id}": Resource(
            get=threads.read, post=threads.update, delete=threads.delete, is_beta=True
        ),
        "/threads/{thread_id}/messages": Resource(
            get=messages.list_, post=messages.create, is_beta=True
        ),
        "/threads/{thread_id}/messages/{message_id}": Resource(
            get=messages.read, post=messages.update, delete=messages.delete, is_beta=True
        ),
    }


def _conversations() -> dict[str, Resource]:
    return {
        "/conversations": Resource(post=conversations.create),
        "/conversations/{conversation_id}": Resource(
            get=conversations.read, post=conversations.update, delete=conversations.delete
        ),
        "/conversations/{conversation_id}/items": Resource(
            get=conversations.list_items, post=conversations.create_items
        ),
        "/conversations/{conversation_id}/items/{item_id}": Resource(
            get=conversations.read_item, delete=conversations.delete_item
        ),
    }


def find(routes: list[Route], scope: Scope) -> tuple[Resource, dict[str, str]] | None:
    """Find the resource of a path and the ids in it."""
    for route in routes:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return found["endpoint"], found["path_params"]
    return None
