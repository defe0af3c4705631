"""Configurations: where each provider block of a spec talks to."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.expand.providers import provider_arguments
from reconciler.provider.arguments import PROVIDER_SCHEMA
from reconciler.provider.config import ProviderConfig, configure
from reconciler.workflow.prepare import Prepared


def configurations(
    prepared: Prepared, environ: Mapping[str, str], *, emulator: str | None
) -> dict[str, ProviderConfig]:
    """Settle every provider configuration that the spec has; without any, the environment's.

    Raises:
        SpecError: an argument of a provider block cannot be evaluated.
        UsageError: nothing says where to talk to.
    """
    arguments = provider_arguments(
        prepared.spec, prepared.graph, prepared.variables, prepared.functions, PROVIDER_SCHEMA
    )
    return {
        name: configure(values, environ, emulator=emulator) for name, values in arguments.items()
    }
