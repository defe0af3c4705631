"""Function: what may be called in an expression, and what happens around every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.frame import Budget
from reconciler.language.marks import mark, unmark, unmark_deep
from reconciler.language.mistakes import ValueMistake
from reconciler.language.rendering import composed
from reconciler.language.traverse import HIDDEN
from reconciler.language.types import Type, type_of, type_text
from reconciler.language.values import (
    Sensitive,
    Unknown,
    contains_unknown,
    is_null,
    limit_parts,
)


@frozen
class Parameter:
    """One argument of a function, and what the function takes care of itself."""

    name: str
    type: Type = "dynamic"
    is_nullable: bool = False
    unknown: Literal["none", "inside", "any"] = "none"
    """How much of it may be unknown without the result being unknown as a whole."""
    marks: Literal["none", "inside", "any"] = "none"
    """Which sensitive marks the function sees; those it does not see go to the whole result."""


Implementation = Callable[..., object]


@frozen
class Function:
    """A function of the language: its parameters, what it returns, and what it is for."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    variadic: Parameter | None
    returns: Type
    implement: Implementation
    examples: tuple[str, ...] = ()
    is_lazy: bool = False
    """Whether it takes the expressions of its arguments instead of their values."""
    infer: Callable[..., Type] | None = None
    """The type of the result for the types of the arguments, where *returns* does not say it."""
    may_be_null: bool = False
    """Whether the result can be null for arguments that are not."""

    def call(self, arguments: Sequence[object], budget: Budget) -> object:
        """The result for the values of the arguments.

        Raises:
            ValueMistake: an argument is not right, or the function fails.
        """
        parameters = self.parameters_for(len(arguments))
        values: list[object] = []
        is_sensitive = is_unknown = is_untyped = False
        for position, (parameter, argument) in enumerate(zip(parameters, arguments, strict=True)):
            if type(argument) is str and parameter.type == "string":
                values.append(argument)
                continue
            value, was_marked = _prepare(parameter, argument, position, may_be_null=is_untyped)
            is_sensitive |= was_marked
            is_unknown |= _makes_unknown(parameter, value)
            is_untyped |= parameter.unknown != "any" and _is_untyped(value)
            values.append(value)
        if is_unknown:
            return mark(self._unknown_result(values, is_untyped=is_untyped), is_sensitive)
        if not is_sensitive:
            return _finished(self.implement(*values), budget)
        try:
            return mark(_finished(self.implement(*values), budget))
        except ValueMistake as mistake:
            raise ValueMistake(HIDDEN, summary=mistake.summary, argument=mistake.argument) from None

    def _unknown_result(self, arguments: Sequence[object], *, is_untyped: bool) -> Unknown:
        """What the result is where it cannot be known yet."""
        of = self.returns
        if self.infer is not None and is_untyped:
            of = "dynamic"
        elif self.infer is not None:
            of = self.infer(*(type_of(each) for each in arguments))
        return Unknown(of, not_null=of != "dynamic" and not self.may_be_null)

    def parameters_for(self, count: int) -> Sequence[Parameter]:
        """The parameters of a call with *count* arguments.

        Raises:
            ValueMistake: it cannot have so many, or so few.
        """
        least = len(self.parameters)
        if count == least:
            return self.parameters
        if count < least:
            raise ValueMistake(
                f'{self.signature} needs an argument "{self.parameters[count].name}" as well',
                summary="Not enough function arguments",
            )
        if self.variadic is None:
            raise ValueMistake(
                f"{self.signature} takes no more than {least}",
                summary="Too many function arguments",
                argument=least,
            )
        return [*self.parameters, *[self.variadic] * (count - least)]

    @property
    def signature(self) -> str:
        """How it is called: `join(separator string, lists list(string)...) -> string`."""
        parts = [f"{each.name} {type_text(each.type)}" for each in self.parameters]
        if self.variadic is not None:
            parts.append(f"{self.variadic.name} {type_text(self.variadic.type)}...")
        return f"{self.name}({', '.join(parts)}) -> {type_text(self.returns)}"


def _is_untyped(value: object) -> bool:
    return isinstance(value, Unknown) and value.type == "dynamic"


def _prepare(
    parameter: Parameter, argument: object, position: int, *, may_be_null: bool
) -> tuple[object, bool]:
    """An argument as its parameter wants it, and whether a mark was taken off.

    After an argument of which nothing is known, null is only noticed once that is known.
    """
    value, is_marked = argument, False
    if parameter.marks == "none":
        value, is_marked = unmark_deep(argument)
    elif parameter.marks == "inside":
        value, is_marked = unmark(argument)
    if parameter.marks != "none" and parameter.type != "dynamic":
        limit_parts(value)
    try:
        value = convert(value, parameter.type)
    except ValueMistake as mistake:
        # The path could name keys that must not be shown.
        said = mistake.message if is_marked else mistake.text
        raise _invalid(parameter, said, position) from None
    if parameter.marks == "inside" and isinstance(value, Sensitive):
        value, is_marked = value.value, True
    if is_null(value) and not parameter.is_nullable and not may_be_null:
        raise _invalid(parameter, "the argument must not be null", position)
    return value, is_marked


def _invalid(parameter: Parameter, message: str, position: int) -> ValueMistake:
    return ValueMistake(
        f'the value for "{parameter.name}" is not right: {message}',
        summary="Invalid function argument",
        argument=position,
    )


def _makes_unknown(parameter: Parameter, value: object) -> bool:
    if parameter.unknown == "any":
        return False
    if isinstance(value, Unknown):
        return True
    if parameter.unknown == "none" and isinstance(value, (list, dict)):
        return contains_unknown(value)
    return False


def _finished(result: object, budget: Budget) -> object:
    """The result, in NFC where it is text, after its size has been accounted for."""
    if type(result) is str:
        budget.spend_text(len(result))
        return composed(result)
    if isinstance(result, (list, dict)):
        budget.spend_steps(len(result))
    return result


class Family(dict[str, Function]):
    """Functions of one kind, by name."""

    def add(
        self,
        name: str,
        description: str,
        *parameters: Parameter,
        variadic: Parameter | None = None,
        returns: Type = "dynamic",
        examples: tuple[str, ...] = (),
        is_lazy: bool = False,
        infer: Callable[..., Type] | None = None,
        may_be_null: bool = False,
    ) -> Callable[[Implementation], Implementation]:
        """Make the decorated function the implementation of *name*."""

        def register(implement: Implementation) -> Implementation:
            self[name] = Function(
                name,
                description,
                parameters,
                variadic,
                returns,
                implement,
                examples,
                is_lazy,
                infer,
                may_be_null,
            )
            return implement

        return register


def text(name: str = "str") -> Parameter:
    """A parameter that takes text."""
    return Parameter(name, "string")


def number(name: str = "num") -> Parameter:
    """A parameter that takes a number."""
    return Parameter(name, "number")


def list_of(name: str, element: Type) -> Parameter:
    """A parameter that takes a list."""
    return Parameter(name, ["list", element])


def anything(name: str) -> Parameter:
    """A parameter that takes any value that is not null and wholly known."""
    return Parameter(name)


def looked_into(name: str, of: Type = "dynamic", *, is_nullable: bool = False) -> Parameter:
    """A parameter whose parts may be unknown or sensitive and stay so in the result."""
    return Parameter(name, of, is_nullable=is_nullable, unknown="inside", marks="inside")


def refuse(message: str, argument: int | None = None) -> ValueMistake:
    """The mistake of an argument whose type is right and whose value is not."""
    return ValueMistake(message, argument=argument)
