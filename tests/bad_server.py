"""Bad server: a small HTTP server of its own making that goes wrong byte by byte.

It shares no code with the emulator, and so has habits of its own. What it does is a list of
pieces for one connection: bytes, or a way to end. They are played in memory under the real HTTP
client (`BadServer.transport`), where nobody waits, or on a port (`on_port`).
"""

from __future__ import annotations

import asyncio
import base64
import copy
import gzip
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import quote

import httpcore
import httpx


class End(Enum):
    """What happens to the connection instead of more bytes."""

    CLOSE = "close"
    RESET = "reset"
    STALL = "stall"


@dataclass(frozen=True)
class Drip:
    """One byte, after a second."""

    byte: bytes


Piece = bytes | End | Drip


@dataclass
class Call:
    """One request as the server understood it, and the answer it has made up."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    kind: str
    raw: bytes = b""
    """The request as it came in."""
    status: int = 200
    answer: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[["BadServer", Call], list[Piece]]
"""Plays a call: says whether the API does its part (`server.serve`), and what is answered."""

_KINDS = (
    (r"POST /(threads|conversations)$", "create thread"),
    (r"POST /(threads|conversations)/[^/]+$", "update thread"),
    (r"POST /(threads|conversations)/[^/]+/(messages|items)$", "append"),
    (r"POST /threads/[^/]+/messages/[^/]+$", "update message"),
    (r"GET /(threads|conversations)/[^/]+$", "read thread"),
    (r"GET /(threads|conversations)/[^/]+/(messages|items)$", "list"),
    (r"GET /(threads|conversations)/[^/]+/(messages|items)/[^/]+$", "read message"),
    (r"DELETE /(threads|conversations)/[^/]+$", "delete thread"),
    (r"DELETE /(threads|conversations)/[^/]+/(messages|items)/[^/]+$", "delete message"),
)


class BadServer:
    """Threads and conversations in a dictionary, served as *faults* say."""

    def __init__(self) -> None:
        self.threads: dict[str, dict[str, Any]] = {}
        self.members: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[Call] = []
        self._faults: list[tuple[str, int, int, Fault]] = []
        self._seen: dict[str, int] = {}
        self._number = 0
        self.missing: Callable[[str], tuple[int, Any]] = _openai_missing
        self.usual: Fault = plain
        self._one_at_a_time = threading.Lock()

    # -- what is wrong

    def fail(self, kind: str, fault: Fault, *, nth: int = 1, times: int = 1) -> None:
        """Let *fault* play the *nth* call of a kind from now on, and as many as *times*."""
        self._seen.pop(kind, None)
        self._faults.append((kind, nth, nth + times, fault))

    def heal(self) -> None:
        """Go wrong no more, and count calls anew."""
        self._faults.clear()
        self._seen.clear()
        self.calls.clear()

    def count(self, kind: str) -> int:
        """How many calls of a kind there were."""
        return sum(each.kind == kind for each in self.calls)

    def copy(self) -> BadServer:
        """Another server that has the same."""
        other = BadServer()
        other.threads, other.members = copy.deepcopy((self.threads, self.members))
        other._number = self._number
        return other

    def texts(self) -> list[list[str]]:
        """What each thread says."""
        return [[_text(each) for each in self.members[id_]] for id_ in self.threads]

    # -- one exchange

    def play(self, raw: bytes) -> list[Piece]:
        """Answer one whole request."""
        with self._one_at_a_time:
            call = _parsed(raw)
            self.calls.append(call)
            seen = self._seen[call.kind] = self._seen.get(call.kind, 0) + 1
            for kind, first, end, fault in self._faults:
                if kind in (call.kind, "*") and first <= seen < end:
                    return fault(self, call)
            return self.usual(self, call)

    def serve(self, call: Call) -> Call:
        """Let the API do its part of *call*."""
        call.status, call.answer = self._answer(call)
        return call

    def _answer(self, call: Call) -> tuple[int, Any]:
        collection, _, rest = call.path.removeprefix("/v1/").partition("/")
        id_, _, below = rest.partition("/")
        member_id = below.partition("/")[2]
        if call.kind == "create thread":
            return 200, self._create(collection, call.body or {})
        if id_ not in self.threads:
            return self.missing(id_)
        if call.kind == "read thread":
            return 200, self.threads[id_]
        if call.kind == "update thread":
            self.threads[id_]["metadata"] = call.body.get("metadata") or {}
            return 200, self.threads[id_]
        if call.kind == "delete thread":
            self.members.pop(id_)
            del self.threads[id_]
            return 200, {"id": id_, "object": "deleted", "deleted": True}
        if call.kind == "append":
            bodies = call.body["items"] if collection == "conversations" else [call.body]
            made = [self._append(collection, id_, each) for each in bodies]
            return 200, {"data": made} if collection == "conversations" else made[0]
        if call.kind == "list":
            return self._list(id_, call.query)
        found = next((each for each in self.members[id_] if each["id"] == member_id), None)
        if found is None:
            return self.missing(member_id)
        if call.kind == "update message":
            found["metadata"] = call.body.get("metadata") or {}
        if call.kind == "delete message":
            self.members[id_].remove(found)
            gone = {"id": member_id, "object": "deleted", "deleted": True}
            return 200, self.threads[id_] if collection == "conversations" else gone
        return 200, found

    def _create(self, collection: str, body: dict[str, Any]) -> dict[str, Any]:
        prefix = "conv" if collection == "conversations" else "thread"
        id_ = f"{prefix}_{self._next()}"
        self.threads[id_] = {
            "id": id_,
            "object": "conversation" if prefix == "conv" else "thread",
            "created_at": 1_700_000_000,
            "metadata": body.get("metadata") or {},
        }
        self.members[id_] = []
        for each in body.get("messages") or body.get("items") or ():
            self._append(collection, id_, each)
        return self.threads[id_]

    def _append(self, collection: str, id_: str, body: dict[str, Any]) -> dict[str, Any]:
        content = body["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": {"value": content, "annotations": []}}]
        made = {"id": f"msg_{self._next()}", "role": body["role"], "content": content}
        if collection == "conversations":
            made |= {"type": "message", "status": "completed"}
        else:
            made |= {"object": "thread.message", "thread_id": id_, "created_at": 1_700_000_000}
            made["metadata"] = body.get("metadata") or {}
        self.members[id_].append(made)
        return made

    def _list(self, id_: str, query: dict[str, str]) -> tuple[int, Any]:
        members = list(self.members[id_])
        if query.get("order") != "asc":
            members.reverse()
        if after := query.get("after"):
            ids = [each["id"] for each in members]
            if after not in ids:
                return self.missing(after)
            members = members[ids.index(after) + 1 :]
        limit = int(query.get("limit", 20))
        page = members[:limit]
        return 200, {"object": "list", "data": page, "has_more": len(members) > limit}

    def _next(self) -> str:
        self._number += 1
        return f"{self._number:024d}"

    # -- in memory

    def transport(self) -> httpx.AsyncBaseTransport:
        """The real HTTP client over a network that is this server."""
        from reconciler.provider.client import Lanes

        def make() -> httpx.AsyncHTTPTransport:
            lane = httpx.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            lane._pool = httpcore.AsyncConnectionPool(
                max_connections=1, keepalive_expiry=1.0, network_backend=_Network(self)
            )
            return lane

        return Lanes(make)


def _text(member: dict[str, Any]) -> str:
    text = member["content"][0]["text"]
    return str(text["value"] if isinstance(text, dict) else text)


def _openai_missing(id_: str) -> tuple[int, Any]:
    message = f"No thread found with id '{id_}'."
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return 404, {"error": error}


def _parsed(raw: bytes) -> Call:
    head, _, body = raw.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    path, _, query_text = target.partition("?")
    query = dict(each.split("=", 1) for each in query_text.split("&") if "=" in each)
    line = f"{method} {path.removeprefix('/v1')}"
    kind = next((kind for pattern, kind in _KINDS if re.match(pattern, line)), line)
    return Call(method, path, query, json.loads(body) if body else None, kind, raw)


# -- answers, right and wrong


def written(
    status: int,
    body: bytes,
    *,
    headers: tuple[str, ...] = ("Content-Type: application/json",),
    version: str = "HTTP/1.1",
    length: int | None = -1,
) -> bytes:
    """One answer; *length* is what it claims, -1 the truth, None nothing."""
    lines = [f"{version} {status} Whatever", *headers]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def answered(served: Call) -> list[Piece]:
    """What the API has to say, as it should be."""
    return [written(served.status, _json(served.answer))]


def plain(server: BadServer, call: Call) -> list[Piece]:
    """As it should be."""
    return answered(server.serve(call))


def _after(answer: Callable[[Call], list[Piece]]) -> Fault:
    def fault(server: BadServer, call: Call) -> list[Piece]:
        return answer(server.serve(call))

    return fault


def _before(*pieces: Piece) -> Fault:
    return lambda server, call: list(pieces)


def _with_body(change: Callable[[Any], bytes]) -> Fault:
    return _after(lambda call: [written(call.status, change(call.answer))])


def refusal(status: int, message: str, *headers: str, code: str | None = None) -> Fault:
    """An answer in the API's envelope, before anything is done."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    lines = ("Content-Type: application/json", *headers)
    return _before(written(status, _json({"error": error}), headers=lines))


def _chunked(body: bytes, *, whole: bool = True) -> bytes:
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    parts = [body[:7], body[7:]]
    text = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in parts if each)
    head = written(200, b"", headers=lines, length=None)
    return head + (text + b"0\r\n\r\n" if whole else text[:-9])


def _changed(**values: Any) -> Fault:
    def change(answer: Any) -> bytes:
        return _json({**answer, **values} if isinstance(answer, dict) else values)

    return _with_body(change)


def _without_id(answer: Any) -> bytes:
    return _json(_drop(answer))


def _drop(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop(each) for key, each in value.items() if key != "id"}
    return [_drop(each) for each in value] if isinstance(value, list) else value


def _wrong_types(value: Any) -> Any:
    match value:
        case dict():
            return {key: _wrong_types(each) for key, each in value.items()}
        case list():
            return {"0": [_wrong_types(each) for each in value]}
        case str():
            return 7
        case bool():
            return "yes"
        case _:
            return [value]


_GZIP = ("Content-Type: application/json", "Content-Encoding: gzip")
PAGE = b"<!doctype html><html><body>Bad Gateway \x1b[31m</body></html>"
_HTML = ("Content-Type: text/html",)

LOST_BEFORE: dict[str, Fault] = {
    "reset before": _before(End.RESET),
    "closed before": _before(End.CLOSE),
    "stalled before": _before(End.STALL),
    "half a header, then closed": _before(b"HTTP/1.1 200 O", End.CLOSE),
    "no HTTP": _before(b"SSH-2.0-OpenSSH_9.6\r\n", End.CLOSE),
    "500 before": refusal(500, "The server had an error"),
    "502 page before": _before(written(502, PAGE, headers=_HTML)),
    "503 before": refusal(503, "Overloaded"),
    "504 empty": _before(written(504, b"", headers=())),
    "520": _before(written(520, b"", headers=())),
    "408": refusal(408, "Request timeout"),
    "409": _before(written(409, b'{"message": "Conflict"}')),
}
"""The API has done nothing, and whoever asked cannot know."""

LOST_AFTER: dict[str, Fault] = {
    "reset after": _after(lambda call: [End.RESET]),
    "closed after": _after(lambda call: [End.CLOSE]),
    "stalled after": _after(lambda call: [End.STALL]),
    "stalled in the body": _after(lambda call: [written(200, _json(call.answer))[:-5], End.STALL]),
    "truncated": _after(lambda call: [written(200, _json(call.answer))[:-5], End.CLOSE]),
    "truncated, reset": _after(lambda call: [written(200, _json(call.answer))[:-5], End.RESET]),
    "truncated chunks": _after(lambda call: [_chunked(_json(call.answer), whole=False), End.CLOSE]),
    "truncated without a length": _after(
        lambda call: [
            written(200, _json(call.answer)[:-5], version="HTTP/1.0", length=None),
            End.CLOSE,
        ]
    ),
    "slow drip": _after(
        lambda call: [Drip(bytes([each])) for each in written(200, _json(call.answer))]
    ),
    "oversized": _after(
        lambda call: [
            written(200, b'{"pad": "', length=None, version="HTTP/1.0"),
            *([b"x" * 1024**2] * 17),
            End.CLOSE,
        ]
    ),
    "gzip bomb": _after(
        lambda call: [written(200, gzip.compress(b" " * 64 * 1024**2), headers=_GZIP)]
    ),
    "broken gzip": _after(lambda call: [written(200, b"\x1f\x8bnonsense", headers=_GZIP)]),
    "500 after": _after(lambda call: [written(500, b'{"error": {"message": "oops"}}')]),
    "502 page after": _after(lambda call: [written(502, PAGE, headers=_HTML)]),
    "no JSON": _with_body(lambda answer: b'{"id": '),
    "JSON twice": _with_body(lambda answer: _json(answer) * 2),
    "a key twice": _with_body(lambda answer: b'{"id": "a_1", "id": "a_2"}'),
    "deep": _with_body(lambda answer: b"[" * 100_000 + b"]" * 100_000),
}
"""The API has done its part, and whoever asked cannot know."""

UNUSABLE: dict[str, Fault] = {
    "null": _with_body(lambda answer: b"null"),
    "empty": _with_body(lambda answer: b""),
    "204": _after(lambda call: [written(204, b"", headers=(), length=None)]),
    "a list": _with_body(lambda answer: b"[]"),
    "a number": _with_body(lambda answer: b"7"),
    "no id": _with_body(_without_id),
    "wrong types": _with_body(lambda answer: _json(_wrong_types(answer))),
    "id of a wrong type": _changed(id=7),
    "id that is a path": _changed(id="../../v1/files"),
    "empty id": _changed(id=""),
}
"""The API has done its part and answers 2xx, but not with the object."""

PAGES: dict[str, Fault] = {
    "page": _after(lambda call: [written(200, PAGE, headers=_HTML)]),
}
"""The API has done its part, and a page stands where the answer should be."""

REDIRECTS: dict[str, Fault] = {
    f"{status}": _before(
        written(status, b"", headers=("Location: https://elsewhere.test/v1/threads",))
    )
    for status in (301, 302, 303, 307, 308)
}
"""Somebody sends the request elsewhere."""

_LIMIT = "Rate limit reached"
BUSY: dict[str, Fault] = {
    "429": refusal(429, _LIMIT),
    "429 empty": _before(written(429, b"", headers=())),
    "429 page": _before(written(429, PAGE, headers=_HTML)),
    **{
        f"429, {header}": refusal(429, _LIMIT, header)
        for header in (
            "Retry-After: 2",
            "Retry-After: 0",
            "Retry-After: -1",
            "Retry-After: 0.5",
            "Retry-After: soon",
            "Retry-After: nan",
            "Retry-After: 1e400",
            "retry-after-ms: 300",
            "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT",
            "Retry-After:",
            "x-ratelimit-reset-requests: 1s",
        )
    },
    "429 in a minute": refusal(
        429,
        _LIMIT,
        "Date: Mon, 23 Nov 2026 10:00:00 GMT",
        "Retry-After: Mon, 23 Nov 2026 10:01:00 GMT",
    ),
    "a run is active": refusal(400, "Can't add messages to thread_1 while a run run_1 is active."),
}
"""Not now."""

STOPPING: dict[str, Fault] = {
    "401": refusal(401, "Incorrect API key provided", code="invalid_api_key"),
    "403": refusal(403, "You are not allowed"),
    "401 page": _before(written(401, PAGE, headers=_HTML)),
    "no quota": refusal(429, "You exceeded your quota", code="insufficient_quota"),
}
"""Nothing that follows can succeed."""

REFUSED: dict[str, Fault] = {
    "400": refusal(400, "Invalid value"),
    "422": _before(written(422, b'{"detail": [{"loc": ["body", "x"], "msg": "wrong"}]}')),
    "413 page": _before(written(413, PAGE, headers=_HTML)),
    "429 for a month": refusal(429, _LIMIT, "Retry-After: 2592000"),
    "429 for ever": refusal(429, _LIMIT, "Retry-After: 1000000000"),
}
"""This one not, whatever is tried."""

FINE: dict[str, Fault] = {
    "HTTP/1.0": _after(
        lambda call: [
            written(call.status, _json(call.answer), version="HTTP/1.0", length=None),
            End.CLOSE,
        ]
    ),
    "closed after each": _after(
        lambda call: [
            written(
                call.status,
                _json(call.answer),
                headers=("Content-Type: application/json", "Connection: close"),
            ),
            End.CLOSE,
        ]
    ),
    "closed after each without a word": _after(
        lambda call: [written(call.status, _json(call.answer)), End.CLOSE]
    ),
    "chunked": _after(lambda call: [_chunked(_json(call.answer))]),
    "201": _after(lambda call: [written(201, _json(call.answer))]),
    "no content type": _after(lambda call: [written(call.status, _json(call.answer), headers=())]),
    "lower-case headers": _after(
        lambda call: [
            written(call.status, _json(call.answer), headers=("content-type:application/json",))
        ]
    ),
    "plain text type": _after(
        lambda call: [
            written(call.status, _json(call.answer), headers=("Content-Type: text/plain",))
        ]
    ),
    "gzip": _after(
        lambda call: [written(call.status, gzip.compress(_json(call.answer)), headers=_GZIP)]
    ),
    "byte order mark": _with_body(lambda answer: b"\xef\xbb\xbf" + _json(answer)),
    "NaN": _changed(created_at=float("nan"), score=float("inf")),
    "a huge number": _changed(created_at=10**4200, score=10**400),
    "a long fraction": _with_body(
        lambda answer: (
            _json(answer)[:-1] + b', "x": 1e999, "y": 0.' + b"1" * 5000 + b"}"
            if isinstance(answer, dict)
            else _json(answer)
        )
    ),
    "in latin-1": _after(
        lambda call: [
            written(
                call.status,
                json.dumps({**call.answer, "note": "caf\xe9"}, ensure_ascii=False).encode(
                    "latin-1"
                ),
                headers=("Content-Type: application/json; charset=iso-8859-1",),
            )
        ]
    ),
    "sent twice": _after(lambda call: [written(call.status, _json(call.answer)) * 2]),
    "with a tail": _after(lambda call: [written(call.status, _json(call.answer)) + b"tail"]),
    "in pieces": _after(
        lambda call: [bytes([each]) for each in written(call.status, _json(call.answer))]
    ),
    "one hundred first": _after(
        lambda call: [b"HTTP/1.1 100 Continue\r\n\r\n" + written(call.status, _json(call.answer))]
    ),
}
"""Unusual, and just as good."""


def echo(status: int, form: str = "json") -> Fault:
    """An answer that repeats the whole request, the key in its headers included."""

    def fault(server: BadServer, call: Call) -> list[Piece]:
        text = call.raw.decode("utf-8", "replace")
        if form == "headers":
            line = re.sub(r"\s+", " ", text.replace("\0", ""))[:4000].encode("ascii", "replace")
            header = line.decode()
            names = ("Location", "x-request-id", "Retry-After", "Content-Encoding", "Date")
            lines = tuple(f"{name}: {header}" for name in names)
            return [written(status, b"{}", headers=lines)]
        if form == "json":
            key = re.search(r"Bearer (\S+)", text)
            spoken = f"I got {key[1] if key else text} and {call.body} of {text}"
            return [written(status, _json({"error": {"message": spoken, "code": text}}))]
        if form == "object":
            return [written(status, _json({"id": 7, "you said": text, "of": call.body}))]
        if form == "encoded":
            coded = base64.b64encode(call.raw).decode() + quote(text) + repr(text)
            return [written(status, _json({"detail": coded}))]
        if form == "raw":
            return [b"HTTP/1.1 " + call.raw + b"\r\n\r\n", End.CLOSE]
        return [written(status, f"<html>{text}</html>".encode(), headers=_HTML)]

    return fault


GROUPS: dict[str, dict[str, Fault]] = {
    "lost before": LOST_BEFORE,
    "lost after": LOST_AFTER,
    "unusable": UNUSABLE,
    "page": PAGES,
    "redirect": REDIRECTS,
    "busy": BUSY,
    "stopping": STOPPING,
    "refused": REFUSED,
    "fine": FINE,
}


# -- in memory


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(self, server: BadServer) -> None:
        self._server = server

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(self._server)

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection, played piece by piece."""

    def __init__(self, server: BadServer) -> None:
        self._server = server
        self._sent = b""
        self._pieces: list[Piece] = []

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._sent += buffer
        if is_whole(self._sent):
            self._pieces.extend(self._server.play(self._sent))
            self._sent = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        piece = self._pieces.pop(0) if self._pieces else End.STALL
        match piece:
            case End.CLOSE:
                return b""
            case End.RESET:
                raise httpcore.ReadError("reset by peer")
            case End.STALL:
                await asyncio.sleep(timeout or 0)
                raise httpcore.ReadTimeout
            case Drip(byte):
                await asyncio.sleep(1)
                return byte
        if len(piece) > max_bytes:
            self._pieces.insert(0, piece[max_bytes:])
        return piece[:max_bytes]

    async def aclose(self) -> None:
        self._pieces.clear()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return bool(self._pieces) if info == "is_readable" else None


def is_whole(raw: bytes) -> bool:
    """Whether a request has come in completely."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(blank) and len(body) >= (int(length[1]) if length else 0)


# -- on a port


@contextmanager
def on_port(server: BadServer) -> Iterator[str]:
    """Serve on a port of this machine; the address to give as `base_url`."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_: list[socket.socket] = [listener]

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_.append(connection)
                threading.Thread(target=_talk, args=(server, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        for each in open_:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _talk(server: BadServer, connection: socket.socket) -> None:
    with suppress(OSError):
        raw = b""
        while data := connection.recv(65536):
            raw += data
            if not is_whole(raw):
                continue
            for piece in server.play(raw):
                if piece is End.STALL:
                    return
                if isinstance(piece, End):
                    if piece is End.RESET:
                        linger = struct.pack("ii", 1, 0)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    connection.close()
                    return
                connection.sendall(piece.byte if isinstance(piece, Drip) else piece)
            raw = b""
