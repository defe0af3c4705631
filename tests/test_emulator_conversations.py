"""The emulator's conversations, claim by claim as the living API was recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from emulator_openapi import Api

from reconciler.emulator.app import create_app

NOW_S = 1_790_341_111


@pytest.fixture
def api() -> Iterator[Api]:
    caller = Api(create_app(None, clock=lambda: NOW_S + 0.5), headers={})
    yield caller
    caller.close()


@pytest.fixture
def conversation_id(api: Api) -> str:
    return str(api.post("/conversations", {})["id"])


def said(text: str, role: str = "user") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": text}


def add(api: Api, conversation_id: str, *items: Any) -> list[Any]:
    listing = api.post(f"/conversations/{conversation_id}/items", {"items": list(items)})
    return list(listing["data"])


def test_a_conversation_has_empty_metadata_when_none_was_sent(api: Api) -> None:
    conversation = api.post("/conversations")

    assert conversation == {
        "id": conversation["id"],
        "object": "conversation",
        "created_at": NOW_S,
        "metadata": {},
    }


def test_ids_carry_the_time_and_items_the_tail_of_their_conversation(
    api: Api, conversation_id: str
) -> None:
    (item,) = add(api, conversation_id, said("x"))

    assert re.fullmatch(r"conv_[0-9a-f]{48}", conversation_id)
    assert re.fullmatch(r"msg_[0-9a-f]{48}", item["id"])
    assert int(conversation_id[5:13], 16) == int(item["id"][4:12], 16) == NOW_S
    assert item["id"][-16:] == conversation_id[-16:]


def test_first_items_stand_in_the_order_they_were_sent(api: Api) -> None:
    items = [said(str(number)) for number in range(20)]
    conversation = api.post("/conversations", {"items": items})

    texts = api.texts(f"/conversations/{conversation['id']}/items", order="asc", limit=100)

    assert texts == [str(number) for number in range(20)]


@pytest.mark.parametrize(
    ("role", "part"),
    [
        ("user", {"type": "input_text", "text": "x"}),
        ("system", {"type": "input_text", "text": "x"}),
        ("developer", {"type": "input_text", "text": "x"}),
        (
            "assistant",
            {"type": "output_text", "text": "x", "annotations": [], "logprobs": []},
        ),
    ],
)
def test_text_comes_back_as_a_part_of_its_role(
    api: Api, conversation_id: str, role: str, part: Any
) -> None:
    (item,) = add(api, conversation_id, {"role": role, "content": "x"})

    assert item == {
        "id": item["id"],
        "type": "message",
        "status": "completed",
        "role": role,
        "content": [part],
    }
    assert api.get(f"/conversations/{conversation_id}/items/{item['id']}") == item


def test_output_text_gains_what_it_lacks(api: Api, conversation_id: str) -> None:
    (item,) = add(
        api,
        conversation_id,
        {"role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
    )

    assert item["content"] == [
        {"type": "output_text", "text": "x", "annotations": [], "logprobs": []}
    ]


def test_a_phase_comes_back_and_none_is_left_out(api: Api, conversation_id: str) -> None:
    with_phase, without = add(
        api,
        conversation_id,
        said("x", "assistant") | {"phase": "final_answer"},
        said("y", "assistant") | {"phase": None},
    )

    assert with_phase["phase"] == "final_answer"
    assert "phase" not in without


def test_the_url_of_an_image_comes_back_only_when_it_is_asked_for(
    api: Api, conversation_id: str
) -> None:
    image = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}
    (item,) = add(api, conversation_id, {"role": "user", "content": [image]})
    path = f"/conversations/{conversation_id}/items"
    wanted = "message.input_image.image_url"

    plain = api.get(path)["data"][0]["content"][0]
    for name in ("include", "include[]"):
        (asked,) = api.get(path, **{name: wanted})["data"]
        assert asked["content"][0]["image_url"] == "https://example.com/a.png"

    assert "image_url" not in plain
    assert "image_url" not in item["content"][0]
    assert plain["detail"] == "low"


def test_a_file_comes_back_as_it_was_sent(api: Api, conversation_id: str) -> None:
    parts = [
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,eA=="},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
    ]
    (item,) = add(api, conversation_id, {"role": "user", "content": parts})

    assert item["content"] == parts


OTHERS = {
    "function_call": {"call_id": "call_1", "name": "f", "arguments": "{}"},
    "function_call_output": {"call_id": "call_1", "output": "42"},
    "reasoning": {"id": "rs_1", "summary": []},
}


@pytest.mark.parametrize("type_", OTHERS)
def test_items_that_are_no_messages_stand_between_messages(
    api: Api, conversation_id: str, type_: str
) -> None:
    items = add(api, conversation_id, said("a"), {"type": type_} | OTHERS[type_], said("b"))

    assert [item["type"] for item in items] == ["message", type_, "message"]
    listed = api.get(f"/conversations/{conversation_id}/items", order="asc")["data"]
    assert listed == items


def test_any_item_can_be_put_in_from_behind(api: Api, conversation_id: str) -> None:
    api.emulator.append_item(
        conversation_id, {"id": "ctc_1", "type": "custom_tool_call", "name": "f"}
    )
    checked, api._checked = api._checked, False

    assert api.get(f"/conversations/{conversation_id}/items")["data"][0]["id"] == "ctc_1"
    api._checked = checked


# --- updating


@pytest.mark.parametrize(("sent", "kept"), [({"b": "2"}, {"b": "2"}), ({}, {}), (None, {})])
def test_an_update_replaces_the_metadata(api: Api, sent: Any, kept: Any) -> None:
    conversation = api.post("/conversations", {"metadata": {"a": "1"}})
    path = f"/conversations/{conversation['id']}"

    assert api.post(path, {"metadata": sent})["metadata"] == kept
    assert api.get(path)["metadata"] == kept


def test_an_update_must_carry_metadata(api: Api, conversation_id: str) -> None:
    status, error = api.refusal("POST", f"/conversations/{conversation_id}", json={})

    assert (status, error["code"], error["param"]) == (
        400,
        "missing_required_parameter",
        "metadata",
    )


# --- ids that the caller chooses


@pytest.mark.parametrize(
    ("item", "prefix"),
    [
        (said("x") | {"id": "item_1"}, "msg"),
        ({"type": "function_call", "id": "msg_1"} | OTHERS["function_call"], "fc"),
    ],
)
def test_an_item_id_of_another_kind_is_refused(
    api: Api, conversation_id: str, item: Any, prefix: str
) -> None:
    status, error = api.refusal(
        "POST", f"/conversations/{conversation_id}/items", json={"items": [item]}
    )

    assert status == 400
    assert error == {
        "message": f"Invalid 'items[0].id': '{item['id']}'. "
        f"Expected an ID that begins with '{prefix}'.",
        "type": "invalid_request_error",
        "param": "items[0].id",
        "code": "invalid_value",
    }
    assert api.emulator.items(conversation_id) == ()


def test_the_id_of_an_item_elsewhere_brings_in_that_item_whatever_was_sent(
    api: Api, conversation_id: str
) -> None:
    (old,) = add(api, conversation_id, said("old"))
    fresh = api.post("/conversations")["id"]

    items = add(api, fresh, said("new") | {"id": old["id"]}, said("newer") | {"id": old["id"]})

    assert items == [old, old]
    assert api.texts(f"/conversations/{fresh}/items", order="asc") == ["old", "old"]


def test_the_id_of_an_item_already_there_is_refused_and_nothing_written(
    api: Api, conversation_id: str
) -> None:
    (old,) = add(api, conversation_id, said("old"))
    body = {"items": [said("other"), said("new") | {"id": old["id"]}]}

    status, error = api.refusal("POST", f"/conversations/{conversation_id}/items", json=body)

    assert (status, error["code"], error["param"]) == (
        400,
        "item_already_in_conversation",
        "items",
    )
    assert api.emulator.texts(conversation_id) == ("old",)


def test_paging_ends_where_one_id_stands_twice(api: Api, conversation_id: str) -> None:
    (old,) = add(api, conversation_id, said("old"))
    fresh = api.post("/conversations")["id"]
    add(api, fresh, said("x") | {"id": old["id"]}, said("y") | {"id": old["id"]})
    path = f"/conversations/{fresh}/items"

    page = api.get(path, order="asc", limit=1)

    assert api.get(path, order="asc", limit=1, after=page["last_id"])["data"] == []


# --- listing


def test_a_listing_is_newest_first_and_pages_in_both_orders(api: Api, conversation_id: str) -> None:
    items = add(api, conversation_id, *(said(f"msg{n}") for n in (1, 2, 3)))
    path = f"/conversations/{conversation_id}/items"

    page = api.get(path, limit=2)

    assert [item["id"] for item in page["data"]] == [items[2]["id"], items[1]["id"]]
    assert (page["has_more"], page["first_id"], page["last_id"]) == (
        True,
        items[2]["id"],
        items[1]["id"],
    )
    assert api.texts(path, limit=2, after=page["last_id"]) == ["msg1"]
    assert api.texts(path, order="asc", after=items[0]["id"]) == ["msg2", "msg3"]


def test_a_listing_knows_no_before(api: Api, conversation_id: str) -> None:
    items = add(api, conversation_id, said("a"), said("b"))

    page = api.texts(f"/conversations/{conversation_id}/items", before=items[0]["id"])

    assert page == ["b", "a"]


def test_after_a_deleted_item_nothing_is_found(api: Api, conversation_id: str) -> None:
    items = add(api, conversation_id, said("a"), said("b"))
    path = f"/conversations/{conversation_id}/items"
    api.delete(f"{path}/{items[0]['id']}")

    status, error = api.refusal("GET", path, params={"after": items[0]["id"]})

    assert (status, error) == (
        404,
        {
            "message": f"No item found with id '{items[0]['id']}'",
            "type": "invalid_request_error",
            "param": "after",
            "code": None,
        },
    )


# --- deleting


def test_deleting_an_item_returns_the_conversation(api: Api, conversation_id: str) -> None:
    (item,) = add(api, conversation_id, said("a"))
    path = f"/conversations/{conversation_id}/items/{item['id']}"

    assert api.delete(path) == api.get(f"/conversations/{conversation_id}")
    assert api.refusal("GET", path)[0] == 404
    assert api.refusal("DELETE", path)[0] == 404


def test_deleting_a_conversation_leaves_its_items_to_be_brought_in_by_id(
    api: Api, conversation_id: str
) -> None:
    (item,) = add(api, conversation_id, said("orphan"))

    assert api.delete(f"/conversations/{conversation_id}") == {
        "id": conversation_id,
        "object": "conversation.deleted",
        "deleted": True,
    }
    status, error = api.refusal("DELETE", f"/conversations/{conversation_id}")
    assert (status, error["message"], error["param"], error["code"]) == (
        404,
        f"Conversation with id '{conversation_id}' not found.",
        None,
        None,
    )
    fresh = api.post("/conversations")["id"]
    assert add(api, fresh, said("x") | {"id": item["id"]}) == [item]


# --- what is refused


INVALID: dict[str, tuple[Any, str, str]] = {
    "21 items": ([said("x")] * 21, "items", "array_above_max_length"),
    "items that are no list": (said("x"), "items", "invalid_type"),
    "metadata of a message": (
        [said("x") | {"metadata": {}}],
        "items[0].metadata",
        "unknown_parameter",
    ),
    "attachments": ([said("x") | {"attachments": []}], "items[0].attachments", "unknown_parameter"),
    "no role": ([{"content": "x"}], "items[0].role", "missing_required_parameter"),
    "no content": ([said("a"), {"role": "user"}], "items[1].content", "missing_required_parameter"),
    "a role of responses only": ([said("x", "tool")], "items[0].role", "invalid_value"),
    "an unknown type": ([{"type": "thread"}], "items[0].type", "invalid_value"),
    "content that is a number": (
        [{"role": "user", "content": 1}],
        "items[0].content",
        "invalid_type",
    ),
    "a part of threads": (
        [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
        "items[0].content[0].type",
        "invalid_value",
    ),
    "input text of an assistant": (
        [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}],
        "items[0].content[0].type",
        "invalid_value",
    ),
    "an image of nothing": (
        [{"role": "user", "content": [{"type": "input_image"}]}],
        "items[0].content[0].image_url",
        "missing_required_parameter",
    ),
    "a call without a name": (
        [{"type": "function_call", "call_id": "c", "arguments": "{}"}],
        "items[0].name",
        "missing_required_parameter",
    ),
}


@pytest.mark.parametrize(("items", "param", "code"), INVALID.values(), ids=INVALID)
def test_invalid_items_are_refused_whole(
    api: Api, conversation_id: str, items: Any, param: str, code: str
) -> None:
    for path in ("/conversations", f"/conversations/{conversation_id}/items"):
        status, error = api.refusal("POST", path, json={"items": items})
        assert (status, error["param"], error["code"]) == (400, param, code)
    assert api.emulator.items(conversation_id) == ()
    assert len(api.emulator.conversations()) == 1


def test_a_reference_to_an_item_brings_it_in(api: Api, conversation_id: str) -> None:
    (old,) = add(api, conversation_id, said("old"))
    fresh = api.post("/conversations")["id"]

    assert add(api, fresh, {"type": "item_reference", "id": old["id"]}) == [old]
    body = {"items": [{"type": "item_reference", "id": "msg_none"}]}
    assert api.refusal("POST", f"/conversations/{fresh}/items", json=body)[0] == 404


def test_items_must_be_given(api: Api, conversation_id: str) -> None:
    _, error = api.refusal("POST", f"/conversations/{conversation_id}/items", json={})

    assert error["message"] == "Missing required parameter: 'items'."


def test_an_id_of_another_kind_is_refused(api: Api) -> None:
    status, error = api.refusal("GET", "/conversations/thread_1")

    assert status == 400
    assert error["message"] == (
        "Invalid 'conversation_id': 'thread_1'. Expected an ID that begins with 'conv'."
    )
