"""Conditions: preconditions, postconditions and assertions."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.diagnostics import Severity, diagnostic
from reconciler.expand.world import World
from reconciler.language.plain import to_plain
from reconciler.language.syntax import Scope
from reconciler.language.values import Sensitive, contains_unknown
from reconciler.spec.model import Rule


def check_rules(
    world: World,
    rules: Sequence[Rule],
    scope: Scope,
    summary: str,
    *,
    severity: Severity = Severity.ERROR,
) -> None:
    """Evaluate *rules*; one that is false is a diagnostic, one that is unknown waits for apply."""
    for rule in rules:
        value = world.evaluate(rule.condition, scope)
        if contains_unknown(value):
            continue
        met = value.value if isinstance(value, Sensitive) else value
        if met in (True, "true"):
            continue
        text = world.evaluate(rule.error_message, scope)
        if isinstance(text, Sensitive):
            text = "The error message refers to a sensitive value, so it is not shown."
        message, _ = to_plain(text)
        world.diagnostics.extend(
            [diagnostic(severity, f"{summary} failed", str(message), place=rule.condition.place)]
        )
