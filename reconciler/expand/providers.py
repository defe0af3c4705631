"""Providers: the arguments of provider blocks, which come before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.diagnostics import Diagnostics
from reconciler.expand.walk import Expander
from reconciler.expand.world import Given
from reconciler.graph import Graph, NodeKind
from reconciler.language.convert import convert
from reconciler.language.mistakes import ValueMistake
from reconciler.language.plain import to_plain
from reconciler.language.values import contains_unknown
from reconciler.schema import Schema, Value
from reconciler.spec.constants import REFUSED_IN_SECRET
from reconciler.spec.model import ProviderBlock, Spec

DEFAULT = "openai"
"""The configuration of blocks that name none."""


def provider_arguments(
    spec: Spec,
    graph: Graph,
    variables: Mapping[str, object],
    functions: Mapping[str, object],
    schema: Schema,
) -> dict[str, dict[str, Value]]:
    """The arguments of each provider configuration: "openai", "openai.alias".

    Raises:
        SpecError: an argument is wrong or depends on something that is not known before apply,
            or what it could depend on is wrong; then with every mistake that can be told by now.
    """
    found: dict[str, dict[str, Value]] = {}
    blocks = [each for each in spec.root.providers if each.name == DEFAULT]
    if blocks:
        expander = Expander(spec, graph, Given(variables, {}), functions=functions)
        expander.visit_values((NodeKind.VARIABLE, NodeKind.LOCAL))
        for block in blocks:
            name = DEFAULT if block.alias is None else f"{DEFAULT}.{block.alias}"
            found[name] = _evaluate(block, expander, schema)
        if expander.diagnostics.has_errors:
            offline = Given(variables, {}, is_offline=True)
            everything = Expander(spec, graph, offline, functions=functions)
            everything.look()
            expander.diagnostics.extend(everything.diagnostics)
        expander.diagnostics.raise_if_errors()
    found.setdefault(DEFAULT, {})
    return found


def _evaluate(block: ProviderBlock, expander: Expander, schema: Schema) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, argument in block.arguments.items():
        attribute = schema.attributes.get(name)
        if attribute is None:
            continue
        value = expander.evaluate_in_root(argument.expression)
        try:
            value = convert(value, attribute.type)
        except ValueMistake as mistake:
            _complain(expander.diagnostics, block, name, f"{mistake}.")
            continue
        if contains_unknown(value):
            if expander.diagnostics.has_errors:  # which may be why it is not known
                continue
            _complain(
                expander.diagnostics,
                block,
                name,
                "The value is not known until apply. Arguments of a provider block may use "
                "variables and locals that do not depend on resources.",
            )
            continue
        values[name], secret = to_plain(value)
        for complaint in attribute.check(values[name]) if attribute.check else ():
            problem = REFUSED_IN_SECRET if secret else complaint.message
            _complain(expander.diagnostics, block, name, problem)
    return values


def _complain(diagnostics: Diagnostics, block: ProviderBlock, name: str, problem: str) -> None:
    diagnostics.error(
        f'Invalid provider argument "{name}"',
        problem,
        place=block.arguments[name].expression.place,
        context=f'provider "{block.name}"',
    )
