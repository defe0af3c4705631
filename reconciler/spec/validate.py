"""Validate: what can be known of a module without evaluating it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import partial

from reconciler.diagnostics import Diagnostics
from reconciler.spec.broken import ANY_ALIAS
from reconciler.spec.model import CheckBlock, Module, ModuleCall, Output, ResourceBlock
from reconciler.spec.reference_check import ReferenceCheck, block_context
from reconciler.spec.rename_check import check_refactoring
from reconciler.spec.trial import TrialScope
from reconciler.spec.uses import (
    ANYWHERE,
    Use,
    call_uses,
    check_uses,
    import_uses,
    local_uses,
    output_uses,
    provider_uses,
    resource_uses,
    variable_uses,
)
from reconciler.spec.value_check import MAX_INSTANCES, TOO_MANY, TOO_MANY_INSTANCES, ValueCheck
from reconciler.suggest import did_you_mean


def validate(
    module: Module,
    functions: Mapping[str, object] | None,
    diagnostics: Diagnostics,
) -> None:
    """Report references to nothing, values that cannot be, and blocks at odds with each other.

    Every expression is evaluated with *functions* while nothing else is known; without them only
    constants are, and what is called is not looked at.
    """
    scope = None if functions is None else TrialScope(module, functions)
    references = ReferenceCheck(module, functions, diagnostics, scope=scope)
    lenient = None
    if functions is not None:
        lenient = partial(TrialScope, module, functions, is_lenient=True)
    values = ValueCheck(scope, diagnostics, wrong=references.wrong, lenient=lenient)
    instances = 0
    for resource in module.resources.values():
        if diagnostics.is_full:
            return
        before = instances
        instances += _validate_resource(resource, references, values)
        if before <= MAX_INSTANCES < instances and module.path == ".":
            _report_instances(resource, diagnostics)
    for resource in module.nameless:
        _validate_resource(resource, references, values)
    for call in module.calls.values():
        _validate_call(call, references, values)
    for check in module.checks:
        _validate_check(check, references, values)
    for context, uses in _other_uses(module):
        found = list(uses)
        references.uses(context, found)
        values.expressions((expression for expression, _ in found), context)
    for output in module.outputs.values():
        _validate_output(output, references, values, is_root=module.path == ".")
    check_refactoring(module, diagnostics)
    _validate_aliases(module, diagnostics)


def _report_instances(block: ResourceBlock, diagnostics: Diagnostics) -> None:
    expression = block.count or block.for_each
    place = block.place if expression is None else expression.place
    diagnostics.error(TOO_MANY, TOO_MANY_INSTANCES, place=place, context=block_context(block))


def _validate_resource(block: ResourceBlock, references: ReferenceCheck, values: ValueCheck) -> int:
    """Validate a block; how many instances it stands for at the least, as far as that is known."""
    context = block_context(block)
    references.block = block
    references.uses(context, resource_uses(block))
    references.dependencies(context, block.depends_on)
    references.triggers(context, block.lifecycle.replace_triggered_by)
    references.block = None
    values.arguments(block.schema, block.body.arguments, context, block.place)
    instances = _validate_repetition(block, context, values)
    lifecycle = block.lifecycle
    values.rules((*lifecycle.preconditions, *lifecycle.postconditions), context)
    return instances


def _validate_call(call: ModuleCall, references: ReferenceCheck, values: ValueCheck) -> None:
    context = _call_context(call)
    references.uses(context, call_uses(call))
    references.dependencies(context, call.depends_on)
    for name, argument in call.arguments.items():
        values.input(call.module.variables.get(name), argument.expression, context)
    _validate_repetition(call, context, values)


def _validate_output(
    output: Output, references: ReferenceCheck, values: ValueCheck, *, is_root: bool
) -> None:
    context = f'output "{output.name}"'
    references.uses(context, output_uses(output))
    references.dependencies(context, output.depends_on)
    if is_root:
        values.output(output, context)
    else:
        values.expressions((output.expression,), context)
    values.rules(output.preconditions, context)


def _validate_repetition(
    block: ResourceBlock | ModuleCall, context: str, values: ValueCheck
) -> int:
    if block.count is not None:
        return values.count(block.count, context)
    if block.for_each is not None:
        return values.for_each(block.for_each, context)
    return 1


def _validate_check(check: CheckBlock, references: ReferenceCheck, values: ValueCheck) -> None:
    context = f'check "{check.name}"'
    references.own = check.data
    references.uses(context, check_uses(check))
    references.own = None
    values.rules(check.asserts, context)
    if check.data is not None:
        body = check.data.body
        values.arguments(check.data.schema, body.arguments, context, check.data.place)


def _other_uses(module: Module) -> Iterator[tuple[str, Iterable[Use]]]:
    """The expressions of all blocks that have nothing but expressions, by the block they are of."""
    for variable in module.variables.values():
        yield f'variable "{variable.name}"', variable_uses(variable)
    for provider in module.providers:
        yield f'provider "{provider.name}"', provider_uses(provider)
    for block in module.imports:
        yield "import", import_uses(block)
    for local in module.locals.values():
        yield "locals", local_uses(local)
    for context, expressions in module.loose:
        yield context, ((each, ANYWHERE) for each in expressions)


def _validate_aliases(module: Module, diagnostics: Diagnostics) -> None:
    """Report configurations of the provider that are used and not there."""
    if module.broken.covers(ANY_ALIAS):
        return
    there = {each.alias for each in module.providers if each.alias is not None}
    if module.path == ".":
        for resource in module.resources.values():
            wanted = resource.provider_alias
            if wanted is not None and wanted not in there:
                detail = _no_alias(wanted, there)
                context = block_context(resource)
                place = resource.provider_place or resource.place
                diagnostics.error(_NOT_CONFIGURED, detail, place=place, context=context)
    for call in module.calls.values():
        _validate_call_aliases(call, there if module.path == "." else None, diagnostics)


def _validate_call_aliases(
    call: ModuleCall, there: Set[str] | None, diagnostics: Diagnostics
) -> None:
    context = _call_context(call)
    for alias in sorted(_aliases_used(call.module) - call.providers.keys()):
        detail = (
            f"The module uses openai.{alias}, which neither it nor this call configures. "
            f"Write providers = {{ openai.{alias} = openai }} here."
        )
        diagnostics.error(_NOT_CONFIGURED, detail, place=call.place, context=context)
    for wanted in call.providers.values():
        if there is not None and wanted is not None and wanted not in there:
            detail = _no_alias(wanted, there)
            diagnostics.error(_NOT_CONFIGURED, detail, place=call.place, context=context)


_NOT_CONFIGURED = "Provider configuration not present"


def _no_alias(alias: str, there: Set[str]) -> str:
    hint = did_you_mean(alias, there)
    return f'There is no provider "openai" block with alias = "{alias}".{hint}'


def _aliases_used(module: Module) -> set[str]:
    """The aliases that a module's resources name and that it does not configure itself."""
    used = {each.provider_alias for each in module.resources.values()}
    own = {each.alias for each in module.providers}
    return {alias for alias in used - own if alias is not None}


def _call_context(call: ModuleCall) -> str:
    return f'module "{call.name}"'
