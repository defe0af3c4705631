"""Reading: one block taken apart, with everything that is wrong about it reported."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Set

from reconciler.diagnostics import Diagnostics, Place
from reconciler.errors import SpecError
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake
from reconciler.language.syntax import Block, Expression
from reconciler.language.types import Type
from reconciler.language.values import is_null
from reconciler.spec.constants import constant, in_context
from reconciler.suggest import closest, did_you_mean

NAME = re.compile(r"[^\W\d][\w-]*")
"""What may name a block: also what may be written without quotes in a reference."""


class BlockReader:
    """One block being read. Every mistake is noted at its place, in the context of the block."""

    __slots__ = ("block", "body", "diagnostics", "meant", "outer", "providers")

    def __init__(
        self,
        block: Block,
        diagnostics: Diagnostics,
        outer: str | None = None,
        *,
        providers: Set[str] = frozenset(),
    ) -> None:
        self.block = block
        self.meant: set[str] = set()
        """Arguments that are there under a misspelt name, which has been reported."""
        self.providers = providers
        """What the provider may be called here."""
        self.body = block.body
        self.diagnostics = diagnostics
        self.outer = outer

    @property
    def context(self) -> str:
        """The block, or for a nested one the block it stands in: `resource "T" "N"`."""
        return self.outer or header(self.block)

    def inner(self, block: Block) -> BlockReader:
        """A reader of a block nested in this one."""
        return BlockReader(block, self.diagnostics, self.context, providers=self.providers)

    def error(self, summary: str, detail: str, place: Place | None = None) -> None:
        """Note a mistake at *place*, or at the block's header."""
        self.diagnostics.error(
            summary, detail, place=place or self.block.place, context=self.context
        )

    def warning(self, summary: str, detail: str, place: Place | None = None) -> None:
        """Note a doubt at *place*, or at the block's header."""
        self.diagnostics.warning(
            summary, detail, place=place or self.block.place, context=self.context
        )

    def labels(self, *names: str) -> tuple[str, ...] | None:
        """The labels, one per name in *names*; None after an error."""
        if self.block.is_torn:
            return None
        labels, type_ = self.block.labels, self.block.type
        if len(labels) < len(names):
            wanted = ", ".join(names)
            detail = f"{_a(type_)} block needs {_count(len(names), 'label')}: {wanted}."
            self.error(f"Missing {names[len(labels)]} for {type_}", detail)
            return None
        if len(labels) > len(names):
            wanted = f" ({', '.join(names)})" if names else ""
            detail = f"{_a(type_)} block has {_count(len(names), 'label')}{wanted}."
            self.error(f"Extraneous label for {type_}", detail, self.block.label_places[len(names)])
            return None
        return labels if self._are_names(names) else None

    def name(self) -> str | None:
        """The one label, a name; None after an error."""
        labels = self.labels("name")
        return labels[0] if labels else None

    def expect(
        self,
        arguments: Collection[str] = (),
        *,
        required: Iterable[str] = (),
        blocks: Collection[str] = (),
    ) -> None:
        """Report arguments and blocks that do not belong here, and required ones that lack."""
        body = self.body
        for name in body.arguments:
            if name not in arguments:
                self.unsupported_argument(name, arguments, blocks)
        for each in body.blocks:
            if each.type not in blocks:
                self.unsupported_block(each, arguments, blocks)
        for name in required:
            if name not in body.arguments:
                self.missing_argument(name)

    def unsupported_argument(
        self, name: str, arguments: Collection[str], blocks: Collection[str] = ()
    ) -> None:
        """Report an argument that does not exist."""
        detail = f'An argument named "{name}" is not expected here.'
        if name in blocks:
            detail += f" It is a block: write {name} {{ ... }} without the equals sign."
        else:
            detail += did_you_mean(name, arguments)
            self.meant.add(closest(name, arguments) or name)
        self.error("Unsupported argument", detail, self.body.arguments[name].name_place)

    def unsupported_block(
        self, block: Block, arguments: Collection[str], blocks: Collection[str]
    ) -> None:
        """Report a block that does not exist, or a dynamic block that would make such."""
        type_, place = written_type(block)
        detail = f'Blocks of type "{type_}" are not expected here.'
        if type_ in arguments:
            self.meant.add(type_)
            detail += f" It is an argument: write {type_} = ... with an equals sign."
        else:
            detail += did_you_mean(type_, blocks)
        self.error("Unsupported block type", detail, place)

    def missing_argument(self, name: str) -> None:
        """Report a required argument that is not there.

        Not if it may be in what was not read, or stand under a misspelt name.
        """
        if self.body.unread or name in self.meant:
            return
        detail = f'The argument "{name}" is required, and there is none. Add {name} = ... here.'
        self.error("Missing required argument", detail)

    def expression(self, name: str) -> Expression | None:
        """What stands behind the argument *name*; None without it."""
        argument = self.body.arguments.get(name)
        return argument.expression if argument is not None else None

    def static(self, name: str) -> Expression | None:
        """What stands behind the argument *name*, to be looked at as it is written.

        None without it, and where it could not be read.
        """
        expression = self.expression(name)
        return None if expression is None or expression.is_unread else expression

    def text(self, name: str, *, nullable: bool = False) -> str | None:
        """The constant text of the argument *name*; None without it or after an error."""
        value = self._constant(name, "string", "a text", nullable=nullable)
        assert value is None or isinstance(value, str), "it has been converted"
        return value

    def flag(self, name: str) -> bool | None:
        """The constant truth of the argument *name*; None without it or after an error."""
        value = self._constant(name, "bool", "true or false", nullable=False)
        assert value is None or isinstance(value, bool), "it has been converted"
        return value

    def blocks(self, type_: str) -> list[Block]:
        """The nested blocks of one type."""
        return [each for each in self.body.blocks if each.type == type_]

    def only_block(self, type_: str, first: Block | None = None) -> Block | None:
        """The nested block of a type that may stand here once; a second one is an error, and so
        is any where *first* stands elsewhere already."""
        found = self.blocks(type_)
        only = found[0] if found and first is None else None
        first = first or only
        for each in found:
            if first is not None and each is not first:
                place = where(first.place)
                detail = f"There is a {type_} block at {place} already. Write both as one block."
                self.error(f"Duplicate {type_} block", detail, each.type_place)
        return only

    def _constant(self, name: str, type_: Type, wanted: str, *, nullable: bool) -> object:
        expression = self.static(name)
        if expression is None:
            return None
        try:
            value = convert(constant(expression), type_)
            if not is_null(value):
                return value
        except SpecError as error:
            in_context(self.diagnostics, error, self.context)
            return None
        except ValueMistake:
            nullable = False
        if not nullable:
            detail = f'The argument "{name}" must be {wanted}.'
            self.error("Unsuitable value type", detail, expression.place)
        return None

    def _are_names(self, names: tuple[str, ...]) -> bool:
        good = True
        for at, label in enumerate(self.block.labels):
            if not NAME.fullmatch(label):
                what = names[at] if names[at] == "name" else f"{names[at]} name"
                place = self.block.label_places[at]
                self.error(f"Invalid {self.block.type} {what}", NAME_RULE, place)
                good = False
        return good


NAME_RULE = (
    "A name starts with a letter or an underscore and goes on with letters, digits, underscores "
    "and dashes."
)


def header(block: Block) -> str:
    """The block as messages name it: its type and its labels in quotes."""
    return " ".join((block.type, *(f'"{label}"' for label in block.labels)))


def written_type(block: Block) -> tuple[str, Place]:
    """The type of a block, or of the blocks that a dynamic one makes, and where it is written."""
    if block.type == "dynamic" and block.labels:
        return block.labels[0], block.label_places[0]
    return block.type, block.type_place


def where(place: Place) -> str:
    """A place as messages name it: `main.tf:12:3`."""
    source, start, end = place
    return str(source.range(start, end))


def _a(word: str) -> str:
    return f"{'An' if word[:1] in set('aeiou') else 'A'} {word}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
