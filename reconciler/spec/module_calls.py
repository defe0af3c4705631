"""Module calls: `module` blocks, as written."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.errors import SpecError
from reconciler.frozen import frozen
from reconciler.language.syntax import Argument, Expression, Traversal
from reconciler.spec.broken import default_of
from reconciler.spec.constants import constant, in_context
from reconciler.spec.model import Module, ModuleCall
from reconciler.spec.reading import BlockReader
from reconciler.spec.resources import META_ARGUMENTS, read_provider
from reconciler.spec.static import reference_list
from reconciler.suggest import closest, did_you_mean

META = frozenset(("source", "version", "providers", *META_ARGUMENTS)) - {"provider"}
"""The arguments of a call that are not handed to the module."""


@frozen
class WrittenCall:
    """A `module` block before the module it calls has been read."""

    reader: BlockReader
    name: str
    source: Expression
    folder: str
    """As written, relative to the folder of the caller."""
    arguments: dict[str, Argument]
    count: Expression | None
    for_each: Expression | None
    depends_on: tuple[Traversal, ...]
    providers: Mapping[str, str | None]

    def to(self, module: Module) -> ModuleCall:
        """The call, now that its module is known."""
        return ModuleCall(
            name=self.name,
            module=module,
            arguments=self.arguments,
            count=self.count,
            for_each=self.for_each,
            depends_on=self.depends_on,
            providers=self.providers,
            place=self.reader.block.place,
        )


def read_call(reader: BlockReader) -> WrittenCall | None:
    """Read a `module` block; None where it names no folder to read."""
    name = reader.name()
    for block in reader.body.blocks:
        reader.unsupported_block(block, META, ())
    source = reader.expression("source")
    if source is None:
        reader.missing_argument("source")
        return None
    folder = _local_folder(reader, source)
    arguments = reader.body.arguments
    _check_meta(reader, arguments)
    if name is None or folder is None:
        return None
    return WrittenCall(
        reader=reader,
        name=name,
        source=source,
        folder=folder,
        arguments={n: each for n, each in arguments.items() if n not in META},
        count=reader.expression("count"),
        for_each=reader.expression("for_each"),
        depends_on=reference_list(reader, "depends_on"),
        providers=_providers(reader),
    )


def check_inputs(call: WrittenCall, module: Module) -> None:
    """Report inputs that the module does not have, and required ones that are not given."""
    reader = call.reader
    for name, argument in tuple(call.arguments.items()):
        if name not in module.variables and not module.broken.covers(f"var.{name}"):
            known = {*module.variables, *META}
            hint = did_you_mean(name, known)
            meant = closest(name, known) or name
            reader.meant.add(meant)
            detail = f'The module "{module.path}" has no variable named "{name}".{hint}'
            reader.error("Unsupported argument", detail, argument.name_place)
            if meant == "providers":
                del call.arguments[name]  # what is meant for it refers to no object
    for name, variable in module.variables.items():
        has_default = variable.default is not None or module.broken.covers(default_of(name))
        if not has_default and name not in call.arguments:
            reader.missing_argument(name)


def _local_folder(reader: BlockReader, source: Expression) -> str | None:
    folder = reader.text("source")
    if folder is None:
        return None
    if folder in (".", "..") or folder.startswith(("./", "../")):
        return folder
    detail = (
        f'"{folder}" is not a local folder, and modules come from local folders only. Write a '
        f'path that starts with ./ or ../, such as "./{folder.rpartition("/")[2] or "module"}".'
    )
    reader.error("Unsupported module source", detail, source.place)
    return None


def _check_meta(reader: BlockReader, arguments: Mapping[str, Argument]) -> None:
    if "version" in arguments:
        detail = "Modules come from local folders, which have no versions. Remove the argument."
        reader.error("Unsupported argument", detail, arguments["version"].name_place)
    if "count" in arguments and "for_each" in arguments:
        detail = (
            "A module call has either count or for_each: both say how many instances there are. "
            "Remove one of them."
        )
        summary = 'Invalid combination of "count" and "for_each"'
        reader.error(summary, detail, arguments["for_each"].name_place)


def _providers(reader: BlockReader) -> Mapping[str, str | None]:
    expression = reader.static("providers")
    if expression is None:
        return {}
    pairs = expression.pairs()
    if pairs is None:
        detail = "Write which configuration is which: providers = { openai = openai.alias }."
        reader.error("Invalid providers argument", detail, expression.place)
        return {}
    found: dict[str, str | None] = {}
    for key, value in pairs:
        inside = _alias_inside(reader, key)
        found[inside] = read_provider(reader, value)
    return found


def _alias_inside(reader: BlockReader, key: Expression) -> str:
    """The alias that a key such as `openai.inside` names; "" for `openai`."""
    found = key.traversal()
    if found is not None:
        # The module has its own name for the provider.
        return next((step for step in found.steps if isinstance(step, str)), "")
    try:
        return str(constant(key)).partition(".")[2]
    except SpecError as error:
        in_context(reader.diagnostics, error, reader.context)
        return ""
