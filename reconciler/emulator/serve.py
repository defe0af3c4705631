"""Serve: the emulator on a port. The door of uvicorn."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.emulator.app import App, create_app
from reconciler.emulator.faults import Faults
from reconciler.emulator.flavour import Flavour
from reconciler.emulator.limits import Limits
from reconciler.emulator.wire import CUT

_GRACE_S = 5
_KEEP_ALIVE_S = 75
_START_MAX_S = 30


def serve(
    path: str | Path | None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    faults: Faults | None = None,
    limits: Limits | None = None,
    flavour: Flavour | None = None,
    record: bool = False,
    with_admin: bool = False,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until Ctrl-C or SIGTERM, letting requests in flight finish.

    *ready* gets the base URL once connections are accepted; with *port* 0 the system chooses it.

    Raises:
        OSError: the port cannot be had.
        NotAnEmulator: the file is something else.
    """
    app = create_app(
        path,
        api_key=api_key,
        faults=faults,
        limits=limits,
        flavour=flavour,
        record=record,
        with_admin=with_admin,
    )
    try:
        with _listen(host, port) as listener:
            server = Server(app, ready=lambda: ready(_url(listener, app)))
            asyncio.run(server.serve(sockets=[listener]))
    finally:
        app.close()


@contextmanager
def serving(app: App, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve *app* from a thread for as long as the block lasts; gives the base URL."""
    started = threading.Event()
    with _listen(host, port) as listener:
        server = Server(app, ready=started.set)
        work = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        work.start()
        if not started.wait(_START_MAX_S):
            raise TimeoutError("the server did not start")
        try:
            yield _url(listener, app)
        finally:
            server.should_exit = True
            work.join()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    # Connections inherit it. A head and a body go out as two writes, and without it the second
    # would wait 40 ms for the caller's acknowledgement of the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket, app: App) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{app.base_path}"


class Server(uvicorn.Server):
    """A quiet server that tells when it is ready, and lets the application cut a connection."""

    def __init__(self, app: App, *, ready: Callable[[], None]) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(
            uvicorn.Config(
                app,
                http=Cuttable,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at the first signal, at once at the second, and do not raise them again later."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Cuttable(H11Protocol):
    """A connection that its application can cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let every request on this connection know how to cut it."""
        super().connection_made(transport)
        serve_request = self.app

        async def with_cut(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {CUT: lambda how: _cut(transport, how)}
            await serve_request(scope, receive, send)

        self.app = with_cut


def _cut(transport: asyncio.Transport, how: str) -> None:
    if how == "close":
        transport.close()
        return
    connection = transport.get_extra_info("socket")
    # Lingering for no time makes the kernel send a reset in place of an orderly end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
