"""Conditions: preconditions, postconditions and assertions."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity, diagnostic
from reconciler.expand.world import World
from reconciler.language.plain import to_plain
from reconciler.language.report import names_in
from reconciler.language.syntax import Scope
from reconciler.language.values import Sensitive, Unknown, contains_unknown
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
    world.diagnostics.extend(broken_rules(world, rules, scope, summary, severity=severity))


def broken_rules(
    world: World,
    rules: Sequence[Rule],
    scope: Scope,
    summary: str,
    *,
    severity: Severity = Severity.ERROR,
    address: Address | None = None,
) -> list[Diagnostic]:
    """What is wrong where one of *rules* is false; one that is unknown is not false."""
    found: list[Diagnostic] = []
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
        elif isinstance(text, Unknown):
            text = "The error message is not known until apply."
        message, _ = to_plain(text)
        found.append(
            diagnostic(
                severity,
                f"{summary} failed",
                str(message),
                place=rule.condition.place,
                values=names_in(rule.condition, scope),
                address=None if address is None else str(address),
            )
        )
    return found
