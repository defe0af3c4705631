"""Importing: take one existing object into state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.errors import ObjectNotFound, UsageError
from reconciler.expand.walk import Expander
from reconciler.plan.moves import Import
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.schema import Attributes, Schema
from reconciler.spec.model import ResourceBlock, Spec
from reconciler.state.entries import Put, SetEndpoint
from reconciler.state.model import PROVIDER, State, StateObject

if TYPE_CHECKING:
    from reconciler.workflow.session import Session


async def import_object(session: Session, address_text: str, id_text: str) -> StateObject:
    """Read the object behind *id_text* and record it under *address_text*.

    Raises:
        UsageError: the address or the id cannot be, has no block, or is taken.
        ObjectNotFound: there is no such object.
    """
    address = _address(address_text)
    schema = _schema(address)
    block = _block(session.prepared.spec, address)
    identity = parse_import_id(schema, id_text)
    state = session.store.read().state or State(lineage="")
    _refuse_managed(state, address, identity["id"])
    names = [step.name for step in address.module]
    configuration = session.prepared.spec.configuration(names, block.provider_alias)
    async with session.connected(session.configs) as providers:
        attributes = await session.reading(
            _read(providers[configuration], schema, identity, id_text)
        )
    object_ = StateObject(
        address,
        {**dict.fromkeys(schema.attributes), **attributes},
        provider=PROVIDER + configuration.removeprefix("openai"),
    )
    ledger = session.store.begin("import")
    try:
        endpoints = session.endpoints.items()
        await ledger.record(Put(object_), *(SetEndpoint(name, each) for name, each in endpoints))
    finally:
        ledger.close()
    return object_


async def read_imports(
    imports: Sequence[Import], expander: Expander, providers: Mapping[str, Provider]
) -> dict[Address, Attributes | None]:
    """Read what `import` blocks name; None where the API has no such object."""
    read: dict[Address, Attributes | None] = {}
    for each in imports:
        instance = expander.instance(each.to)
        if instance is None:
            continue
        try:
            identity = parse_import_id(instance.schema, each.id)
            provider = providers[instance.provider]
            read[each.to] = await provider.read(instance.schema.type, identity)
        except ObjectNotFound:
            read[each.to] = None
    return read


def parse_import_id(schema: Schema, text: str) -> dict[str, str]:
    """Split an import id as the type's schema writes it: `thread_id:message_id`.

    Raises:
        UsageError: it has another form; the message shows the right one.
    """
    names = schema.import_id.split(":")
    parts = text.split(":")
    if len(parts) != len(names) or not all(_is_id(part) for part in parts):
        raise UsageError(
            f'"{text}" is not the id of an {schema.type}; it is written {schema.import_id}',
            hint=f"reconciler import {schema.type}.NAME {_example(schema)}",
        )
    if schema.sequence is None:
        return {"id": parts[0]}
    return {schema.sequence.parent_argument: parts[0], "id": parts[1]}


def _example(schema: Schema) -> str:
    return "thread_abc123" if schema.sequence is None else "thread_abc123:msg_xyz789"


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 128 and all(
        each.isascii() and (each.isalnum() or each in "_-") for each in text
    )


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _schema(address: Address) -> Schema:
    schema = SCHEMAS.get(address.type)
    if schema is None:
        known = " and ".join(SCHEMAS)
        raise UsageError(f'there is no resource type "{address.type}"; {known} can be imported')
    return schema


def _block(spec: Spec, address: Address) -> ResourceBlock:
    module = spec.root
    for step in address.module:
        call = module.calls.get(step.name)
        if call is None:
            raise UsageError(f"the specs have no {step}, so nothing can be imported into it")
        module = call.module
    block = module.resources.get(Address(address.type, address.name))
    if block is None:
        raise UsageError(
            f"the specs have no block for {address}",
            hint=f'write resource "{address.type}" "{address.name}" {{ ... }} first, then import',
        )
    return block


def _refuse_managed(state: State, address: Address, id_: str) -> None:
    if address in state.objects:
        raise UsageError(
            f"Resource already managed: {address} is {state.objects[address].id}",
            hint="remove it from the state first, or import to another address",
        )
    for other in state.objects.values():
        if other.id == id_:
            raise UsageError(
                f"{id_} is already managed, as {other.address}",
                hint="one object has one address; use a moved block to rename it",
            )


async def _read(
    provider: Provider, schema: Schema, identity: Mapping[str, str], id_text: str
) -> Mapping[str, object]:
    try:
        return await provider.read(schema.type, identity)
    except ObjectNotFound as error:
        raise ObjectNotFound(
            f"there is no {schema.type} with the id {id_text}: {error.message}",
            request=error.request,
            status=error.status,
        ) from error
