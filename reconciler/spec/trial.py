"""Trial: the names of a module while nothing of it is known.

What an expression does wrong in this scope it does wrong whatever the world looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.address import Mode
from reconciler.language.values import Unknown
from reconciler.schema import Schema
from reconciler.spec.model import Module

ANYTHING = Unknown("dynamic", not_null=False)
"""A value of which nothing is known."""

_TEXT = Unknown("string")


class TrialScope:
    """Every name there can be in a module: variables and attributes by type, the rest unknown."""

    def __init__(self, module: Module, functions: Mapping[str, object]) -> None:
        self._functions = functions
        self._names: dict[str, object] = {
            "var": _variables(module),
            "data": _Open(_objects(module, Mode.DATA)),
            "resource": _Open(_objects(module, Mode.MANAGED)),
            "path": {"module": _TEXT, "root": _TEXT, "cwd": _TEXT},
            "each": {"key": _TEXT, "value": ANYTHING},
            "count": {"index": Unknown("number")},
            **_objects(module, Mode.MANAGED),
        }

    def root(self, name: str) -> object:
        """What is known of *name*: at least that it may be there."""
        return self._names.get(name, ANYTHING)

    @property
    def functions(self) -> Mapping[str, object]:
        """The functions that may be called."""
        return self._functions


class _Open(Mapping[str, object]):
    """An object that may have more attributes than are known."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> object:
        return self._known.get(name, ANYTHING)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _variables(module: Module) -> Mapping[str, object]:
    known = {each.name: Unknown(each.type, not_null=False) for each in module.variables.values()}
    return _Open(known)


def _objects(module: Module, mode: Mode) -> dict[str, _Open]:
    """The blocks of one mode: by type, then by name."""
    found: dict[str, dict[str, object]] = {}
    shared: dict[str, dict[str, object]] = {}
    for address, block in module.resources.items():
        if block.mode is not mode:
            continue
        if address.type not in shared:
            shared[address.type] = unknown_object(block.schema)
        is_one = block.count is None and block.for_each is None
        value: object = shared[address.type] if is_one else ANYTHING
        found.setdefault(address.type, {})[address.name] = value
    return {type_: _Open(named) for type_, named in found.items()}


def unknown_object(schema: Schema) -> dict[str, object]:
    """An object of which only the types of its attributes are known."""
    return {
        name: Unknown(attribute.type, not_null=False)
        for name, attribute in schema.attributes.items()
    }
