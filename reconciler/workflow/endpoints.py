"""Endpoints: whether what is recorded can be looked for at the server that is talked to now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import StateCorrupt, StateError
from reconciler.provider.config import ProviderConfig
from reconciler.provider.dialects.capabilities import CAPABILITIES
from reconciler.provider.resources import SCHEMAS
from reconciler.state.model import Endpoint, State, StateObject, configuration_name

_WAYS_ON = (
    "reconciler rehome creates them anew at the new server, reconciler rehome --same-objects says "
    "that they are there under another address; or give the first server again, or keep another "
    "state with --state FILE"
)


def check_endpoints(state: State, endpoints: Mapping[str, Endpoint]) -> None:
    """Refuse to look for objects where they cannot be: every one of them would seem gone.

    Raises:
        StateError: a configuration talks to another server, project or dialect than the one that
            its objects in state were made at.
    """
    for name, recorded in state.endpoints.items():
        now = endpoints.get(name)
        if now is None or now == recorded or state.is_empty:
            continue
        raise StateError(
            f"The state was made at {describe(recorded)}, and provider configuration "
            f'"{name}" now talks to {describe(now)}. Its objects would all seem to be gone.',
            hint=_WAYS_ON,
        )


def check_ids(state: State, configs: Mapping[str, ProviderConfig]) -> None:
    """Refuse ids that the dialect of their configuration cannot have.

    Raises:
        StateError: an id belongs to another dialect.
    """
    for object_ in state.objects.values():
        config = configs.get(configuration_of(object_))
        if config is None:
            continue
        other = _foreign_dialect(object_.address.type, object_.id, config.dialect)
        if other is not None:
            raise StateError(
                f"{object_.address} is recorded as {object_.id}, an id of the dialect "
                f'"{other}"; "{config.dialect}" is configured.',
                hint=f'set dialect = "{other}" in the provider block, or let reconciler rehome '
                "forget the ids, so that everything is created anew",
            )


def check_parents(state: State, path: Path) -> None:
    """Refuse members that do not say what they stand in: they would seem gone, and be sent again.

    Raises:
        StateCorrupt: there is one.
    """
    for object_ in (*state.objects.values(), *state.deposed.values()):
        sequence = SCHEMAS[object_.address.type].sequence
        if sequence is None:
            continue
        parent = object_.attributes.get(sequence.parent_argument)
        if not isinstance(parent, str) or not parent:
            raise StateCorrupt(
                f"{path} cannot be used as a state: {object_.address} has no"
                f" {sequence.parent_argument}",
                hint="restore it from a backup",
            )


def configuration_of(object_: StateObject) -> str:
    """The provider configuration that an object belongs to."""
    return configuration_name(object_.provider)


def _foreign_dialect(type_: str, id_: str, dialect: str) -> str | None:
    own = CAPABILITIES[dialect].id_prefixes.get(type_, ())
    if not own or id_.startswith(own):
        return None
    for name, capabilities in CAPABILITIES.items():
        prefixes = capabilities.id_prefixes.get(type_, ())
        if prefixes and id_.startswith(prefixes):
            return name
    return None


def describe(endpoint: Endpoint) -> str:
    """An endpoint in words."""
    facts = [f"dialect {endpoint.dialect}"]
    if endpoint.organization:
        facts.append(f"organization {endpoint.organization}")
    if endpoint.project:
        facts.append(f"project {endpoint.project}")
    return f"{endpoint.url} ({', '.join(facts)})"
