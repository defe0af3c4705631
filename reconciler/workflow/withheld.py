"""Withheld: the variables that a saved plan does not keep, because a key may be made from them.

These are all that a provider block depends on, in whatever way, and all that hold a key that is
known. They are given again when the plan is applied, and must be what they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from reconciler.errors import StalePlan, UsageError
from reconciler.graph import NodeKind
from reconciler.language.plain import to_plain
from reconciler.plan.leaves import attributes_to_json
from reconciler.plan.model import Plan
from reconciler.plan.planfile import SavedPlan, digest
from reconciler.provider.config import ProviderConfig
from reconciler.provider.discretion import Discretion
from reconciler.spec.model import GivenValue
from reconciler.workflow.prepare import Prepared


def withheld(
    prepared: Prepared, configs: Iterable[ProviderConfig], plan: Plan
) -> Mapping[str, str]:
    """The digest of each variable that is given and not kept, by name."""
    graph = prepared.graph
    needed = {
        each.name
        for node in graph.nodes
        if node.kind is NodeKind.PROVIDER
        for each in graph.ancestors(node)
        if each.kind is NodeKind.VARIABLE and not each.module
    }
    known = Discretion(secret for each in configs for secret in each.secrets)
    found: dict[str, str] = {}
    for name in prepared.spec.given.keys() & prepared.variables.keys():
        text = _text(prepared.variables[name])
        if name in needed or known.hide(text) != text:
            found[name] = digest(plan, text)
    return found


def given_again(
    saved: SavedPlan,
    kept: Mapping[str, GivenValue],
    given: Mapping[str, GivenValue],
    options: Sequence[tuple[str, str]],
) -> Mapping[str, GivenValue]:
    """What a saved plan keeps of the variables, and of *given* what it does not.

    Raises:
        UsageError: one of *options* gives what the plan keeps.
        StalePlan: what it does not keep is not given.
    """
    named = [text.partition("=")[0].strip() for kind, text in options if kind == "var"]
    if surplus := sorted(set(named) - saved.withheld.keys()):
        raise UsageError(
            f"The saved plan is applied with the variables it was made with; {_listed(surplus)}"
            " cannot be given beside it",
            hint="leave --var away, or make a new plan",
        )
    if missing := sorted(saved.withheld.keys() - given.keys()):
        raise StalePlan(
            f"The saved plan does not keep {_listed(missing)}, since a provider block depends on"
            " it. Nothing was changed.",
            hint=f"give it again: --var={missing[0]}=..., TF_VAR_{missing[0]}, or a variable file",
        )
    return {**kept, **{name: given[name] for name in saved.withheld}}


def refuse_others(saved: SavedPlan, prepared: Prepared) -> None:
    """Make sure that what was given again is what the plan was made with.

    Raises:
        StalePlan: it is something else.
    """
    others = sorted(
        name
        for name, kept in saved.withheld.items()
        if name not in prepared.variables
        or digest(saved.plan, _text(prepared.variables[name])) != kept
    )
    if others:
        raise StalePlan(
            f"Saved plan is stale: the value of {_listed(others)} is not the one that it was made"
            " with. Nothing was changed.",
            hint="give the same value again, or make a new plan",
        )


def _text(value: object) -> str:
    """A value as one text, the same however it was given."""
    plain, _ = to_plain(value)
    return json.dumps(attributes_to_json({"value": plain}), sort_keys=True, ensure_ascii=False)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"var.{each}" for each in names)
