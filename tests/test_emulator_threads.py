"""The emulator's threads and messages, claim by claim as the API's documentation makes them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest
from emulator_openapi import Api, needs_document

from reconciler.emulator.app import create_app

NOW_S = 1_700_000_000
USER = {"role": "user", "content": "Hello"}


@pytest.fixture
def api() -> Iterator[Api]:
    caller = Api(create_app(None, clock=lambda: NOW_S + 0.9))
    yield caller
    caller.close()


@pytest.fixture
def thread_id(api: Api) -> str:
    return str(api.post("/threads", {})["id"])


def add(api: Api, thread_id: str, **arguments: Any) -> Any:
    return api.post(f"/threads/{thread_id}/messages", USER | arguments)


@needs_document
def test_the_openapi_document_is_there() -> None:
    """Skipped, visibly, where answers cannot be held against the document."""


def test_a_thread_can_be_created_from_nothing(api: Api) -> None:
    thread = api.post("/threads")

    assert thread == {
        "id": thread["id"],
        "object": "thread",
        "created_at": NOW_S,
        "metadata": {},
        "tool_resources": {},
    }


def test_ids_are_a_prefix_and_24_characters_of_base62(api: Api, thread_id: str) -> None:
    message_id = add(api, thread_id)["id"]

    for id_, prefix in ((thread_id, "thread_"), (message_id, "msg_")):
        assert id_.startswith(prefix)
        assert len(id_) == len(prefix) + 24
        assert set(id_.removeprefix(prefix)) <= set(string.ascii_letters + string.digits)


def test_creating_a_thread_does_not_tell_the_ids_of_its_messages(api: Api) -> None:
    assert "messages" not in api.post("/threads", {"messages": [USER]})


def test_the_first_messages_stand_in_the_order_they_were_sent(api: Api) -> None:
    messages = [{"role": "user", "content": f"turn {n}"} for n in range(32)]
    thread = api.post("/threads", {"messages": messages})

    texts = api.texts(f"/threads/{thread['id']}/messages", order="asc", limit=100)

    assert texts == [f"turn {n}" for n in range(32)]


def test_a_message_made_by_hand_has_no_assistant_and_no_run(api: Api, thread_id: str) -> None:
    message = add(api, thread_id, metadata={"a": "1"})

    assert message == {
        "id": message["id"],
        "object": "thread.message",
        "created_at": NOW_S,
        "thread_id": thread_id,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": NOW_S,
        "incomplete_at": None,
        "role": "user",
        "content": [{"type": "text", "text": {"value": "Hello", "annotations": []}}],
        "assistant_id": None,
        "run_id": None,
        "attachments": [],
        "metadata": {"a": "1"},
    }


def test_an_assistant_message_can_be_made_by_hand(api: Api, thread_id: str) -> None:
    assert add(api, thread_id, role="assistant")["role"] == "assistant"


def test_parts_come_back_in_the_form_of_a_response(api: Api, thread_id: str) -> None:
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image_file", "image_file": {"file_id": "file-abc", "detail": "low"}},
    ]

    assert add(api, thread_id, content=parts)["content"] == [
        {"type": "text", "text": {"value": "Look", "annotations": []}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
        {"type": "image_file", "image_file": {"file_id": "file-abc", "detail": "low"}},
    ]


def test_reading_gives_what_creating_gave(api: Api, thread_id: str) -> None:
    message = add(api, thread_id)

    assert api.get(f"/threads/{thread_id}/messages/{message['id']}") == message


# --- attachments and tool resources


def attach(file_id: str, *types: str) -> list[Any]:
    return [{"file_id": file_id, "tools": [{"type": type_} for type_ in types]}]


def test_an_attachment_comes_back_as_it_was_sent(api: Api, thread_id: str) -> None:
    attachments = attach("file-1", "code_interpreter")

    assert add(api, thread_id, attachments=attachments)["attachments"] == attachments


def test_attachments_add_files_to_the_threads_interpreter(api: Api, thread_id: str) -> None:
    for file_id in ("file-1", "file-2", "file-1"):
        add(api, thread_id, attachments=attach(file_id, "code_interpreter"))

    assert api.get(f"/threads/{thread_id}")["tool_resources"] == {
        "code_interpreter": {"file_ids": ["file-1", "file-2"]}
    }


def test_the_first_attachment_for_search_makes_a_vector_store_and_later_ones_extend_it(
    api: Api, thread_id: str
) -> None:
    stores = []
    for file_id in ("file-1", "file-2"):
        add(api, thread_id, attachments=attach(file_id, "file_search"))
        resources = api.get(f"/threads/{thread_id}")["tool_resources"]
        stores.append(resources["file_search"]["vector_store_ids"])

    assert stores[0] == stores[1]
    assert stores[0][0].startswith("vs_")


def test_deleting_a_message_leaves_its_files_with_the_thread(api: Api, thread_id: str) -> None:
    message = add(api, thread_id, attachments=attach("file-1", "code_interpreter"))
    api.delete(f"/threads/{thread_id}/messages/{message['id']}")

    assert api.get(f"/threads/{thread_id}")["tool_resources"] != {}


def test_attachments_of_first_messages_count_too(api: Api) -> None:
    message = USER | {"attachments": attach("file-1", "code_interpreter")}

    thread = api.post("/threads", {"messages": [message]})

    assert thread["tool_resources"] == {"code_interpreter": {"file_ids": ["file-1"]}}


def test_a_described_vector_store_comes_back_as_an_id(api: Api) -> None:
    described = {"vector_stores": [{"file_ids": ["file-1"], "metadata": {"a": "1"}}]}

    thread = api.post("/threads", {"tool_resources": {"file_search": described}})

    assert len(thread["tool_resources"]["file_search"]["vector_store_ids"]) == 1


def test_tool_resources_are_replaced_by_an_update(api: Api) -> None:
    interpreter = {"code_interpreter": {"file_ids": ["file-1"]}}
    search = {"file_search": {"vector_store_ids": ["vs_1"]}}
    thread = api.post("/threads", {"tool_resources": interpreter})

    changed = api.post(f"/threads/{thread['id']}", {"tool_resources": search})

    assert changed["tool_resources"] == search


# --- metadata


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"metadata": {"b": "2"}}, {"b": "2"}),
        ({"metadata": {}}, {}),
        ({"metadata": None}, {}),
        ({}, {"a": "1"}),
    ],
    ids=["replaces", "empty clears", "null clears", "absent keeps"],
)
def test_an_update_of_metadata(api: Api, sent: Any, kept: Any) -> None:
    thread = api.post("/threads", {"metadata": {"a": "1"}})
    message = add(api, thread["id"], metadata={"a": "1"})

    for path in (f"/threads/{thread['id']}", f"/threads/{thread['id']}/messages/{message['id']}"):
        assert api.post(path, sent)["metadata"] == kept
        assert api.get(path)["metadata"] == kept


def test_metadata_may_be_as_large_as_the_limits(api: Api) -> None:
    metadata = {f"{n:064}": "v" * 512 for n in range(16)}

    assert api.post("/threads", {"metadata": metadata})["metadata"] == metadata


@pytest.mark.parametrize(
    ("metadata", "param", "code", "message"),
    [
        (
            {f"k{n}": "" for n in range(17)},
            "metadata",
            "object_above_max_properties",
            "Invalid 'metadata': too many properties. Expected an object with at most 16 "
            "properties, but got an object with 17 properties instead.",
        ),
        (
            {"k": "v" * 513},
            "metadata.k",
            "string_above_max_length",
            "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, "
            "but got a string with length 513 instead.",
        ),
        ({"k" * 65: ""}, "metadata", "property_name_above_max_length", None),
        (
            {"k": 1},
            "metadata.k",
            "invalid_type",
            "Invalid type for 'metadata.k': expected a string, but got an integer instead.",
        ),
        ({"k": None}, "metadata.k", "invalid_type", None),
        (
            [],
            "metadata",
            "invalid_type",
            "Invalid type for 'metadata': expected an object, but got an array instead.",
        ),
    ],
    ids=["17 pairs", "513 characters", "65 in a key", "a number", "a null", "a list"],
)
def test_metadata_beyond_the_limits_is_refused_everywhere(
    api: Api, thread_id: str, metadata: Any, param: str, code: str, message: str | None
) -> None:
    message_id = add(api, thread_id)["id"]
    bodies = {
        "/threads": {"metadata": metadata},
        f"/threads/{thread_id}": {"metadata": metadata},
        f"/threads/{thread_id}/messages": USER | {"metadata": metadata},
        f"/threads/{thread_id}/messages/{message_id}": {"metadata": metadata},
        "/conversations": {"metadata": metadata},
    }
    for path, body in bodies.items():
        status, error = api.refusal("POST", path, json=body)

        assert (status, error["param"], error["code"]) == (400, param, code)
        assert message is None or error["message"] == message


# --- what is refused


INVALID_MESSAGES: dict[str, tuple[Any, str | None, str | None]] = {
    "file_ids": (USER | {"file_ids": []}, "file_ids", "unknown_parameter"),
    "no role": ({"content": "x"}, "role", "missing_required_parameter"),
    "no content": ({"role": "user"}, "content", "missing_required_parameter"),
    "a system message": (USER | {"role": "system"}, "role", "invalid_value"),
    "a role that is a number": (USER | {"role": 1}, "role", "invalid_type"),
    "empty content": (USER | {"content": ""}, "content", "empty_string"),
    "no parts": (USER | {"content": []}, "content", "empty_array"),
    "content that is a number": (USER | {"content": 7}, "content", "invalid_type"),
    "256,001 characters": (
        USER | {"content": "x" * 256_001},
        "content",
        "string_above_max_length",
    ),
    "a part without a type": (
        USER | {"content": [{"text": "x"}]},
        "content[0].type",
        "missing_required_parameter",
    ),
    "a part of no known type": (
        USER | {"content": [{"type": "refusal", "refusal": "no"}]},
        "content[0].type",
        "invalid_value",
    ),
    "a part in the form of a response": (
        USER | {"content": [{"type": "text", "text": {"value": "x", "annotations": []}}]},
        "content[0].text",
        "invalid_type",
    ),
    "an empty text part": (
        USER | {"content": [{"type": "text", "text": ""}]},
        "content[0].text",
        "empty_string",
    ),
    "an image without its file": (
        USER | {"content": [{"type": "image_file", "image_file": {}}]},
        "content[0].image_file.file_id",
        "missing_required_parameter",
    ),
    "an image that is not at a URL": (
        USER | {"content": [{"type": "image_url", "image_url": {"url": "a.png"}}]},
        "content[0].image_url.url",
        "invalid_value",
    ),
    "an image of no known detail": (
        USER
        | {"content": [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "x"}}]},
        "content[0].image_file.detail",
        "invalid_value",
    ),
    "an attachment without tools": (
        USER | {"attachments": [{"file_id": "file-1"}]},
        "attachments[0].tools",
        "missing_required_parameter",
    ),
    "an attachment without a file": (
        USER | {"attachments": [{"tools": [{"type": "file_search"}]}]},
        "attachments[0].file_id",
        "missing_required_parameter",
    ),
    "a tool that is a string": (
        USER | {"attachments": [{"file_id": "file-1", "tools": ["file_search"]}]},
        "attachments[0].tools[0]",
        "invalid_type",
    ),
    "a tool of v1": (
        USER | {"attachments": attach("file-1", "retrieval")},
        "attachments[0].tools[0].type",
        "invalid_value",
    ),
    "no tools": (
        USER | {"attachments": attach("file-1")},
        "attachments[0].tools",
        "empty_array",
    ),
}


@pytest.mark.parametrize(("body", "param", "code"), INVALID_MESSAGES.values(), ids=INVALID_MESSAGES)
def test_an_invalid_message_is_refused_and_the_param_says_where(
    api: Api, thread_id: str, body: Any, param: str, code: str
) -> None:
    alone = api.refusal("POST", f"/threads/{thread_id}/messages", json=body)
    third = api.refusal("POST", "/threads", json={"messages": [USER, USER, body]})

    assert (alone[0], alone[1]["param"], alone[1]["code"]) == (400, param, code)
    assert (third[0], third[1]["param"], third[1]["code"]) == (400, f"messages[2].{param}", code)
    assert alone[1]["type"] == "invalid_request_error"
    assert len(api.emulator.threads()) == 1
    assert api.emulator.messages(thread_id) == ()


def test_the_text_of_an_unknown_parameter(api: Api, thread_id: str) -> None:
    _, error = api.refusal("POST", f"/threads/{thread_id}/messages", json=USER | {"file_ids": []})

    assert error == {
        "message": "Unknown parameter: 'file_ids'.",
        "type": "invalid_request_error",
        "param": "file_ids",
        "code": "unknown_parameter",
    }


def test_characters_are_counted_not_bytes(api: Api, thread_id: str) -> None:
    text = "\N{GRINNING FACE}" * 256_000

    assert add(api, thread_id, content=text)["content"][0]["text"]["value"] == text


INVALID_THREADS: dict[str, tuple[Any, str, str]] = {
    "33 first messages": ({"messages": [USER] * 33}, "messages", "array_above_max_length"),
    "messages that are no list": ({"messages": USER}, "messages", "invalid_type"),
    "an unknown argument": ({"title": "x"}, "title", "unknown_parameter"),
    "21 files": (
        {"tool_resources": {"code_interpreter": {"file_ids": [f"file-{n}" for n in range(21)]}}},
        "tool_resources.code_interpreter.file_ids",
        "array_above_max_length",
    ),
    "2 vector stores": (
        {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}}},
        "tool_resources.file_search.vector_store_ids",
        "array_above_max_length",
    ),
    "both kinds of stores": (
        {"tool_resources": {"file_search": {"vector_store_ids": [], "vector_stores": []}}},
        "tool_resources.file_search",
        "mutually_exclusive_parameters",
    ),
    "an unknown tool": (
        {"tool_resources": {"retrieval": {}}},
        "tool_resources.retrieval",
        "unknown_parameter",
    ),
}


@pytest.mark.parametrize(("body", "param", "code"), INVALID_THREADS.values(), ids=INVALID_THREADS)
def test_an_invalid_thread_is_refused(api: Api, body: Any, param: str, code: str) -> None:
    status, error = api.refusal("POST", "/threads", json=body)

    assert (status, error["param"], error["code"]) == (400, param, code)
    assert api.emulator.threads() == ()


def test_an_update_cannot_describe_a_vector_store(api: Api, thread_id: str) -> None:
    body = {"tool_resources": {"file_search": {"vector_stores": []}}}

    _, error = api.refusal("POST", f"/threads/{thread_id}", json=body)

    assert error["code"] == "unknown_parameter"


@pytest.mark.parametrize("name", ["role", "content", "attachments", "thread_id"])
def test_nothing_but_metadata_of_a_message_can_be_changed(
    api: Api, thread_id: str, name: str
) -> None:
    message_id = add(api, thread_id)["id"]

    _, error = api.refusal("POST", f"/threads/{thread_id}/messages/{message_id}", json={name: "x"})

    assert (error["code"], error["param"]) == ("unknown_parameter", name)


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"metadata": NaN}', b'{"metadata": {"a": "\\ud800"}}', b"[" * 100_000],
    ids=["cut short", "not UTF-8", "NaN", "half a surrogate pair", "nested too deep"],
)
def test_a_body_that_is_no_json_is_refused(api: Api, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    status, error = api.refusal("POST", "/threads", content=body, headers=headers)

    assert status == 400
    assert error["message"].startswith("We could not parse the JSON body of your request.")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    assert api.refusal("POST", "/threads", content=body)[0] == 400


def test_a_body_of_another_type_is_refused(api: Api) -> None:
    headers = {"content-type": "text/plain"}

    assert api.refusal("POST", "/threads", content=b"{}", headers=headers)[0] == 400


# --- what is not there


def test_a_thread_that_is_not_there(api: Api) -> None:
    error = {
        "message": "No thread found with id 'thread_none'.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    for method, path in (
        ("GET", "/threads/thread_none"),
        ("POST", "/threads/thread_none"),
        ("DELETE", "/threads/thread_none"),
        ("GET", "/threads/thread_none/messages"),
        ("GET", "/threads/thread_none/messages/msg_1"),
    ):
        assert api.refusal(method, path) == (404, error)
    assert api.refusal("POST", "/threads/thread_none/messages", json=USER) == (404, error)


def test_a_message_of_another_thread_is_not_there(api: Api, thread_id: str) -> None:
    elsewhere = add(api, api.post("/threads")["id"])["id"]
    path = f"/threads/{thread_id}/messages/{elsewhere}"

    for method in ("GET", "POST", "DELETE"):
        status, error = api.refusal(method, path)
        assert status == 404
        assert error["message"] == f"No message found with id '{elsewhere}'."


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "/threads/undefined",
            "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'.",
        ),
        (
            "/threads/{thread_id}/messages/x",
            "Invalid 'message_id': 'x'. Expected an ID that begins with 'msg'.",
        ),
    ],
)
def test_an_id_of_another_kind_is_refused(
    api: Api, thread_id: str, path: str, message: str
) -> None:
    status, error = api.refusal("GET", path.format(thread_id=thread_id))

    assert (status, error["message"]) == (400, message)


def test_an_empty_thread_id_reaches_the_creation_of_threads(api: Api) -> None:
    status, error = api.refusal("POST", "/threads//messages", json=USER)

    assert status == 400
    assert error["message"] == "Unknown parameter: 'role'."


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/threads"),
        ("PATCH", "/threads/thread_1"),
        ("PUT", "/threads/thread_1"),
        ("GET", "/assistants"),
        ("POST", "/threads/thread_1/runs"),
        ("GET", "/conversations"),
        ("POST", "/conversations/conv_1/items/msg_1"),
    ],
)
def test_what_the_api_does_not_have_is_an_invalid_url(api: Api, method: str, path: str) -> None:
    status, error = api.refusal(method, path)

    assert (status, error["message"]) == (404, f"Invalid URL ({method} /v1{path})")


# --- deleting


def test_a_deleted_message_leaves_a_stub_and_is_gone(api: Api, thread_id: str) -> None:
    first, second, third = (add(api, thread_id, content=text)["id"] for text in "abc")
    path = f"/threads/{thread_id}/messages/{second}"

    assert api.delete(path) == {
        "id": second,
        "object": "thread.message.deleted",
        "deleted": True,
    }
    assert api.refusal("GET", path)[0] == 404
    assert api.refusal("DELETE", path)[0] == 404
    data = api.get(f"/threads/{thread_id}/messages", order="asc")["data"]
    assert [message["id"] for message in data] == [first, third]


def test_a_deleted_thread_leaves_a_stub_and_takes_its_messages_along(
    api: Api, thread_id: str
) -> None:
    add(api, thread_id)

    assert api.delete(f"/threads/{thread_id}") == {
        "id": thread_id,
        "object": "thread.deleted",
        "deleted": True,
    }
    assert api.refusal("DELETE", f"/threads/{thread_id}")[0] == 404
    assert api.emulator.messages(thread_id) == ()


# --- the header for the beta


@pytest.mark.parametrize("value", [None, "assistants=v1"])
def test_threads_need_the_beta_header(value: str | None) -> None:
    caller = Api(create_app(None), headers={} if value is None else {"OpenAI-Beta": value})

    for method, path in (("POST", "/threads"), ("GET", "/threads/thread_1/messages")):
        status, error = caller.refusal(method, path)
        assert (status, error["code"]) == (400, "invalid_beta")
        assert "OpenAI-Beta: assistants=v2" in error["message"]
    assert caller.send("POST", "/conversations").status_code == 200
    caller.close()


# --- listing


@pytest.fixture
def long_thread(api: Api) -> str:
    thread = api.post("/threads", {"messages": [{"role": "user", "content": "0"}]})
    for number in range(1, 25):
        add(api, thread["id"], content=str(number))
    return str(thread["id"])


def numbers(*parts: int) -> list[str]:
    return [str(number) for number in range(*parts)]


def test_a_listing_is_20_of_the_newest_unless_it_says_otherwise(api: Api, long_thread: str) -> None:
    page = api.get(f"/threads/{long_thread}/messages")

    assert [m["content"][0]["text"]["value"] for m in page["data"]] == numbers(24, 4, -1)
    assert page["has_more"] is True
    assert page["first_id"] == page["data"][0]["id"]
    assert page["last_id"] == page["data"][-1]["id"]


def test_messages_of_one_second_are_listed_by_position(api: Api, long_thread: str) -> None:
    path = f"/threads/{long_thread}/messages"

    assert api.texts(path, order="asc", limit=100) == numbers(25)
    assert api.texts(path, order="desc", limit=100) == numbers(24, -1, -1)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 5, 7, 25, 100])
def test_following_last_id_gives_every_message_once(
    api: Api, long_thread: str, order: str, limit: int
) -> None:
    path, texts, after = f"/threads/{long_thread}/messages", [], {}
    has_more = True
    while has_more:
        page = api.get(path, order=order, limit=limit, **after)
        texts += [m["content"][0]["text"]["value"] for m in page["data"]]
        has_more, after = page["has_more"], {"after": page["last_id"]}

    assert texts == (numbers(25) if order == "asc" else numbers(24, -1, -1))


def test_before_gives_the_page_that_ends_there(api: Api, long_thread: str) -> None:
    path = f"/threads/{long_thread}/messages"
    ids = [m["id"] for m in api.get(path, order="asc", limit=100)["data"]]

    assert api.texts(path, order="asc", before=ids[10], limit=3) == ["7", "8", "9"]
    assert api.texts(path, order="desc", before=ids[10], limit=3) == ["13", "12", "11"]
    assert api.texts(path, order="asc", after=ids[2], before=ids[5]) == ["3", "4"]
    assert api.get(path, order="asc", before=ids[2], limit=3)["has_more"] is False


def test_an_empty_listing_has_no_ids(api: Api, thread_id: str) -> None:
    assert api.get(f"/threads/{thread_id}/messages") == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"limit": 0}, "limit", "integer_below_min_value"),
        ({"limit": 101}, "limit", "integer_above_max_value"),
        ({"limit": "many"}, "limit", "invalid_type"),
        ({"order": "up"}, "order", "invalid_value"),
    ],
)
def test_a_listing_that_asks_wrongly_is_refused(
    api: Api, thread_id: str, params: Any, param: str, code: str
) -> None:
    status, error = api.refusal("GET", f"/threads/{thread_id}/messages", params=params)

    assert (status, error["param"], error["code"]) == (400, param, code)


def test_a_cursor_that_is_not_there_is_refused(api: Api, thread_id: str) -> None:
    params = {"after": "msg_gone"}

    status, error = api.refusal("GET", f"/threads/{thread_id}/messages", params=params)

    assert (status, error["param"]) == (404, "after")


# --- runs


def test_a_thread_is_locked_while_a_run_is_active(api: Api, thread_id: str) -> None:
    run_id = api.emulator.start_run(thread_id)

    status, error = api.refusal("POST", f"/threads/{thread_id}/messages", json=USER)

    assert status == 400
    assert error["message"] == (
        f"Can't add messages to {thread_id} while a run {run_id} is active."
    )
    api.emulator.finish_run(thread_id)
    assert add(api, thread_id)["role"] == "user"


def test_what_a_run_says_names_the_run_and_can_be_listed_by_it(api: Api, thread_id: str) -> None:
    add(api, thread_id)
    run_id = api.emulator.start_run(thread_id, assistant_id="asst_1")
    api.emulator.append_as_run(thread_id, "Answer", assistant_id="asst_1")
    path = f"/threads/{thread_id}/messages"

    (answer,) = api.get(path, run_id=run_id)["data"]

    assert (answer["role"], answer["run_id"], answer["assistant_id"]) == (
        "assistant",
        run_id,
        "asst_1",
    )
    assert api.texts(path, order="asc") == ["Hello", "Answer"]
