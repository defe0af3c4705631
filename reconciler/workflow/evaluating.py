"""Evaluating: expressions asked one by one, over the specs and what the state records."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.address import Address
from reconciler.diagnostics import Diagnostics
from reconciler.expand.walk import Expander
from reconciler.expand.world import Given
from reconciler.frozen import frozen
from reconciler.language.convert import convert
from reconciler.language.evaluation import typed_value
from reconciler.language.expression import Expression
from reconciler.language.parse import parse_expression
from reconciler.language.plain import typed
from reconciler.language.settle import settle
from reconciler.language.types import type_of
from reconciler.language.values import Sensitive
from reconciler.provider.resources import SCHEMAS
from reconciler.schema import Path
from reconciler.spec.model import Spec
from reconciler.spec.reference_check import ReferenceCheck
from reconciler.spec.uses import NOWHERE
from reconciler.state.model import State, StateObject
from reconciler.workflow.prepare import Prepared

SOURCE = "<console-input>"
"""What diagnostics give as the file of an expression."""

TYPE = "type"
"""The function that only this knows: it gives a type, and a type is no value."""


@frozen
class TypeAnswer:
    """The answer to `type(EXPRESSION)`: a type in JSON form."""

    type: object


class Evaluator:
    """What names mean in the root module, as of one moment.

    An object that is recorded is what the state has of it, whatever the specs ask of it by now,
    and where `moved` blocks say that it is;
    one that is not is what the specs say, and unknown where only the server can tell. Data
    sources are unknown, since nobody is asked.
    """

    def __init__(self, prepared: Prepared, recorded: State) -> None:
        spec = prepared.spec
        objects = recorded.objects
        expander, found = _expanded(prepared, objects)
        moved = _where_they_are_now(spec, recorded, found)
        if moved.keys() != objects.keys():
            expander, _ = _expanded(prepared, moved)
        self.problems = expander.diagnostics.errors
        """What is wrong with the specs once they are evaluated; names it touches are unknown."""
        self._module = spec.root
        self._scope = expander.world.scope(())

    def evaluate(self, text: str) -> object:
        """The value of an expression with the types of its nulls, or the `TypeAnswer` it asks for.

        Raises:
            SpecError: it is not an expression, refers to nothing, or has no value.
        """
        expression = parse_expression(text, path=SOURCE)
        call = expression.call()
        if call is None or call[0] != TYPE or len(call[1]) != 1:
            return self._value(expression)
        argument = call[1][0]
        assert isinstance(argument, Expression), "the parts of an expression are expressions"
        return TypeAnswer(type_of(self._value(argument)))

    def _value(self, expression: Expression) -> object:
        diagnostics = Diagnostics()
        for name, place in expression.calls():
            if name == TYPE:
                detail = "This function exists in the console only, and not inside an expression."
                diagnostics.error('Invalid use of "type"', detail, place=place)
        check = ReferenceCheck(self._module, None, diagnostics)
        check.uses("", [(expression, NOWHERE)])
        diagnostics.raise_if_errors()
        value = typed_value(expression, self._scope)
        settle(expression, value)  # refuses what is too large to be gone through
        return value


def _expanded(
    prepared: Prepared, objects: Mapping[Address, StateObject]
) -> tuple[Expander, frozenset[Address]]:
    """The spec over what is recorded, and the addresses of its instances."""
    given = Given(
        variables={
            name: convert(prepared.variables[name], variable.type)
            for name, variable in prepared.spec.root.variables.items()
        },
        observed={address: each.attributes for address, each in objects.items()},
        as_recorded={address: _value(address, each) for address, each in objects.items()},
        is_offline=True,
    )
    functions = prepared.functions_during_apply()
    expander = Expander(prepared.spec, prepared.graph, given, functions=functions)
    return expander, frozenset(each.address for each in expander.look())


def _where_they_are_now(
    spec: Spec, recorded: State, desired: Collection[Address]
) -> Mapping[Address, StateObject]:
    """The recorded objects under the addresses that a plan would give them."""
    if all(address in desired for address in recorded.objects):
        return recorded.objects
    from reconciler.plan.moves import relocate
    from reconciler.plan.records import gather
    from reconciler.refresh import Observed
    from reconciler.workflow.refactoring import moves_of

    records = gather(recorded, Observed()).values()
    found = relocate(records, moves_of(spec), desired=desired, diagnostics=Diagnostics())
    return {address: each.object for address, each in found.items()}


def _value(address: Address, recorded: StateObject) -> Mapping[str, object]:
    schema = SCHEMAS[address.type]
    return {
        name: _marked(
            typed(recorded.attributes.get(name), attribute.type),
            [path[1:] for path in recorded.sensitive if path[:1] == (name,)],
        )
        for name, attribute in schema.attributes.items()
    }


def _marked(value: object, paths: list[Path]) -> object:
    """*value* with everything under *paths* sensitive."""
    if not paths:
        return value
    if () in paths:
        return Sensitive(value)
    if isinstance(value, (dict, list)):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            value[key] = _marked(value[key], [each[1:] for each in paths if each[0] == key])
    return value
