"""Client: what leaves, what may come back, and what never does either."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import subprocess
import sys
import traceback
import zlib
from collections.abc import AsyncIterator, Callable

import hand_loop
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.emulator.app import create_app
from reconciler.emulator.serve import serving
from reconciler.errors import (
    CredentialsRejected,
    NotServed,
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    RequestRejected,
    ServiceUnavailable,
)
from reconciler.provider.answers import (
    HTML,
    Lost,
    NotSent,
    Reply,
    classify,
)
from reconciler.provider.body import StrangeBody, parse
from reconciler.provider.client import MAX_BODY, Client
from reconciler.provider.config import configure
from reconciler.provider.connect import connect
from reconciler.provider.dialects.dialect import Dialect
from reconciler.provider.protocol import UNKNOWN_ROUTE, UNPROVEN
from reconciler.provider.request import Kind, Request, is_id

CANARY = "sk-canary-4f1e9c77"
Handler = Callable[[httpx.Request], httpx.Response]


def provider_of(handler: Handler, **arguments: object) -> Dialect:
    config = configure(
        {"base_url": "https://server.example/v1", "api_key": CANARY, **arguments},
        {},
        emulator=None,
    )
    return connect(
        config,
        transport=httpx.MockTransport(handler),
        clock=hand_loop.clock,
        jitter=lambda: 0.0,
    )


def read_thread(handler: Handler, **arguments: object) -> object:
    async def read() -> object:
        provider = provider_of(handler, **arguments)
        try:
            return await provider.read("openai_thread", {"id": "thread_1"})
        finally:
            await provider.aclose()

    return hand_loop.run(read())


def create_thread(handler: Handler) -> object:
    async def create() -> object:
        return await provider_of(handler).create("openai_thread", {})

    return hand_loop.run(create())


def answers(status: int, content: object = b"", **headers: str) -> Handler:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda request: httpx.Response(
        status,
        content=raw,
        headers={name.replace("_", "-"): each for name, each in headers.items()},
    )


THREAD = {"id": "thread_1", "object": "thread", "created_at": 5, "metadata": {}}


# -- what leaves


def sent_headers(**arguments: object) -> httpx.Headers:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=THREAD)

    read_thread(handler, **arguments)
    return seen[0].headers


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ({}, "authorization", f"Bearer {CANARY}"),
        ({}, "openai-beta", "assistants=v2"),
        ({"dialect": "conversations"}, "openai-beta", None),
        ({"dialect": "azure_agents"}, "openai-beta", None),
        ({}, "openai-organization", None),
        ({"organization": "org-1"}, "openai-organization", "org-1"),
        ({"project": "proj_1"}, "openai-project", "proj_1"),
        ({"headers": {"x-team": "a"}}, "x-team", "a"),
        ({}, "accept", "application/json"),
        ({}, "user-agent", "reconciler"),
        ({}, "accept-encoding", "gzip"),
    ],
)
def test_headers(arguments: dict[str, object], name: str, value: str | None) -> None:
    if arguments.get("dialect") == "conversations":
        arguments = {**arguments, "base_url": "https://server.example/v1"}
    assert sent_headers(**arguments).get(name) == value


def test_every_attempt_has_an_id_of_its_own() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-client-request-id"])
        return httpx.Response(500 if len(seen) == 1 else 200, json=THREAD)

    read_thread(handler)
    assert len(set(seen)) == len(seen) == 2


def test_text_leaves_as_utf8() -> None:
    seen: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return httpx.Response(200, json={**THREAD, "metadata": {"k": "é😀"}})

    async def create() -> None:
        await provider_of(handler).create("openai_thread", {"metadata": {"k": "é😀"}})

    hand_loop.run(create())
    assert seen == ['{"metadata":{"k":"é😀"}}'.encode()]


@pytest.mark.parametrize("id_", ["", "a/b", "..", "a?b", "a#b", "a b", "a%2fb", "é", "x" * 129])
def test_a_strange_id_never_becomes_a_url(id_: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    async def read() -> None:
        with pytest.raises(RequestRejected, match="nothing was sent"):
            await provider_of(handler).read("openai_thread", {"id": id_})

    hand_loop.run(read())
    assert not is_id(id_)


@pytest.mark.parametrize(
    "id_", ["thread_abc", "0b8e3c1e-2c1f-4e0a-9a3e-1c2d3e4f5a6b", "x" * 128, "A", "-_"]
)
def test_ids_are_opaque(id_: str) -> None:
    assert is_id(id_)


# -- what comes back


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_is_a_success(status: int) -> None:
    read = read_thread(answers(status, THREAD, content_type="application/json"))
    assert isinstance(read, dict)
    assert read["id"] == "thread_1"


def test_a_missing_content_type_is_no_reason_to_refuse_json() -> None:
    assert isinstance(read_thread(answers(200, THREAD)), dict)


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_compressed_answers_are_read(encode: Callable[[bytes], bytes]) -> None:
    encoding = "gzip" if encode is gzip.compress else "deflate"
    handler = answers(200, encode(json.dumps(THREAD).encode()), content_encoding=encoding)
    assert isinstance(read_thread(handler), dict)


@pytest.mark.parametrize(
    "handler",
    [
        answers(200, b" " * (MAX_BODY + 1)),
        answers(200, gzip.compress(b" " * (4 * MAX_BODY)), content_encoding="gzip"),
        answers(200, b"\x1f\x8b nonsense", content_encoding="gzip"),
        answers(200, b"{}", content_encoding="br"),
        answers(200, b"{", content_length="500"),
        answers(200, b"{"),
        answers(200, b"\xff\xfe"),
        answers(200, b"[" * 5000),
        answers(200, b'{"id":"thread_1","id":"thread_2"}'),
    ],
    ids=["large", "bomb", "bad gzip", "br", "short", "half", "bytes", "deep", "twice"],
)
def test_an_answer_that_cannot_be_read_says_so(handler: Handler) -> None:
    with pytest.raises(ServiceUnavailable, match="was not answered"):
        read_thread(handler)


def test_a_slow_answer_has_an_end() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> object:
            while True:
                await asyncio.sleep(5)
                yield b" "

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drip())

    with pytest.raises(ServiceUnavailable, match="no complete answer within 70 s"):
        read_thread(handler)


@pytest.mark.parametrize(
    ("status", "content", "type_", "code"),
    [
        (200, b"<html>hi</html>", "text/html", HTML),
        (200, b"<!doctype html>", "application/octet-stream", HTML),
        (404, b"<html>nope</html>", "text/html", HTML),
        (400, b"<html>nope</html>", "text/html", HTML),
        (404, b"", "text/plain", UNPROVEN),
        (200, b"null", "application/json", UNPROVEN),
        (200, b"", "application/json", UNPROVEN),
        (404, {"detail": "Thread not found"}, "application/json", UNPROVEN),
        (404, {"detail": "Not Found"}, "application/json", UNPROVEN),
        (404, {"error": "Not Found", "path": "/threads/thread_1"}, "", UNPROVEN),
        (404, {"error": {"code": "not_found"}}, "application/json", UNPROVEN),
        (404, b"Not Found", "text/plain", UNPROVEN),
        (404, b"404 page not found", "text/plain", UNKNOWN_ROUTE),
        (404, {"message": "Route GET:/v1/threads/thread_1 not found"}, "", UNKNOWN_ROUTE),
        (
            404,
            {"error": {"message": "Invalid URL (GET /v1/threads/thread_1)", "type": "x"}},
            "application/json",
            UNKNOWN_ROUTE,
        ),
        (405, {"detail": "Method Not Allowed"}, "application/json", UNKNOWN_ROUTE),
        (501, b"", "", UNKNOWN_ROUTE),
        (200, [], "application/json", "strange"),
        (200, {"id": "thread_2"}, "application/json", "strange"),
        (200, {"object": "thread"}, "application/json", "strange"),
        (200, {"id": {"a": 1}}, "application/json", "strange"),
        (200, {"id": "../files"}, "application/json", "strange"),
    ],
)
def test_what_answers_is_not_this_api(status: int, content: object, type_: str, code: str) -> None:
    with pytest.raises(NotServed) as caught:
        read_thread(answers(status, content, content_type=type_))
    expected_status = None if code == "strange" else status
    assert (caught.value.code, caught.value.status) == (code, expected_status)


@pytest.mark.parametrize(
    "content",
    [
        {"error": {"message": "No thread found with id 'thread_1'.", "type": "t", "param": None}},
        {"error": {"message": "Thread with id 'thread_1' not found."}},
        {"detail": "No thread found with id 'thread_1'."},
        {"detail": {"message": "thread_1 does not exist"}},
        {"error": "thread thread_1 not found"},
        {"message": "thread_1 not found", "status": 404},
        "thread_1 not found",
        b"thread_1 not found",
        b"There is no thread_1 here.\n",
    ],
)
def test_a_404_that_names_the_object_is_proof_in_any_envelope(content: object) -> None:
    with pytest.raises(ObjectNotFound):
        read_thread(answers(404, content, content_type="application/json"))


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, {"message": "Incorrect API key provided."}, CredentialsRejected),
        (403, {"message": "No access."}, CredentialsRejected),
        (429, {"message": "x", "code": "insufficient_quota"}, CredentialsRejected),
        (429, {"message": "x", "type": "insufficient_quota"}, CredentialsRejected),
        (400, {"message": "Unknown parameter", "code": "unknown_parameter"}, RequestRejected),
        (413, {"message": "too large"}, RequestRejected),
        (422, {"message": "no"}, RequestRejected),
    ],
)
def test_refusals(status: int, error: dict[str, str], expected: type[ProviderError]) -> None:
    with pytest.raises(expected):
        read_thread(answers(status, {"error": error}))


def test_an_error_carries_what_the_api_said() -> None:
    said = {"message": "Too many.", "type": "t", "param": "metadata", "code": "too_many"}
    with pytest.raises(RequestRejected) as caught:
        read_thread(answers(400, {"error": said}, x_request_id="req_7"))
    error = caught.value
    assert (error.status, error.code, error.param) == (400, "too_many", "metadata")
    assert error.request_id == "req_7"
    assert error.message == "GET /threads/thread_1 answered 400: Too many. (request id req_7)"


def test_a_list_of_details_is_put_into_words() -> None:
    detail = [{"loc": ["body", "role"], "msg": "field required", "type": "missing"}]
    with pytest.raises(RequestRejected, match=r"body\.role: field required"):
        read_thread(answers(422, {"detail": detail}))


def test_a_strange_body_is_quoted_short_and_harmless() -> None:
    body = ("<html>\x1b[31m\u202e\x00" + "x" * 500).encode()
    with pytest.raises(NotServed) as caught:
        read_thread(answers(200, body, content_type="text/html"))
    said = caught.value.message
    assert "\\u001b[31m\\u202e\\u0000" in said
    assert said.isprintable()
    assert len(said) < 400


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(status, headers={"location": "https://evil.example/?t=1"})

    with pytest.raises(NotServed, match=r"redirect to https://evil\.example/"):
        read_thread(handler)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "location", "verdict"),
    [
        (307, "/v1/threads/", "refused"),
        (308, "https://server.example/v1/threads/", "refused"),
        (303, "/v1/threads/", "unknown"),
        (307, "/v2/threads", "unknown"),
        (302, "", "unknown"),
    ],
)
def test_a_redirected_create_was_certainly_not_carried_out_only_for_a_slash(
    status: int, location: str, verdict: str
) -> None:
    reply = Reply(status, {"location": location}, b"")
    assert classify(Request("POST", "/threads", Kind.CREATE), reply).verdict == verdict


@pytest.mark.parametrize(
    ("kind", "envelope", "verdict"),
    [
        (Kind.CREATE, {"error": {"message": "no", "type": "invalid_request_error"}}, "refused"),
        (Kind.CREATE, {"error": {"message": "conflict", "type": "server_error"}}, "unknown"),
        (Kind.CREATE, None, "unknown"),
        (Kind.APPEND, {"error": {"message": "no", "type": "invalid_request_error"}}, "unknown"),
        (Kind.UPDATE, None, "unknown"),
    ],
)
def test_a_conflict_proves_little(kind: Kind, envelope: object, verdict: str) -> None:
    reply = Reply(409, {}, json.dumps(envelope).encode())
    assert classify(Request("POST", "/x", kind), reply).verdict == verdict


@pytest.mark.parametrize(
    ("came", "kind", "error"),
    [
        (NotSent("no route"), Kind.CREATE, ServiceUnavailable),
        (Lost("reset"), Kind.CREATE, OutcomeUnknown),
        (Lost("reset"), Kind.APPEND, OutcomeUnknown),
        (Lost("reset"), Kind.UPDATE, OutcomeUnknown),
        (Lost("reset"), Kind.DELETE, OutcomeUnknown),
        (Lost("reset"), Kind.READ, ServiceUnavailable),
    ],
)
def test_a_lost_answer_is_not_a_refusal(
    came: NotSent | Lost, kind: Kind, error: type[ProviderError]
) -> None:
    assert type(classify(Request("POST", "/x", kind), came).error) is error


@pytest.mark.parametrize(
    ("message", "is_active"),
    [
        ("Can't add messages to thread_1 while a run run_2 is active.", True),
        ("Thread thread_1 already has an active run run_2.", True),
        ("The prunus is active.", False),
        ("Invalid role.", False),
    ],
)
def test_an_active_run_is_recognised(message: str, is_active: bool) -> None:
    reply = Reply(400, {}, json.dumps({"error": {"message": message}}).encode())
    outcome = classify(Request("POST", "/x", Kind.APPEND), reply)
    assert (outcome.verdict == "run active") is is_active


@pytest.mark.parametrize(
    ("raised", "verdict"),
    [
        (httpx.ConnectError("refused"), "not sent"),
        (httpx.ConnectTimeout("slow"), "not sent"),
        (httpx.PoolTimeout("full"), "not sent"),
        (httpx.ProxyError("no"), "refused"),
        (httpx.LocalProtocolError("bad header"), "refused"),
        (httpx.ReadTimeout("slow"), "unknown"),
        (httpx.WriteTimeout("slow"), "unknown"),
        (httpx.ReadError("reset"), "unknown"),
        (httpx.WriteError("reset"), "unknown"),
        (httpx.RemoteProtocolError("disconnected"), "unknown"),
        (httpx.CloseError("closed"), "unknown"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_how_far_a_request_got(raised: Exception, verdict: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise raised

    async def send() -> str:
        client = Client(
            "https://server.example",
            headers={},
            query={},
            timeout_s=5,
            transport=httpx.MockTransport(handler),
        )
        request = Request("POST", "/threads", Kind.CREATE)
        return classify(request, await client.send(request, token=None)).verdict

    assert hand_loop.run(send()) == verdict


def test_a_bad_certificate_is_not_tried_again() -> None:
    calls: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")

    with pytest.raises(ServiceUnavailable):
        read_thread(handler)
    assert len(calls) == 1


def test_a_server_that_is_not_there_is_named() -> None:
    async def read() -> None:
        config = configure({"base_url": "http://127.0.0.1:1/v1"}, {}, emulator=None)
        provider = connect(config, sleep=_no_sleep)
        with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:1/v1: Connection refused"):
            await provider.read("openai_thread", {"id": "thread_1"})
        await provider.aclose()

    asyncio.run(read())


async def _no_sleep(seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"base_url": "https://api.openai.com/v1", "dialect": "threads"}, "rehome"),
        ({"dialect": "threads"}, 'dialect = "conversations"'),
        ({"dialect": "conversations"}, 'dialect = "threads"'),
        ({"dialect": "azure_agents"}, "services.ai.azure.com"),
    ],
)
def test_a_server_that_does_not_serve_the_dialect_comes_with_a_hint(
    arguments: dict[str, object], hint: str
) -> None:
    handler = answers(404, {"error": {"message": "Invalid URL (GET /v1/x)"}})
    with pytest.raises(NotServed) as caught:
        read_thread(handler, **arguments)
    assert hint in (caught.value.hint or "")


def test_a_lost_answer_names_the_id_of_the_request() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        ids.append(request.headers["x-client-request-id"])
        raise httpx.ReadError("reset")

    ids: list[str] = []
    with pytest.raises(OutcomeUnknown) as caught:
        create_thread(handler)
    assert ids[0] in caught.value.message


# -- JSON


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1,]",
        b"nul",
        b'{"a":1,"a":1}',
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"\xff",
        b"\xef\xbb\xbf{",
        b"'a'",
        b"{} {}",
    ],
)
def test_what_is_not_plain_json_is_refused(raw: bytes) -> None:
    with pytest.raises(StrangeBody):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"NaN", None),
        (b"[-Infinity, 1e999, -1e999]", [None, None, None]),
        (b"1" * 5000, None),
        (b"-" + b"1" * 300, None),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('"caf\xe9"'.encode("latin-1"), "caf\xe9"),
        ('{"a": "\u4e2d"}'.encode("utf-16"), {"a": "\u4e2d"}),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_what_is_nearly_json_is_read(raw: bytes, value: object) -> None:
    assert parse(raw) == value


def test_sixty_levels_are_read() -> None:
    assert parse(b"[" * 60 + b"]" * 60)


def test_lone_surrogates_become_replacement_characters() -> None:
    value = parse(b'{"a":"x\\ud800y","b":"\\ud83d\\ude00","c":"\\uDC00"}')
    assert value == {"a": "x\ufffdy", "b": "😀", "c": "\ufffd"}


# -- secrets


def test_the_key_is_in_no_error_log_or_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    echo = {"error": {"message": f"bad key {CANARY}", "type": "t", "code": CANARY, "param": CANARY}}
    for handler in (
        answers(401, echo),
        answers(400, {"detail": CANARY}),
        answers(200, f"<html>{CANARY}".encode(), content_type="text/html"),
        answers(200, {"id": CANARY + "!"}),
        answers(307, b"", location=f"https://x.example/{CANARY}"),
        answers(500, CANARY.encode()),
        answers(404, {"error": {"message": f"thread_1 {CANARY}"}}, x_request_id=CANARY),
    ):
        with pytest.raises(ProviderError) as caught:
            read_thread(handler)
        texts += traceback.format_exception(caught.value)
        texts += [repr(vars(caught.value)), str(caught.value)]
    texts.append(caplog.text)
    assert [each for each in texts if CANARY in each] == []


# -- the door


def test_httpx_comes_without_its_command_line() -> None:
    code = (
        "import sys, reconciler.provider.client as c; import httpx;"
        "print([m for m in ('click', 'rich', 'pygments', 'httpx._main') if m in sys.modules],"
        "hasattr(httpx, 'AsyncClient'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split("\n")[0] == "[] True"


def test_configuring_loads_no_network_code() -> None:
    code = (
        "import sys; from reconciler.provider.config import configure, endpoint;"
        "from reconciler.provider.resources import SCHEMAS, DATA_SCHEMAS;"
        "from reconciler.provider.dialects import CAPABILITIES;"
        "configure({}, {'OPENAI_API_KEY': 'k'}, emulator=None);"
        "print([m for m in ('httpx', 'asyncio', 'ssl', 'http.client') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://server.example/v1", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://server.example/v1", "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "https://server.example/v1", None),
        ({"ALL_PROXY": "http://all:1"}, "https://server.example/v1", "http://all:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example"}, "https://server.example", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:8000/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1:8000/v1", None),
    ],
)
def test_proxies_come_from_the_environment_and_never_stand_before_loopback(
    environment: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.provider.client import _proxy

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert _proxy(url) == proxy


class Lane(httpx.AsyncBaseTransport):
    """A connection that notes when it is used."""

    def __init__(self, log: list[int], number: int) -> None:
        self._log, self._number = log, number

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._log.append(self._number)
        await asyncio.sleep(1)
        if request.url.path == "/broken":
            raise httpx.ReadError("reset")
        return httpx.Response(200, stream=Body())


class Body(httpx.AsyncByteStream):
    """An answer that is still to be read."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"


def lanes_used(*paths: tuple[str, ...]) -> list[int]:
    """Send each group of requests at once, one group after the other; name the lanes they took."""
    from reconciler.provider.client import Lanes

    async def send() -> list[int]:
        log: list[int] = []
        numbers = iter(range(99))
        lanes = Lanes(lambda: Lane(log, next(numbers)))  # type: ignore[arg-type, return-value]
        async with httpx.AsyncClient(transport=lanes) as session:
            for group in paths:
                sent = [session.get(f"http://server{path}") for path in group]
                await asyncio.gather(*sent, return_exceptions=True)
        return log

    return hand_loop.run(send())


def test_a_connection_is_used_again_the_last_one_first() -> None:
    assert lanes_used(("/a",), ("/b",), ("/c", "/d"), ("/e",)) == [0, 0, 0, 1, 1]


def test_a_broken_connection_leaves_its_place() -> None:
    assert lanes_used(("/broken",), ("/b",)) == [0, 0]


def test_a_conversation_over_a_real_port() -> None:
    async def talk(url: str) -> tuple[int, list[object]]:
        provider = connect(configure({"base_url": url}, {}, emulator=None))
        said = [{"role": "user", "content": f"message {number}"} for number in range(20)]
        parents = await asyncio.gather(
            *(provider.create("openai_thread", {}, said) for _ in range(20))
        )
        pages = provider.list_members("openai_message", str(parents[7]["id"]))
        contents = [each.attributes["content"] async for page in pages for each in page]
        await asyncio.gather(*(provider.delete("openai_thread", each) for each in parents))
        await provider.aclose()
        return provider.calls, contents

    app = create_app(None)
    with serving(app) as url:
        calls, contents = asyncio.run(talk(url))
    app.close()
    assert (calls, contents) == (41, [f"message {number}" for number in range(20)])


# -- any bytes at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "data",
                    "error",
                    "message",
                    "detail",
                    "content",
                    "metadata",
                    "role",
                    "type",
                    "text",
                    "attachments",
                    "tool_resources",
                    "has_more",
                    "deleted",
                    "code",
                    "param",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode())
header_names = ["content-type", "retry-after", "location", "x-request-id", "content-encoding"]
some_headers = st.dictionaries(
    st.sampled_from(header_names),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    max_size=3,
)


@settings(max_examples=200, deadline=None)
@given(
    status=st.integers(100, 599),
    headers=some_headers,
    body=bodies,
    kind=st.sampled_from(list(Kind)),
)
def test_every_answer_has_an_outcome(
    status: int, headers: dict[str, str], body: bytes, kind: Kind
) -> None:
    request = Request("POST", "/threads/thread_1", kind, names=("thread_1",))
    outcome = classify(request, Reply(status, headers, body))
    assert (outcome.error is None) is (outcome.verdict == "done")
    if outcome.error is not None:
        assert outcome.error.message.isprintable()
        assert len(outcome.error.message) < 1500


@settings(max_examples=150, deadline=None)
@given(
    status=st.sampled_from([200, 200, 200, 201, 404]),
    body=json_values,
    dialect=st.sampled_from(["threads", "conversations", "azure_agents"]),
    use=st.sampled_from(["create", "append", "read", "message", "list", "update", "delete"]),
)
def test_whatever_a_server_says_is_read_or_refused(
    status: int, body: object, dialect: str, use: str
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=json.dumps(body).encode())

    async def work() -> None:
        provider = provider_of(handler, dialect=dialect)
        thread, message = {"id": "thread_1"}, {"id": "msg_1", "thread_id": "thread_1"}
        said = [{"role": "user", "content": "x"}]
        try:
            match use:
                case "create":
                    assert is_id((await provider.create("openai_thread", {}, said))["id"])
                case "append":
                    await provider.append("openai_message", "thread_1", said)
                case "read":
                    await provider.read("openai_thread", thread)
                case "message":
                    await provider.read("openai_message", message)
                case "list":
                    pages = provider.list_members("openai_message", "thread_1")
                    assert all([is_id(each.id) async for page in pages for each in page])
                case "update":
                    await provider.update("openai_message", message, {"metadata": {"a": "b"}})
                case "delete":
                    await provider.delete("openai_message", message)
        except ProviderError as error:
            refusals.append(error)

    refusals: list[ProviderError] = []
    hand_loop.run(work())
    assert all(each.message.isprintable() for each in refusals)
    if use in ("create", "append"):
        assert not any(isinstance(each, ServiceUnavailable) for each in refusals)
