"""Whatever is sent, the emulator answers as the API's description allows, or refuses with 4xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from emulator_openapi import Api
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.emulator.app import create_app

NAMES = st.sampled_from(
    """role content metadata attachments messages tool_resources code_interpreter file_search
    file_ids vector_store_ids vector_stores items type id text tools file_id image_url image_file
    url detail phase call_id name arguments output summary annotations""".split()  # noqa: SIM905
)
WORDS = st.sampled_from(
    """user assistant system message function_call function_call_output reasoning text image_file
    image_url input_text output_text input_image input_file refusal file_search code_interpreter
    file-1 https://example.com/a.png auto low""".split()  # noqa: SIM905
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
CONTENT = WORDS | st.lists(
    st.fixed_dictionaries({"type": WORDS}, optional={"text": WORDS, "image_url": VALUES}),
    max_size=2,
)
MESSAGE = st.fixed_dictionaries(
    {"role": WORDS, "content": CONTENT},
    optional={"metadata": VALUES, "attachments": VALUES, "type": WORDS, "id": WORDS},
)
BODIES = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(MESSAGE, max_size=3),
        "items": st.lists(MESSAGE | VALUES, max_size=3),
        "metadata": VALUES,
        "tool_resources": VALUES,
    },
)
RELAXED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    caller = Api(create_app(None))
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def places(api: Api) -> dict[str, str]:
    """A thread, a message in it, and a conversation."""
    thread_id = api.post("/threads")["id"]
    message = api.post(f"/threads/{thread_id}/messages", {"role": "user", "content": "x"})
    return {
        "thread": f"/threads/{thread_id}",
        "messages": f"/threads/{thread_id}/messages",
        "message": f"/threads/{thread_id}/messages/{message['id']}",
        "conversation": f"/conversations/{api.post('/conversations')['id']}",
    }


@RELAXED
@given(BODIES)
def test_any_body_creates_a_thread_or_is_refused(api: Api, body: Any) -> None:
    assert api.send("POST", "/threads", json=body).status_code in (200, 400)


@RELAXED
@given(BODIES)
def test_any_body_creates_a_conversation_or_is_refused(api: Api, body: Any) -> None:
    assert api.send("POST", "/conversations", json=body).status_code in (200, 400, 404)


@RELAXED
@given(MESSAGE | VALUES)
def test_any_body_adds_a_message_or_is_refused(api: Api, places: dict[str, str], body: Any) -> None:
    assert api.send("POST", places["messages"], json=body).status_code in (200, 400)


@RELAXED
@given(st.sampled_from(["thread", "message", "conversation"]), BODIES)
def test_any_body_updates_or_is_refused(
    api: Api, places: dict[str, str], place: str, body: Any
) -> None:
    assert api.send("POST", places[place], json=body).status_code in (200, 400)


@RELAXED
@given(st.binary(max_size=50))
def test_any_bytes_are_answered(api: Api, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    assert api.send("POST", "/threads", content=body, headers=headers).status_code in (200, 400)


@RELAXED
@given(
    st.dictionaries(
        st.sampled_from(["limit", "order", "after", "before", "run_id"]),
        st.text(max_size=6) | st.integers().map(str) | st.sampled_from(["asc", "desc"]),
    )
)
def test_any_query_lists_or_is_refused(
    api: Api, places: dict[str, str], query: dict[str, str]
) -> None:
    answer = api.send("GET", places["messages"], params=query)

    assert answer.status_code in (200, 400, 404)


@RELAXED
@given(st.text(max_size=10), st.sampled_from(["GET", "POST", "DELETE", "PATCH"]))
def test_any_path_is_answered(api: Api, path: str, method: str) -> None:
    for prefix in ("/threads/", "/conversations/", "/files/", "/"):
        answer = api.send(method, prefix + quote(path, safe=""), json={})
        assert answer.status_code in (200, 400, 404)
