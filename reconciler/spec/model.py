"""Spec: what is wanted, as blocks with unevaluated expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Literal

from reconciler.address import Address, Mode, ModulePath
from reconciler.diagnostics import Place, SourceFile
from reconciler.frozen import frozen
from reconciler.language.syntax import Argument, Body, Expression, Traversal
from reconciler.schema import Path, Schema
from reconciler.spec.broken import Broken


@frozen
class Rule:
    """`validation`, `precondition`, `postcondition` or `assert`: a condition and what to say."""

    condition: Expression
    error_message: Expression
    place: Place


@frozen
class Variable:
    """`variable "name"`. *type* is in JSON form, `"dynamic"` if not given."""

    name: str
    type: object
    type_defaults: object
    """What `optional(type, default)` attributes fall back to; None without any."""
    default: Expression | None
    description: str
    sensitive: bool
    nullable: bool
    validations: tuple[Rule, ...]
    place: Place
    reads_expressions: bool = False
    """Whether text from the command line or the environment is an expression, not itself."""


@frozen
class Local:
    """One name of a `locals` block."""

    name: str
    expression: Expression
    place: Place


@frozen
class Output:
    """`output "name"`."""

    name: str
    expression: Expression
    description: str
    sensitive: bool
    depends_on: tuple[Traversal, ...]
    preconditions: tuple[Rule, ...]
    place: Place


@frozen
class ProviderBlock:
    """`provider "openai"`, with its alias if it has one."""

    name: str
    alias: str | None
    arguments: Mapping[str, Argument]
    place: Place


@frozen
class Lifecycle:
    """The `lifecycle` block of a resource."""

    prevent_destroy: bool | None = None
    create_before_destroy: bool = False
    ignore_changes: tuple[Path, ...] | Literal["all"] = ()
    replace_triggered_by: tuple[Traversal, ...] = ()
    preconditions: tuple[Rule, ...] = ()
    postconditions: tuple[Rule, ...] = ()


@frozen
class ResourceBlock:
    """`resource` or `data`: one block, standing for one or more instances."""

    type: str
    name: str
    mode: Mode
    schema: Schema
    body: Body
    """Arguments of the type only; meta-arguments have been taken out. `dynamic` blocks remain."""
    count: Expression | None
    for_each: Expression | None
    depends_on: tuple[Traversal, ...]
    provider_alias: str | None
    lifecycle: Lifecycle
    place: Place
    provider_place: Place | None = None
    """Where the provider configuration is named."""

    @property
    def address(self) -> Address:
        """The block's address inside its own module."""
        return Address(self.type, self.name, mode=self.mode)


@frozen
class ModuleCall:
    """`module "name"`, with the module it calls."""

    name: str
    module: Module
    arguments: Mapping[str, Argument]
    count: Expression | None
    for_each: Expression | None
    depends_on: tuple[Traversal, ...]
    providers: Mapping[str, str | None]
    """Provider alias inside the module (None key as "") to alias here."""
    place: Place


@frozen
class ImportBlock:
    """`import { to, id, for_each }`."""

    to: Expression
    to_traversal: Traversal
    id: Expression
    for_each: Expression | None
    place: Place


@frozen
class MovedBlock:
    """`moved { from, to }`, addresses relative to the module; without a key: every instance."""

    from_: Address
    to: Address
    place: Place


@frozen
class RemovedBlock:
    """`removed { from, lifecycle { destroy } }`."""

    from_: Address
    destroy: bool
    place: Place


@frozen
class MovedModule:
    """`moved { from = module.a, to = module.b }`: everything inside, as in `MovedBlock`."""

    from_: ModulePath
    to: ModulePath
    place: Place


@frozen
class RemovedModule:
    """`removed { from = module.a }`: everything inside."""

    from_: ModulePath
    destroy: bool
    place: Place


@frozen
class CheckBlock:
    """`check "name"`: assertions that warn, and at most one data source of their own."""

    name: str
    data: ResourceBlock | None
    asserts: tuple[Rule, ...]
    place: Place


@frozen
class Module:
    """The blocks of one folder. Everything is by name, in order of file name and line."""

    path: str
    """Relative to the specs folder, with `/`; "." for the root: what `path.module` says."""
    variables: Mapping[str, Variable] = field(default_factory=dict)
    locals: Mapping[str, Local] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    providers: tuple[ProviderBlock, ...] = ()
    resources: Mapping[Address, ResourceBlock] = field(default_factory=dict)
    """By block address inside the module; data sources too."""
    calls: Mapping[str, ModuleCall] = field(default_factory=dict)
    imports: tuple[ImportBlock, ...] = ()
    moved: tuple[MovedBlock, ...] = ()
    removed: tuple[RemovedBlock, ...] = ()
    checks: tuple[CheckBlock, ...] = ()
    moved_modules: tuple[MovedModule, ...] = ()
    removed_modules: tuple[RemovedModule, ...] = ()
    broken: Broken = field(default_factory=Broken)
    """What more it may declare."""
    nameless: tuple[ResourceBlock, ...] = ()
    """Blocks whose name is wrong or taken, which has been reported."""
    loose: tuple[tuple[str, tuple[Expression, ...]], ...] = ()
    """What stands in other blocks that nothing could be made of, with how they are named."""


class GivenBy(StrEnum):
    """Who gave a value to a root variable."""

    OPTION = "on the command line"
    FILE = "in a file"
    ENVIRONMENT = "in the environment"


@frozen
class GivenValue:
    """What is said about a root variable from outside: by `-var`, a file or the environment."""

    text: str | None
    """As on the command line: itself for a string variable, else an expression. None: see value."""
    value: object
    """Plain data, where *text* is None."""
    by: GivenBy
    origin: str
    """Where it comes from, in words: `-var x=...`, `terraform.tfvars`, `TF_VAR_x`."""
    place: Place | None = None


@frozen
class Spec:
    """Everything the user wrote."""

    root: Module
    directory: str
    """Absolute path of the specs folder."""
    sources: Mapping[str, SourceFile]
    """Every file read, by path relative to the folder above the specs or as given."""
    given: Mapping[str, GivenValue]
    """What the world outside says about root variables, declared or not; the last word of each."""
    is_all_given: bool = True
    """Whether that is all: what could not be read of it may have been about any variable."""
    backend_path: str | None = None
    """The `path` of a `backend "local"` block, as written."""
    is_sound: bool = True
    """Whether the files themselves have no mistakes; what is given may have some."""

    def module(self, path: Sequence[str]) -> Module:
        """The module that the calls named in *path* lead to, from the root on."""
        found = self.root
        for name in path:
            found = found.calls[name].module
        return found

    def configuration(self, path: Sequence[str], alias: str | None) -> str:
        """The provider configuration that *alias* stands for inside a module: `openai.eu`."""
        for depth in range(len(path), 0, -1):
            call = self.module(path[: depth - 1]).calls[path[depth - 1]]
            alias = call.providers.get(alias or "", alias)
        return "openai" if alias is None else f"openai.{alias}"
