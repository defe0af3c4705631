"""Reference check: every reference leads somewhere, and stands where it may."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping

from reconciler.address import Key, Mode
from reconciler.diagnostics import Diagnostics, Place
from reconciler.errors import SpecError
from reconciler.language.convert import convert
from reconciler.language.marks import unmark_deep
from reconciler.language.mistakes import ValueMistake
from reconciler.language.syntax import Expression, IndexKey, Scope, Step, Traversal
from reconciler.language.types import Type, attribute_types, describe_type, element_type, kind
from reconciler.language.values import SetValue
from reconciler.schema import Schema
from reconciler.spec.model import Module, ModuleCall, ResourceBlock
from reconciler.spec.references import (
    CountRef,
    EachRef,
    LocalRef,
    ModuleRef,
    PathRef,
    ResourceRef,
    SelfRef,
    Target,
    TerraformRef,
    Unresolved,
    VariableRef,
    resolve,
)
from reconciler.spec.uses import Names, Use
from reconciler.suggest import did_you_mean

MAX_HINTS = 50
"""For how many names that do not exist the one that was meant is looked for."""


class ReferenceCheck:
    """Checks the references of one module, block by block."""

    def __init__(
        self,
        module: Module,
        functions: Collection[str] | None,
        diagnostics: Diagnostics,
        *,
        scope: Scope | None = None,
    ) -> None:
        self.module = module
        self.scope = scope
        """What is known before anything is evaluated; where it tells the instances of a block,
        references to others are wrong."""
        self.functions = functions
        self.diagnostics = diagnostics
        self.context = ""
        self.block: ResourceBlock | None = None
        """The resource whose references are being checked: it may not refer to itself."""
        self.own: ResourceBlock | None = None
        """The data source that only the check in hand can see."""
        self.wrong: dict[int, list[Place]] = {}
        """Where something was wrong in expressions, by their identity."""
        self._places: list[Place] = []
        self._hints: dict[str, str] = {}
        self._keys: dict[int, Container[Key] | None] = {}

    def uses(self, context: str, uses: Iterable[Use]) -> None:
        """Check every reference of some expressions of the block named by *context*."""
        self.context = context
        for expression, names in uses:
            if expression.is_constant:
                continue
            self._places = []
            for traversal in expression.references():
                self._check(traversal, names)
            if self.functions is not None:
                self._check_calls(expression, self.functions)
            if self._places:
                self.wrong[id(expression)] = self._places

    def dependencies(self, context: str, traversals: Iterable[Traversal]) -> None:
        """Check what a block lists in `depends_on`."""
        self.context = context
        for traversal in traversals:
            target = resolve(self.module, traversal, self.own)
            if _is_part(target):
                detail = (
                    "depends_on is about whole objects: name a resource, a data source or a "
                    "module, without an attribute of it."
                )
                self._error("Invalid depends_on reference", detail, traversal.place)
            elif isinstance(target, (EachRef, CountRef, PathRef, TerraformRef, SelfRef)):
                detail = f'"{traversal.text}" is nothing that could be waited for.'
                self._error("Invalid depends_on reference", detail, traversal.place)
            else:
                self._check_target(target, traversal)

    def triggers(self, context: str, traversals: Iterable[Traversal]) -> None:
        """Check what a block lists in `replace_triggered_by`."""
        self.context = context
        for traversal in traversals:
            self._check_target(resolve(self.module, traversal, self.own), traversal)

    def _error(self, summary: str, detail: str, place: Place) -> None:
        self._places.append(place)
        self.diagnostics.error(summary, detail, place=place, context=self.context)

    def _check_calls(self, expression: Expression, functions: Collection[str]) -> None:
        for name, place in expression.calls():
            if name not in functions:
                detail = f'There is no function named "{name}".{did_you_mean(name, functions)}'
                self._error("Call to unknown function", detail, place)

    def _check(self, traversal: Traversal, names: Names) -> None:
        target = resolve(self.module, traversal, self.own)
        match target:
            case VariableRef() | LocalRef():
                return
            case EachRef() if not names.each:
                detail = (
                    '"each" has a value only in a resource, data or module block with for_each, '
                    "and not in for_each itself."
                )
                summary = 'Reference to "each" in context without for_each'
                self._error(summary, detail, traversal.place)
            case CountRef() if not names.count:
                detail = (
                    '"count" has a value only in a resource, data or module block with count, '
                    "and not in count itself."
                )
                summary = 'Reference to "count" in non-counted context'
                self._error(summary, detail, traversal.place)
            case SelfRef() if not names.self_:
                detail = '"self" has a value only in postcondition blocks. Name what is meant.'
                self._error('Invalid "self" reference', detail, traversal.place)
            case _:
                self._check_target(target, traversal)

    def _check_target(self, target: Target, traversal: Traversal) -> None:
        match target:
            case Unresolved():
                self._places.append(target.place)
                if not self._is_broken(target.subject):
                    detail = target.detail + self._hint(target)
                    self._error(target.summary, detail, target.place)
            case ResourceRef():
                self._check_resource(target, traversal)
            case ModuleRef():
                self._check_module(target, traversal)
            case SelfRef() if self.block is not None:
                self._check_steps(self.block.schema, target.steps, traversal)

    def _is_broken(self, subject: str) -> bool:
        """Whether what is not there may only not have been readable."""
        root, _, rest = subject.partition(".")
        name, _, output = rest.partition(".")
        if root == "module" and output and name in self.module.calls:
            return self.module.calls[name].module.broken.covers(f"output.{output}")
        return self.module.broken.covers(subject)

    def _hint(self, target: Unresolved) -> str:
        if target.subject not in self._hints and len(self._hints) < MAX_HINTS:
            self._hints[target.subject] = target.hint()
        return self._hints.get(target.subject, "")

    def _check_resource(self, target: ResourceRef, traversal: Traversal) -> None:
        block = self.module.resources.get(target.address, self.own)
        assert block is not None, "resolve has found it"
        if block is self.block:
            detail = f"{target.address} is this block: its own attributes have no value yet."
            self._error("Self-referential block", detail, traversal.place)
        elif self._check_key(str(target.address), block, target, traversal):
            self._check_steps(block.schema, target.steps, traversal)

    def _check_module(self, target: ModuleRef, traversal: Traversal) -> None:
        call = self.module.calls[target.call]
        self._check_key(f"module.{target.call}", call, target, traversal)

    def _check_key(
        self,
        name: str,
        block: ResourceBlock | ModuleCall,
        target: ResourceRef | ModuleRef,
        traversal: Traversal,
    ) -> bool:
        """Whether an instance is singled out exactly where there are several."""
        has_part = bool(target.steps) if isinstance(target, ResourceRef) else bool(target.output)
        if block.count is None and block.for_each is None:
            is_unread = isinstance(block, ResourceBlock) and block.body.unread
            if target.key is None or is_unread:
                return True
            detail = f"{name} has neither count nor for_each: write it without the brackets."
            self._error("Unexpected resource instance key", detail, traversal.place)
        elif block.count is not None and block.for_each is not None:
            return True  # which of them is meant is not known, and has been reported
        elif has_part and not target.has_index:
            key = "count.index" if block.count is not None else "each.key"
            detail = (
                f"{name} has several instances, so its attributes are those of one of them: "
                f"{name}[{key}], or {name}[*] for all of a count."
            )
            self._error("Missing resource instance key", detail, traversal.place)
        elif block.count is not None and isinstance(target.key, str):
            detail = f"{name} has count, so its instances are numbered from 0: {name}[0]."
            self._error("Invalid index", detail, traversal.place)
        else:
            return self._check_instance(name, block, target.key, traversal)
        return False

    def _check_instance(
        self, name: str, block: ResourceBlock | ModuleCall, key: Key, traversal: Traversal
    ) -> bool:
        """Whether there is such an instance, as far as that is known."""
        if key is None or self.scope is None:
            return True
        if id(block) not in self._keys:
            self._keys[id(block)] = _known_keys(block, self.scope)
        keys = self._keys[id(block)]
        if block.for_each is not None:
            key = str(key)
        if keys is None or key in keys:
            return True
        if isinstance(keys, range):
            there = f"its count is {len(keys)}"
        else:
            there = "its for_each has no such key"
            there += did_you_mean(str(key), keys) if isinstance(keys, Mapping) else ""
        shown = f'"{key}"' if isinstance(key, str) else str(key)
        detail = f"{name} has no instance [{shown}]: {there}{'' if there.endswith('?') else '.'}"
        self._error("Invalid index", detail, traversal.place)
        return False

    def _check_steps(self, schema: Schema, steps: tuple[Step, ...], traversal: Traversal) -> None:
        if not steps or steps[0] is None:
            return
        name = str(steps[0].key if isinstance(steps[0], IndexKey) else steps[0])
        attribute = schema.attributes.get(name)
        if attribute is None:
            hint = did_you_mean(name, schema.attributes)
            detail = f'{schema.type} has no attribute named "{name}".{hint}'
            self._error("Unsupported attribute", detail, _step_place(traversal, steps, 0))
            return
        found = _wrong_step(attribute.type, steps)
        if found is not None:
            at, detail = found
            self._error("Unsupported attribute", detail, _step_place(traversal, steps, at))


def block_context(block: ResourceBlock) -> str:
    """How messages name a resource or data block."""
    word = "data" if block.mode is Mode.DATA else "resource"
    return f'{word} "{block.type}" "{block.name}"' if block.name else f'{word} "{block.type}"'


def _known_keys(block: ResourceBlock | ModuleCall, scope: Scope) -> Container[Key] | None:
    """The keys of a block's instances; None where they are not known."""
    expression = block.count or block.for_each
    assert expression is not None, "a block without repetition has no keys"
    try:
        value, _ = unmark_deep(expression.evaluate(scope))
        if block.count is not None:
            value = convert(value, "number")
    except (SpecError, ValueMistake):
        return None
    if isinstance(value, int) and block.count is not None:
        return range(max(value, 0))
    if isinstance(value, Mapping):
        return dict.fromkeys(value)
    if isinstance(value, SetValue) and all(isinstance(each, str) for each in value):
        return dict.fromkeys(str(each) for each in value)
    return None


def _is_part(target: Target) -> bool:
    if isinstance(target, ResourceRef):
        return bool(target.steps)
    return isinstance(target, ModuleRef) and target.output is not None


def _wrong_step(type_: Type, steps: tuple[Step, ...]) -> tuple[int, str] | None:
    """The first of the steps behind an attribute of *type_* that leads nowhere, and why."""
    for at, step in enumerate(steps[1:], 1):
        name = step.key if isinstance(step, IndexKey) else step
        match kind(type_):
            case "string" | "number" | "bool" if isinstance(step, str):
                return at, f"A {type_} has no attributes."
            case "object" if isinstance(name, str):
                types = attribute_types(type_)
                if name not in types:
                    return at, f'There is no attribute named "{name}".{did_you_mean(name, types)}'
                type_ = types[name]
            case "map" if name is not None:
                type_ = element_type(type_)
            case "list" if isinstance(name, int):
                type_ = element_type(type_)
            case "list" | "set" if isinstance(step, str):
                return at, f"A {describe_type(type_)} has no attributes, only elements."
            case _:
                return None
    return None


def _step_place(traversal: Traversal, steps: tuple[Step, ...], at: int) -> Place:
    """Where the step number *at* of the last *steps* is written; the whole where that is unsure."""
    source, start, end = traversal.place
    text = source.text[start:end]
    before = len(traversal.steps) - len(steps) + at
    step = steps[at]
    if not isinstance(step, str):
        return traversal.place
    found = text.rfind(f".{step}") if at == len(steps) - 1 else _nth_dot(text, before)
    return (source, start + found, start + found + 1 + len(step)) if found > 0 else traversal.place


def _nth_dot(text: str, number: int) -> int:
    """Where step *number* begins, if only names joined by dots come before it."""
    parts = text.split(".")
    if "[" in ".".join(parts[: number + 1]):
        return -1
    return len(".".join(parts[: number + 1]))
