"""Resources: `resource` and `data` blocks."""

from __future__ import annotations

from reconciler.address import Mode
from reconciler.diagnostics import Place
from reconciler.language.syntax import Argument, Block, Body, Expression
from reconciler.spec.kinds import Kind, Kinds
from reconciler.spec.lifecycle import NO_LIFECYCLE, read_lifecycle
from reconciler.spec.model import Lifecycle, ResourceBlock
from reconciler.spec.nested import read_nested
from reconciler.spec.reading import BlockReader, written_type
from reconciler.spec.static import reference_list
from reconciler.suggest import closest, did_you_mean

META_ARGUMENTS = frozenset(("count", "for_each", "depends_on", "provider"))
"""The arguments that every block has, whatever its type."""

_RUNNING_PROGRAMS = frozenset(("provisioner", "connection"))


def read_resource(reader: BlockReader, mode: Mode, kinds: Kinds) -> ResourceBlock | None:
    """Read one block; None where it has no type. Its name is "" where it has none."""
    block = reader.block
    labels = reader.labels("type", "name")
    type_, name = labels or ("".join(block.labels[:1]).strip(), "")
    kind = kinds.of(mode).get(type_)
    if kind is None:
        if labels is not None:
            summary = "Invalid resource type" if mode is Mode.MANAGED else "Invalid data source"
            reader.error(summary, kinds.unknown_type(type_, mode), block.label_places[0])
        return None
    body = _own_body(reader, kind)
    return ResourceBlock(
        type=type_,
        name=name,
        mode=mode,
        schema=kind.schema,
        body=body,
        count=reader.expression("count"),
        for_each=_for_each(reader),
        depends_on=reference_list(reader, "depends_on"),
        provider_alias=provider_alias(reader),
        provider_place=_provider_place(reader),
        lifecycle=_lifecycle(reader, kind, mode),
        place=block.place,
    )


def provider_alias(reader: BlockReader) -> str | None:
    """The alias in `provider = openai.alias`; None for the plain configuration."""
    expression = reader.static("provider")
    return None if expression is None else read_provider(reader, expression)


def read_provider(reader: BlockReader, expression: Expression) -> str | None:
    """The alias that *expression* names: None for `openai`, `a` for `openai.a`."""
    found = expression.traversal()
    if found is None and expression.text.startswith('"'):
        name, _, quoted = expression.text.strip('"').partition(".")
        return quoted or None if _is_provider(reader, name, expression) else None
    if found is None or len(found.steps) > 1 or not all(isinstance(s, str) for s in found.steps):
        detail = "A provider is named by its name, and by its alias if it has one: openai.alias."
        reader.error("Invalid provider configuration reference", detail, expression.place)
        return None
    alias = next((step for step in found.steps if isinstance(step, str)), None)
    return alias if _is_provider(reader, found.root, expression) else None


def _is_provider(reader: BlockReader, name: str, expression: Expression) -> bool:
    if name in reader.providers:
        return True
    hint = (
        did_you_mean(name, reader.providers) or f" There is: {', '.join(sorted(reader.providers))}."
    )
    reader.error("Invalid provider", f'There is no provider "{name}".{hint}', expression.place)
    return False


def _provider_place(reader: BlockReader) -> Place | None:
    expression = reader.expression("provider")
    return None if expression is None else expression.place


def _own_body(reader: BlockReader, kind: Kind) -> Body:
    """The body without meta-arguments, blocks turned into the arguments they stand for."""
    body = reader.body
    # A plain dict: the parser's own mapping makes an argument only when it is looked at, and here
    # every one of them is looked at, several times.
    arguments = {n: each for n, each in body.arguments.items() if n not in META_ARGUMENTS}
    if body.blocks:
        arguments = _with_blocks(reader, kind, arguments)
    for name in [each for each in arguments if each not in kind.arguments]:
        _unsupported_argument(reader, name, kind)
        if closest(name, {*kind.arguments, *META_ARGUMENTS}) == "provider":
            del arguments[name]  # what is meant for a provider refers to no object
    for name in kind.required:
        if name not in arguments:
            reader.missing_argument(name)
    return Body(arguments, (), body.place, body.unread)


def _with_blocks(
    reader: BlockReader, kind: Kind, arguments: dict[str, Argument]
) -> dict[str, Argument]:
    for block in reader.body.blocks:
        _check_block(reader, block, kind)
    nested = read_nested(reader, kind.blocks)
    for name, argument in nested.items():
        if name in arguments:
            detail = f'"{name}" is written both as an argument and as a block. Write it once.'
            reader.error("Duplicate argument", detail, argument.name_place)
    return {**nested, **arguments} if nested else arguments


def _check_block(reader: BlockReader, block: Block, kind: Kind) -> None:
    if block.type == "lifecycle":
        return
    type_, place = written_type(block)
    if type_ in kind.blocks:
        return
    if type_ in kind.schema.instead:
        reader.error("Unsupported block type", kind.schema.instead[type_], place)
    elif type_ in _RUNNING_PROGRAMS:
        detail = f'"{type_}" blocks run programs, which is not supported. Remove the block.'
        reader.error("Unsupported block type", detail, place)
    else:
        reader.unsupported_block(block, kind.arguments, {*kind.blocks, "lifecycle"})


def _unsupported_argument(reader: BlockReader, name: str, kind: Kind) -> None:
    place = reader.body.arguments[name].name_place
    attribute = kind.schema.attributes.get(name)
    if attribute is not None:
        detail = f'Only the API decides "{name}", so it cannot be set. Remove the argument.'
        reader.error("Value for unconfigurable attribute", detail, place)
    elif name in kind.schema.instead:
        reader.error("Unsupported argument", kind.schema.instead[name], place)
    else:
        reader.unsupported_argument(name, {*kind.arguments, *META_ARGUMENTS}, ("lifecycle",))


def _for_each(reader: BlockReader) -> Expression | None:
    for_each = reader.expression("for_each")
    if for_each is not None and "count" in reader.body.arguments:
        detail = (
            "A block has either count or for_each: both say how many instances there are. "
            "Remove one of them."
        )
        place = reader.body.arguments["for_each"].name_place
        reader.error('Invalid combination of "count" and "for_each"', detail, place)
    return for_each


def _lifecycle(reader: BlockReader, kind: Kind, mode: Mode) -> Lifecycle:
    if not reader.body.blocks:
        return NO_LIFECYCLE
    return read_lifecycle(reader, kind.schema, is_data=mode is Mode.DATA)
