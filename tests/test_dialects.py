"""Dialects: the requests each sends, how each reads what comes back, and what each can carry."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import hand_loop
import httpx
import pytest

from reconciler.emulator.app import App, create_app
from reconciler.emulator.faults import Action, Faults, Rule
from reconciler.emulator.flavour import FLAVOURS, Flavour
from reconciler.errors import (
    CredentialsRejected,
    NotServed,
    ObjectNotFound,
    OutcomeUnknown,
    RequestRejected,
    ServiceUnavailable,
)
from reconciler.provider.arguments import DIALECTS
from reconciler.provider.client import asgi_transport
from reconciler.provider.config import configure
from reconciler.provider.connect import connect
from reconciler.provider.dialects import CAPABILITIES, dialect_of
from reconciler.provider.dialects.dialect import Dialect
from reconciler.provider.protocol import Carry, Member
from reconciler.provider.resources import SCHEMAS
from reconciler.schema import Attributes

DOCS = Path(__file__).parent.parent / "docs" / "reference"
USER: Attributes = {"role": "user", "content": "hello"}
ASSISTANT: Attributes = {"role": "assistant", "content": "hi"}


def open_with(handler: Callable[[httpx.Request], httpx.Response], **arguments: object) -> Dialect:
    config = configure({"base_url": "https://server.example/v1", **arguments}, {}, emulator=None)
    return connect(
        config,
        transport=httpx.MockTransport(handler),
        clock=hand_loop.clock,
        jitter=lambda: 0.0,
    )


@asynccontextmanager
async def emulated(
    dialect: str = "threads", *rules: Rule, flavour: Flavour | None = None, **arguments: object
) -> AsyncIterator[tuple[Dialect, App]]:
    app = create_app(
        None,
        faults=Faults(rules),
        flavour=flavour,
        clock=hand_loop.clock,
        sleep=asyncio.sleep,
    )
    base_url = "http://127.0.0.1" + (flavour or Flavour()).base_path
    config = configure({"base_url": base_url, "dialect": dialect, **arguments}, {}, emulator=None)
    provider = connect(
        config, transport=asgi_transport(app), clock=hand_loop.clock, jitter=lambda: 0.0
    )
    try:
        yield provider, app
    finally:
        await provider.aclose()
        app.close()


async def listed(provider: Dialect, parent_id: object, after: str | None = None) -> list[Member]:
    pages = provider.list_members("openai_message", str(parent_id), after=after)
    return [each async for page in pages for each in page]


# -- what is sent

Use = Callable[[Dialect], object]
THREAD: Attributes = {"id": "t1", "thread_id": "t1"}
MESSAGE: Attributes = {"id": "m1", "thread_id": "t1"}
ANY = {"id": "t1", "data": [], "deleted": True}
IN_T1 = {"id": "m1", "data": [{"id": "m1"}], "deleted": True}

SENT: dict[str, tuple[str, Use, dict[str, object], tuple[str, str, object]]] = {
    "threads create empty": (
        "threads",
        lambda p: p.create("openai_thread", {}),
        ANY,
        ("POST", "/v1/threads", {}),
    ),
    "threads create with members": (
        "threads",
        lambda p: p.create("openai_thread", {"metadata": {"a": "b"}}, [USER, ASSISTANT]),
        ANY,
        (
            "POST",
            "/v1/threads",
            {"metadata": {"a": "b"}, "messages": [dict(USER), dict(ASSISTANT)]},
        ),
    ),
    "threads create message": (
        "threads",
        lambda p: p.create("openai_message", {**USER, "thread_id": "t1"}),
        IN_T1,
        ("POST", "/v1/threads/t1/messages", dict(USER)),
    ),
    "threads append": (
        "threads",
        lambda p: p.append(
            "openai_message", "t1", [{**USER, "file_ids": ["f"], "metadata": {"a": "b"}}]
        ),
        IN_T1,
        (
            "POST",
            "/v1/threads/t1/messages",
            {
                **USER,
                "attachments": [{"file_id": "f", "tools": [{"type": "file_search"}]}],
                "metadata": {"a": "b"},
            },
        ),
    ),
    "threads read thread": (
        "threads",
        lambda p: p.read("openai_thread", THREAD),
        ANY,
        ("GET", "/v1/threads/t1", None),
    ),
    "threads read message": (
        "threads",
        lambda p: p.read("openai_message", MESSAGE),
        IN_T1,
        ("GET", "/v1/threads/t1/messages/m1", None),
    ),
    "threads list": (
        "threads",
        lambda p: listed(p, "t1"),
        ANY,
        ("GET", "/v1/threads/t1/messages?limit=100&order=asc", None),
    ),
    "threads list after": (
        "threads",
        lambda p: listed(p, "t1", "m7"),
        ANY,
        ("GET", "/v1/threads/t1/messages?limit=100&order=asc&after=m7", None),
    ),
    "threads update thread": (
        "threads",
        lambda p: p.update("openai_thread", THREAD, {"metadata": {"a": "b"}}),
        {**ANY, "metadata": {"a": "b"}},
        ("POST", "/v1/threads/t1", {"metadata": {"a": "b"}}),
    ),
    "threads clear metadata": (
        "threads",
        lambda p: p.update("openai_message", MESSAGE, {"metadata": None}),
        IN_T1,
        ("POST", "/v1/threads/t1/messages/m1", {"metadata": {}}),
    ),
    "threads delete thread": (
        "threads",
        lambda p: p.delete("openai_thread", THREAD),
        ANY,
        ("DELETE", "/v1/threads/t1", None),
    ),
    "threads delete message": (
        "threads",
        lambda p: p.delete("openai_message", MESSAGE),
        IN_T1,
        ("DELETE", "/v1/threads/t1/messages/m1", None),
    ),
    "threads read file": (
        "threads",
        lambda p: p.read_data("openai_file", {"file_id": "t1"}),
        ANY,
        ("GET", "/v1/files/t1", None),
    ),
    "conversations create": (
        "conversations",
        lambda p: p.create(
            "openai_thread",
            {"metadata": {"a": "b"}},
            [
                {**USER, "metadata": {"lost": "here"}},
                ASSISTANT,
                {"role": "developer", "content": "be kind"},
            ],
        ),
        ANY,
        (
            "POST",
            "/v1/conversations",
            {
                "metadata": {"a": "b"},
                "items": [
                    {
                        "type": "message",
                        "role": "user",
                        "content": [{"type": "input_text", "text": "hello"}],
                    },
                    {
                        "type": "message",
                        "role": "assistant",
                        "content": [{"type": "output_text", "text": "hi"}],
                    },
                    {
                        "type": "message",
                        "role": "developer",
                        "content": [{"type": "input_text", "text": "be kind"}],
                    },
                ],
            },
        ),
    ),
    "conversations append images": (
        "conversations",
        lambda p: p.append(
            "openai_message",
            "t1",
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}},
                        {"type": "image_file", "image_file": {"file_id": "file-1"}},
                    ],
                }
            ],
        ),
        IN_T1,
        (
            "POST",
            "/v1/conversations/t1/items",
            {
                "items": [
                    {
                        "type": "message",
                        "role": "user",
                        "content": [
                            {"type": "input_image", "image_url": "https://x", "detail": "low"},
                            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
                        ],
                    }
                ]
            },
        ),
    ),
    "conversations read": (
        "conversations",
        lambda p: p.read("openai_thread", THREAD),
        ANY,
        ("GET", "/v1/conversations/t1", None),
    ),
    "conversations read item": (
        "conversations",
        lambda p: p.read("openai_message", MESSAGE),
        IN_T1,
        ("GET", "/v1/conversations/t1/items/m1", None),
    ),
    "conversations list": (
        "conversations",
        lambda p: listed(p, "t1"),
        ANY,
        ("GET", "/v1/conversations/t1/items?limit=100&order=asc", None),
    ),
    "conversations update": (
        "conversations",
        lambda p: p.update("openai_thread", THREAD, {}),
        ANY,
        ("POST", "/v1/conversations/t1", {"metadata": {}}),
    ),
    "conversations delete": (
        "conversations",
        lambda p: p.delete("openai_thread", THREAD),
        ANY,
        ("DELETE", "/v1/conversations/t1", None),
    ),
    "conversations delete item": (
        "conversations",
        lambda p: p.delete("openai_message", MESSAGE),
        ANY,
        ("DELETE", "/v1/conversations/t1/items/m1", None),
    ),
    "azure create": (
        "azure_agents",
        lambda p: p.create("openai_thread", {}),
        ANY,
        ("POST", "/v1/threads?api-version=v1", {}),
    ),
    "azure list": (
        "azure_agents",
        lambda p: listed(p, "t1"),
        ANY,
        ("GET", "/v1/threads/t1/messages?api-version=v1&limit=100&order=asc", None),
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_one_operation_is_one_request(name: str) -> None:
    dialect, use, reply, expected = SENT[name]
    seen: list[tuple[str, str, object]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        seen.append((request.method, request.url.raw_path.decode(), body))
        return httpx.Response(200, json=reply)

    async def work() -> None:
        await use(open_with(handler, dialect=dialect))  # type: ignore[misc]

    hand_loop.run(work())
    assert seen == [expected]


def test_a_message_of_a_conversation_changes_in_state_only() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    async def update() -> Attributes:
        provider = open_with(handler, dialect="conversations")
        return await provider.update("openai_message", MESSAGE, {"metadata": {"a": "b"}})

    assert hand_loop.run(update()) == {**MESSAGE, "metadata": {"a": "b"}}


# -- both dialects, against the emulator


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
def test_what_was_written_is_read(dialect: str) -> None:
    async def work() -> tuple[list[object], list[object]]:
        async with emulated(dialect) as (provider, _):
            parent = await provider.create("openai_thread", {"metadata": {"a": "b"}}, [USER])
            assert parent["metadata"] == {"a": "b"}
            more = [{**ASSISTANT, "content": f"answer {n}"} for n in range(3)]
            appended: list[Attributes] = []
            step = provider.capabilities.append_limit
            for at in range(0, len(more), step):
                batch = more[at : at + step]
                appended += await provider.append("openai_message", str(parent["id"]), batch)
            members = await listed(provider, parent["id"])
            assert [each.attributes for each in members[1:]] == appended
            assert await provider.read("openai_message", appended[0]) == appended[0]
            return (
                [each.attributes["role"] for each in members],
                [each.attributes["content"] for each in members],
            )

    assert hand_loop.run(work()) == (
        ["user", "assistant", "assistant", "assistant"],
        ["hello", "answer 0", "answer 1", "answer 2"],
    )


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
@pytest.mark.parametrize(
    "content",
    [
        "plain",
        "line\nline\ttab \u2028 \x7f é 😀 e\u0301",
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        [
            {"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "high"}},
        ],
    ],
    ids=["plain", "odd", "parts", "image"],
)
def test_content_comes_back_as_it_went(dialect: str, content: object) -> None:
    async def work() -> object:
        async with emulated(dialect) as (provider, _):
            said = {"role": "user", "content": content}
            parent = await provider.create("openai_thread", {}, [said])
            [member] = await listed(provider, parent["id"])
            assert member.reproducible
            return member.attributes["content"]

    canonical = SCHEMAS["openai_message"].canonical
    assert canonical({"content": hand_loop.run(work())}) == canonical({"content": content})


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 205])
def test_a_listing_is_whole_and_in_order(dialect: str, count: int) -> None:
    async def work() -> tuple[list[object], int]:
        async with emulated(dialect) as (provider, _):
            parent = await provider.create("openai_thread", {})
            for at in range(0, count, provider.capabilities.append_limit):
                batch = [
                    {"role": "user", "content": f"message {number}"}
                    for number in range(at, min(at + provider.capabilities.append_limit, count))
                ]
                await provider.append("openai_message", str(parent["id"]), batch)
            before = provider.calls
            members = await listed(provider, parent["id"])
            return [each.attributes["content"] for each in members], provider.calls - before

    contents, calls = hand_loop.run(work())
    assert contents == [f"message {number}" for number in range(count)]
    assert calls == 1 + count // 100


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
def test_what_is_gone_is_not_found(dialect: str) -> None:
    async def work() -> None:
        async with emulated(dialect) as (provider, _):
            parent = await provider.create("openai_thread", {}, [USER])
            [member] = await listed(provider, parent["id"])
            await provider.delete("openai_message", member.attributes)
            with pytest.raises(ObjectNotFound):
                await provider.read("openai_message", member.attributes)
            with pytest.raises(ObjectNotFound):
                await provider.delete("openai_message", member.attributes)
            await provider.delete("openai_thread", parent)
            with pytest.raises(ObjectNotFound):
                await provider.read("openai_thread", parent)
            with pytest.raises(ObjectNotFound):
                await listed(provider, parent["id"])

    hand_loop.run(work())


@pytest.mark.parametrize(
    ("dialect", "limit", "param"),
    [("threads", 32, "messages[6].role"), ("conversations", 20, "items[6].role")],
)
def test_a_refused_batch_names_the_member(dialect: str, limit: int, param: str) -> None:
    async def work() -> str | None:
        async with emulated(dialect) as (provider, _):
            assert provider.capabilities.batch_limit == limit
            batch = [{"role": "user", "content": "x"} for _ in range(limit)]
            batch[6] = {"role": "narrator", "content": "x"}
            with pytest.raises(RequestRejected) as caught:
                await provider.create("openai_thread", {}, batch)
            return caught.value.param

    assert hand_loop.run(work()) == param


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
def test_a_full_batch_is_taken(dialect: str) -> None:
    async def work() -> int:
        async with emulated(dialect) as (provider, _):
            batch = [USER] * provider.capabilities.batch_limit
            parent = await provider.create("openai_thread", {}, batch)
            return len(await listed(provider, parent["id"]))

    assert hand_loop.run(work()) == CAPABILITIES[dialect].batch_limit


# -- conversations


def entry_of(**fields: object) -> dict[str, object]:
    return {"id": "m1", "type": "message", "role": "user", "status": "completed", **fields}


def read_items(*entries: Mapping[str, object]) -> list[Member]:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": list(entries), "has_more": False})

    async def work() -> list[Member]:
        return await listed(open_with(handler, dialect="conversations"), "t1")

    return hand_loop.run(work())


def test_items_that_are_no_messages_are_members_of_another_kind() -> None:
    [member] = read_items({"id": "fc_1", "type": "function_call", "name": "f"})
    assert (member.is_message, member.reproducible, member.attributes) == (
        False,
        False,
        {"id": "fc_1"},
    )


@pytest.mark.parametrize(
    ("content", "read", "reproducible"),
    [
        ([{"type": "input_text", "text": "x"}], "x", True),
        ([{"type": "output_text", "text": "x", "annotations": [], "logprobs": []}], "x", True),
        (
            [{"type": "output_text", "text": "x", "annotations": [{"a": 1}]}],
            [{"type": "text", "text": "x", "annotations": [{"a": 1}]}],
            False,
        ),
        ("x", "x", True),
        ([{"type": "refusal", "refusal": "no"}], [{"type": "refusal", "refusal": "no"}], False),
        ([{"type": "input_file", "file_id": "f"}], [{"type": "input_file", "file_id": "f"}], False),
        (
            [{"type": "input_image", "file_id": "f"}],
            [{"type": "image_file", "image_file": {"file_id": "f", "detail": "auto"}}],
            True,
        ),
    ],
)
def test_items_are_read_as(content: object, read: object, reproducible: bool) -> None:
    [member] = read_items(entry_of(content=content))
    assert (member.attributes["content"], member.reproducible) == (read, reproducible)


def test_what_a_conversation_does_not_know_is_left_out() -> None:
    [member] = read_items(entry_of(content="x"))
    assert set(member.attributes) == {"id", "object", "thread_id", "role", "content", "status"}


def test_addresses_of_images_are_asked_for_when_they_are_missing() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.query.decode())
        image = {"type": "input_image", "detail": "auto"}
        if "include" in seen[-1]:
            image["image_url"] = "https://x"
        return httpx.Response(200, json={"data": [entry_of(content=[image])], "has_more": False})

    async def work() -> list[Member]:
        return await listed(open_with(handler, dialect="conversations"), "t1")

    [member] = hand_loop.run(work())
    assert member.attributes["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x", "detail": "auto"}}
    ]
    assert [("include" in each) for each in seen] == [False, True]


def test_an_append_that_comes_back_short_is_unknown() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [entry_of(content="x")]})

    async def work() -> None:
        provider = open_with(handler, dialect="conversations")
        with pytest.raises(OutcomeUnknown, match="1 items for 2"):
            await provider.append("openai_message", "t1", [USER, USER])

    hand_loop.run(work())


# -- listings of servers that differ


def paged(*pages: object) -> Callable[[httpx.Request], httpx.Response]:
    """Each request gets the next page, the last one again and again."""
    left = list(pages)

    def handler(request: httpx.Request) -> httpx.Response:
        page = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, json=page)

    return handler


def page(ids: range, has_more: bool | None = None) -> dict[str, object]:
    data = [{"id": f"m{number}", "role": "user", "content": []} for number in ids]
    return {"data": data} if has_more is None else {"data": data, "has_more": has_more}


@pytest.mark.parametrize(
    ("pages", "ids"),
    [
        ([page(range(0))], range(0)),
        ([page(range(3), has_more=False)], range(3)),
        ([page(range(3))], range(3)),
        ([page(range(100), has_more=False), page(range(100, 103), has_more=False)], range(103)),
        ([page(range(100), has_more=False), page(range(0), has_more=False)], range(100)),
        ([page(range(100), has_more=False), page(range(100), has_more=False)], range(100)),
        ([page(range(20), has_more=True), page(range(20, 25), has_more=False)], range(25)),
        ([page(range(20), has_more=True), page(range(20), has_more=True)], range(20)),
        ([page(range(20), has_more=True), page(range(0), has_more=True)], range(20)),
        ([page(range(100), has_more=True), page(range(50, 120), has_more=False)], range(120)),
        ([[{"id": "m0"}, {"id": "m1"}]], range(2)),
    ],
)
def test_where_a_listing_ends(pages: list[object], ids: range) -> None:
    async def work() -> list[str]:
        return [each.id for each in await listed(open_with(paged(*pages)), "t1")]

    assert hand_loop.run(work()) == [f"m{number}" for number in ids]


def test_a_full_page_that_repeats_is_no_complete_listing() -> None:
    async def work() -> None:
        with pytest.raises(NotServed, match="repeats its page"):
            await listed(open_with(paged(page(range(100), has_more=True))), "t1")

    hand_loop.run(work())


@pytest.mark.parametrize(
    "answer",
    [{"data": {}}, {"object": "list"}, "x", 5, {"data": [None]}, {"data": [{"role": "user"}]}],
)
def test_what_is_no_listing_is_not_read_as_an_empty_one(answer: object) -> None:
    async def work() -> None:
        with pytest.raises(NotServed):
            await listed(open_with(paged(answer)), "t1")

    hand_loop.run(work())


def test_a_cursor_deleted_meanwhile_says_nothing_about_the_thread() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if "after" not in request.url.params:
            return httpx.Response(200, json=page(range(100), has_more=True))
        error = {"message": "No item found with id 'm99'.", "param": "after", "type": "t"}
        return httpx.Response(404, json={"error": error})

    async def work() -> None:
        with pytest.raises(ServiceUnavailable, match="the server does not show m99, or not yet"):
            await listed(open_with(handler), "t1")

    hand_loop.run(work())


# -- metadata of servers that differ


def test_a_server_that_merges_metadata_is_asked_to_remove_the_rest() -> None:
    async def work() -> tuple[object, int]:
        async with emulated(flavour=FLAVOURS["merging"]) as (provider, _):
            parent = await provider.create("openai_thread", {"metadata": {"a": "1", "b": "2"}})
            before = provider.calls
            changed = await provider.update("openai_thread", parent, {"metadata": {"b": "3"}})
            return changed["metadata"], provider.calls - before

    assert hand_loop.run(work()) == ({"b": "3"}, 2)


def test_a_server_that_replaces_metadata_is_asked_once() -> None:
    async def work() -> tuple[object, int]:
        async with emulated() as (provider, _):
            parent = await provider.create("openai_thread", {"metadata": {"a": "1", "b": "2"}})
            before = provider.calls
            changed = await provider.update("openai_thread", parent, {"metadata": {"b": "3"}})
            return changed["metadata"], provider.calls - before

    assert hand_loop.run(work()) == ({"b": "3"}, 1)


def test_a_server_that_removes_nothing_is_reported_as_it_is() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content)["metadata"]
        if None in wanted.values():
            return httpx.Response(400, json={"error": {"message": "no null"}})
        return httpx.Response(200, json={"id": "t1", "metadata": {"old": "x", **wanted}})

    async def work() -> object:
        return (await open_with(handler).update("openai_thread", THREAD, {}))["metadata"]

    assert hand_loop.run(work()) == {"old": "x"}


# -- Azure


def test_azure_is_threads_with_a_version_and_a_list_of_threads() -> None:
    async def work() -> tuple[set[object], set[object]]:
        flavour = FLAVOURS["azure-agents"]
        async with emulated("azure_agents", flavour=flavour) as (provider, _):
            made = {(await provider.create("openai_thread", {}))["id"] for _ in range(3)}
            pages = provider.list_parents("openai_thread")
            return made, {each["id"] async for page in pages for each in page}

    made, found = hand_loop.run(work())
    assert made == found


def test_a_version_that_deletes_no_messages_is_found_out() -> None:
    async def work() -> tuple[bool, bool, str | None]:
        flavour = FLAVOURS["azure-agents-v1"]
        async with emulated("azure_agents", flavour=flavour) as (provider, _):
            parent = await provider.create("openai_thread", {}, [USER])
            [member] = await listed(provider, parent["id"])
            before = provider.capabilities.deletes_members
            with pytest.raises(NotServed) as caught:
                await provider.delete("openai_message", member.attributes)
            return before, provider.capabilities.deletes_members, caught.value.hint

    before, after, hint = hand_loop.run(work())
    assert (before, after) == (True, False)
    assert "api-version" in (hint or "")


def tokens_seen(command: list[str], *statuses: int) -> list[str]:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization", ""))
        return httpx.Response(statuses[min(len(seen), len(statuses)) - 1], json=ANY)

    async def work() -> None:
        config = configure(
            {
                "base_url": "https://x.example",
                "dialect": "azure_agents",
                "token_command": command,
            },
            {},
            emulator=None,
        )
        provider = connect(config, transport=httpx.MockTransport(handler))
        await provider.read("openai_thread", THREAD)

    asyncio.run(work())
    return seen


@pytest.mark.parametrize(
    "printed", ["tok-1", '{"accessToken": "tok-1"}', '{"token": "tok-1", "expiresOn": "x"}\\n']
)
def test_a_token_is_what_the_command_prints(printed: str) -> None:
    command = [sys.executable, "-c", f"print('{printed}')"]
    assert tokens_seen(command, 200) == ["Bearer tok-1"]


def test_a_refused_token_is_fetched_anew_once() -> None:
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    first, second = tokens_seen(command, 401, 200)
    assert first != second
    with pytest.raises(CredentialsRejected):
        tokens_seen(command, 401, 401)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import sys; sys.exit(3)", "failed with exit code 3"),
        ("print('')", "prints no token"),
        ("print('please log in')", "prints no token"),
        ("print('{}')", "prints no token"),
    ],
)
def test_a_command_without_a_token_is_named(code: str, complaint: str) -> None:
    with pytest.raises(CredentialsRejected, match=complaint):
        tokens_seen([sys.executable, "-c", code], 200)


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(CredentialsRejected, match="cannot be run"):
        tokens_seen(["/nowhere/to/be/found"], 200)


# -- data sources


@pytest.mark.parametrize("dialect", ["threads", "conversations"])
def test_data_sources_read_what_exists(dialect: str) -> None:
    async def work() -> None:
        async with emulated(dialect) as (provider, _):
            said = [{"role": "user", "content": f"q{n}"} for n in range(3)]
            said.append({"role": "assistant", "content": "a"})
            parent = await provider.create("openai_thread", {"metadata": {"a": "b"}}, said)
            members = await listed(provider, parent["id"])

            found = await provider.read_data("openai_thread", {"id": parent["id"]})
            assert set(found) == set(provider.data_schemas["openai_thread"].attributes)
            assert found["metadata"] == {"a": "b"}
            assert found["thread_id"] == parent["id"]

            asked = {"thread_id": parent["id"], "message_id": members[1].id}
            found = await provider.read_data("openai_message", asked)
            assert (found["content"], found["id"]) == ("q1", members[1].id)

            found = await provider.read_data("openai_messages", {"thread_id": parent["id"]})
            assert [each["content"] for each in found["messages"]] == ["q0", "q1", "q2", "a"]  # type: ignore[index, attr-defined]
            assert found["has_more"] is False
            assert found["last_id"] == members[-1].id

    hand_loop.run(work())


@pytest.mark.parametrize(
    ("filters", "contents", "has_more"),
    [
        ({"role": "assistant"}, ["a"], False),
        ({"order": "desc"}, ["a", "q2", "q1", "q0"], False),
        ({"order": "desc", "limit": 2}, ["a", "q2"], True),
        ({"limit": 3}, ["q0", "q1", "q2"], True),
        ({"metadata": {"n": "1"}}, ["q1"], False),
        ({"metadata": {"n": "9"}}, [], False),
    ],
)
def test_messages_are_filtered(
    filters: dict[str, object], contents: list[str], has_more: bool
) -> None:
    async def work() -> Attributes:
        async with emulated() as (provider, _):
            said: list[Attributes] = [
                {"role": "user", "content": f"q{n}", "metadata": {"n": str(n)}} for n in range(3)
            ]
            parent = await provider.create(
                "openai_thread", {}, [*said, {**ASSISTANT, "content": "a"}]
            )
            arguments = {"thread_id": parent["id"], **filters}
            return await provider.read_data("openai_messages", arguments)

    found = hand_loop.run(work())
    assert [each["content"] for each in found["messages"]] == contents  # type: ignore[index, attr-defined]
    assert found["has_more"] is has_more


def test_after_and_before_cut_a_listing() -> None:
    async def work() -> list[object]:
        async with emulated() as (provider, _):
            said = [{"role": "user", "content": f"q{n}"} for n in range(5)]
            parent = await provider.create("openai_thread", {}, said)
            ids = [each.id for each in await listed(provider, parent["id"])]
            asked = {"thread_id": parent["id"], "after": ids[0], "before": ids[4]}
            found = await provider.read_data("openai_messages", asked)
            with pytest.raises(RequestRejected, match="no message nowhere"):
                await provider.read_data("openai_messages", {**asked, "after": "nowhere"})
            return [each["content"] for each in found["messages"]]  # type: ignore[index, attr-defined]

    assert hand_loop.run(work()) == ["q1", "q2", "q3"]


@pytest.mark.parametrize("type_", ["openai_thread", "openai_file"])
def test_a_data_source_that_names_nothing_is_refused(type_: str) -> None:
    async def work() -> None:
        async with emulated() as (provider, _):
            with pytest.raises(RequestRejected, match="must say what to read"):
                await provider.read_data(type_, {})

    hand_loop.run(work())


# -- every flavour of server


@pytest.mark.parametrize(
    "name", [each for each in FLAVOURS if each not in ("threads-off", "scrambled", "by-second")]
)
def test_every_kind_of_server_takes_a_conversation(name: str) -> None:
    flavour = FLAVOURS[name]
    dialect = "azure_agents" if flavour.needs_api_version else "threads"

    async def work() -> list[object]:
        async with emulated(dialect, flavour=flavour) as (provider, _):
            parent = await provider.create("openai_thread", {"metadata": {"a": "b"}}, [USER])
            await provider.append("openai_message", str(parent["id"]), [ASSISTANT])
            assert (await provider.read("openai_thread", parent))["id"] == parent["id"]
            await provider.update("openai_thread", parent, {"metadata": {}})
            contents = [each.attributes["content"] for each in await listed(provider, parent["id"])]
            await provider.delete("openai_thread", parent)
            with pytest.raises((ObjectNotFound, NotServed)):
                await provider.read("openai_thread", parent)
            return contents

    assert hand_loop.run(work()) == ["hello", "hi"]


def test_a_server_without_threads_says_so() -> None:
    async def work() -> None:
        async with emulated(flavour=FLAVOURS["threads-off"]) as (provider, _):
            with pytest.raises(NotServed, match="does not serve this call"):
                await provider.create("openai_thread", {})
            with pytest.raises(NotServed):
                await provider.read("openai_thread", {"id": "thread_1"})

    hand_loop.run(work())


def test_an_unauthorized_key_stops_at_once() -> None:
    async def work() -> int:
        async with emulated("threads", Rule(do=Action.UNAUTHORIZED)) as (provider, _):
            with pytest.raises(CredentialsRejected):
                await listed(provider, "thread_1")
            return provider.calls

    assert hand_loop.run(work()) == 1


# -- what each can carry


def test_every_dialect_has_its_capabilities() -> None:
    assert set(CAPABILITIES) == set(DIALECTS)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_says_what_it_can_carry(name: str) -> None:
    dialect = object.__new__(dialect_of(name))
    assert dialect.capabilities == CAPABILITIES[name]


def test_every_exception_is_about_an_argument_there_is() -> None:
    for capabilities in CAPABILITIES.values():
        for type_, argument in capabilities.carry:
            assert SCHEMAS[type_].attributes[argument].is_argument


def table_rows(text: str, heading: str) -> dict[str, list[str]]:
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}


YES = {True: "yes", False: "no"}


def test_the_table_of_capabilities_in_the_docs_is_true() -> None:
    rows = table_rows((DOCS / "dialects.md").read_text(), "Capabilities")
    known = [CAPABILITIES[name] for name in DIALECTS]
    expected = {
        "roles": [", ".join(each.roles) for each in known],
        "messages in the call that creates a thread": [str(each.batch_limit) for each in known],
        "messages in one later call": [str(each.append_limit) for each in known],
        "messages on one page of a listing": [str(each.page_limit) for each in known],
        "deletes messages": [YES[each.deletes_members] for each in known],
        "deletes messages with their thread": [
            YES[each.deletes_members_with_parent] for each in known
        ],
        "changes metadata of messages": [YES[each.updates_members] for each in known],
        "lists threads": [YES[each.lists_parents] for each in known],
    }
    assert {name: rows.get(name) for name in expected} == expected


def test_the_table_of_arguments_in_the_docs_is_true() -> None:
    rows = table_rows((DOCS / "dialects.md").read_text(), "Arguments")
    carried = {
        f"`{type_}.{argument}`": [
            str(CAPABILITIES[name].carry.get((type_, argument), Carry.EXACT)) for name in DIALECTS
        ]
        for type_, schema in SCHEMAS.items()
        for argument, attribute in schema.arguments.items()
        if attribute.cost != "local" and argument not in ("thread_id",)
    }
    assert {name: rows.get(name) for name in carried} == carried


@pytest.mark.parametrize("type_", SCHEMAS)
def test_the_page_of_a_resource_names_every_attribute(type_: str) -> None:
    text = (DOCS / "resources" / f"{type_}.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert named == set(SCHEMAS[type_].attributes)
