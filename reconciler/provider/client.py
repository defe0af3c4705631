"""Client: the door to httpx. One session with one base URL; what comes back is plain data.

Nothing is decided here: a request is sent once, and the answer, or why there is none, is returned.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from email.utils import formatdate
from functools import partial
from urllib.parse import urlencode

from reconciler.errors import RequestRejected
from reconciler.provider.answers import Lost, NotSent, Reply
from reconciler.provider.config import is_loopback
from reconciler.provider.request import Request
from reconciler.provider.secret import Secret

# httpx imports its command line (click, rich, pygments: half of its import time) if it finds it.
# None in sys.modules makes that one import fail, which httpx is prepared for.
if "httpx" not in sys.modules:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
import httpx

if sys.modules.get("httpx._main", httpx) is None:
    del sys.modules["httpx._main"]

MAX_BODY = 16 * 1024 * 1024
"""The largest answer that is read, in bytes after decompression."""

CONNECT_S = 10.0
"""How long a connection may take to be made."""

IDLE_S = 1.0
"""A connection that was idle for longer is not used again: servers close them without a word, and
a create that meets a closed one has an unknown outcome."""

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "reconciler",
}

Transport = httpx.AsyncBaseTransport
"""What carries requests; None is the network."""


App = Callable[..., Awaitable[None]]
"""An ASGI application."""


class Client:
    """One HTTP session. Redirects are never followed, cookies and .netrc never used.

    Requests go to the transport as they are: httpx's own client, which looks after all that, costs
    as much as everything else that is done here for a request.

    Proxies are taken from the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY).
    Certificates are checked against the system's authorities and those httpx brings along.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        timeout_s: float,
        transport: Transport | None = None,
    ) -> None:
        self._base_url = base_url
        self._url = httpx.URL(base_url)
        self._query = tuple(query.items())
        self._timeout_s = timeout_s
        self._transport = transport or _network(base_url)
        always = httpx.Headers(_HEADERS)
        always.update(headers)
        self._headers = tuple(always.multi_items())
        timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s), pool=None)
        self._extensions = {"timeout": timeout.as_dict()}

    async def send(self, request: Request, *, token: Secret | None) -> Reply | NotSent | Lost:
        """Send *request* once and read the whole answer, or say how far it got."""
        built = self._build(request, token)
        try:
            async with asyncio.timeout(self._timeout_s + CONNECT_S):
                return await self._exchange(built)
        except TimeoutError:
            return _lost(built, f"no complete answer within {self._timeout_s + CONNECT_S:g} s")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return _not_sent(self._base_url, error)
        except (httpx.ProxyError, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            return NotSent(_words(error), hopeless=True)
        except httpx.TimeoutException as error:
            seen = type(error).__name__
            return _lost(built, f"no answer within {self._timeout_s:g} s ({seen})")
        except httpx.HTTPError as error:
            return _lost(built, f"the connection broke: {_words(error)}")
        except _Strange as strange:
            return _lost(built, str(strange))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    def _build(self, request: Request, token: Secret | None) -> httpx.Request:
        own = {_REQUEST_ID: os.urandom(8).hex()}
        body = None
        if token is not None:
            own["authorization"] = f"Bearer {token.reveal()}"
        if request.body is not None:
            own["content-type"] = "application/json"
            body = json.dumps(
                request.body, ensure_ascii=False, separators=(",", ":"), default=float
            ).encode()
        return httpx.Request(
            request.method,
            self._address(request),
            headers=[*(each for each in self._headers if each[0] not in own), *own.items()],
            content=body,
            extensions=self._extensions,
        )

    def _address(self, request: Request) -> httpx.URL:
        query = urlencode([*self._query, *request.query])
        path = self._url.raw_path.rstrip(b"/") + request.path.encode()
        url = self._url.copy_with(raw_path=path + b"?" + query.encode() if query else path)
        if not url.path.endswith(request.path):
            raise RequestRejected(f"{request} would become {url.path}; nothing was sent")
        return url

    async def _exchange(self, built: httpx.Request) -> Reply:
        response = await self._transport.handle_async_request(built)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream), "the transport is asynchronous"
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            body = await _read(aiter(stream), headers)
        finally:
            await stream.aclose()
        if "retry-after" in headers and "date" not in headers:
            headers["date"] = formatdate(usegmt=True)
        return Reply(response.status_code, headers, body)


_REQUEST_ID = "x-client-request-id"


def _lost(built: httpx.Request, reason: str) -> Lost:
    """Name the id under which the API's operators may find the request."""
    return Lost(f"{reason} (client request id {built.headers[_REQUEST_ID]})")


class _Strange(Exception):
    """The answer cannot be read to its end within the limits."""


async def _read(chunks: AsyncIterator[bytes], headers: Mapping[str, str]) -> bytes:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    inflate = _inflater(encoding)
    received, parts, size = 0, [], 0
    async for chunk in chunks:
        received += len(chunk)
        plain = inflate(chunk, MAX_BODY + 1 - size)
        size += len(plain)
        parts.append(plain)
        if size > MAX_BODY:
            raise _Strange(f"the answer is larger than {MAX_BODY // 1024**2} MiB")
    declared = headers.get("content-length", "")
    if declared.isdecimal() and received < int(declared):
        raise _Strange(f"the answer breaks off after {received} of {declared} bytes")
    return b"".join(parts)


def _inflater(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding in ("", "identity"):
        return lambda chunk, room: chunk
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _Strange(f"the answer is encoded as {encoding[:40]!r}, which was not asked for")
    stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def inflate(chunk: bytes, room: int) -> bytes:
        try:
            return stream.decompress(chunk, max(room, 1))
        except zlib.error as error:
            raise _Strange(f"the answer cannot be decompressed: {error}") from None

    return inflate


def _network(base_url: str) -> Transport:
    certificates, proxy = _certificates(base_url), _proxy(base_url)
    limits = httpx.Limits(max_connections=1, keepalive_expiry=IDLE_S)
    return Lanes(
        lambda: httpx.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy, retries=0)
    )


class Lanes(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once, the one used last taken first.

    One pool for all of them looks at every connection before every request, which with dozens of
    connections costs more than sending it; a pool of one connection each does not.
    """

    def __init__(self, make: Callable[[], httpx.AsyncHTTPTransport]) -> None:
        self._make = make
        self._all: list[httpx.AsyncHTTPTransport] = []
        self._idle: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        lane = self._idle.pop() if self._idle else self._new()
        response = None
        try:
            response = await lane.handle_async_request(request)
        finally:
            if response is None:
                self._idle.append(lane)
        assert isinstance(response.stream, httpx.AsyncByteStream), "the lane is asynchronous"
        response.stream = _OnLane(response.stream, partial(self._free, lane))
        return response

    async def _free(self, lane: httpx.AsyncHTTPTransport) -> None:
        """Take a lane back. One that has read more than the answer would take the rest for the
        answer to the next request, so its connection is not used again."""
        self._idle.append(lane)
        if _has_left_over(lane):
            await lane.aclose()

    async def aclose(self) -> None:
        for lane in self._all:
            await lane.aclose()

    def _new(self) -> httpx.AsyncHTTPTransport:
        lane = self._make()
        self._all.append(lane)
        return lane


class _OnLane(httpx.AsyncByteStream):
    """The body of an answer; when it is closed its lane is free."""

    def __init__(self, body: httpx.AsyncByteStream, free: Callable[[], Awaitable[None]]) -> None:
        self._body = body
        self._free: Callable[[], Awaitable[None]] | None = free

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._body)

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            if self._free is not None:
                free, self._free = self._free, None
                await free()


def _has_left_over(lane: httpx.AsyncHTTPTransport) -> bool:
    """Whether bytes have come in that belong to no answer. Only the parser below httpcore knows."""
    for connection in getattr(getattr(lane, "_pool", None), "connections", ()):
        inner = connection
        while hasattr(inner, "_connection"):
            inner = inner._connection
        parser = getattr(inner, "_h11_state", None)
        if parser is not None and parser.trailing_data[0]:
            return True
    return False


def _certificates(base_url: str) -> ssl.SSLContext:
    if base_url.startswith("http://"):
        # Never used, and much cheaper to make than one that loads every authority.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _proxy(base_url: str) -> str | None:
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base_url)
    proxies = getproxies()
    if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _not_sent(base_url: str, error: httpx.HTTPError) -> NotSent:
    words = _words(error)
    hopeless = "CERTIFICATE_VERIFY_FAILED" in words
    return NotSent(f"no connection to {base_url}: {words}", hopeless=hopeless)


def _words(error: BaseException) -> str:
    """What the operating system said, where it said anything; else what the library says."""
    queue: list[BaseException] = [error]
    for each in queue:
        if isinstance(each, ConnectionError) and each.errno:
            return os.strerror(each.errno)
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
        queue.extend(getattr(each, "exceptions", ()))
        queue.extend(below for below in (each.__cause__ or each.__context__,) if below is not None)
    return str(error) or type(error).__name__


class _InProcess(httpx.AsyncBaseTransport):
    """An ASGI app as the other side. What the app raises to hang up is a connection that broke."""

    def __init__(self, app: App, hang_ups: tuple[type[Exception], ...]) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self._hang_ups = hang_ups

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout(_words(error), request=request) from error
        except self._hang_ups as error:
            raise httpx.ReadError(f"hung up: {_words(error)}", request=request) from error


def asgi_transport(app: App, *, hang_ups: tuple[type[Exception], ...] = ()) -> Transport:
    """Carry requests to an ASGI app inside this process.

    An exception of the app that is a `ConnectionError` or one of *hang_ups* counts as a connection
    that broke before an answer, a `TimeoutError` as an answer that does not come; any other is a
    bug of the app and comes out as it is.
    """
    return _InProcess(app, (ConnectionError, *hang_ups))
