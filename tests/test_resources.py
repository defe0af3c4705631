"""Resources: what the API's limits are, what means the same, and what comes back as what."""

from __future__ import annotations

import pytest

from reconciler.language.values import Unknown
from reconciler.provider.resources import DATA_SCHEMAS, SCHEMAS, message, thread
from reconciler.schema import Attributes, ChangeCost, Value

MESSAGE = SCHEMAS["openai_message"]
THREAD = SCHEMAS["openai_thread"]
UNKNOWN = Unknown()


def complaints(type_: str, argument: str, value: Value) -> list[tuple[object, ...]]:
    check = SCHEMAS[type_].attributes[argument].check
    assert check is not None
    return [each.path for each in check(value)]


# -- limits


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({}, []),
        ({str(n): "v" for n in range(16)}, []),
        ({str(n): "v" for n in range(17)}, [()]),
        ({"k" * 64: "v" * 512}, []),
        ({"k" * 65: "v"}, [("k" * 65,)]),
        ({"k": "v" * 513}, [("k",)]),
        ({"k": "é" * 512}, []),
        ({"k": None}, [("k",)]),
        ({"k": UNKNOWN}, []),
        (UNKNOWN, []),
    ],
    ids=lambda value: f"{len(value)}" if isinstance(value, (dict, list)) else "unknown",
)
@pytest.mark.parametrize("type_", SCHEMAS)
def test_metadata(type_: str, value: Value, paths: list[tuple[object, ...]]) -> None:
    assert complaints(type_, "metadata", value) == paths


TEXT = {"type": "text", "text": "hello"}


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("hello", []),
        ("", [()]),
        (" \n ", [()]),
        ("x" * 256_000, []),
        ("x" * 256_001, [()]),
        (UNKNOWN, []),
        (5, [()]),
        (True, [()]),
        ({}, [()]),
        ([], [()]),
        ([TEXT], []),
        (["hello"], [(0,)]),
        ([TEXT, None], [(1,)]),
        ([UNKNOWN], []),
        ([{"type": "text", "text": ""}], [(0, "text")]),
        ([{"type": "text", "text": UNKNOWN}], []),
        ([{"type": "text"}], [(0, "text")]),
        ([{"type": "text", "text": {"value": "x"}}], [(0, "text")]),
        ([{"type": UNKNOWN, "text": "x"}], []),
        ([{"text": "x"}], [(0,)]),
        ([{"type": "audio"}], [(0, "type")]),
        ([{"type": "image_url", "image_url": {"url": "https://x"}}], []),
        ([{"type": "image_url", "image_url": {"url": ""}}], [(0, "image_url", "url")]),
        ([{"type": "image_url"}], [(0, "image_url")]),
        ([{"type": "image_file", "image_file": {"file_id": UNKNOWN}}], []),
        ([{"type": "image_file", "image_file": UNKNOWN}], []),
        (
            [{"type": "image_file", "image_file": {"file_id": "f", "detail": "best"}}],
            [(0, "image_file", "detail")],
        ),
    ],
)
def test_content(value: Value, paths: list[tuple[object, ...]]) -> None:
    assert complaints("openai_message", "content", value) == paths


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (None, []),
        ([], []),
        ([{"file_id": "f", "tools": [{"type": "file_search"}]}], []),
        ([{"file_id": UNKNOWN, "tools": [{"type": UNKNOWN}]}], []),
        ([{"file_id": "f", "tools": UNKNOWN}], []),
        ([{"file_id": "f", "tools": []}], [(0, "tools")]),
        ([{"file_id": "f"}], [(0, "tools")]),
        ([{"tools": [{"type": "file_search"}]}], [(0, "file_id")]),
        ([{"file_id": "f", "tools": [{"type": "retrieval"}]}], [(0, "tools", 0, "type")]),
        ([{"file_id": "f", "tools": ["file_search"]}], [(0, "tools", 0)]),
        (["f"], [(0,)]),
        ("f", [()]),
        (UNKNOWN, []),
    ],
)
def test_attachments(value: Value, paths: list[tuple[object, ...]]) -> None:
    assert complaints("openai_message", "attachments", value) == paths


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"code_interpreter": {"file_ids": ["f"] * 20}}, []),
        ({"code_interpreter": {"file_ids": ["f"] * 21}}, [("code_interpreter", "file_ids")]),
        ({"file_search": {"vector_store_ids": ["a"]}}, []),
        ({"file_search": {"vector_store_ids": ["a", "b"]}}, [("file_search", "vector_store_ids")]),
        ({"file_search": {"file_ids": ["a"]}}, [("file_search", "file_ids")]),
        ({"web_search": {}}, [("web_search",)]),
        ({"file_search": None}, []),
        (UNKNOWN, []),
    ],
)
def test_tool_resources(value: Value, paths: list[tuple[object, ...]]) -> None:
    assert complaints("openai_thread", "tool_resources", value) == paths


@pytest.mark.parametrize(
    ("argument", "fine", "wrong"),
    [
        ("role", ["user", "assistant", "system", "developer", UNKNOWN], ["tool", ""]),
        ("order", [1, 1.5, "1.2", UNKNOWN, None], [True, [1], {}]),
        ("file_ids", [[], ["file-1"], [UNKNOWN], UNKNOWN], [[""], [None]]),
    ],
)
def test_other_arguments(argument: str, fine: list[Value], wrong: list[Value]) -> None:
    assert [complaints("openai_message", argument, each) for each in fine] == [[]] * len(fine)
    assert all(complaints("openai_message", argument, each) for each in wrong)


# -- what changing costs


@pytest.mark.parametrize(
    ("type_", "cost", "arguments"),
    [
        ("openai_thread", ChangeCost.UPDATE, {"metadata", "tool_resources"}),
        ("openai_thread", ChangeCost.LOCAL, {"on_reorder", "unmanaged_messages"}),
        ("openai_message", ChangeCost.UPDATE, {"metadata"}),
        ("openai_message", ChangeCost.LOCAL, {"order"}),
        (
            "openai_message",
            ChangeCost.REPLACE,
            {"thread_id", "role", "content", "file_ids", "attachments"},
        ),
    ],
)
def test_what_changing_an_argument_costs(type_: str, cost: ChangeCost, arguments: set[str]) -> None:
    schema = SCHEMAS[type_]
    assert {name for name, each in schema.arguments.items() if each.cost is cost} == arguments


def test_a_message_needs_thread_role_and_content() -> None:
    required = {name for name, each in MESSAGE.attributes.items() if each.required}
    assert required == {"thread_id", "role", "content"}


def test_file_ids_and_attachments_exclude_each_other() -> None:
    assert MESSAGE.exclusive == (("file_ids", "attachments"),)


# -- what means the same

SEARCHED = [{"file_id": "f", "tools": [{"type": "file_search"}]}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"content": "x"}, {"content": [{"type": "text", "text": "x"}]}),
        ({"content": "x"}, {"content": [{"type": "text", "text": "x", "annotations": [1]}]}),
        (
            {"content": [TEXT, {"type": "image_url", "image_url": {"url": "u"}}]},
            {"content": [TEXT, {"type": "image_url", "image_url": {"url": "u", "detail": "auto"}}]},
        ),
        (
            {"content": [TEXT, {"type": "image_url", "image_url": {"url": "u", "detail": None}}]},
            {"content": [TEXT, {"type": "image_url", "image_url": {"url": "u"}}]},
        ),
        ({"file_ids": ["f"]}, {"attachments": SEARCHED}),
        ({"file_ids": ["f"], "attachments": []}, {"attachments": SEARCHED}),
        ({"file_ids": ["f"], "attachments": SEARCHED}, {"attachments": SEARCHED}),
        ({"file_ids": []}, {}),
        ({"file_ids": None, "attachments": None}, {"attachments": []}),
        ({"metadata": None}, {"metadata": {}}),
        ({"metadata": {}}, {}),
    ],
)
def test_messages_that_mean_the_same_look_the_same(one: Attributes, other: Attributes) -> None:
    base = {"content": "x"}
    assert MESSAGE.canonical({**base, **one}) == MESSAGE.canonical({**base, **other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"content": "x"}, {"content": "x "}),
        ({"content": "x"}, {"content": [TEXT, TEXT]}),
        ({"content": [TEXT]}, {"content": [TEXT, TEXT]}),
        ({"role": "user"}, {"role": "assistant"}),
        (
            {"file_ids": ["f"]},
            {"attachments": [{"file_id": "f", "tools": [{"type": "code_interpreter"}]}]},
        ),
        ({"metadata": {"a": ""}}, {"metadata": {}}),
    ],
)
def test_messages_that_differ_look_different(one: Attributes, other: Attributes) -> None:
    assert MESSAGE.canonical(one) != MESSAGE.canonical(other)


@pytest.mark.parametrize(
    "attributes",
    [
        {"content": UNKNOWN, "attachments": UNKNOWN, "metadata": UNKNOWN},
        {"content": [UNKNOWN], "attachments": [UNKNOWN], "metadata": {"a": UNKNOWN}},
    ],
)
def test_what_is_not_known_stays_as_it_is(attributes: Attributes) -> None:
    canonical = MESSAGE.canonical(attributes)
    assert {name: canonical[name] for name in attributes} == attributes


def test_unknown_file_ids_are_unknown_attachments() -> None:
    assert MESSAGE.canonical({"file_ids": UNKNOWN})["attachments"] is UNKNOWN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"tool_resources": None}, {"tool_resources": {}}),
        ({"tool_resources": {"file_search": None}}, {}),
        ({"tool_resources": {"code_interpreter": {"file_ids": []}}}, {}),
        ({"tool_resources": {"code_interpreter": {"file_ids": None}}}, {}),
        ({"metadata": None}, {"metadata": {}}),
    ],
)
def test_threads_that_mean_the_same_look_the_same(one: Attributes, other: Attributes) -> None:
    assert THREAD.canonical(one) == THREAD.canonical(other)


def test_canonical_is_canonical() -> None:
    attributes: Attributes = {
        "content": [TEXT, {"type": "image_file", "image_file": {"file_id": "f"}}],
        "file_ids": ["f"],
        "metadata": None,
    }
    once = MESSAGE.canonical(attributes)
    assert MESSAGE.canonical(once) == once


# -- to the wire and back


@pytest.mark.parametrize(
    ("desired", "body"),
    [
        ({}, {}),
        ({"metadata": {}}, {}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"on_reorder": "append"}, {}),
        ({"tool_resources": {"file_search": None, "code_interpreter": {"file_ids": []}}}, {}),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": ["f"]}, "file_search": None}},
            {"tool_resources": {"code_interpreter": {"file_ids": ["f"]}}},
        ),
    ],
)
def test_a_thread_is_sent_as(desired: Attributes, body: dict[str, object]) -> None:
    assert thread.encode(desired) == body


@pytest.mark.parametrize(
    ("desired", "body"),
    [
        ({}, {"metadata": {}}),
        ({"metadata": None}, {"metadata": {}}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": []}, "file_search": None}},
            {"metadata": {}, "tool_resources": {"code_interpreter": {"file_ids": []}}},
        ),
    ],
)
def test_a_thread_is_updated_with(desired: Attributes, body: dict[str, object]) -> None:
    assert thread.encode_update(desired) == body


@pytest.mark.parametrize(
    ("desired", "body"),
    [
        ({}, {}),
        ({"metadata": {}, "file_ids": [], "attachments": None, "order": 3}, {}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"file_ids": ["f"]}, {"attachments": SEARCHED}),
        ({"attachments": SEARCHED}, {"attachments": SEARCHED}),
        (
            {"content": [{"type": "image_url", "image_url": {"url": "u", "detail": None}}]},
            {"content": [{"type": "image_url", "image_url": {"url": "u"}}]},
        ),
    ],
)
def test_a_message_is_sent_as(desired: Attributes, body: dict[str, object]) -> None:
    base = {"role": "user", "content": "x"}
    assert message.encode({**base, **desired}) == {**base, **body}


def wire_text(value: object, annotations: list[object] | None = None) -> dict[str, object]:
    return {"type": "text", "text": {"value": value, "annotations": annotations or []}}


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ([wire_text("x")], "x"),
        ([wire_text("")], ""),
        ("x", "x"),
        (["x"], "x"),
        ([{"type": "text", "text": "x"}], "x"),
        ([wire_text("x"), wire_text("y")], [{**TEXT, "text": "x"}, {**TEXT, "text": "y"}]),
        ([wire_text("x", [{"a": 1}])], [{**TEXT, "text": "x", "annotations": [{"a": 1}]}]),
        ([{"type": "refusal", "refusal": "no"}], [{"type": "refusal", "refusal": "no"}]),
        ([], []),
        (None, None),
        (7, None),
    ],
)
def test_content_is_read_as(content: object, read: Value) -> None:
    assert message.decode({"content": content}, "msg_1", "thread_1")["content"] == read


@pytest.mark.parametrize(
    ("value", "attribute", "read"),
    [
        ({"status": {}}, "status", None),
        ({"created_at": 1732300001123}, "created_at", 1732300001123),
        ({"created_at": "yesterday"}, "created_at", None),
        ({"metadata": None}, "metadata", {}),
        ({"metadata": {"a": 1, "b": None, "c": True}}, "metadata", {"a": "1", "c": "true"}),
        ({"metadata": "no"}, "metadata", {}),
        ({"attachments": None}, "attachments", []),
        ({"attachments": SEARCHED}, "attachments", SEARCHED),
        ({"assistant_id": ""}, "assistant_id", None),
        ({}, "thread_id", "thread_1"),
        ({"thread_id": "thread_2"}, "thread_id", "thread_1"),
        ({"from": "", "plugin_call": {}}, "role", None),
    ],
)
def test_servers_differ(value: dict[str, object], attribute: str, read: Value) -> None:
    assert message.decode(value, "msg_1", "thread_1")[attribute] == read


@pytest.mark.parametrize(
    ("attributes", "can"),
    [
        ({"content": "x"}, True),
        ({"content": [TEXT]}, True),
        ({"content": "x", "run_id": "run_1"}, False),
        ({"content": "x", "assistant_id": "asst_1"}, False),
        ({"content": [{**TEXT, "annotations": [1]}]}, False),
        ({"content": [{"type": "refusal", "refusal": "no"}]}, False),
        ({"content": None}, False),
    ],
)
def test_what_can_be_sent_again(attributes: Attributes, can: bool) -> None:
    assert message.is_reproducible(attributes) is can


# -- data sources


def test_there_are_four_data_sources() -> None:
    assert set(DATA_SCHEMAS) == {
        "openai_thread",
        "openai_message",
        "openai_messages",
        "openai_file",
    }


@pytest.mark.parametrize("schema", [*SCHEMAS.values(), *DATA_SCHEMAS.values()])
def test_every_attribute_is_described(schema: object) -> None:
    attributes = schema.attributes.values()  # type: ignore[attr-defined]
    assert all(each.description.endswith(".") for each in attributes)
