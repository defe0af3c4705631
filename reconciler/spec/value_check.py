"""Value check: what can be told to be wrong with a value before anything is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from reconciler.diagnostics import Diagnostics, Place
from reconciler.errors import SpecError
from reconciler.language.convert import convert
from reconciler.language.marks import unmark_deep
from reconciler.language.mistakes import ValueMistake, path_text
from reconciler.language.numbers import is_whole
from reconciler.language.syntax import Argument, Expression, Scope
from reconciler.language.types import kind
from reconciler.language.values import (
    Sensitive,
    SetValue,
    Unknown,
    contains_sensitive,
    is_null,
)
from reconciler.schema import Attribute, Complaint, Path, Schema
from reconciler.spec.constants import NO_NAMES, REFUSED_IN_SECRET, except_at, in_context
from reconciler.spec.model import Output, Rule, Variable
from reconciler.spec.nested import NestedBlocks
from reconciler.spec.variables import variable_value

MAX_INSTANCES = 100_000
"""How many instances one block may stand for, and all blocks of a spec together."""

SENSITIVE_KEYS = "The for_each value is sensitive, and the keys of the instances would show it."
"""What is said of a `for_each` that is a secret."""

TOO_MANY = "Too many instances"
TOO_MANY_INSTANCES = (
    f"With those of this block there are more than {MAX_INSTANCES:,} instances in all."
)


class ValueCheck:
    """Evaluates expressions for the mistakes in them, and holds arguments against schemas.

    Without a *scope* it looks at constants only. *wrong* are the places of references to nothing,
    by the identity of the expressions they are in: these are evaluated in the scope that *lenient*
    makes, in which whatever they refer to is there, and nothing more is said about those places.
    """

    def __init__(
        self,
        scope: Scope | None,
        diagnostics: Diagnostics,
        *,
        wrong: Mapping[int, Sequence[Place]] | None = None,
        lenient: Callable[[], Scope] | None = None,
    ) -> None:
        self.scope = scope
        self._make_lenient = lenient
        self._lenient: Scope | None = None
        self.wrong = {} if wrong is None else wrong
        self.diagnostics = diagnostics
        self.context = ""

    def arguments(
        self, schema: Schema, arguments: Mapping[str, Argument], context: str, place: Place
    ) -> None:
        """Report what the schema has against the arguments of the block at *place*."""
        self.context = context
        values: dict[str, object] = {}
        for name, argument in arguments.items():
            attribute = schema.attributes.get(name)
            if attribute is not None:
                values[name] = self._argument(attribute, argument)
        for names in schema.exclusive:
            full = [name for name in names if _is_full(values.get(name))]
            if len(full) > 1:
                detail = f"Only one of {' and '.join(full)} may be given. Remove the other."
                self._error("Conflicting arguments", detail, arguments[full[1]].name_place)

        for names in schema.required_sets:
            if all(values.get(name) is None for name in names):
                detail = f"One of {' and '.join(names)} must be given, and must not be null."
                self._error("Missing required argument", detail, place)

    def input(self, variable: Variable | None, expression: Expression, context: str) -> None:
        """Report an argument of a module call that does not suit the variable it is for."""
        self.context = context
        value = self._evaluate(expression)
        if variable is None:
            return
        try:
            variable_value(variable, value)
        except SpecError:
            pass  # The default of the variable is wrong, which has been said.
        except ValueMistake as mistake:
            self._error(INVALID_INPUT, input_mistake(variable, mistake), expression.place)

    def expressions(self, expressions: Iterable[Expression], context: str) -> None:
        """Report what goes wrong in some expressions, whatever their values are for."""
        self.context = context
        for expression in expressions:
            self._evaluate(expression)

    def rules(self, rules: Iterable[Rule], context: str) -> None:
        """Report what goes wrong in conditions, and messages that are no text."""
        self.context = context
        for rule in rules:
            self._evaluate(rule.condition)
            try:
                message = convert(self._evaluate(rule.error_message), "string")
            except ValueMistake as mistake:
                self._error(*invalid_message(mistake.text), rule.error_message.place)
                continue
            if is_null(message):
                self._error(*invalid_message("it is null"), rule.error_message.place)

    def output(self, output: Output, context: str) -> None:
        """Report an output of the root module that shows a secret and does not say so."""
        self.context = context
        value = self._evaluate(output.expression)
        if not output.sensitive and contains_sensitive(value):
            self._error(*SENSITIVE_OUTPUT, output.expression.place)

    def count(self, expression: Expression, context: str) -> int:
        """Report a `count` that is no number of instances; how many there are, as far as known."""
        self.context = context
        try:
            number = convert(self._bare(expression), "number")
        except ValueMistake as mistake:
            detail = f"The count value must be a whole number: {mistake.text}."
            self._error("Invalid count argument", detail, expression.place)
            return 0
        if isinstance(number, Unknown):
            return 0
        if not isinstance(number, (int, Decimal)) or not is_whole(number) or number < 0:
            detail = "How many instances there are is a whole number, 0 or more."
            self._error("Invalid count argument", detail, expression.place)
            return 0
        if number > MAX_INSTANCES:
            detail = f"The count value is {number}; one block stands for at most {MAX_INSTANCES}."
            self._error("Invalid count argument", detail, expression.place)
            return 0
        return int(number)

    def for_each(self, expression: Expression, context: str) -> int:
        """Report a `for_each` that is no collection of keys; how many it has, as far as known."""
        self.context = context
        marked = self._evaluate(expression)
        if isinstance(marked, Sensitive):
            self._error("Invalid for_each argument", SENSITIVE_KEYS, expression.place)
            return 0
        value, _ = unmark_deep(marked)
        is_set = isinstance(value, SetValue) and all(_is_text(each) for each in value)
        may_be = isinstance(value, Unknown) and kind(value.type) in _REPEATED
        if not may_be and not isinstance(value, Mapping) and not is_set:
            detail = (
                "The keys of the instances come from a map, or from a set of texts. Write a list "
                "of texts as toset([...])."
            )
            self._error("Invalid for_each argument", detail, expression.place)
            return 0
        return len(value) if isinstance(value, (Mapping, SetValue)) else 0

    def _error(self, summary: str, detail: str, place: Place) -> None:
        self.diagnostics.error(summary, detail, place=place, context=self.context)

    def _bare(self, expression: Expression) -> object:
        return unmark_deep(self._evaluate(expression))[0]

    def _evaluate(self, expression: Expression) -> object:
        """The value; unknown where nothing can be said, or all has been said."""
        if self.scope is None and not expression.is_constant:
            return _NOTHING_KNOWN
        try:
            return expression.evaluate(self._scope_of(expression))
        except SpecError as error:
            wrong = self.wrong.get(id(expression), ())
            told = [source.range(start, end) for source, start, end in wrong]
            in_context(self.diagnostics, except_at(error, told), self.context)
            return _NOTHING_KNOWN

    def _scope_of(self, expression: Expression) -> Scope:
        if id(expression) not in self.wrong:
            return self.scope or NO_NAMES
        if self._lenient is None and self._make_lenient is not None:
            self._lenient = self._make_lenient()
        return self._lenient or NO_NAMES

    def _argument(self, attribute: Attribute, argument: Argument) -> object:
        expression = argument.expression
        try:
            marked = convert(self._evaluate(expression), attribute.type)
        except ValueMistake as mistake:
            detail = f'"{argument.name}"{path_text(mistake.path)}: {mistake.message}.'
            place = part_place(expression, mistake.path, self._scope_of(expression))
            self._error("Incorrect attribute value type", detail, place)
            return None
        value, is_secret = unmark_deep(marked)
        if is_null(value):
            if attribute.required:
                detail = f'The argument "{argument.name}" is required and cannot be null.'
                self._error("Missing required argument", detail, expression.place)
            return None
        if attribute.check is not None and not isinstance(value, Unknown):
            for complaint in attribute.check(value):
                self._complain(argument, complaint, is_secret=is_secret)
        return value

    def _complain(self, argument: Argument, complaint: Complaint, *, is_secret: bool) -> None:
        summary = f'Invalid value for "{argument.name}"'
        expression = argument.expression
        if is_secret:
            self._error(summary, f"{REFUSED_IN_SECRET.capitalize()}.", expression.place)
            return
        name = f"{argument.name}{path_text(complaint.path)}"
        scope = self._scope_of(expression)
        place = part_place(expression, complaint.path, scope, key=complaint.about_key)
        self._error(summary, f"{name} {complaint.message}.", place)


def invalid_message(reason: str) -> tuple[str, str]:
    """What is said of the error message of a rule that is no text: summary, detail."""
    return "Invalid error message", f"The error message must be a text: {reason}."


INVALID_INPUT = "Invalid value for module argument"

SENSITIVE_OUTPUT = (
    "Output refers to sensitive values",
    "To reduce the risk of showing a secret by accident, an output that holds a sensitive value "
    "must say so: sensitive = true.",
)
"""What is said of an output of the root module that holds a sensitive value: summary, detail."""


def input_mistake(variable: Variable, mistake: ValueMistake) -> str:
    """Why a value given in a module call does not suit its variable."""
    reason = mistake.text
    return f'The given value is not suitable for the variable "{variable.name}": {reason}.'


_REPEATED = frozenset(("dynamic", "map", "object", "set"))
"""The kinds of types that a `for_each` may have."""

_NOTHING_KNOWN = Unknown("dynamic", not_null=False)


def part_place(expression: Expression, path: Path, scope: Scope, *, key: bool = False) -> Place:
    """Where the part at *path* of a value made in *scope* is written, or its key; the nearest place
    around it."""
    for at, step in enumerate(path):
        try:
            found = _part(expression, step, scope)
        except SpecError:
            found = None
        if found is None:
            break
        name, expression, scope = found
        if key and at == len(path) - 1 and name is not None:
            return name.place
    return expression.place


def _part(
    expression: Expression, step: str | int, scope: Scope
) -> tuple[Expression | None, Expression, Scope] | None:
    """The key, if it has one, and the value of a part of a constructor; None if it is none."""
    if isinstance(expression, NestedBlocks):
        found = expression.part(step, scope)
        return None if found is None else (None, *found)
    items = expression.items()
    if items is not None:
        is_there = isinstance(step, int) and step < len(items)
        return (None, items[int(step)], scope) if is_there else None
    for key, value in expression.pairs() or ():
        if key.is_constant and key.evaluate(NO_NAMES) == step:
            return key, value, scope
    return None


def _is_full(value: object) -> bool:
    return not isinstance(value, Unknown) and value not in (None, "", [], {})


def _is_text(value: object) -> bool:
    return isinstance(value, (str, Unknown))
