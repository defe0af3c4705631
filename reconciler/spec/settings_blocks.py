"""Settings blocks: `terraform` and `provider`."""

from __future__ import annotations

from reconciler.language.syntax import Argument, Block
from reconciler.schema import Schema
from reconciler.spec.model import ProviderBlock
from reconciler.spec.reading import NAME, NAME_RULE, BlockReader
from reconciler.spec.required_providers import check_required_providers
from reconciler.spec.value_check import ValueCheck
from reconciler.spec.versions import LANGUAGE_VERSION, meets
from reconciler.suggest import closest, did_you_mean

PROVIDER = "openai"
"""The name of the one provider there is."""


def read_terraform(reader: BlockReader, settings: dict[str, Block]) -> str | None:
    """Read a `terraform` block; the path of its local backend, if it has one.

    *settings* holds, by type, what stands in the blocks read before and may stand once in all.
    """
    reader.labels()
    reader.expect(
        ("required_version", "experiments"),
        blocks=("required_providers", "backend", "cloud", "provider_meta"),
    )
    _check_version(reader)
    required = _once(reader, "required_providers", settings)
    if required is not None:
        check_required_providers(reader.inner(required))
    for block in reader.blocks("cloud"):
        _refuse_backend(reader, block, "cloud")
    backend = _once(reader, "backend", settings)
    return None if backend is None else _local_backend(reader, backend)


def _once(reader: BlockReader, type_: str, settings: dict[str, Block]) -> Block | None:
    found = reader.only_block(type_, settings.get(type_))
    if found is not None:
        settings[type_] = found
    return found


def local_names(block: Block) -> set[str]:
    """The names that a `terraform` block gives to the provider, if not its own."""
    return {
        name
        for required in block.body.blocks
        if required.type == "required_providers"
        for name, argument in required.body.arguments.items()
        if _is_ours(argument)
    }


def read_provider_block(
    reader: BlockReader, names: set[str], schema: Schema | None
) -> ProviderBlock | None:
    """Read a `provider` block; None for that of another provider, which nothing here uses."""
    name = reader.name()
    if name is None:
        return None
    if name not in names:
        _other_provider(reader, name, names)
        return None
    alias = _alias(reader)
    if alias is None and "alias" in reader.body.arguments:
        return None
    arguments = {
        key: each for key, each in reader.body.arguments.items() if key not in _PROVIDER_META
    }
    if schema is not None:
        _check_arguments(reader, arguments, schema)
    for block in reader.body.blocks:
        reader.unsupported_block(block, arguments, ())
    return ProviderBlock(PROVIDER, alias, arguments, reader.block.place)


_PROVIDER_META = frozenset(("alias", "version"))


def _alias(reader: BlockReader) -> str | None:
    alias = reader.text("alias")
    if alias is not None and not NAME.fullmatch(alias):
        place = reader.body.arguments["alias"].expression.place
        reader.error("Invalid provider configuration alias", NAME_RULE, place)
    return alias


def _check_version(reader: BlockReader) -> None:
    constraint = reader.text("required_version", nullable=True)
    expression = reader.expression("required_version")
    if constraint is None or expression is None:
        return
    try:
        fits = meets(LANGUAGE_VERSION, constraint)
    except ValueError as error:
        detail = f"{error}. Write it as in: >= 1.5, < 2.0.0."
        reader.error("Invalid version constraint", detail, expression.place)
        return
    if not fits:
        detail = (
            f"The language here is that of Terraform {LANGUAGE_VERSION}, which this version "
            "constraint leaves out. What newer releases added is not understood."
        )
        reader.warning("Unsupported language version", detail, expression.place)


def _local_backend(reader: BlockReader, backend: Block) -> str | None:
    inner = reader.inner(backend)
    if backend.labels != ("local",):
        kind = f'"{backend.labels[0]}"' if backend.labels else ""
        _refuse_backend(reader, backend, f"backend {kind}")
        return None
    inner.expect(("path", "workspace_dir"))
    return inner.text("path", nullable=True)


def _refuse_backend(reader: BlockReader, block: Block, what: str) -> None:
    detail = (
        f"State is kept in a local file; {what.strip()} is not supported. Remove the block and "
        "name the file with --state if it is not the usual one."
    )
    reader.error("Unsupported backend", detail, block.place)


def _is_ours(argument: Argument) -> bool:
    for key, value in argument.expression.pairs() or ():
        if key.text.strip('"') == "source":
            return value.text.strip('"').rpartition("/")[2] == PROVIDER
    return argument.name == PROVIDER


def _other_provider(reader: BlockReader, name: str, names: set[str]) -> None:
    place = reader.block.label_places[0]
    if closest(name, names) is not None:
        detail = f'There is no provider "{name}".{did_you_mean(name, names)}'
        reader.error("Invalid provider", detail, place)
        return
    detail = f'The only provider here is "{PROVIDER}"; this block has no effect. Remove it.'
    reader.warning("Unused provider configuration", detail, place)


def _check_arguments(reader: BlockReader, arguments: dict[str, Argument], schema: Schema) -> None:
    known = schema.arguments
    for name in arguments:
        if name in known:
            continue
        if name in schema.instead:
            place = arguments[name].name_place
            reader.error("Unsupported argument", schema.instead[name], place)
        else:
            reader.unsupported_argument(name, {*known, *_PROVIDER_META})
    check = ValueCheck(None, reader.diagnostics)
    check.arguments(schema, arguments, reader.context, reader.block.place)
