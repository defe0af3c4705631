"""Naming: the values of variables, locals and outputs, and the instances of module calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from reconciler.address import Address, ModulePath
from reconciler.errors import SpecError
from reconciler.expand.conditions import check_rules
from reconciler.expand.repetition import repeat
from reconciler.expand.world import OUTPUT, Name, World
from reconciler.language.marks import mark
from reconciler.language.mistakes import ValueMistake
from reconciler.language.syntax import Traversal
from reconciler.language.values import Unknown
from reconciler.spec.model import Module, Output, Variable
from reconciler.spec.value_check import INVALID_INPUT, input_mistake
from reconciler.spec.variables import default_value, variable_value

Targets = Callable[[ModulePath, Traversal], frozenset[Address]]
"""The instances, or whole blocks, that a reference names."""


class Naming:
    """Evaluates what has a name in a module instance, with what is known in its world."""

    def __init__(self, world: World, targets: Targets) -> None:
        self.world = world
        self._targets = targets
        self.undecided: set[Name] = set()
        """Outputs with a precondition that is not met, or not known yet."""

    def name(self, name: Name) -> object:
        """Evaluate a variable, local or output, and note what it was made from."""
        with self.world.noting() as noted:
            value = self._evaluate(name)
        self.world.set_value(name, value, frozenset(noted))
        return value

    def call(self, module: Module, path: ModulePath, name: str) -> None:
        """Find the instances of a module call."""
        call = module.calls[name]
        repetition = repeat(
            self.world,
            path,
            count=call.count,
            for_each=call.for_each,
            context=f'module "{name}"',
        )
        if repetition is None:
            return
        scopes = {key: partial(repetition.scope, key) for key in repetition}
        self.world.set_call(path, name, scopes)

    def _evaluate(self, name: Name) -> object:
        kind, path, key = name
        module = self.world.module(path)
        match kind:
            case "variable":
                return self._variable(module.variables[key], path)
            case "local":
                expression = module.locals[key].expression
                return self.world.evaluate(expression, self.world.scope(path))
            case _:
                return self._output(module.outputs[key], path)

    def _variable(self, variable: Variable, path: ModulePath) -> object:
        if not path:
            return self.world.given.variables.get(variable.name)
        call = self.world.module(path[:-1]).calls[path[-1].name]
        argument = call.arguments.get(variable.name)
        if argument is None:
            return _default(variable)
        value = self.world.evaluate(argument.expression, self.world.call_scope(path))
        place = argument.expression.place
        try:
            return variable_value(variable, value)
        except ValueMistake as mistake:
            self.world.diagnostics.error(
                INVALID_INPUT, input_mistake(variable, mistake), place=place
            )
            return Unknown(variable.type, not_null=False)

    def _output(self, output: Output, path: ModulePath) -> object:
        for each in output.depends_on:
            self.world.note_all(self._targets(path, each))
        scope, summary = self.world.scope(path), "Module output value precondition"
        verdict = check_rules(self.world, output.preconditions, scope, summary, path=path)
        self.undecided.discard((OUTPUT, path, output.name))
        if not verdict.is_final:
            self.undecided.add((OUTPUT, path, output.name))
            if verdict.found or self.world.is_applying:
                return Unknown(not_null=False)
        value = self.world.evaluate(output.expression, scope)
        return mark(value, output.sensitive)


def _default(variable: Variable) -> object:
    if variable.default is not None:
        try:
            return default_value(variable)
        except (SpecError, ValueMistake):
            pass  # It does not fit, which was reported where it stands.
    return Unknown(variable.type, not_null=False)
