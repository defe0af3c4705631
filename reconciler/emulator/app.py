"""App: the emulator as an ASGI application, for a port or for an in-process transport."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from reconciler.emulator import routes
from reconciler.emulator.answer import Answer, Refusal, invalid_url, json_answer, unauthorized
from reconciler.emulator.call import Call
from reconciler.emulator.control import RECORDS, Emulator
from reconciler.emulator.flavour import Flavour, NotFound
from reconciler.emulator.ids import Ids, NewId
from reconciler.emulator.limits import Gatekeeper, Limits
from reconciler.emulator.service import Service
from reconciler.emulator.store import FileFailure, Store
from reconciler.emulator.wire import HangUp, Stalled, send_whole

if TYPE_CHECKING:
    from reconciler.emulator.faults import Faults

__all__ = ["App", "HangUp", "Stalled", "create_app"]

Sleep = Callable[[float], Awaitable[None]]


def create_app(
    path: str | Path | None,
    *,
    api_key: str | None = None,
    faults: Faults | None = None,
    clock: Callable[[], float] = time.time,
    new_id: NewId | None = None,
    limits: Limits | None = None,
    flavour: Flavour | None = None,
    sleep: Sleep | None = None,
    record: bool = False,
    with_admin: bool = False,
) -> App:
    """Make the emulator of the file at *path*, or of memory where it is None.

    Without an *api_key* every key is good, and none is needed. *record* keeps every request in
    the file; *with_admin* serves `/_emulator/`, which is no part of the API.

    Raises:
        NotAnEmulator: the file is something else.
    """
    flavour = flavour or Flavour()
    store = Store(None if path is None else Path(path))
    service = Service(store, clock, Ids(flavour.id_form, new_id), flavour)
    return App(
        service,
        api_key=api_key,
        faults=faults,
        limits=limits or Limits(),
        sleep=sleep or _sleep,
        record=record,
        with_admin=with_admin,
    )


async def _sleep(seconds: float) -> None:
    from asyncio import sleep

    await sleep(seconds)


class App:
    """The emulator. Answers HTTP requests; `emulator` is the hand behind it, `faults` its plan."""

    def __init__(
        self,
        service: Service,
        *,
        api_key: str | None,
        faults: Faults | None,
        limits: Limits,
        sleep: Sleep,
        record: bool,
        with_admin: bool,
    ) -> None:
        self.faults = faults
        self.emulator = Emulator(service)
        self._service = service
        self._api_key = api_key
        self._latency_s = limits.latency_s
        self._gatekeeper = Gatekeeper(limits, service.clock)
        self.sleep = sleep
        self.clock = service.clock
        self._with_admin = with_admin
        self._routes = routes.build(service.flavour)
        if record:
            self.emulator.record()

    @property
    def base_path(self) -> str:
        """The path that all of the API is under."""
        return self._service.flavour.base_path

    def close(self) -> None:
        """Let go of the file."""
        self.emulator.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        assert scope["type"] == "http", "the emulator speaks nothing else"
        try:
            call = await _read_call(Request(scope, receive))
        except ClientDisconnect:
            return
        if self._with_admin and call.path.startswith("/_emulator/"):
            from reconciler.emulator import admin

            await send_whole(send, admin.answer(self, call))
            return
        if self._latency_s:
            await self.sleep(self._latency_s)
        status = 0
        try:
            status = await self._exchange(call, scope, receive, send)
        finally:
            if self._service.store.fact(RECORDS) == "yes":
                self._record(call, status)

    async def _exchange(self, call: Call, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer, or fail to; tell the status that was sent whole, 0 where none was."""
        if self.faults is not None:
            from reconciler.emulator.mishaps import exchange

            return await exchange(self, call, scope, receive, send)
        answer = self.answer(call, scope)
        await send_whole(send, answer)
        return answer.status

    def answer(self, call: Call, scope: Scope) -> Answer:
        """Answer as the API would, with no fault."""
        try:
            self._check_key(call)
            self._gatekeeper.admit(call.method)
            found = routes.find(self._routes, scope)
            if found is None:
                raise invalid_url(call.method, call.path)
            resource, ids = found
            return resource(self._service, _with_ids(call, ids))
        except Refusal as refusal:
            return self._refuse(refusal)
        except FileFailure as failure:
            return Refusal(
                500, f"The emulator's file cannot be used: {failure}.", type_="server_error"
            ).answer()

    def _check_key(self, call: Call) -> None:
        if self._api_key is None:
            return
        given = call.headers.get("authorization", "")
        key = given[7:].strip() if given[:7].lower() == "bearer " else ""
        key = key or call.headers.get("api-key", "")
        if key != self._api_key:
            raise unauthorized(key_given=bool(key))

    def _refuse(self, refusal: Refusal) -> Answer:
        if refusal.status != 404:
            return refusal.answer()
        match self._service.flavour.not_found:
            case NotFound.ENVELOPE:
                return refusal.answer()
            case NotFound.EMPTY:
                return Answer(404, b"", media_type="text/plain")
            case NotFound.NULL:
                return json_answer(None)
            case NotFound.DETAIL:
                return json_answer({"detail": str(refusal)}, status=404)

    def _record(self, call: Call, status: int) -> None:
        store = self._service.store
        body = (
            "" if call.media_type.startswith("multipart/") else call.body.decode(errors="replace")
        )
        with store.write():
            store.record(call.method, call.target, status, body)


async def _read_call(request: Request) -> Call:
    query = request.query_params
    return Call(
        method=request.method,
        path=request.scope["path"],
        target=_target(request.scope),
        query=dict(query),
        includes=(*query.getlist("include"), *query.getlist("include[]")),
        headers=dict(request.headers),
        body=await request.body(),
        ids={},
    )


def _with_ids(call: Call, ids: dict[str, str]) -> Call:
    return Call(
        call.method, call.path, call.target, call.query, call.includes, call.headers, call.body, ids
    )


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    path: str = scope["path"]
    return f"{path}?{query}" if query else path
