"""Static: lists of references that are read as they are written and never evaluated."""

from __future__ import annotations

import re

from reconciler.address import Address, Mode, ModulePath, ModuleStep
from reconciler.language.syntax import Expression, IndexKey, Traversal
from reconciler.spec.reading import BlockReader


def reference_list(reader: BlockReader, name: str) -> tuple[Traversal, ...]:
    """The references that the argument *name* lists; what is not a reference is an error."""
    return tuple(
        found
        for each in static_items(reader, name)
        if (found := static_reference(reader, each)) is not None
    )


def static_items(reader: BlockReader, name: str) -> tuple[Expression, ...]:
    """The elements of the argument *name*, which must be written as a list."""
    expression = reader.static(name)
    if expression is None:
        return ()
    items = expression.items()
    if items is None:
        detail = f'The argument "{name}" must be written as a list: {name} = [ ... ].'
        reader.error("Invalid expression", detail, expression.place)
        return ()
    return items


def static_reference(reader: BlockReader, expression: Expression) -> Traversal | None:
    """The one reference that *expression* is, also in quotes as old specs have it."""
    found = expression.traversal() or _quoted(expression)
    if found is None:
        reader.error("Invalid expression", _ONE_REFERENCE, expression.place)
    return found


_ONE_REFERENCE = (
    "One reference is needed here, such as openai_thread.a: names joined by dots, and constant "
    "keys in brackets. Nothing is calculated in this place."
)
_QUOTED = re.compile(r'"([^\W\d][\w-]*(?:\.[^\W\d][\w-]*)*)"')


def _quoted(expression: Expression) -> Traversal | None:
    match = _QUOTED.fullmatch(expression.text)
    if match is None:
        return None
    root, *steps = match[1].split(".")
    source, start, end = expression.place
    return Traversal(root, tuple(steps), (source, start + 1, end - 1))


def read_address(reader: BlockReader, expression: Expression) -> Address | ModulePath | None:
    """The address of a resource or of a module that *expression* is; None after an error."""
    traversal = static_reference(reader, expression)
    if traversal is None:
        return None
    found = address_of(traversal)
    if found is None:
        reader.error("Invalid address", _ADDRESS, traversal.place)
    return found


_ADDRESS = (
    "An address is TYPE.NAME or module.NAME, where there are several with a key: "
    'openai_message.a["k"], module.a[0].openai_thread.b.'
)


def address_of(traversal: Traversal) -> Address | ModulePath | None:
    """The address that *traversal* spells out; None where it is something else."""
    steps: list[str | IndexKey] = [traversal.root]
    for step in traversal.steps:
        if step is None:
            return None
        steps.append(step)
    path: list[ModuleStep] = []
    while len(steps) > 1 and steps[0] == "module" and isinstance(steps[1], str):
        name = steps[1]
        steps = steps[2:]
        path.append(ModuleStep(name, _take_key(steps)))
    if not steps:
        return tuple(path)
    return _resource_address(steps, tuple(path))


def _resource_address(steps: list[str | IndexKey], path: ModulePath) -> Address | None:
    mode = Mode.MANAGED
    if steps[0] in ("data", "resource"):
        mode = Mode.DATA if steps[0] == "data" else mode
        steps = steps[1:]
    if len(steps) < 2 or steps[0] in RESERVED_ROOTS:
        return None
    type_, name, *rest = steps
    key = _take_key(rest)
    if rest or not isinstance(type_, str) or not isinstance(name, str):
        return None
    return Address(type_, name, key, path, mode)


def _take_key(steps: list[str | IndexKey]) -> str | int | None:
    if not steps or isinstance(steps[0], str):
        return None
    key = steps[0].key
    del steps[0]
    return key


RESERVED_ROOTS = frozenset(
    ("var", "local", "module", "data", "each", "count", "path", "terraform", "self", "resource")
)
"""Names that start a reference to something other than a managed resource."""
