"""The emulator on a real port: the official SDK, cut connections, killed and stopped servers."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest
from emulator_openapi import BETA

from reconciler.emulator.app import App, create_app
from reconciler.emulator.control import Emulator
from reconciler.emulator.faults import Action, Faults, Rule, When
from reconciler.emulator.serve import serve, serving

USER = {"role": "user", "content": "Hello"}


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    app = create_app(None, api_key="sk-test")
    yield app
    app.close()


@pytest.fixture(scope="module")
def url(app: App) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture
def sdk(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="sk-test", max_retries=0) as client:
        yield client


@pytest.fixture
def client(url: str, app: App) -> Iterator[httpx.Client]:
    headers = BETA | {"authorization": "Bearer sk-test"}
    with httpx.Client(base_url=url, headers=headers, timeout=5, trust_env=False) as client:
        yield client
    app.faults = None


# --- the official SDK


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_sdk_lives_a_whole_life_of_threads_and_messages(sdk: openai.OpenAI) -> None:
    threads = sdk.beta.threads
    thread = threads.create(
        messages=[
            {"role": "user", "content": "0"},
            {"role": "assistant", "content": [{"type": "text", "text": "1"}]},
        ],
        metadata={"a": "1"},
    )
    for number in range(2, 30):
        threads.messages.create(thread.id, role="user", content=str(number))
    listed = list(threads.messages.list(thread.id, order="asc", limit=7))
    message = threads.messages.update(listed[3].id, thread_id=thread.id, metadata={"b": "2"})

    assert [_text(each) for each in listed] == [str(number) for number in range(30)]
    assert message == threads.messages.retrieve(listed[3].id, thread_id=thread.id)
    assert message.metadata == {"b": "2"}
    assert threads.update(thread.id, metadata={}).metadata == {}
    assert threads.messages.delete(message.id, thread_id=thread.id).deleted
    assert len(list(threads.messages.list(thread.id, limit=100))) == 29
    assert threads.retrieve(thread.id).id == thread.id
    assert threads.delete(thread.id).deleted
    with pytest.raises(openai.NotFoundError, match="No thread found with id"):
        threads.retrieve(thread.id)


def _text(message: openai.types.beta.threads.Message) -> str:
    part = message.content[0]
    assert part.type == "text"
    return part.text.value


def test_the_sdk_lives_a_whole_life_of_files(sdk: openai.OpenAI) -> None:
    file = sdk.files.create(file=("ä.txt", b"hello\r\n"), purpose="user_data")

    assert sdk.files.retrieve(file.id) == file
    assert (file.filename, file.bytes) == ("ä.txt", 7)
    assert file in list(sdk.files.list())
    assert sdk.files.content(file.id).read() == b"hello\r\n"
    assert sdk.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError, match="No such File object"):
        sdk.files.retrieve(file.id)


def test_the_sdk_lives_a_whole_life_of_conversations(sdk: openai.OpenAI) -> None:
    conversation = sdk.conversations.create(
        metadata={"a": "1"}, items=[{"type": "message", "role": "user", "content": "0"}]
    )
    items = sdk.conversations.items
    for number in range(1, 25):
        items.create(
            conversation.id,
            items=[{"type": "message", "role": "assistant", "content": str(number)}],
        )
    listed = list(items.list(conversation.id, order="asc", limit=10))

    assert [item.content[0].text for item in listed] == [str(n) for n in range(25)]
    assert items.retrieve(listed[3].id, conversation_id=conversation.id) == listed[3]
    assert items.delete(listed[3].id, conversation_id=conversation.id).id == conversation.id
    assert len(list(items.list(conversation.id, limit=100))) == 24
    updated = sdk.conversations.update(conversation.id, metadata={"b": "2"})
    assert updated.metadata == {"b": "2"}
    assert sdk.conversations.retrieve(conversation.id) == updated
    assert sdk.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError, match="not found"):
        sdk.conversations.retrieve(conversation.id)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_sdk_understands_what_is_refused(sdk: openai.OpenAI, url: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.beta.threads.create(metadata={f"k{n}": "" for n in range(17)})

    assert (caught.value.code, caught.value.param) == ("object_above_max_properties", "metadata")
    assert caught.value.request_id is not None
    with (
        openai.OpenAI(base_url=url, api_key="sk-wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.beta.threads.create()


# --- connections that are cut


CUTS: dict[str, tuple[Rule, type[httpx.TransportError], int]] = {
    "reset before": (Rule(do=Action.HANG_UP), httpx.ReadError, 0),
    "closed before": (Rule(do=Action.HANG_UP, how="close"), httpx.RemoteProtocolError, 0),
    "reset after": (Rule(do=Action.HANG_UP, when=When.AFTER), httpx.ReadError, 1),
    "closed after": (
        Rule(do=Action.HANG_UP, when=When.AFTER, how="close"),
        httpx.RemoteProtocolError,
        1,
    ),
    "truncated": (Rule(do=Action.TRUNCATE), httpx.RemoteProtocolError, 1),
    "stalled before": (Rule(do=Action.STALL), httpx.ReadTimeout, 0),
    "stalled after": (Rule(do=Action.STALL, when=When.AFTER), httpx.ReadTimeout, 1),
    "stalled in the body": (Rule(do=Action.STALL, how="body"), httpx.ReadTimeout, 1),
}


@pytest.mark.parametrize(("rule", "error", "threads"), CUTS.values(), ids=CUTS)
def test_a_connection_is_really_cut(
    app: App,
    client: httpx.Client,
    rule: Rule,
    error: type[httpx.TransportError],
    threads: int,
) -> None:
    before = len(app.emulator.threads())
    app.faults = Faults([rule])

    with pytest.raises(error):
        client.post("/threads", json={}, timeout=0.2)

    app.faults = None
    assert len(app.emulator.threads()) - before == threads
    assert client.post("/threads", json={}).status_code == 200


def test_an_answer_that_unpacks_to_a_thousand_times_its_size(
    app: App, client: httpx.Client
) -> None:
    app.faults = Faults([Rule(do=Action.OVERSIZE, how="gzip", bytes=2_000_000)])

    with client.stream("POST", "/threads", json={}) as answer:
        packed = sum(len(chunk) for chunk in answer.iter_raw())

    assert answer.headers["content-encoding"] == "gzip"
    assert packed < 20_000


def test_a_kept_connection_serves_many_requests_without_waiting(client: httpx.Client) -> None:
    times_s = [client.get("/_emulator").elapsed.total_seconds() for _ in range(30)]

    assert min(times_s[1:]) < 0.03


# --- servers that stop


@contextmanager
def server(path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    program = (
        "import sys; from reconciler.emulator.serve import serve\n"
        "serve(sys.argv[1], with_admin=True, ready=lambda url: print(url, flush=True))\n"
        "print('stopped', flush=True)"
    )
    command = [sys.executable, "-c", program, str(path), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_nothing_that_was_answered_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    path, answered = tmp_path / "emulator.db", []
    with server(path) as (process, url), httpx.Client(headers=BETA, trust_env=False) as client:
        thread_id = client.post(f"{url}/threads").json()["id"]
        rule = {"rules": [{"do": "hang_up", "when": "after", "nth": 41}]}
        client.post(url.replace("/v1", "/_emulator/faults"), json=rule)
        for number in range(40):
            body = USER | {"content": str(number)}
            answered.append(client.post(f"{url}/threads/{thread_id}/messages", json=body).json())
        with pytest.raises(httpx.TransportError):
            client.post(f"{url}/threads/{thread_id}/messages", json=USER)
        process.send_signal(signal.SIGKILL)
        process.wait()

    emulator = Emulator.open(path)
    assert list(emulator.messages(thread_id))[:40] == answered
    assert len(emulator.messages(thread_id)) == 41
    emulator.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with server(tmp_path / "emulator.db") as (process, url):
        with httpx.Client(headers=BETA, trust_env=False) as client:
            client.post(f"{url}/threads")
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)

    assert (process.returncode, out) == (0, "stopped\n")
    assert [each.name for each in tmp_path.iterdir()] == ["emulator.db"]


def test_two_servers_may_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "emulator.db"
    first, second = create_app(path), create_app(path)
    with (
        serving(first) as one,
        serving(second) as two,
        httpx.Client(headers=BETA, trust_env=False) as client,
    ):
        thread_id = client.post(f"{one}/threads").json()["id"]
        for number in range(20):
            url = two if number % 2 else one
            body = USER | {"content": str(number)}
            client.post(f"{url}/threads/{thread_id}/messages", json=body).raise_for_status()

    assert first.emulator.texts(thread_id) == tuple(str(number) for number in range(20))
    first.close()
    second.close()


def test_a_port_that_is_taken_is_an_error_of_the_system(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
    ):
        serve(tmp_path / "emulator.db", port=taken.getsockname()[1])


def test_the_address_names_the_port_and_the_path() -> None:
    app = create_app(None)
    with serving(app) as url:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
    app.close()
