"""Draft: a module while its blocks are being read; each name may be taken once."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from reconciler.address import Address, Mode
from reconciler.diagnostics import Diagnostics, Place
from reconciler.language.syntax import Block, Body, Expression
from reconciler.schema import Schema
from reconciler.spec.broken import ANY_ALIAS, Broken, default_of
from reconciler.spec.checks import read_check
from reconciler.spec.kinds import Kinds
from reconciler.spec.model import (
    CheckBlock,
    ImportBlock,
    Local,
    Module,
    ModuleCall,
    MovedBlock,
    MovedModule,
    Output,
    ProviderBlock,
    RemovedBlock,
    RemovedModule,
    ResourceBlock,
    Variable,
)
from reconciler.spec.module_calls import WrittenCall, read_call
from reconciler.spec.reading import NAME, BlockReader, header, where
from reconciler.spec.refactoring import read_import, read_moved, read_removed
from reconciler.spec.resources import read_resource
from reconciler.spec.settings_blocks import (
    PROVIDER,
    local_names,
    read_provider_block,
    read_terraform,
)
from reconciler.spec.uses import loose_expressions
from reconciler.spec.value_blocks import read_locals, read_output, read_variable
from reconciler.suggest import closest, did_you_mean

_NO_NAME = re.compile(r"[^\w-]")


class Placed(Protocol):
    """Anything that stands somewhere in a file."""

    @property
    def place(self) -> Place:
        """Where."""


_Key = TypeVar("_Key", bound=Hashable)
_Named = TypeVar("_Named", bound=Placed)


@dataclass(slots=True)
class Draft:
    """What has been read of one module so far."""

    path: str
    kinds: Kinds
    provider_schema: Schema | None
    diagnostics: Diagnostics
    variables: dict[str, Variable] = field(default_factory=dict)
    locals: dict[str, Local] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    providers: dict[str | None, ProviderBlock] = field(default_factory=dict)
    provider_names: set[str] = field(default_factory=lambda: {PROVIDER})
    resources: dict[Address, ResourceBlock] = field(default_factory=dict)
    calls: dict[str, WrittenCall] = field(default_factory=dict)
    imports: list[ImportBlock] = field(default_factory=list)
    moved: list[MovedBlock] = field(default_factory=list)
    moved_modules: list[MovedModule] = field(default_factory=list)
    removed: list[RemovedBlock] = field(default_factory=list)
    removed_modules: list[RemovedModule] = field(default_factory=list)
    checks: dict[str, CheckBlock] = field(default_factory=dict)
    broken: Broken = field(default_factory=Broken)
    nameless: list[ResourceBlock] = field(default_factory=list)
    loose: list[tuple[str, tuple[Expression, ...]]] = field(default_factory=list)
    settings: dict[str, Block] = field(default_factory=dict)
    backend_path: str | None = None

    def read(self, bodies: list[Body]) -> None:
        """Read every block of the module's files."""
        for body in bodies:
            self.broken.note_unread(body.unread)
            for block in body.blocks:
                if block.type == "terraform":
                    self.provider_names |= local_names(block)
        for body in bodies:
            self._refuse_arguments(body)
            for block in body.blocks:
                if self.diagnostics.is_full:
                    return
                self._read_block(block)

    def module(self, calls: Mapping[str, ModuleCall]) -> Module:
        """The module as it was read, with the modules it calls."""
        return Module(
            path=self.path,
            variables=self.variables,
            locals=self.locals,
            outputs=self.outputs,
            providers=tuple(self.providers.values()),
            resources=self.resources,
            calls=calls,
            imports=tuple(self.imports),
            moved=tuple(self.moved),
            removed=tuple(self.removed),
            checks=tuple(self.checks.values()),
            moved_modules=tuple(self.moved_modules),
            removed_modules=tuple(self.removed_modules),
            broken=self.broken,
            nameless=tuple(self.nameless),
            loose=tuple(self.loose),
        )

    def note_loose(self, reader: BlockReader) -> None:
        """Keep the expressions of a block of which nothing else can be used."""
        self.loose.append((reader.context, tuple(loose_expressions(reader.body))))

    def add(
        self, found: dict[_Key, _Named], key: _Key, what: str, named: _Named, reader: BlockReader
    ) -> bool:
        """Take *named* under its name, or report that the name is taken; whether it was taken."""
        first = found.setdefault(key, named)
        if first is not named:
            detail = f"It stands at {where(first.place)} already. Remove or rename one of the two."
            reader.error(f"Duplicate {what}", detail, named.place)
        return first is named

    def _read_block(self, block: Block) -> None:
        read = _READERS.get(block.type)
        reader = BlockReader(block, self.diagnostics, providers=self.provider_names)
        if read is None:
            detail = f'There are no blocks of type "{block.type}".'
            reader.error("Unsupported block type", detail + _hint(block), block.type_place)
            self.note_loose(reader)
        else:
            read(self, reader)
            for label in block.labels:
                if not NAME.fullmatch(label):
                    self.broken.words.update(NAME.findall(label))
                    self.broken.words.add(_NO_NAME.sub("", label))

    def _refuse_arguments(self, body: Body) -> None:
        for name, argument in body.arguments.items():
            detail = (
                f'An argument named "{name}" is not expected here: a file holds blocks, such as '
                "resource and variable. For a value with a name, write a locals block."
            )
            self.diagnostics.error("Unsupported argument", detail, place=argument.name_place)


def _hint(block: Block) -> str:
    if block.type in _UNSUPPORTED:
        return f" {_UNSUPPORTED[block.type]}"
    return did_you_mean(block.type, _READERS)


_UNSUPPORTED = {
    "ephemeral": "Ephemeral resources are not supported.",
    "action": "Actions are not supported.",
    "list": "Lists of what exists are not supported; see the command adopt.",
}


def _read_managed(draft: Draft, reader: BlockReader) -> None:
    _read_resource(draft, reader, Mode.MANAGED)


def _read_data(draft: Draft, reader: BlockReader) -> None:
    _read_resource(draft, reader, Mode.DATA)


def _read_resource(draft: Draft, reader: BlockReader, mode: Mode) -> None:
    found = read_resource(reader, mode, draft.kinds)
    if found is None:
        draft.note_loose(reader)
    elif not found.name:
        draft.nameless.append(found)
    else:
        what = f'resource "{found.type}" "{found.name}"'
        if not draft.add(draft.resources, found.address, what, found, reader):
            draft.nameless.append(found)
    if (found is None or not found.name) and len(reader.block.labels) == 2:
        type_, name = reader.block.labels
        meant = closest(type_, draft.kinds.of(mode)) or type_
        draft.broken.subjects.update(str(Address(each, name, mode=mode)) for each in (type_, meant))


def _read_variable(draft: Draft, reader: BlockReader) -> None:
    found = read_variable(reader)
    if found is not None:
        if not draft.add(draft.variables, found.name, f'variable "{found.name}"', found, reader):
            draft.note_loose(reader)
        if reader.body.unread:
            draft.broken.subjects.add(default_of(found.name))
    else:
        draft.note_loose(reader)


def _read_locals(draft: Draft, reader: BlockReader) -> None:
    draft.broken.subjects.update(f"local.{each.type}" for each in reader.body.blocks)
    for found in read_locals(reader):
        what = f'local value "{found.name}"'
        if not draft.add(draft.locals, found.name, what, found, reader):
            draft.loose.append((reader.context, (found.expression,)))


def _read_output(draft: Draft, reader: BlockReader) -> None:
    found = read_output(reader)
    if found is not None:
        if not draft.add(draft.outputs, found.name, f'output "{found.name}"', found, reader):
            draft.note_loose(reader)
    else:
        draft.note_loose(reader)
        draft.broken.subjects.update(f"output.{label}" for label in reader.block.labels[:1])


def _read_provider(draft: Draft, reader: BlockReader) -> None:
    found = read_provider_block(reader, draft.provider_names, draft.provider_schema)
    if found is not None:
        what = "provider configuration" + (f' "{found.alias}"' if found.alias else "")
        if not draft.add(draft.providers, found.alias, what, found, reader):
            draft.note_loose(reader)
    else:
        draft.note_loose(reader)
        draft.broken.subjects.add(ANY_ALIAS)


def _read_terraform(draft: Draft, reader: BlockReader) -> None:
    path = read_terraform(reader, draft.settings)
    draft.backend_path = path if path is not None else draft.backend_path


def _read_module(draft: Draft, reader: BlockReader) -> None:
    found = read_call(reader)
    if found is None:
        draft.note_loose(reader)
        draft.broken.subjects.update(f"module.{label}" for label in reader.block.labels[:1])
        return
    first = draft.calls.setdefault(found.name, found)
    if first is not found:
        draft.note_loose(reader)
        detail = f"It stands at {where(first.reader.block.place)} already. Rename one of the two."
        reader.error(f"Duplicate {header(reader.block)}", detail)


def _read_import(draft: Draft, reader: BlockReader) -> None:
    found = read_import(reader)
    if found is None:
        draft.note_loose(reader)
        return
    if draft.path != ".":
        detail = "Import blocks stand in the specs folder itself, not in a module it calls."
        reader.error("Invalid import configuration", detail)
    draft.imports.append(found)


def _read_moved(draft: Draft, reader: BlockReader) -> None:
    match read_moved(reader):
        case MovedBlock() as found:
            draft.moved.append(found)
        case MovedModule() as found:
            draft.moved_modules.append(found)


def _read_removed(draft: Draft, reader: BlockReader) -> None:
    match read_removed(reader):
        case RemovedBlock() as found:
            draft.removed.append(found)
        case RemovedModule() as found:
            draft.removed_modules.append(found)


def _read_check(draft: Draft, reader: BlockReader) -> None:
    found = read_check(reader, draft.kinds)
    if found is None or not draft.add(
        draft.checks, found.name, f'check "{found.name}"', found, reader
    ):
        draft.note_loose(reader)
    elif found.data is None:
        for block in reader.blocks("data"):
            draft.note_loose(reader.inner(block))


_READERS: dict[str, Callable[[Draft, BlockReader], None]] = {
    "resource": _read_managed,
    "data": _read_data,
    "variable": _read_variable,
    "locals": _read_locals,
    "output": _read_output,
    "provider": _read_provider,
    "terraform": _read_terraform,
    "module": _read_module,
    "import": _read_import,
    "moved": _read_moved,
    "removed": _read_removed,
    "check": _read_check,
}
"""The blocks there are, and who reads them."""
