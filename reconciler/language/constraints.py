"""Constraints: types written inside an expression, as `convert` takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from reconciler.frozen import frozen
from reconciler.language.frame import Frame
from reconciler.language.functions.function import refuse
from reconciler.language.loops import name_in
from reconciler.language.nodes import Call, Literal, Node, Object, Parenthesized, Root, Slot, Tuple
from reconciler.language.types import PRIMITIVES, Type
from reconciler.language.values import Sensitive, is_null


@frozen
class Constraint:
    """A type, and what its optional attributes are where they are missing.

    *parts* leads to the constraints of attributes by name, of tuple elements by index, and of
    the elements of a collection by "".
    """

    type: Type
    defaults: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[str | int, Constraint] = field(default_factory=dict)

    def with_defaults(self, value: object) -> object:
        """The value with the defaults of missing optional attributes filled in."""
        if isinstance(value, Sensitive):
            return Sensitive(self.with_defaults(value.value))
        if isinstance(value, dict):
            filled = {name: self._part(name, each) for name, each in value.items()}
            for name, default in self.defaults.items():
                if is_null(filled.get(name)):
                    filled[name] = self._part(name, default)
            return filled
        if isinstance(value, list):
            return [self._part(index, each) for index, each in enumerate(value)]
        return value

    def _part(self, key: str | int, value: object) -> object:
        part = self.parts.get(key) or self.parts.get("")
        return part.with_defaults(value) if part is not None else value


def constraint_at(frame: Frame, node: Node) -> Constraint:
    """The type that an expression spells, such as `list(object({ a = optional(string, "x") }))`.

    Raises:
        ValueMistake: it spells none.
    """
    while isinstance(node, Parenthesized):
        node = node.inner
    if isinstance(node, Root):
        return _keyword(name_in(frame, node.name))
    if isinstance(node, Call) and len(node.arguments) == 1:
        return _constructed(frame, name_in(frame, node.name), node.arguments[0])
    raise refuse("a type is required, such as string or list(number)", 1)


def _keyword(name: str) -> Constraint:
    if name in PRIMITIVES:
        return Constraint(name)
    if name == "any":
        return Constraint("dynamic")
    raise refuse(f'there is no type "{name}"', 1)


def _constructed(frame: Frame, name: str, argument: Node) -> Constraint:
    if name in ("list", "set", "map"):
        element = constraint_at(frame, argument)
        return Constraint([name, element.type], parts={"": element})
    if name == "tuple" and isinstance(argument, Tuple):
        items = [constraint_at(frame, each) for each in argument.items]
        return Constraint(["tuple", [each.type for each in items]], parts=dict(enumerate(items)))
    if name == "object" and isinstance(argument, Object):
        return _object(frame, argument)
    raise refuse(f'"{name}" does not make a type of what it is given', 1)


def _object(frame: Frame, node: Object) -> Constraint:
    parts: dict[str | int, Constraint] = {}
    defaults: dict[str, object] = {}
    optional: list[str] = []
    for key, value in node.items:
        name = _attribute_name(frame, key)
        if isinstance(value, Call) and name_in(frame, value.name) == "optional":
            optional.append(name)
            if len(value.arguments) == 2:
                defaults[name] = _value(frame, value.arguments[1])
            value = value.arguments[0]
        parts[name] = constraint_at(frame, value)
    of: list[object] = ["object", {name: part.type for name, part in parts.items()}]
    return Constraint([*of, optional] if optional else of, defaults, parts)


def _attribute_name(frame: Frame, key: Node) -> str:
    if isinstance(key, (Literal, Slot)):
        name = _value(frame, key)
        if isinstance(name, str):
            return name
    raise refuse("an attribute of an object type needs a plain name", 1)


def _value(frame: Frame, node: Node) -> object:
    from reconciler.language.evaluation import compile_node

    return compile_node(node)(frame)
