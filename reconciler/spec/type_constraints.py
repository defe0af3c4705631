"""Type constraints: what `type = object({ a = optional(string, "x") })` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from reconciler.errors import SpecError
from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake
from reconciler.language.syntax import Expression
from reconciler.language.types import Type
from reconciler.language.values import Sensitive, is_null
from reconciler.spec.constants import constant, in_context
from reconciler.spec.reading import NAME, BlockReader
from reconciler.suggest import did_you_mean

MAX_TYPE_DEPTH = 50
"""How deep types may be nested in each other."""


@frozen
class TypeDefaults:
    """What the `optional` attributes of a type fall back to.

    *values* are those of an object's own attributes; *parts* lead to the types of attributes (by
    name), of tuple elements (by index), or of all elements of a collection (by "").
    """

    values: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[str | int, TypeDefaults] = field(default_factory=dict)


Constraint = tuple[Type, TypeDefaults | None]
"""A type, and what its optional attributes fall back to."""

ANY: Constraint = ("dynamic", None)


def read_type(reader: BlockReader, name: str) -> Constraint:
    """The type that the argument *name* writes out; any type without it or after an error."""
    expression = reader.static(name)
    return ANY if expression is None else _read(reader, expression, 0)


def apply_defaults(value: object, defaults: TypeDefaults | None) -> object:
    """*value* with what its objects lack, or have as null, taken from *defaults*."""
    if defaults is None:
        return value
    if isinstance(value, Sensitive):
        return Sensitive(apply_defaults(value.value, defaults))
    if isinstance(value, Mapping):
        filled = {name: _part(defaults, name, each) for name, each in value.items()}
        for name, default in defaults.values.items():
            if is_null(filled.get(name)):
                filled[name] = _part(defaults, name, default)
        return filled
    if isinstance(value, list) and defaults.parts:
        return [_part(defaults, index, each) for index, each in enumerate(value)]
    return value


def _part(defaults: TypeDefaults, key: str | int, value: object) -> object:
    return apply_defaults(value, defaults.parts.get(key) or defaults.parts.get(""))


def _read(reader: BlockReader, expression: Expression, depth: int) -> Constraint:
    if depth > MAX_TYPE_DEPTH:
        detail = f"Types may be nested {MAX_TYPE_DEPTH} deep."
        reader.error("Type nested too deep", detail, expression.place)
        return ANY
    call = expression.call()
    if call is None:
        return _keyword(reader, expression, is_outermost=depth == 0)
    name, arguments = call
    if name not in _CONSTRUCTORS:
        detail = f'There is no type constructor "{name}".{did_you_mean(name, _CONSTRUCTORS)}'
        if name == "optional":
            detail = "optional(...) can only stand for an attribute inside object({ ... })."
        reader.error(_INVALID, detail, expression.place)
        return ANY
    if len(arguments) != 1:
        detail = f"{name} needs one argument, {_CONSTRUCTORS[name]}."
        reader.error(_INVALID, detail, expression.place)
        return ANY
    return _construct(reader, name, arguments[0], depth + 1)


_INVALID = "Invalid type specification"
_CONSTRUCTORS = {
    "list": "the type of its elements: list(string)",
    "set": "the type of its elements: set(string)",
    "map": "the type of its elements: map(string)",
    "object": "the types of its attributes: object({ name = string })",
    "tuple": "the types of its elements: tuple([string, number])",
}
_KEYWORDS: Mapping[str, Type] = {
    "string": "string",
    "number": "number",
    "bool": "bool",
    "any": "dynamic",
}
_SHORTHANDS: Mapping[str, Type] = {"list": ["list", "dynamic"], "map": ["map", "dynamic"]}
"""What may stand alone as the whole type, as old specs have it."""


def _keyword(reader: BlockReader, expression: Expression, *, is_outermost: bool) -> Constraint:
    found = expression.traversal()
    word = found.root if found is not None and not found.steps else expression.text
    type_ = _KEYWORDS.get(word) or (_SHORTHANDS.get(word) if is_outermost else None)
    if type_ is not None:
        return type_, None
    detail = "A type is needed here: string, number, bool, any, list(...), map(...), object(...)."
    if is_outermost and expression.text.startswith('"'):
        reader.error("Invalid quoted type constraint", _quoted(expression), expression.place)
        return ANY
    if word in _CONSTRUCTORS:
        detail = f"{word} needs one argument, {_CONSTRUCTORS[word]}."
    elif found is not None:
        hint = did_you_mean(word, {*_KEYWORDS, *_CONSTRUCTORS})
        detail = f'The keyword "{word}" is not a type.{hint}'
    reader.error(_INVALID, detail, expression.place)
    return ANY


def _quoted(expression: Expression) -> str:
    word = expression.text.strip('"')
    meant = f"{word}(string)" if word in ("list", "map") else word
    return f"Types are written without quotes: type = {meant}."


def _construct(reader: BlockReader, name: str, argument: Expression, depth: int) -> Constraint:
    if name == "object":
        return _object(reader, argument, depth)
    if name == "tuple":
        return _tuple(reader, argument, depth)
    element, defaults = _read(reader, argument, depth)
    return [name, element], TypeDefaults(parts={"": defaults}) if defaults else None


def _tuple(reader: BlockReader, argument: Expression, depth: int) -> Constraint:
    items = argument.items()
    if items is None:
        detail = "A tuple is written as tuple([string, number])."
        reader.error(_INVALID, detail, argument.place)
        return ANY
    found = [_read(reader, each, depth) for each in items]
    parts: dict[str | int, TypeDefaults] = {
        index: defaults for index, (_, defaults) in enumerate(found) if defaults
    }
    return ["tuple", [type_ for type_, _ in found]], TypeDefaults(parts=parts) if parts else None


def _object(reader: BlockReader, argument: Expression, depth: int) -> Constraint:
    pairs = argument.pairs()
    if pairs is None:
        detail = "An object is written as object({ name = string })."
        reader.error(_INVALID, detail, argument.place)
        return ANY
    attributes = _Attributes(reader, depth)
    for key, value in pairs:
        attributes.add(key, value)
    return attributes.constraint()


class _Attributes:
    """The attributes of one object type as they are read."""

    def __init__(self, reader: BlockReader, depth: int) -> None:
        self.reader = reader
        self.depth = depth
        self.types: dict[str, Type] = {}
        self.optional: list[str] = []
        self.values: dict[str, object] = {}
        self.parts: dict[str | int, TypeDefaults] = {}

    def add(self, key: Expression, value: Expression) -> None:
        """Read one attribute."""
        name = key.text
        if not NAME.fullmatch(name):
            detail = "The attributes of an object type are plain names: object({ name = string })."
            self.reader.error(_INVALID, detail, key.place)
            return
        if name in self.types:
            detail = f'The object type has an attribute named "{name}" already. Remove one of them.'
            self.reader.error(_INVALID, detail, key.place)
            return
        call = value.call()
        if call is not None and call[0] == "optional":
            self._add_optional(name, value, call[1])
        else:
            self._add_type(name, value)

    def constraint(self) -> Constraint:
        """The type as read."""
        type_: list[object] = ["object", self.types]
        if self.optional:
            type_.append(self.optional)
        if not self.values and not self.parts:
            return type_, None
        return type_, TypeDefaults(self.values, self.parts)

    def _add_type(self, name: str, expression: Expression) -> None:
        type_, defaults = _read(self.reader, expression, self.depth)
        self.types[name] = type_
        if defaults is not None:
            self.parts[name] = defaults

    def _add_optional(
        self, name: str, expression: Expression, arguments: tuple[Expression, ...]
    ) -> None:
        if not 1 <= len(arguments) <= 2:
            detail = 'optional needs a type and may have a default: optional(string, "x").'
            self.reader.error(_INVALID, detail, expression.place)
            return
        self._add_type(name, arguments[0])
        self.optional.append(name)
        if len(arguments) == 2:
            self._add_default(name, arguments[1])

    def _add_default(self, name: str, expression: Expression) -> None:
        value = apply_defaults(self._constant(expression), self.parts.get(name))
        if is_null(value):
            return
        try:
            convert(value, self.types[name])
        except ValueMistake as mistake:
            summary = "Invalid default value for optional attribute"
            detail = f"It does not fit the type of the attribute: {mistake.message}."
            self.reader.error(summary, detail, expression.place)
            return
        self.values[name] = value

    def _constant(self, expression: Expression) -> object:
        try:
            return constant(expression)
        except SpecError as error:
            in_context(self.reader.diagnostics, error, self.reader.context)
            return None
