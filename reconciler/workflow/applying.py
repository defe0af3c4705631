"""Applying: carry out a plan, record it, and say how it ended."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping

from reconciler.execute.context import Run, Settings
from reconciler.execute.events import Event, Report
from reconciler.execute.executor import execute
from reconciler.execute.interruption import Interruption
from reconciler.execute.steps import build_steps
from reconciler.expand.walk import Expander
from reconciler.frozen import frozen, replace
from reconciler.language.values import contains_unknown
from reconciler.plan.batch import Batching, Limits, limits_of
from reconciler.plan.model import Plan, PlanMode, PlannedChange
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.state.entries import SetEndpoint, SetOutputs
from reconciler.state.ledger import Ledger
from reconciler.state.model import Endpoint, OutputValue, State, configuration_name
from reconciler.workflow.recording import LedgerRecorder
from reconciler.workflow.times import now


@frozen
class Tools:
    """What carrying out a plan needs beside the plan."""

    providers: Mapping[str, Provider]
    settings: Mapping[str, Settings]
    endpoints: Mapping[str, Endpoint]
    concurrency: int
    interruption: Interruption
    emit: Callable[[Event], None]
    look_again: bool = True
    """Whether a thread that loses messages is listed again first: time has passed."""


async def carry_out(plan: Plan, expander: Expander, ledger: Ledger, tools: Tools) -> Report:
    """Do what *plan* says and nothing else; the ledger knows it before and after each call."""
    await ledger.record(*(SetEndpoint(name, each) for name, each in tools.endpoints.items()))
    run = Run(
        providers=tools.providers,
        settings=tools.settings,
        resolver=expander,
        recorder=LedgerRecorder(ledger),
        emit=tools.emit,
        clock=time.monotonic,
        now=now,
        sleep=tools.interruption.sleep,
        interrupted=lambda: tools.interruption.count > 0,
        new_key=lambda: secrets.token_hex(4),
        tails=dict(_tails(plan, ledger.state)),
        last_seen=dict(plan.last_seen) if tools.look_again else {},
    )
    steps = build_steps(
        plan,
        parent_arguments={
            type_: schema.sequence.parent_argument
            for type_, schema in SCHEMAS.items()
            if schema.sequence is not None
        },
        covers_members=lambda text: (
            tools.providers[configuration_name(text)].capabilities.deletes_members_with_parent
        ),
    )
    before = sum(each.calls for each in tools.providers.values())
    report = await execute(
        plan,
        steps,
        run,
        batching=Batching(plan.changes, SCHEMAS, lambda change: _limits(change, expander, tools)),
        concurrency=tools.concurrency,
        interruption=tools.interruption,
    )
    concluded, problems = expander.conclude()
    outputs = _known(concluded, expander.declared_outputs, ledger.state.outputs)
    if ledger.failure is None:
        await ledger.record(SetOutputs(outputs))
    return replace(
        report,
        outputs=outputs,
        problems=problems if plan.mode is not PlanMode.DESTROY else (),
        suspects=tuple(ledger.state.suspects.values()),
        calls=sum(each.calls for each in tools.providers.values()) - before,
    )


def _known(
    outputs: Mapping[str, OutputValue],
    declared: Collection[str],
    before: Mapping[str, OutputValue],
) -> dict[str, OutputValue]:
    """The outputs that are known; one whose resource failed or that is refused stays as it was."""
    known = {name: each for name, each in outputs.items() if not contains_unknown(each.value)}
    kept = {name: each for name, each in before.items() if name in declared and name not in known}
    return {**known, **kept}


def _limits(change: PlannedChange, expander: Expander, tools: Tools) -> Limits:
    instance = expander.instance(change.address)
    assert instance is not None, "what is created is desired"
    name = instance.provider
    settings = tools.settings[name]
    return limits_of(
        tools.providers[name].capabilities,
        batch_create=settings.batch_create,
        paced=settings.sequence_gap_s > 0,
    )


def _tails(plan: Plan, state: State) -> Mapping[str, str | None]:
    """By parent id: the last member that was seen in it, where anybody looked."""
    tails: dict[str, str | None] = {id_: seen or None for id_, seen in plan.last_seen.items()}
    for sequence in plan.sequences:
        if sequence.last_id is None:
            continue
        parent = sequence.parent
        if isinstance(parent, str):
            tails[parent] = sequence.last_id or None
        elif parent in state.objects:
            tails[state.objects[parent].id] = sequence.last_id or None
    return tails
