"""Mishaps: a request that a plan of faults may strike, from its coming to its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from reconciler.emulator import wire
from reconciler.emulator.answer import Answer
from reconciler.emulator.call import Call
from reconciler.emulator.faults import (
    ENDINGS,
    SPOILERS,
    SUBSTITUTES,
    Action,
    Faults,
    Rule,
    When,
)
from reconciler.emulator.spoil import spoil, substitute

if TYPE_CHECKING:
    from reconciler.emulator.app import App


async def exchange(app: App, call: Call, scope: Scope, receive: Receive, send: Send) -> int:
    """Answer, or fail to; tell the status that was sent whole, 0 where none was."""
    assert app.faults is not None, "without a plan nothing goes wrong"
    rules = app.faults.take(call.method, call.target, call.body, now_s=app.clock())
    await _delay(app, rules, When.BEFORE)
    end = next((rule for rule in rules if rule.do in ENDINGS), None)
    if end is not None and _strikes_first(end):
        await _end(end, scope, receive, committed=False)
        return 0
    answer, committed = _respond(app, app.faults, call, rules, scope)
    await _delay(app, rules, When.AFTER)
    if end is None:
        await wire.send_whole(send, answer)
        return answer.status
    if _sends_half(end):
        await wire.send_half(send, answer)
    await _end(end, scope, receive, committed=committed)
    return 0


def _strikes_first(end: Rule) -> bool:
    return end.when is When.BEFORE and not _sends_half(end)


def _sends_half(end: Rule) -> bool:
    return end.do is Action.TRUNCATE or (end.do is Action.STALL and end.how == "body")


async def _delay(app: App, rules: Sequence[Rule], when: When) -> None:
    for rule in rules:
        if rule.do is Action.DELAY and rule.when is when:
            await app.sleep(rule.delay_s)


def _respond(
    app: App, faults: Faults, call: Call, rules: Sequence[Rule], scope: Scope
) -> tuple[Answer, bool]:
    """Make the answer; the flag says that the API itself did its part."""
    made = next((rule for rule in rules if rule.do in SUBSTITUTES), None)
    if made is not None and made.when is When.BEFORE:
        return substitute(made, call), False
    answer = app.answer(call, scope)
    for rule in rules:
        if rule.do in SPOILERS:
            answer = spoil(rule, answer, faults.random)
    return (answer if made is None else substitute(made, call)), True


async def _end(rule: Rule, scope: Scope, receive: Receive, *, committed: bool) -> None:
    if rule.do is Action.STALL:
        await wire.stall(scope, receive, committed=committed)
        return
    how = rule.how or ("close" if rule.do is Action.TRUNCATE else "reset")
    await wire.hang_up(scope, receive, how=how, committed=committed)
