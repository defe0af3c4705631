"""Value blocks: `variable`, `locals` and `output`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import SpecError
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake
from reconciler.language.syntax import Expression
from reconciler.language.types import PRIMITIVES
from reconciler.language.values import is_null
from reconciler.spec.constants import constant, in_context
from reconciler.spec.model import Local, Output, Rule, Variable
from reconciler.spec.reading import BlockReader
from reconciler.spec.rules import read_rules
from reconciler.spec.static import reference_list
from reconciler.spec.type_constraints import Constraint, apply_defaults, read_type

RESERVED_VARIABLES = frozenset(
    ("count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version")
)
"""Names that mean something else inside a `module` block."""


def read_variable(reader: BlockReader) -> Variable | None:
    """Read a `variable` block; None where it has no name to be known by."""
    name = reader.name()
    reader.expect(
        ("type", "default", "description", "sensitive", "nullable", "ephemeral", "deprecated"),
        blocks=("validation",),
    )
    if name is None:
        return None
    if name in RESERVED_VARIABLES:
        detail = f'"{name}" means something else inside a module block. Use another name.'
        reader.error("Invalid variable name", detail, reader.block.label_places[0])
    type_, defaults = read_type(reader, "type")
    nullable = reader.flag("nullable")
    return Variable(
        name=name,
        type=type_,
        type_defaults=defaults,
        default=_default(reader, (type_, defaults), nullable=nullable is not False),
        description=reader.text("description") or "",
        sensitive=bool(reader.flag("sensitive")),
        nullable=nullable is not False,
        validations=_validations(reader, name),
        place=reader.block.place,
        reads_expressions="type" in reader.body.arguments and type_ not in PRIMITIVES,
    )


def read_locals(reader: BlockReader) -> Iterator[Local]:
    """Read the names of a `locals` block."""
    reader.labels()
    for block in reader.body.blocks:
        reader.unsupported_block(block, (), ())
    for name, argument in reader.body.arguments.items():
        yield Local(name, argument.expression, argument.place)


def read_output(reader: BlockReader) -> Output | None:
    """Read an `output` block; None where it has no name or no value."""
    name = reader.name()
    reader.expect(
        ("value", "description", "sensitive", "depends_on", "ephemeral", "deprecated"),
        required=("value",),
        blocks=("precondition",),
    )
    value = reader.expression("value")
    if name is None or value is None:
        return None
    return Output(
        name=name,
        expression=value,
        description=reader.text("description") or "",
        sensitive=bool(reader.flag("sensitive")),
        depends_on=reference_list(reader, "depends_on"),
        preconditions=read_rules(reader, "precondition"),
        place=reader.block.place,
    )


def _validations(reader: BlockReader, name: str) -> tuple[Rule, ...]:
    """The rules about the value of the variable *name*, which each of them must look at."""
    rules = read_rules(reader, "validation")
    for rule in rules:
        used = rule.condition.references()
        if rule.condition.is_unread or not all(each.steps for each in used) or not used:
            continue  # which is said elsewhere
        if not any(each.root == "var" and each.steps[:1] == (name,) for each in used):
            detail = f"The condition must refer to var.{name}, as it is that value which it is for."
            place = rule.condition.place
            reader.error("Invalid variable validation condition", detail, place)
    return rules


def _default(reader: BlockReader, constraint: Constraint, *, nullable: bool) -> Expression | None:
    expression = reader.expression("default")
    if expression is None:
        return None
    type_, defaults = constraint
    try:
        value = constant(expression)
        convert(apply_defaults(value, defaults), type_)
    except SpecError as error:
        in_context(reader.diagnostics, error, reader.context)
    except ValueMistake as mistake:
        detail = f"It does not fit the type of the variable: {mistake.message}."
        reader.error("Invalid default value for variable", detail, expression.place)
    else:
        if is_null(value) and not nullable:
            detail = "The variable is not nullable, so its default cannot be null."
            reader.error("Invalid default value for variable", detail, expression.place)
    return expression
