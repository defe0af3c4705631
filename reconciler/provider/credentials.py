"""Credentials: the token that requests carry, fixed or printed by a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import CredentialsRejected, ServiceUnavailable
from reconciler.provider.secret import Secret

if TYPE_CHECKING:
    from asyncio.subprocess import Process

COMMAND_S = 60.0
"""How long the token command may take."""

SLICE_S = 0.25
"""How long the command goes on after its token has become pointless, at the most."""

DEATH_S = 1.0
"""How long to wait for the end of a command that was killed: what it started may hold its output
open."""

RENEW_S = 45 * 60.0
"""After how long a token is fetched anew; those of Azure last an hour or longer."""


class Credentials(Protocol):
    """Where the token of a request comes from."""

    async def token(self, is_pointless: Callable[[], bool]) -> Secret | None:
        """The token to send; None to send none. Once *is_pointless*, none is waited for."""

    def renew(self) -> bool:
        """Forget the token that was just refused; say whether another can be had."""


class FixedKey:
    """A key that was given and does not change."""

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    async def token(self, is_pointless: Callable[[], bool]) -> Secret | None:
        """The key."""
        return self._key

    def renew(self) -> bool:
        """Never: another key is not to be had."""
        return False


class TokenCommand:
    """A program that prints a token, run when one is needed and again when it is too old."""

    def __init__(self, command: tuple[str, ...], *, clock: Callable[[], float]) -> None:
        import asyncio

        self._command = command
        self._clock = clock
        self._token: Secret | None = None
        self._fetched_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def token(self, is_pointless: Callable[[], bool]) -> Secret | None:
        """The token, fetched at most once for all who ask at the same time.

        Raises:
            CredentialsRejected: the command cannot be run, fails, or prints no token.
            ServiceUnavailable: it became pointless before the command had ended.
        """
        async with self._one_at_a_time:
            if self._token is None or self._clock() - self._fetched_at > RENEW_S:
                self._token = _read_token(await _output(self._command, is_pointless))
                self._fetched_at = self._clock()
            return self._token

    def renew(self) -> bool:
        """Fetch another before the next request."""
        self._token = None
        return True


async def _output(command: tuple[str, ...], is_pointless: Callable[[], bool]) -> bytes:
    """Run without a shell; what it prints on stderr is not shown, it may hold the token."""
    import asyncio

    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise CredentialsRejected(
            f"the token command {command[0]} cannot be run: {error.strerror}"
        ) from error
    try:
        printed = await _printed(process, command[0], is_pointless)
    finally:
        if process.returncode is None:
            await _kill(process)
    if process.returncode != 0:
        raise CredentialsRejected(
            f"the token command {command[0]} failed with exit code {process.returncode}",
            hint="run it by hand to see what it says",
        )
    return printed


async def _printed(process: Process, name: str, is_pointless: Callable[[], bool]) -> bytes:
    """What the command has printed when it has ended."""
    import asyncio

    reading = asyncio.create_task(process.communicate())
    try:
        async with asyncio.timeout(COMMAND_S):
            while not reading.done():
                if is_pointless():
                    raise ServiceUnavailable(
                        f"the run was interrupted before the token command {name} had ended"
                    )
                await asyncio.wait({reading}, timeout=SLICE_S)
    except TimeoutError:
        raise CredentialsRejected(
            f"the token command {name} did not end within {COMMAND_S:g} s"
        ) from None
    finally:
        reading.cancel()
    return reading.result()[0]


async def _kill(process: Process) -> None:
    import asyncio

    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        async with asyncio.timeout(DEATH_S):
            await process.wait()


_JSON_NAMES = ("accessToken", "access_token", "token")


def _read_token(printed: bytes) -> Secret:
    """Accept a bare token, or the JSON that `az account get-access-token` prints."""
    text = printed.decode(errors="replace").strip()
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            value = {}
        text = next((value[name] for name in _JSON_NAMES if isinstance(value.get(name), str)), "")
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise CredentialsRejected("the token command prints no token")
    return Secret(text)
