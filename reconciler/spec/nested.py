"""Nested: blocks inside a resource as the value of the argument they stand for.

`attachments { file_id = "f" }`, once or several times or made by `dynamic "attachments"`, means
`attachments = [{ file_id = "f" }]`; that is how specs for older providers are written. After
this, a resource has arguments only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from reconciler.diagnostics import Place, Severity, diagnostic
from reconciler.errors import SpecError
from reconciler.frozen import frozen, replace
from reconciler.language.marks import unmark
from reconciler.language.syntax import Argument, Block, Expression, Scope, Traversal
from reconciler.language.types import Type, attribute_types, element_type, kind, optional_names
from reconciler.language.values import Sensitive, SetValue, Unknown, is_null
from reconciler.spec.reading import NAME, BlockReader, written_type


def block_type(type_: Type) -> Type | None:
    """The object type that blocks of an argument of *type_* describe; None: blocks cannot."""
    if kind(type_) in ("list", "set"):
        type_ = element_type(type_)
    return type_ if kind(type_) == "object" else None


def read_nested(reader: BlockReader, types: Mapping[str, Type]) -> dict[str, Argument]:
    """Read the blocks of *reader* as arguments; *types* are those of the arguments there may be.

    Blocks of other types are passed over: whoever calls has reported them.
    """
    groups: dict[str, list[Block]] = {}
    for block in reader.body.blocks:
        name, _ = written_type(block)
        if name in types and block_type(types[name]) is not None:
            groups.setdefault(name, []).append(block)
    return {name: _argument(reader, name, types[name], blocks) for name, blocks in groups.items()}


def _argument(reader: BlockReader, name: str, type_: Type, blocks: list[Block]) -> Argument:
    parts = tuple(
        part for block in blocks if (part := _read_part(reader, block, type_)) is not None
    )
    is_one = kind(type_) == "object"
    if is_one and len(blocks) > 1:
        detail = f'There can be only one "{name}" block here.'
        reader.error(f"Too many {name} blocks", detail, blocks[1].type_place)
    first = blocks[0]
    expression = NestedBlocks(parts, is_one, first.place)
    return Argument(name, expression, first.place, first.type_place)


def _read_part(reader: BlockReader, block: Block, type_: Type) -> Part | None:
    inner = reader.inner(block)
    if block.type != "dynamic":
        inner.labels()
        members = _members(inner, type_)
        return None if members is None else Part(members, None, "", block.place)
    labels = inner.labels("type")
    inner.expect(("for_each", "iterator"), required=("for_each",), blocks=("content",))
    content, for_each = inner.only_block("content"), inner.expression("for_each")
    if content is not None:
        inner.inner(content).labels()
    if labels is None or for_each is None:
        return None
    if content is None:
        if inner.body.unread:
            return None
        detail = "A dynamic block needs a content block that says what each block holds."
        inner.error("Missing content block", detail)
        return None
    members = _members(inner.inner(content), type_)
    if members is None:
        return None
    return Part(members, for_each, _iterator(inner, labels[0]), block.place)


def _iterator(reader: BlockReader, default: str) -> str:
    expression = reader.static("iterator")
    if expression is None:
        return default
    found = expression.traversal()
    if found is not None and not found.steps:
        return found.root
    reader.error("Invalid iterator", "A single name is needed here.", expression.place)
    meant = NAME.search(expression.text)
    return default if meant is None else meant[0]


def _members(reader: BlockReader, type_: Type) -> dict[str, Expression] | None:
    """The arguments of one block by name, with those that its own blocks stand for.

    None where a required one lacks, which has been reported.
    """
    described = block_type(type_)
    assert described is not None, "only types that blocks can describe come here"
    types = attribute_types(described)
    blocks = [name for name, each in types.items() if block_type(each) is not None]
    optional = optional_names(described)
    body = reader.body
    for name in body.arguments:
        if name not in types:
            reader.unsupported_argument(name, types, blocks)
    for each in body.blocks:
        if written_type(each)[0] not in blocks:
            reader.unsupported_block(each, types, blocks)
    nested = read_nested(reader, types)
    missing = types.keys() - body.arguments.keys() - nested.keys() - set(optional)
    for name in sorted(missing):
        reader.missing_argument(name)
    if missing:
        return None
    given = {name: each.expression for name, each in body.arguments.items() if name in types}
    return given | {name: each.expression for name, each in nested.items()}


@frozen
class Part:
    """One block, or with *for_each* as many as that has elements."""

    members: Mapping[str, Expression]
    for_each: Expression | None
    iterator: str
    place: Place


@frozen
class NestedBlocks:
    """An `Expression`: the blocks of one type as a list of objects, or as the one object."""

    parts: tuple[Part, ...]
    is_one: bool
    place: Place

    @property
    def text(self) -> str:
        """How the first block's header is written."""
        source, start, end = self.place
        return source.text[start:end]

    def references(self) -> tuple[Traversal, ...]:
        """Every reference in the blocks, without the iterators of dynamic ones."""
        found: list[Traversal] = []
        for part in self.parts:
            if part.for_each is not None:
                found += part.for_each.references()
            inner = (each for member in part.members.values() for each in member.references())
            found += (each for each in inner if each.root != part.iterator)
        return tuple(found)

    @property
    def is_unread(self) -> bool:
        """False: blocks that could not be read are not among them."""
        return False

    @property
    def is_constant(self) -> bool:
        """Whether the blocks use no names and call no functions."""
        return not self.references() and not self.calls()

    def calls(self) -> tuple[tuple[str, Place], ...]:
        """Every function called in the blocks."""
        return tuple(call for each in self._expressions() for call in each.calls())

    def traversal(self) -> Traversal | None:
        """None: blocks are not a reference."""
        return None

    def items(self) -> tuple[Expression, ...] | None:
        """The blocks, where each is written out and they stand for a list."""
        if self.is_one or any(part.for_each is not None for part in self.parts):
            return None
        return tuple(NestedBlocks((part,), True, part.place) for part in self.parts)

    def part(self, step: str | int, scope: Scope) -> tuple[Expression, Scope] | None:
        """What the element number *step*, or of one block the member called so, was made from in
        *scope*, and the scope that it was evaluated in; None where there is none.

        Raises:
            SpecError: it cannot be told.
        """
        made = self._made(scope)
        if isinstance(step, int):
            found = None if self.is_one else next(itertools.islice(made, step, None), None)
            if found is None:
                return None
            part, inner = found
            return NestedBlocks((replace(part, for_each=None),), True, part.place), inner
        found = next(made, None) if self.is_one else None
        if found is None or step not in found[0].members:
            return None
        return found[0].members[step], found[1]

    def _made(self, scope: Scope) -> Iterator[tuple[Part, Scope]]:
        """Every block there is, with the scope of what stands in it."""
        for part in self.parts:
            if part.for_each is None:
                yield part, scope
                continue
            collection, _ = unmark(part.for_each.evaluate(scope))
            if isinstance(collection, Unknown):
                return
            for each in _scopes(part, collection, scope):
                yield part, each

    def pairs(self) -> tuple[tuple[Expression, Expression], ...] | None:
        """None: the names in a block are not expressions."""
        return None

    def index(self) -> Expression | None:
        """Nested blocks end in no index."""
        return None

    def call(self) -> tuple[str, tuple[Expression, ...]] | None:
        """None: blocks are not a function call."""
        return None

    def evaluate(self, scope: Scope) -> object:
        """The objects that the blocks stand for.

        Raises:
            SpecError: what is wrong, with places.
        """
        found: list[object] = []
        for part in self.parts:
            made = _objects(part, scope)
            if isinstance(made, (Unknown, Sensitive)):
                return made
            found += made
        if self.is_one:
            return found[0] if found else None
        return found

    def _expressions(self) -> Iterator[Expression]:
        for part in self.parts:
            if part.for_each is not None:
                yield part.for_each
            yield from part.members.values()


@frozen
class IteratorScope:
    """The scope inside a dynamic block: one name more, for the element it is at."""

    outer: Scope
    name: str
    element: Mapping[str, object]

    def root(self, name: str) -> object:
        """The element under its own name, everything else as outside."""
        return self.element if name == self.name else self.outer.root(name)

    @property
    def functions(self) -> Mapping[str, object]:
        """The same as outside."""
        return self.outer.functions


def _objects(part: Part, scope: Scope) -> list[object] | Unknown | Sensitive:
    if part.for_each is None:
        return [_object(part, scope)]
    collection = part.for_each.evaluate(scope)
    inner, is_secret = unmark(collection)
    if isinstance(inner, Unknown):
        made: list[object] | Unknown = Unknown("dynamic")
    else:
        made = [_object(part, each) for each in _scopes(part, inner, scope)]
    # How many blocks there are is as secret as what they are made from.
    return Sensitive(made) if is_secret else made


def _object(part: Part, scope: Scope) -> dict[str, object]:
    return {name: each.evaluate(scope) for name, each in part.members.items()}


def _scopes(part: Part, collection: object, scope: Scope) -> Iterator[Scope]:
    for key, value in _elements(part, collection):
        yield IteratorScope(scope, part.iterator, {"key": key, "value": value})


def _elements(part: Part, collection: object) -> Iterator[tuple[object, object]]:
    if isinstance(collection, Mapping):
        return iter(sorted(collection.items()))
    if isinstance(collection, SetValue):
        return ((each, each) for each in collection)
    if isinstance(collection, list):
        return iter(enumerate(collection))
    assert part.for_each is not None, "only a dynamic block has a collection"
    what = "null" if is_null(collection) else "a single value"
    detail = f"A dynamic block is repeated for each element of a list, set or map; this is {what}."
    place = part.for_each.place
    found = diagnostic(Severity.ERROR, "Invalid dynamic for_each value", detail, place=place)
    raise SpecError((found,))
