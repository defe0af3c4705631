"""The emulator's file, its hand from behind, its limits, its key, and its flavours."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from emulator_openapi import BETA, Api

from reconciler.emulator.app import create_app
from reconciler.emulator.control import Emulator, Recorded
from reconciler.emulator.faults import Action, Rule
from reconciler.emulator.flavour import FLAVOURS, Flavour, IdForm, NotFound
from reconciler.emulator.limits import OPENAI_LIMITS, Limits, RetryAfter
from reconciler.emulator.store import NotAnEmulator, identity

USER = {"role": "user", "content": "Hello"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "emulator.db"


@pytest.fixture
def api(path: Path) -> Iterator[Api]:
    caller = Api(create_app(path))
    yield caller
    caller.close()


def thread_of(api: Api, *texts: str) -> str:
    messages = [{"role": "user", "content": text} for text in texts]
    return str(api.post("/threads", {"messages": messages})["id"])


# --- the file


def test_what_was_written_is_there_for_the_next_process(api: Api, path: Path) -> None:
    thread_id = thread_of(api, "a", "b")
    again = Api(create_app(path))

    assert again.texts(f"/threads/{thread_id}/messages", order="asc") == ["a", "b"]
    again.close()


def test_the_file_is_private_and_alone(api: Api, path: Path) -> None:
    thread_of(api, "a")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["emulator.db"]


def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    create_app(tmp_path / "a" / "b" / "emulator.db").close()

    assert (tmp_path / "a" / "b" / "emulator.db").is_file()


def test_a_file_carries_an_id_of_its_own(api: Api, path: Path, tmp_path: Path) -> None:
    other = create_app(tmp_path / "other.db")

    assert (
        identity(path) == api.emulator.identity == other.emulator.identity.__class__(identity(path))
    )
    assert identity(path) != other.emulator.identity
    other.close()


def test_a_moved_file_keeps_its_id(path: Path, tmp_path: Path) -> None:
    create_app(path).close()
    before = identity(path)

    path.rename(tmp_path / "moved.db")

    assert identity(tmp_path / "moved.db") == before
    assert before is not None


def test_the_id_is_told_over_the_wire_and_asking_makes_no_file(path: Path) -> None:
    assert identity(path) is None
    assert not path.exists()
    caller = Api(create_app(path), checked=False)
    assert caller.get("/_emulator") == {"object": "emulator", "id": identity(path)}
    caller.close()


@pytest.mark.parametrize("content", [b"{}" * 100, b"SQLite format 3\x00"], ids=["JSON", "torn"])
def test_another_file_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(NotAnEmulator, match=r"emulator\.db"):
        create_app(path)
    assert path.read_bytes() == content
    assert identity(path) is None


def test_a_folder_is_no_emulator(tmp_path: Path) -> None:
    with pytest.raises(NotAnEmulator):
        create_app(tmp_path)
    assert identity(tmp_path) is None


def test_a_file_that_may_only_be_read_is_read(path: Path) -> None:
    app = create_app(path)
    before = app.emulator.identity
    app.close()
    path.chmod(0o400)

    again = create_app(path)

    assert again.emulator.identity == before == identity(path)
    again.close()


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    app = create_app(path)
    app.emulator._store._run("PRAGMA user_version = 2")
    app.close()

    with pytest.raises(NotAnEmulator, match="later version"):
        create_app(path)


def test_a_file_that_cannot_be_written_is_the_servers_error(api: Api, path: Path) -> None:
    thread_id = thread_of(api, "a")
    api.emulator._store._run("PRAGMA query_only = ON")

    status, error = api.refusal("POST", f"/threads/{thread_id}/messages", json=USER)

    assert (status, error["type"]) == (500, "server_error")
    assert api.texts(f"/threads/{thread_id}/messages") == ["a"]


# --- the hand from behind


@pytest.fixture
def hand(path: Path, api: Api) -> Iterator[Emulator]:
    """As another process would take hold of the same file."""
    emulator = Emulator.open(path)
    yield emulator
    emulator.close()


def test_the_hand_sees_what_the_api_did(api: Api, hand: Emulator) -> None:
    thread_id = thread_of(api, "a", "b")

    assert [thread["id"] for thread in hand.threads()] == [thread_id]
    assert hand.texts(thread_id) == ("a", "b")


def test_the_api_sees_what_the_hand_did(api: Api, hand: Emulator) -> None:
    thread_id = thread_of(api, "a", "b", "c")
    first, second, third = (message["id"] for message in hand.messages(thread_id))

    hand.append(thread_id, "d", role="assistant", metadata={"k": "v"})
    hand.delete_message(second)
    hand.edit_text(third, "C")
    hand.edit_metadata(first, {"a": "1"})
    hand.edit_metadata(thread_id, {"t": "1"})
    hand.reorder(thread_id, [third, first])

    listed = api.get(f"/threads/{thread_id}/messages", order="asc")["data"]
    assert [m["content"][0]["text"]["value"] for m in listed] == ["d", "C", "a"]
    assert [m["metadata"] for m in listed] == [{"k": "v"}, {}, {"a": "1"}]
    assert api.get(f"/threads/{thread_id}")["metadata"] == {"t": "1"}


def test_the_hand_deletes_threads_conversations_and_items(api: Api, hand: Emulator) -> None:
    thread_id = thread_of(api, "a")
    conversation = api.post("/conversations", {"items": [USER, USER]})["id"]
    item_id = hand.items(conversation)[0]["id"]

    hand.delete_thread(thread_id)
    hand.delete_item(conversation, item_id)

    assert api.send("GET", f"/threads/{thread_id}").status_code == 404
    assert len(hand.items(conversation)) == 1
    hand.delete_conversation(conversation)
    assert (hand.threads(), hand.conversations()) == ((), ())


def test_what_is_not_there_is_a_key_error(hand: Emulator) -> None:
    for act in (
        hand.delete_message,
        hand.delete_thread,
        hand.start_run,
        hand.delete_conversation,
        hand.edit,
    ):
        with pytest.raises(KeyError, match="nothing"):
            act("nothing")


def test_a_run_started_from_behind_locks_the_thread(api: Api, hand: Emulator) -> None:
    thread_id = thread_of(api, "a")

    run_id = hand.start_run(thread_id)

    assert api.refusal("POST", f"/threads/{thread_id}/messages", json=USER)[0] == 400
    assert hand.append_as_run(thread_id, "b")["run_id"] == run_id
    hand.finish_run(thread_id)
    assert hand.append_as_run(thread_id, "c")["run_id"] != run_id


def test_requests_are_recorded_when_asked_and_anew_each_time(api: Api, hand: Emulator) -> None:
    thread_of(api, "a")
    assert hand.requests == ()

    hand.record()
    thread_id = api.post("/threads", {"metadata": {"a": "1"}})["id"]
    api.refusal("GET", "/threads/thread_none")
    hand.record(on=False)
    assert hand.requests == ()

    hand.record()
    api.delete(f"/threads/{thread_id}")
    assert hand.requests == (Recorded("DELETE", f"/v1/threads/{thread_id}", 200, ""),)


def test_an_app_can_record_from_its_first_request() -> None:
    caller = Api(create_app(None, record=True))
    caller.post("/threads", {"metadata": {"a": "1"}})

    assert caller.emulator.requests == (
        Recorded("POST", "/v1/threads", 200, '{"metadata":{"a":"1"}}'),
    )
    caller.close()


def test_ids_can_be_chosen_by_the_caller() -> None:
    numbers = iter(range(100))
    caller = Api(create_app(None, new_id=lambda prefix: f"{prefix}{next(numbers)}"))

    assert thread_of(caller, "a") == "thread_0"
    assert caller.post("/conversations")["id"] == "conv_2"
    caller.close()


# --- the key


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer sk-right"}, 200),
        ({"authorization": "bearer sk-right"}, 200),
        ({"api-key": "sk-right"}, 200),
        ({"authorization": "Bearer sk-wrong-key"}, 401),
        ({"authorization": "sk-right"}, 401),
        ({}, 401),
    ],
)
def test_a_key_is_asked_for_where_one_was_given(headers: dict[str, str], status: int) -> None:
    caller = Api(create_app(None, api_key="sk-right"), headers=headers | BETA)

    answer = caller.send("POST", "/threads")

    assert answer.status_code == status
    assert "sk-" not in answer.text
    assert len(caller.emulator.threads()) == (status == 200)
    caller.close()


def test_a_wrong_key_has_a_code_and_comes_before_everything() -> None:
    caller = Api(create_app(None, api_key="a"), headers={"authorization": "Bearer b"})

    assert caller.refusal("GET", "/threads/thread_1")[1]["code"] == "invalid_api_key"
    caller.close()


# --- the limits


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0
        self.slept_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


def limited(clock: Clock, **limits: Any) -> Api:
    return Api(create_app(None, clock=clock, sleep=clock.sleep, limits=Limits(**limits)))


def test_a_class_has_a_rate_of_its_own() -> None:
    caller = limited(Clock(), posts_per_minute=2)

    answers = [caller.send("POST", "/threads") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "30"
    assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert answers[2].json()["error"]["type"] == "invalid_request_error"
    assert caller.send("GET", "/files").status_code == 200
    assert len(caller.emulator.threads()) == 2
    caller.close()


def test_the_time_that_was_told_is_enough() -> None:
    clock = Clock()
    caller = limited(clock, writes_per_minute=300, burst=1)
    caller.send("POST", "/threads")
    for _ in range(20):
        refused = caller.send("POST", "/threads")
        clock.now_s += int(refused.headers["retry-after"])
        assert caller.send("POST", "/threads").status_code == 200
    caller.close()


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (RetryAfter.SECONDS, {"retry-after"}),
        (RetryAfter.MILLISECONDS, {"retry-after-ms"}),
        (RetryAfter.BOTH, {"retry-after", "retry-after-ms"}),
        (RetryAfter.NONE, set()),
    ],
)
def test_the_forms_of_retry_after(form: RetryAfter, names: set[str]) -> None:
    caller = limited(Clock(), deletes_per_minute=60, burst=1, retry_after=form)
    caller.send("DELETE", "/threads/thread_1")

    answer = caller.send("DELETE", "/threads/thread_1")

    assert {name for name in answer.headers if name.startswith("retry")} == names
    caller.close()


def test_reads_posts_and_deletes_of_the_original() -> None:
    caller = Api(create_app(None, clock=Clock(), limits=OPENAI_LIMITS))
    statuses = [caller.send("POST", "/conversations").status_code for _ in range(301)]

    assert (statuses.count(200), statuses.count(429)) == (300, 1)
    caller.close()


def test_every_call_takes_its_latency() -> None:
    clock = Clock()
    caller = limited(clock, latency_s=0.1)
    for _ in range(3):
        caller.send("POST", "/threads")

    assert clock.slept_s == pytest.approx(0.3)
    caller.close()


# --- the flavours


def flavoured(**differences: Any) -> Api:
    flavour = Flavour(**differences)
    return Api(create_app(None, flavour=flavour, clock=lambda: 1_700_000_000.25), checked=False)


def test_a_server_may_merge_metadata_and_forget_by_null() -> None:
    api = flavoured(merges_metadata=True)
    path = f"/threads/{api.post('/threads', {'metadata': {'a': '1', 'b': '2'}})['id']}"

    assert api.post(path, {"metadata": {"c": "3"}})["metadata"] == {"a": "1", "b": "2", "c": "3"}
    assert api.post(path, {"metadata": {}})["metadata"] == {"a": "1", "b": "2", "c": "3"}
    assert api.post(path, {"metadata": {"a": None, "b": ""}})["metadata"] == {"b": "", "c": "3"}
    api.close()


def test_a_server_may_drop_metadata_and_trim_text() -> None:
    api = flavoured(drops_metadata=True, trims_text=True)
    path = f"/threads/{thread_of(api)}"

    message = api.post(f"{path}/messages", USER | {"content": " x\n", "metadata": {"a": "1"}})

    assert message["metadata"] == {}
    assert message["content"][0]["text"]["value"] == "x"
    assert api.post(path, {"metadata": {"a": "1"}})["metadata"] == {}
    api.close()


def test_a_server_may_answer_201_and_name_by_uuid() -> None:
    api = flavoured(created_status=201, id_form=IdForm.UUID)

    answer = api.send("POST", "/threads")

    assert answer.status_code == 201
    assert len(answer.json()["id"]) == 36
    assert api.send("GET", f"/threads/{answer.json()['id']}").status_code == 200
    api.close()


@pytest.mark.parametrize(
    ("not_found", "status", "text"),
    [
        (NotFound.EMPTY, 404, ""),
        (NotFound.NULL, 200, "null"),
        (NotFound.DETAIL, 404, '{"detail":"No thread found with id \'thread_1\'."}'),
    ],
)
def test_a_server_may_say_in_its_own_way_that_nothing_is_there(
    not_found: NotFound, status: int, text: str
) -> None:
    api = flavoured(not_found=not_found)

    answer = api.send("GET", "/threads/thread_1")

    assert (answer.status_code, answer.text) == (status, text)
    api.close()


def test_a_server_may_always_have_more_and_ignore_the_cursor() -> None:
    api = flavoured(always_has_more=True, ignores_after=True)
    path = f"/threads/{thread_of(api, 'a', 'b')}/messages"

    page = api.get(path, order="asc")

    assert page["has_more"] is True
    assert api.get(path, order="asc", after=page["last_id"]) == page
    api.close()


@pytest.mark.parametrize("order", ["shuffled", "by second"])
def test_a_server_may_list_in_an_order_of_its_own_and_still_page(order: Any) -> None:
    api = flavoured(list_order=order)
    texts = [str(number) for number in range(30)]
    path = f"/threads/{thread_of(api, *texts)}/messages"

    whole = api.texts(path, order="asc", limit=100)
    first = api.get(path, order="asc", limit=20)
    rest = api.texts(path, order="asc", limit=20, after=first["last_id"])

    assert whole != texts
    assert sorted(whole, key=int) == texts
    assert [m["content"][0]["text"]["value"] for m in first["data"]] + rest == whole
    assert api.texts(path, order="desc", limit=100) == whole[::-1]
    api.close()


def test_a_server_that_sorts_by_second_keeps_the_order_of_seconds() -> None:
    seconds = iter(range(1000))
    flavour = FLAVOURS["by-second"]
    api = Api(create_app(None, flavour=flavour, clock=lambda: next(seconds)), checked=False)
    path = f"/threads/{thread_of(api)}/messages"
    for number in range(10):
        api.post(path, USER | {"content": str(number)})

    assert api.texts(path, order="asc") == [str(number) for number in range(10)]
    api.close()


def test_a_server_may_cut_pages_short() -> None:
    api = flavoured(page_limit=2)
    path = f"/threads/{thread_of(api, 'a', 'b', 'c')}/messages"

    page = api.get(path, order="asc", limit=100)

    assert (len(page["data"]), page["has_more"]) == (2, True)
    api.close()


def test_a_server_may_leave_out_and_add() -> None:
    api = flavoured(omits=frozenset({"status", "metadata"}), adds={"name": ""}, milliseconds=True)
    thread_id = thread_of(api)

    message = api.post(f"/threads/{thread_id}/messages", USER)

    assert message.keys().isdisjoint({"status", "metadata"})
    assert (message["name"], message["created_at"]) == ("", 1_700_000_000_250)
    api.close()


def test_the_agents_of_azure_want_a_version_and_list_threads() -> None:
    api = Api(create_app(None, flavour=FLAVOURS["azure-agents-v1"]), headers={}, checked=False)
    version = {"api-version": "v1"}
    thread_id = api.send("POST", "/threads", params=version, json={}).json()["id"]
    message = api.send("POST", f"/threads/{thread_id}/messages", params=version, json=USER).json()
    path = f"/threads/{thread_id}/messages/{message['id']}"

    assert api.send("POST", "/threads", json={}).status_code == 400
    assert [t["id"] for t in api.get("/threads", **version)["data"]] == [thread_id]
    assert api.send("DELETE", path, params=version).status_code == 404
    assert api.send("GET", path, params=version).status_code == 200
    assert api.send("POST", "/conversations", params=version).status_code == 404
    api.close()


def test_a_server_without_threads_says_so_as_the_original_does_now() -> None:
    api = Api(create_app(None, flavour=FLAVOURS["threads-off"]))

    status, error = api.refusal("POST", "/threads")

    assert (status, error["message"]) == (404, "Invalid URL (POST /v1/threads)")
    assert api.send("POST", "/conversations").status_code == 200
    api.close()


@pytest.mark.parametrize("name", FLAVOURS)
def test_every_flavour_keeps_what_it_is_given(name: str) -> None:
    flavour = FLAVOURS[name]
    api = Api(create_app(None, flavour=flavour), checked=False)
    version = {"api-version": "v1"}
    if flavour.serves_threads:
        created = api.send("POST", "/threads", params=version, json={"messages": [USER]}).json()
        listed = api.get(f"/threads/{created['id']}/messages", **version)["data"]
        assert [m["content"][0]["text"]["value"] for m in listed] == ["Hello"]
    else:
        assert api.send("POST", "/conversations", json={"items": [USER]}).status_code == 200
    api.close()


def test_every_flavour_and_every_fault_is_in_the_reference() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reference" / "emulator.md").read_text()
    names = [*FLAVOURS, *Action, *(each.name for each in fields(Rule))]

    assert [name for name in names if f"`{name}`" not in text and f'"{name}"' not in text] == []
