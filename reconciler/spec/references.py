"""References: what a traversal in an expression refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.address import Address, Key, Mode
from reconciler.diagnostics import Place
from reconciler.frozen import frozen
from reconciler.language.syntax import IndexKey, Step, Traversal
from reconciler.spec.model import Module, ResourceBlock
from reconciler.suggest import closest, did_you_mean


@frozen
class VariableRef:
    """`var.name`."""

    name: str


@frozen
class LocalRef:
    """`local.name`."""

    name: str


@frozen
class ResourceRef:
    """`type.name`, `data.type.name`: a block, perhaps one instance of it, perhaps a part."""

    address: Address
    """Of the block, inside its module."""
    key: Key
    """Of the instance, where it is constant."""
    has_index: bool
    """Whether an instance is singled out at all, also by a splat or an index yet to be known."""
    steps: tuple[Step, ...]
    """What follows: attributes of the instance."""


@frozen
class ModuleRef:
    """`module.name`, perhaps one instance of it, perhaps one output."""

    call: str
    key: Key
    has_index: bool
    output: str | None
    """None: the module as a whole."""


@frozen
class EachRef:
    """`each.key` or `each.value`."""

    attribute: str


@frozen
class CountRef:
    """`count.index`."""


@frozen
class PathRef:
    """`path.module`, `path.root` or `path.cwd`."""

    attribute: str


@frozen
class TerraformRef:
    """`terraform.workspace`."""

    attribute: str


@frozen
class SelfRef:
    """`self`, the instance that a postcondition is about."""

    steps: tuple[Step, ...]


@frozen
class Unresolved:
    """Nothing there is: a mistake, in words."""

    summary: str
    detail: str
    place: Place
    subject: str = ""
    """What it would have been: `openai_thread.a`, `module.b`."""
    hint: Callable[[], str] = str
    """What was probably meant, as another sentence or nothing; it takes time to find."""


Target = (
    VariableRef
    | LocalRef
    | ResourceRef
    | ModuleRef
    | EachRef
    | CountRef
    | PathRef
    | TerraformRef
    | SelfRef
    | Unresolved
)
"""Everything a reference can lead to."""


def resolve(module: Module, traversal: Traversal, own: ResourceBlock | None = None) -> Target:
    """Find what *traversal*, written in *module*, refers to.

    *own* is a data source that only its `check` block can see. Whether the place allows a
    reference of that sort (`each`, `self`) is not decided here.
    """
    find = _FIND.get(traversal.root)
    if find is not None:
        return find(module, traversal)
    return _resource(module, traversal, own)


def _variable(module: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    if name is None:
        return _bare(traversal, "a variable: var.name")
    if name in module.variables:
        return VariableRef(name)
    declare = f' Declare it with variable "{name}" {{}}.'
    detail = f'There is no input variable named "{name}"{_inside(module)}.'
    return _undeclared(
        "input variable",
        detail,
        traversal,
        f"var.{name}",
        lambda: did_you_mean(name, module.variables) or declare,
    )


def _local(module: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    if name is None:
        return _bare(traversal, "a local value: local.name")
    if name in module.locals:
        return LocalRef(name)
    detail = f'There is no local value named "{name}"{_inside(module)}.'
    return _undeclared(
        "local value",
        detail,
        traversal,
        f"local.{name}",
        lambda: did_you_mean(name, module.locals),
    )


def _module(module: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    if name is None:
        return _bare(traversal, "a module call and one of its outputs: module.name.output")
    call = module.calls.get(name)
    if call is None:
        detail = f'There is no module call named "{name}"{_inside(module)}.'
        subject = f"module.{name}"
        return _undeclared(
            "module", detail, traversal, subject, lambda: did_you_mean(name, module.calls)
        )
    key, has_index, rest = _take_index(traversal.steps[1:])
    output = rest[0] if rest and isinstance(rest[0], str) else None
    if output is not None and output not in call.module.outputs:
        outputs = call.module.outputs
        return Unresolved(
            "Unsupported attribute",
            f'The module called by module.{name} has no output named "{output}".',
            traversal.place,
            f"module.{name}.{output}",
            lambda: did_you_mean(output, outputs),
        )
    return ModuleRef(name, key, has_index, output)


def _each(_: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    if name in ("key", "value"):
        return EachRef(name)
    return _wrong_attribute(traversal, name, ("key", "value"))


def _count(_: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    return CountRef() if name == "index" else _wrong_attribute(traversal, name, ("index",))


def _path(_: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    known = ("cwd", "module", "root")
    return PathRef(name) if name in known else _wrong_attribute(traversal, name, known)


def _terraform(_: Module, traversal: Traversal) -> Target:
    name = _name(traversal)
    known = ("applying", "workspace")
    return TerraformRef(name) if name in known else _wrong_attribute(traversal, name, known)


def _self(_: Module, traversal: Traversal) -> Target:
    return SelfRef(traversal.steps)


def _resource(module: Module, traversal: Traversal, own: ResourceBlock | None = None) -> Target:
    type_: Step = traversal.root
    rest = traversal.steps
    mode = Mode.MANAGED
    if type_ in ("data", "resource"):
        mode = Mode.DATA if type_ == "data" else mode
        if len(rest) < 2:
            return _bare(traversal, f"a type and a name: {type_}.openai_thread.name")
        type_, rest = rest[0], rest[1:]
    if not rest or not isinstance(type_, str) or not isinstance(rest[0], str):
        return _not_a_name(traversal)
    address = Address(type_, rest[0], mode=mode)
    if address not in module.resources and (own is None or own.address != address):
        return _no_resource(module, traversal, address)
    key, has_index, steps = _take_index(rest[1:])
    return ResourceRef(address, key, has_index, steps)


_FIND = {
    "var": _variable,
    "local": _local,
    "module": _module,
    "each": _each,
    "count": _count,
    "path": _path,
    "terraform": _terraform,
    "self": _self,
}


def _name(traversal: Traversal) -> str | None:
    """The attribute right behind the root."""
    steps = traversal.steps
    return steps[0] if steps and isinstance(steps[0], str) else None


def _take_index(steps: tuple[Step, ...]) -> tuple[Key, bool, tuple[Step, ...]]:
    if not steps or isinstance(steps[0], str):
        return None, False, steps
    first = steps[0]
    return first.key if isinstance(first, IndexKey) else None, True, steps[1:]


def _undeclared(
    what: str, detail: str, traversal: Traversal, subject: str, hint: Callable[[], str]
) -> Unresolved:
    return Unresolved(f"Reference to undeclared {what}", detail, traversal.place, subject, hint)


def _bare(traversal: Traversal, wanted: str) -> Unresolved:
    detail = f'"{traversal.text}" alone has no value. Name {wanted}.'
    return Unresolved("Invalid reference", detail, traversal.place, traversal.root)


def _wrong_attribute(traversal: Traversal, name: str | None, known: Iterable[str]) -> Unresolved:
    root = traversal.root
    there = ", ".join(f"{root}.{each}" for each in known)
    if name is None:
        return Unresolved(
            "Invalid reference",
            f'"{root}" alone has no value. There is: {there}.',
            traversal.place,
            root,
        )
    detail = f'"{root}" has no attribute named "{name}". There is: {there}.'
    return Unresolved(f'Invalid "{root}" attribute', detail, traversal.place, f"{root}.{name}")


def _not_a_name(traversal: Traversal) -> Unresolved:
    detail = (
        f'"{traversal.text}" refers to nothing: a reference to a resource is its type and its '
        "name, openai_thread.name."
    )
    source, start, _ = traversal.place
    if source.text[start - 1 : start] != '"':
        detail += f' If the text "{traversal.root}" is meant, put it in quotes.'
    return Unresolved("Invalid reference", detail, traversal.place, traversal.root)


def _no_resource(module: Module, traversal: Traversal, address: Address) -> Unresolved:
    kind = "data source" if address.mode is Mode.DATA else "resource"
    detail = f'There is no {kind} "{address.type}" "{address.name}"{_inside(module)}.'
    return _undeclared(
        "resource",
        detail,
        traversal,
        str(address),
        lambda: _similar(address, module.resources),
    )


def _similar(address: Address, resources: Mapping[Address, ResourceBlock]) -> str:
    other = Mode.DATA if address.mode is Mode.MANAGED else Mode.MANAGED
    twin = Address(address.type, address.name, mode=other)
    if twin in resources:
        return f' Did you mean "{twin}"?'
    near = {each.name: each for each in resources if each.type == address.type}
    found = closest(address.name, near)
    if found is None:
        near = {each.type: each for each in resources if each.name == address.name}
        found = closest(address.type, near)
    return f' Did you mean "{near[found]}"?' if found is not None else ""


def _inside(module: Module) -> str:
    return "" if module.path == "." else f' in the module "{module.path}"'
