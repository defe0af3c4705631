"""Wire: how an answer leaves, whole or not.

On a port the connection is really cut. In process there is none, so the fault is an exception
that says what the caller would have seen.
"""

from __future__ import annotations

import os
from typing import Any

from starlette.types import Receive, Scope, Send

from reconciler.emulator.answer import Answer

CUT = "emulator.cut"
"""The scope's extension by which a server lets the application cut the connection."""


class HangUp(ConnectionResetError):
    """The connection was cut. What was asked for is done where *committed*."""

    def __init__(self, *, committed: bool) -> None:
        super().__init__("the server hung up")
        self.committed = committed


class Stalled(TimeoutError):
    """No answer will come. What was asked for is done where *committed*."""

    def __init__(self, *, committed: bool) -> None:
        super().__init__("the server does not answer")
        self.committed = committed


async def send_whole(send: Send, answer: Answer) -> None:
    """Send an answer as it should be."""
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})


async def send_half(send: Send, answer: Answer) -> None:
    """Announce the whole of an answer and send the first half of it."""
    await send(_start(answer))
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})


def _start(answer: Answer) -> dict[str, Any]:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", b"req_" + os.urandom(16).hex().encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers),
    ]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def hang_up(scope: Scope, receive: Receive, *, how: str, committed: bool) -> None:
    """Cut the connection: `reset` it (the default), or `close` it after what was sent."""
    cut = scope.get("extensions", {}).get(CUT)
    if cut is None:
        raise HangUp(committed=committed)
    cut(how)
    await gone(receive)


async def stall(scope: Scope, receive: Receive, *, committed: bool) -> None:
    """Wait until the caller gives up; in process, where it could not, give up for it."""
    if CUT not in scope.get("extensions", {}):
        raise Stalled(committed=committed)
    await gone(receive)


async def gone(receive: Receive) -> None:
    """Wait until the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
