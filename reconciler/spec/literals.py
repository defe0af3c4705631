"""Literals: arguments whose value is plain from the text, held against the schema."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.diagnostics import Diagnostics, Place
from reconciler.errors import SpecError
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake, path_text
from reconciler.language.syntax import Argument, Expression
from reconciler.language.values import is_null
from reconciler.schema import Attribute, Complaint, Path, Schema
from reconciler.spec.constants import NO_NAMES, in_context


def check_literals(
    schema: Schema, arguments: Mapping[str, Argument], context: str, diagnostics: Diagnostics
) -> None:
    """Report what the schema has against the arguments that need nothing to be evaluated."""
    check = _Check(context, diagnostics)
    values: dict[str, object] = {}
    for name, argument in arguments.items():
        attribute = schema.attributes.get(name)
        if attribute is not None and argument.expression.is_constant:
            values[name] = check.argument(attribute, argument)
    for names in schema.exclusive:
        full = [name for name in names if values.get(name) not in (None, "", [], {})]
        if len(full) > 1:
            detail = f"Only one of {' and '.join(full)} may be given. Remove the other."
            check.error("Conflicting arguments", detail, arguments[full[1]].name_place)


def part_place(expression: Expression, path: Path, *, key: bool = False) -> Place:
    """Where the part at *path* of a value is written, or its key; the nearest place around it."""
    for at, step in enumerate(path):
        pair = _pair(expression, step)
        if pair is None:
            break
        name, expression = pair
        if key and at == len(path) - 1 and name is not None:
            return name.place
    return expression.place


class _Check:
    """The literals of one block being checked."""

    def __init__(self, context: str, diagnostics: Diagnostics) -> None:
        self.context = context
        self.diagnostics = diagnostics

    def error(self, summary: str, detail: str, place: Place) -> None:
        self.diagnostics.error(summary, detail, place=place, context=self.context)

    def argument(self, attribute: Attribute, argument: Argument) -> object:
        """Check one argument; its value, None after an error."""
        expression = argument.expression
        try:
            value = expression.evaluate(NO_NAMES)
            value = convert(value, attribute.type)
        except SpecError as error:
            in_context(self.diagnostics, error, self.context)
            return None
        except ValueMistake as mistake:
            detail = f'"{argument.name}"{path_text(mistake.path)}: {mistake.message}.'
            place = part_place(expression, mistake.path)
            self.error("Incorrect attribute value type", detail, place)
            return None
        if is_null(value):
            self._null(attribute, argument)
            return None
        for complaint in attribute.check(value) if attribute.check is not None else ():
            self._complain(argument, complaint)
        return value

    def _null(self, attribute: Attribute, argument: Argument) -> None:
        if attribute.required:
            detail = f'The argument "{argument.name}" is required and cannot be null.'
            self.error("Missing required argument", detail, argument.expression.place)

    def _complain(self, argument: Argument, complaint: Complaint) -> None:
        name = f"{argument.name}{path_text(complaint.path)}"
        place = part_place(argument.expression, complaint.path, key=complaint.about_key)
        summary = f'Invalid value for "{argument.name}"'
        self.error(summary, f"{name} {complaint.message}.", place)


def _pair(expression: Expression, step: str | int) -> tuple[Expression | None, Expression] | None:
    """The key, if it has one, and the value of a part of a constructor; None if it is none."""
    items = expression.items()
    if items is not None:
        return (None, items[step]) if isinstance(step, int) and step < len(items) else None
    for key, value in expression.pairs() or ():
        if key.is_constant and key.evaluate(NO_NAMES) == step:
            return key, value
    return None
