"""Variables: the values of the root module's variables, and what any variable makes of a value."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.concealment import Cover
from reconciler.diagnostics import Diagnostics, Place
from reconciler.errors import SpecError
from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.marks import mark, rebuild, unmark_deep
from reconciler.language.mistakes import ValueMistake, path_text
from reconciler.language.parse import parse_expression
from reconciler.language.rendering import well_formed
from reconciler.language.report import names_in
from reconciler.language.values import (
    Sensitive,
    TypedNull,
    Unknown,
    contains_unknown,
    is_null,
)
from reconciler.spec.broken import default_of
from reconciler.spec.constants import constant, in_context
from reconciler.spec.model import GivenBy, GivenValue, Rule, Spec, Variable
from reconciler.spec.reading import where
from reconciler.spec.type_constraints import TypeDefaults, apply_defaults
from reconciler.suggest import did_you_mean


def resolve_variables(
    spec: Spec,
    diagnostics: Diagnostics,
    *,
    functions: Mapping[str, object] | None = None,
    required: bool = True,
) -> dict[str, object]:
    """The value of every root variable: given from outside, or its default.

    A value is converted to the variable's type, marked if the variable is sensitive, and held
    against those validation rules that look at variables only; the others are for whoever
    evaluates the rest of the spec. A variable without a value is an error and becomes unknown;
    with *required* false (nothing is planned, the spec is only checked) it just becomes unknown,
    and no rule is held against a default: there may be another value by then.
    """
    _report_undeclared(spec, diagnostics)
    values = {
        name: _resolve(
            variable,
            spec.given.get(name),
            diagnostics,
            required=required and spec.is_all_given,
            is_broken=spec.root.broken.covers(default_of(name)),
        )
        for name, variable in spec.root.variables.items()
    }
    judged = values
    if not required:
        variables = spec.root.variables
        judged = {
            name: value if name in spec.given else _unknown(variables[name])
            for name, value in values.items()
        }
    scope = VariableScope(judged, functions or {})
    for variable in spec.root.variables.values():
        given = spec.given.get(variable.name)
        place = given.place if given is not None else None
        for rule in variable.validations:
            if looks_at_variables_only(rule):
                check_rule(variable, rule, scope, diagnostics, place=place)
    return values


def default_value(variable: Variable) -> object:
    """What *variable* is where nobody gives it a value; it must have a default."""
    assert variable.default is not None, "without a default a value is required"
    return variable_value(variable, constant(variable.default))


def variable_value(variable: Variable, value: object) -> object:
    """What *variable* makes of *value*: defaults filled in, converted, marked if sensitive.

    None counts as not given where the variable is not nullable.

    Raises:
        ValueMistake: it does not fit.
    """
    if is_null(value) and not variable.nullable:
        if variable.default is None:
            raise ValueMistake("it must not be null")
        value = constant(variable.default)
    defaults = variable.type_defaults
    assert defaults is None or isinstance(defaults, TypeDefaults), "read_type makes no other"
    whole = mark(apply_defaults(value, defaults), variable.sensitive)
    made = _plain_nulls(convert(whole, variable.type))
    if variable.sensitive:
        return Sensitive(unmark_deep(made)[0])
    return made


@frozen
class VariableScope:
    """The scope of a validation rule: variables, and functions."""

    values: Mapping[str, object]
    functions: Mapping[str, object]

    def root(self, name: str) -> object:
        """`var`, and nothing else."""
        if name == "var":
            return self.values
        raise LookupError(f'There is no "{name}" here, only var.')


def check_rule(
    variable: Variable,
    rule: Rule,
    scope: VariableScope,
    diagnostics: Diagnostics,
    *,
    place: Place | None = None,
) -> None:
    """Report a value that a validation rule refuses; *place* is where the value was given."""
    context = f'variable "{variable.name}"'
    try:
        holds = convert(rule.condition.evaluate(scope), "bool")
        if is_null(holds):
            raise ValueMistake("it is null")
        if contains_unknown(holds) or _truth(holds):
            return
        message = rule.error_message.evaluate(scope)
    except SpecError as error:
        in_context(diagnostics, error, context)
        return
    except ValueMistake as mistake:
        detail = f"The condition must be true or false: {mistake.message}."
        place = rule.condition.place
        diagnostics.error("Invalid validation condition", detail, place=place, context=context)
        return
    detail = f"{_message(message)}\n\nThe rule that says so stands at {where(rule.place)}."
    place = place or variable.place
    values = names_in(rule.condition, scope)
    diagnostics.error(
        "Invalid value for variable", detail, place=place, context=context, values=values
    )


def _plain_nulls(value: object) -> object:
    if isinstance(value, TypedNull):
        return None
    if isinstance(value, Sensitive):
        return Sensitive(_plain_nulls(value.value))
    return rebuild(value, _plain_nulls)


def _truth(value: object) -> bool:
    return (value.value if isinstance(value, Sensitive) else value) is True


def _message(value: object) -> str:
    if isinstance(value, Sensitive):
        return "The value is refused; the message that says why is sensitive."
    return value if isinstance(value, str) else "The value is refused."


def looks_at_variables_only(rule: Rule) -> bool:
    """Whether a validation rule of a root variable can be judged before anything is evaluated."""
    used = (*rule.condition.references(), *rule.error_message.references())
    return all(each.root == "var" for each in used)


def _resolve(
    variable: Variable,
    given: GivenValue | None,
    diagnostics: Diagnostics,
    *,
    required: bool,
    is_broken: bool,
) -> object:
    try:
        if given is not None:
            value = _given_value(variable, given)
        elif variable.default is not None:
            value = constant(variable.default)
        else:
            if required and not is_broken:
                _report_missing(variable, diagnostics)
            return _unknown(variable)
        return variable_value(variable, value)
    except SpecError as error:
        in_context(diagnostics, error, f'variable "{variable.name}"')
    except ValueMistake as mistake:
        if given is not None:  # a default was held against the type where it is declared
            _report_unfit(variable, given, mistake, diagnostics)
    return _unknown(variable)


def _unknown(variable: Variable) -> object:
    """What a variable is of which nothing but its declaration is known."""
    return mark(Unknown(variable.type, not_null=False), variable.sensitive)


def _given_value(variable: Variable, given: GivenValue) -> object:
    if given.text is None:
        return given.value
    if not variable.reads_expressions:
        return well_formed(given.text)
    is_hidden = variable.sensitive or variable.place[0].conceal().hides(variable.name)
    cover = Cover(given.text) if is_hidden else None
    return constant(parse_expression(given.text, path=f"<{given.origin}>", concealment=cover))


def _report_missing(variable: Variable, diagnostics: Diagnostics) -> None:
    name = variable.name
    detail = (
        f'The variable "{name}" has no default and no value. Give it one with -var "{name}=..." '
        f"or -var-file FILE, in terraform.tfvars or a file that ends in .auto.tfvars, or in the "
        f"environment as TF_VAR_{name}."
    )
    place, context = variable.place, f'variable "{name}"'
    diagnostics.error("No value for required variable", detail, place=place, context=context)


def _report_unfit(
    variable: Variable, given: GivenValue, mistake: ValueMistake, diagnostics: Diagnostics
) -> None:
    by = f" given by {given.origin}"
    said = f"{path_text(mistake.path)}: {mistake.message}" if mistake.path else mistake.message
    detail = f"The value{by} does not fit var.{variable.name}: {said}."
    place = given.place or variable.place
    context = f'variable "{variable.name}"'
    diagnostics.error("Invalid value for input variable", detail, place=place, context=context)


def _report_undeclared(spec: Spec, diagnostics: Diagnostics) -> None:
    for name, given in spec.given.items():
        is_unread = isinstance(given.value, Unknown) or spec.root.broken.covers(f"var.{name}")
        if name in spec.root.variables or is_unread:
            continue
        hint = did_you_mean(name, spec.root.variables)
        detail = (
            f'The specs declare no variable "{name}", which {given.origin} gives a value to.{hint} '
            f'Remove it, or declare it with variable "{name}" {{}}.'
        )
        # The environment may well hold variables for other specs.
        if given.by is GivenBy.OPTION:
            diagnostics.error("Value for undeclared variable", detail)
        elif given.by is GivenBy.FILE:
            diagnostics.warning("Value for undeclared variable", detail, place=given.place)
