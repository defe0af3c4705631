"""Connections: the providers of one run, made and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.plan.options import Policies
from reconciler.provider.config import ProviderConfig, endpoint
from reconciler.provider.protocol import Provider
from reconciler.state.model import Endpoint

if TYPE_CHECKING:
    import httpx

    from reconciler.emulator.app import App
    from reconciler.execute.context import Settings


@asynccontextmanager
async def connected(
    configs: Mapping[str, ProviderConfig],
    *,
    transport: httpx.AsyncBaseTransport | None,
    on_wait: Callable[[str, float], None],
    interrupted: Callable[[], bool],
    sensitive: Callable[[], Iterable[str]],
    reads_only: bool = False,
) -> AsyncIterator[dict[str, Provider]]:
    """Open one provider per configuration, and close all of them whatever happens.

    Their time is that of the running event loop. Where *reads_only*, an embedded server that is not
    there yet is made in memory and not on disk.
    """
    import asyncio

    from reconciler.provider.connect import connect

    clock = asyncio.get_running_loop().time
    providers: dict[str, Provider] = {}
    embedded: list[App] = []
    try:
        for name, config in configs.items():
            providers[name] = connect(
                config,
                transport=transport or _embedded(config, embedded, reads_only=reads_only),
                clock=clock,
                on_wait=on_wait,
                interrupted=interrupted,
                sensitive=sensitive,
            )
        yield providers
    finally:
        for provider in providers.values():
            await provider.aclose()
        for app in embedded:
            app.close()


def _embedded(
    config: ProviderConfig, opened: list[App], *, reads_only: bool
) -> httpx.AsyncBaseTransport | None:
    """The embedded server as a transport, where the configuration names one."""
    if config.emulator is None:
        return None
    from reconciler.emulator.app import create_app
    from reconciler.emulator.store import NotAnEmulator
    from reconciler.provider.client import asgi_transport

    is_missing = reads_only and not Path(config.emulator).exists()
    try:
        app = create_app(None if is_missing else config.emulator)
    except (NotAnEmulator, OSError) as error:
        raise UsageError(f"the embedded server cannot use {config.emulator}: {error}") from error
    opened.append(app)
    return asgi_transport(app)


def endpoints(configs: Mapping[str, ProviderConfig]) -> dict[str, Endpoint]:
    """What state remembers of where each configuration talks to."""
    return {name: _endpoint(config) for name, config in configs.items()}


def _endpoint(config: ProviderConfig) -> Endpoint:
    if config.emulator is None:
        return endpoint(config)
    from reconciler.emulator.store import identity

    return endpoint(config, emulator_id=identity(config.emulator))


def settings_of(config: ProviderConfig) -> Settings:
    """What a configuration asks of the engine."""
    from reconciler.execute.context import Settings

    return Settings(
        batch_create=config.batch_create,
        create_concurrency=min(
            config.thread_create_concurrency,
            config.max_concurrency or config.thread_create_concurrency,
        ),
        settle_s=config.settle_s,
        sequence_gap_s=config.sequence_gap_s,
    )


def policies_of(config: ProviderConfig) -> Policies:
    """How a configuration treats sequences."""
    return Policies(
        on_reorder=config.on_reorder,
        unmanaged_messages=config.unmanaged_messages,
        batch_create=config.batch_create,
        paced=config.sequence_gap_s > 0,
        requests_per_minute=config.requests_per_minute,
        is_local=config.emulator is not None,
        endpoint=_endpoint(config),
    )
