"""Conditions: preconditions, postconditions and assertions."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.address import ModulePath
from reconciler.diagnostics import Diagnostic, Severity, diagnostic
from reconciler.expand.world import World
from reconciler.frozen import frozen
from reconciler.language.marks import unmark
from reconciler.language.mistakes import ValueMistake
from reconciler.language.plain import convert, to_plain
from reconciler.language.report import names_in
from reconciler.language.syntax import Scope
from reconciler.language.values import Sensitive, Unknown, contains_unknown, is_null
from reconciler.spec.model import Rule
from reconciler.spec.value_check import invalid_message


@frozen
class Verdict:
    """What rules say: what is wrong, and whether one of them cannot be told yet."""

    found: tuple[Diagnostic, ...] = ()
    is_open: bool = False

    @property
    def is_final(self) -> bool:
        """Whether every rule was told, and is met."""
        return not self.found and not self.is_open


def check_rules(
    world: World,
    rules: Sequence[Rule],
    scope: Scope,
    summary: str,
    *,
    severity: Severity = Severity.ERROR,
    path: ModulePath = (),
) -> Verdict:
    """Evaluate *rules*; one that is false is a diagnostic, one that is unknown waits for apply."""
    address = ".".join(map(str, path)) or None
    verdict = judge(world, rules, scope, summary, severity=severity, address=address)
    world.diagnostics.extend(verdict.found)
    return verdict


def judge(
    world: World,
    rules: Sequence[Rule],
    scope: Scope,
    summary: str,
    *,
    severity: Severity = Severity.ERROR,
    address: str | None = None,
) -> Verdict:
    """What is wrong where one of *rules* is false; one that is unknown is not false."""
    found: list[Diagnostic] = []
    is_open = False
    for rule in rules:
        met = _is_met(world, rule, scope, address, found)
        is_open = is_open or met is None
        if met is not False:
            continue
        text = world.evaluate(rule.error_message, scope)
        reason = _no_message(text)
        if reason is not None:
            found.append(
                diagnostic(
                    Severity.ERROR,
                    *invalid_message(reason),
                    place=rule.error_message.place,
                    values=names_in(rule.error_message, scope),
                    address=address,
                )
            )
            continue
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
                address=address,
            )
        )
    return Verdict(tuple(found), is_open)


def _no_message(value: object) -> str | None:
    """Why a value is no message; None where it is one, or may be."""
    try:
        return "it is null" if is_null(convert(unmark(value)[0], "string")) else None
    except ValueMistake as mistake:
        return mistake.text


def _is_met(
    world: World, rule: Rule, scope: Scope, address: str | None, found: list[Diagnostic]
) -> bool | None:
    """Whether a condition holds; None where it is unknown, or no condition: that is *found*."""
    value = world.evaluate(rule.condition, scope)
    if contains_unknown(value):
        return None
    value = value.value if isinstance(value, Sensitive) else value
    try:
        met = convert(value, "bool")
        mistake = "it is null" if met is None else ""
    except ValueMistake as error:
        met, mistake = None, error.message
    if isinstance(met, bool):
        return met
    found.append(
        diagnostic(
            Severity.ERROR,
            "Invalid condition result",
            f"The condition must be true or false: {mistake}.",
            place=rule.condition.place,
            values=names_in(rule.condition, scope),
            address=address,
        )
    )
    return None
