"""Credentials: the token that requests carry, fixed or printed by a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

from reconciler.errors import CredentialsRejected
from reconciler.provider.secret import Secret

COMMAND_S = 60.0
"""How long the token command may take."""

RENEW_S = 45 * 60.0
"""After how long a token is fetched anew; those of Azure last an hour or longer."""


class Credentials(Protocol):
    """Where the token of a request comes from."""

    async def token(self) -> Secret | None:
        """The token to send; None to send none."""

    def renew(self) -> bool:
        """Forget the token that was just refused; say whether another can be had."""


class FixedKey:
    """A key that was given and does not change."""

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    async def token(self) -> Secret | None:
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

    async def token(self) -> Secret | None:
        """The token, fetched at most once for all who ask at the same time.

        Raises:
            CredentialsRejected: the command cannot be run, fails, or prints no token.
        """
        async with self._one_at_a_time:
            if self._token is None or self._clock() - self._fetched_at > RENEW_S:
                self._token = _read_token(await _output(self._command))
                self._fetched_at = self._clock()
            return self._token

    def renew(self) -> bool:
        """Fetch another before the next request."""
        self._token = None
        return True


async def _output(command: tuple[str, ...]) -> bytes:
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
        async with asyncio.timeout(COMMAND_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CredentialsRejected(
            f"the token command {command[0]} did not end within {COMMAND_S:g} s"
        ) from None
    if process.returncode != 0:
        raise CredentialsRejected(
            f"the token command {command[0]} failed with exit code {process.returncode}",
            hint="run it by hand to see what it says",
        )
    return printed


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
