"""Gone or not there: what proves that an object is gone, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_rig import Rig
from bad_server import BadServer, Call, Fault, Piece, answered, plain, refusal, written

pytestmark = pytest.mark.promise("gone")

Missing = Callable[[str], tuple[int, Any]]

NAMING: dict[str, Missing] = {
    "OpenAI's": lambda id_: (404, {"error": {"message": f"No thread found with id '{id_}'."}}),
    "conversations'": lambda id_: (404, {"error": {"message": f"Item '{id_}' not found."}}),
    "Azure's": lambda id_: (404, {"error": {"code": "NotFound", "message": f"no {id_}"}}),
    "FastAPI's": lambda id_: (404, {"detail": f"Thread {id_} not found"}),
    "a text": lambda id_: (404, f"{id_} does not exist"),
    "410": lambda id_: (410, {"message": f"{id_} was deleted"}),
}
"""A 404 that names the object proves that it is gone."""

SILENT: dict[str, Missing] = {
    "empty": lambda id_: (404, None),
    "Azure's code": lambda id_: (404, {"error": {"code": "not_found"}}),
    "FastAPI's default": lambda id_: (404, {"detail": "Not Found"}),
    "no JSON": lambda id_: (404, ...),
    "null": lambda id_: (200, None),
    "an error of null": lambda id_: (404, {"error": None}),
}
"""A 404 that does not, or `null`, proves it where the server has shown another thread of ours."""

OTHER_API: dict[str, Missing] = {
    "an unknown URL": lambda id_: (404, {"error": {"message": f"Invalid URL (GET /v1/x/{id_})"}}),
    "no route": lambda id_: (404, {"message": f"Route GET:/v1/threads/{id_} not found"}),
    "Express": lambda id_: (404, f"Cannot GET /v1/threads/{id_}"),
    "405": lambda id_: (405, {"detail": "Method Not Allowed"}),
    "501": lambda id_: (501, None),
}
"""What is not this API proves nothing, whatever it shows elsewhere."""


def bodies(server: BadServer, call: Call) -> list[Piece]:
    """As it should be, but None is an empty body and `...` a text without meaning."""
    served = server.serve(call)
    if served.answer is None:
        body = b"null" if served.status == 200 else b""
        return [written(served.status, body)]
    if served.answer is ... or isinstance(served.answer, str):
        text = b"Not Found" if served.answer is ... else served.answer.encode()
        return [written(served.status, text, headers=("Content-Type: text/plain",))]
    return answered(served)


@pytest.fixture(params=["threads", "conversations"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return Rig(tmp_path, request.param, BadServer())


def threads(rig: Rig, number: int) -> None:
    """So many threads of one message each, applied."""
    rig.write_text(
        f"""
        resource "openai_thread" "t" {{ count = {number} }}
        resource "openai_message" "m" {{
          count     = {number}
          thread_id = openai_thread.t[count.index].id
          role      = "user"
          content   = "message ${{count.index}}"
        }}
        """
    )
    assert rig.apply() == 0
    rig.server.heal()


def lose(rig: Rig, number: int, missing: Missing) -> None:
    """Delete so many threads behind everyone's back."""
    rig.server.missing = missing
    rig.server.usual = bodies
    for id_ in list(rig.server.threads)[:number]:
        del rig.server.threads[id_], rig.server.members[id_]


def writes(rig: Rig) -> list[str]:
    return [each.kind for each in rig.server.calls if each.method != "GET"]


@pytest.mark.parametrize("name", [*NAMING, *SILENT])
def test_of_two_threads_the_one_that_is_gone_is_created_again(rig: Rig, name: str) -> None:
    threads(rig, 2)
    lose(rig, 1, {**NAMING, **SILENT}[name])
    assert rig.apply() == 0, rig.said
    assert writes(rig) == ["create thread"]
    rig.assert_settled([["message 1"], ["message 0"]])


@pytest.mark.parametrize("name", NAMING)
def test_a_thread_is_gone_where_the_api_names_it(rig: Rig, name: str) -> None:
    threads(rig, 1)
    lose(rig, 1, NAMING[name])
    assert rig.apply() == 0, rig.said
    rig.assert_settled([["message 0"]])


@pytest.mark.parametrize("name", SILENT)
def test_silence_about_the_only_thread_proves_nothing(rig: Rig, name: str) -> None:
    threads(rig, 1)
    lose(rig, 1, SILENT[name])
    assert rig.apply() == 1
    assert writes(rig) == []
    assert "dialect" in rig.said


@pytest.mark.parametrize("name", OTHER_API)
def test_what_is_not_this_api_proves_nothing(rig: Rig, name: str) -> None:
    threads(rig, 2)
    lose(rig, 1, OTHER_API[name])
    assert rig.apply() == 1
    assert writes(rig) == []
    assert "dialect" in rig.said


@pytest.mark.parametrize("number", [4, 10])
def test_all_threads_gone_at_once_are_not_believed(rig: Rig, number: int) -> None:
    """As a key or project of somebody else would make it look."""
    threads(rig, number)
    lose(rig, number, NAMING["OpenAI's"])
    assert rig.apply() == 1
    assert writes(rig) == []
    assert "key, the project or the endpoint" in rig.said
    assert rig.apply(accept_missing="all") == 0


DEAD: dict[str, Fault] = {
    "401": refusal(401, "Incorrect API key"),
    "403": refusal(403, "No access to this project"),
    "a page": lambda server, call: [
        written(404, b"<html>gone</html>", headers=("Content-Type: text/html",))
    ],
    "a page that is found": lambda server, call: [
        written(200, b"<html>hello</html>", headers=("Content-Type: text/html",))
    ],
    "nothing anywhere": lambda server, call: [written(404, b"")],
    "empty lists": lambda server, call: [written(200, b'{"object": "list", "data": []}')],
    "no such URL": refusal(404, "Invalid URL (GET /v1/threads)"),
    "redirects": lambda server, call: [written(302, b"", headers=("Location: /login",))],
    "500": refusal(500, "down"),
}


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_api_never_plans_a_creation(rig: Rig, name: str) -> None:
    threads(rig, 2)
    rig.server.usual = DEAD[name]
    assert rig.apply() == 1
    assert writes(rig) == []
    rig.server.usual = plain
    assert rig.apply() == 0
    rig.assert_settled([["message 0"], ["message 1"]])


LISTS: dict[str, Callable[[str], list[Piece]]] = {
    "null": lambda id_: [written(200, b"null")],
    "an empty 404": lambda id_: [written(404, b"")],
    "a 404 that names the thread": lambda id_: [
        written(404, f'{{"detail": "{id_} has no messages"}}'.encode())
    ],
    "wrong types": lambda id_: [written(200, b'{"data": {"0": 7}}')],
    "no list": lambda id_: [written(200, b'{"object": "list"}')],
}


@pytest.mark.parametrize("name", LISTS)
def test_a_listing_says_nothing_of_a_thread_that_is_there(rig: Rig, name: str) -> None:
    threads(rig, 2)
    first = next(iter(rig.server.threads))

    def fault(server: BadServer, call: Call) -> list[Piece]:
        if call.kind == "list" and first in call.path:
            return LISTS[name](first)
        return plain(server, call)

    rig.server.usual = fault
    assert rig.apply() == 1
    assert writes(rig) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_listing_says_nothing_of_a_thread_of_others(rig: Rig, name: str) -> None:
    """A thread that is not ours is asked for only where its listing is in doubt."""
    other = "thread_other" if rig.dialect == "threads" else "conv_other"
    rig.server.threads[other] = {"id": other, "metadata": {}}
    rig.server.members[other] = []
    text = f"""
        resource "openai_thread" "t" {{}}
        resource "openai_message" "m" {{
          thread_id = "{other}"
          role      = "user"
          content   = "message"
        }}
        """
    rig.write_text(text)
    assert rig.apply() == 0, rig.said
    rig.server.heal()
    usual = rig.server.usual

    def fault(server: BadServer, call: Call) -> list[Piece]:
        if call.kind == "list" and other in call.path:
            return LISTS[name](other)
        return usual(server, call)

    rig.server.usual = fault
    assert rig.apply() == 1
    assert writes(rig) == []


def test_an_empty_listing_is_not_believed_where_the_message_is_there(rig: Rig) -> None:
    threads(rig, 1)
    rig.server.fail("list", lambda server, call: [written(200, b'{"data": [], "has_more": false}')])
    assert rig.apply() == 0
    assert writes(rig) == []


CHANGES = [
    {"base_url": "http://127.0.0.1:10/v1"},
    {"project": "proj_other"},
    {"organization": "org-other"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_another_endpoint_is_refused_before_anything_is_asked(
    rig: Rig, change: dict[str, str]
) -> None:
    threads(rig, 1)
    text = (rig.folder / "specs" / "main.tf").read_text().partition("}\n")[2]
    rig.write_text(text, **change)
    assert rig.apply() == 1
    assert rig.server.calls == []


def test_another_dialect_is_refused_before_anything_is_asked(rig: Rig) -> None:
    threads(rig, 1)
    text = (rig.folder / "specs" / "main.tf").read_text().partition("}\n")[2]
    other = "threads" if rig.dialect == "conversations" else "conversations"
    rig.write_text(text, dialect=other)
    assert rig.apply() == 1
    assert rig.server.calls == []
