"""Connect: a provider configuration brought to life."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.provider.config import OPENAI_URL, ProviderConfig
from reconciler.provider.limits import Clock, OnWait, Sleep

if TYPE_CHECKING:
    from reconciler.provider.client import Transport
    from reconciler.provider.credentials import Credentials
    from reconciler.provider.dialects.dialect import Dialect

MAX_CONCURRENCY = 32
"""How many requests may be under way where nothing says otherwise."""

EMULATOR_URL = "http://emulator/v1"
"""What the embedded server is called inside this process; it never reaches a resolver."""


def connect(
    config: ProviderConfig,
    *,
    transport: Transport | None = None,
    clock: Clock = time.monotonic,
    sleep: Sleep = asyncio.sleep,
    jitter: Clock = random.random,
    on_wait: OnWait | None = None,
    interrupted: Callable[[], bool] | None = None,
    sensitive: Callable[[], Iterable[str]] | None = None,
) -> Dialect:
    """Open a provider for one configuration; nothing is sent before it is asked for something.

    *transport* None is the network; for `emulator:PATH` it must be given (`client.asgi_transport`).
    *on_wait* is told why and for how many seconds a run waits; once *interrupted* says true, waits
    end. What *sensitive* names is hidden in errors, as keys are. Call inside a running event loop,
    and `aclose` at the end.

    Raises:
        UsageError: the configuration names the embedded server and no transport leads there.
    """
    from reconciler.provider.client import Client
    from reconciler.provider.dialects import dialect_of
    from reconciler.provider.discretion import Discretion
    from reconciler.provider.limits import Limits
    from reconciler.provider.retry import Policy
    from reconciler.provider.session import Session

    if config.emulator is not None and transport is None:
        raise UsageError("the embedded server is reached inside the process only")
    dialect = dialect_of(config.dialect)
    client = Client(
        config.base_url if config.emulator is None else EMULATOR_URL,
        headers=_headers(config, dialect.HEADERS),
        query={name: each.reveal() for name, each in config.query.items()},
        timeout_s=config.timeout_s,
        transport=transport,
    )
    policy = Policy(run_wait_s=config.run_wait_s)
    limits = Limits(
        ceiling=config.max_concurrency or MAX_CONCURRENCY,
        create_ceiling=config.thread_create_concurrency,
        requests_per_minute=config.requests_per_minute,
        pause_max_s=policy.retry_after_max_s,
        clock=clock,
        sleep=sleep,
        jitter=jitter,
        on_wait=on_wait,
        interrupted=interrupted,
    )
    session = Session(
        client,
        limits,
        _credentials(config, clock),
        discretion=Discretion(config.secrets, sensitive),
        unserved_hint=_unserved_hint(config),
        policy=policy,
        clock=clock,
        jitter=jitter,
        interrupted=interrupted,
    )
    return dialect(session)


def _unserved_hint(config: ProviderConfig) -> str:
    """What to try when the server does not serve the dialect; nothing recorded has been touched."""
    if config.dialect == "azure_agents":
        return "base_url is https://RESOURCE.services.ai.azure.com/api/projects/PROJECT"
    other = "threads" if config.dialect == "conversations" else "conversations"
    if config.base_url == OPENAI_URL and config.dialect == "threads":
        return (
            "OpenAI removed the Threads API on 2026-08-26: set "
            'dialect = "conversations" in the provider block; `reconciler rehome` moves the state'
        )
    return (
        "is base_url complete (it often ends in /v1)? "
        f'If the server serves {other}, set dialect = "{other}" in the provider block'
    )


def _headers(config: ProviderConfig, of_dialect: dict[str, str]) -> dict[str, str]:
    headers = dict(of_dialect)
    if config.organization:
        headers["OpenAI-Organization"] = config.organization
    if config.project:
        headers["OpenAI-Project"] = config.project
    return headers | {name: each.reveal() for name, each in config.headers.items()}


def _credentials(config: ProviderConfig, clock: Clock) -> Credentials:
    from reconciler.provider.credentials import FixedKey, TokenCommand

    if config.token_command:
        return TokenCommand(config.token_command, clock=clock)
    return FixedKey(config.api_key)
