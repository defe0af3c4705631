"""Saved: a plan written to a file, and carried out later exactly as it is or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.address import Address
from reconciler.errors import PlanError, StalePlan
from reconciler.execute.events import Report
from reconciler.execute.faithful import refuse_forged
from reconciler.expand.walk import Expander
from reconciler.expand.world import Given
from reconciler.plan.model import Action, Plan
from reconciler.plan.planfile import SavedPlan, decode, encode
from reconciler.plan.soundness import refuse_unsound
from reconciler.provider.resources import SCHEMAS
from reconciler.schema import Attributes, Value
from reconciler.spec.model import GivenBy, GivenValue
from reconciler.state.files import REAL, refusing_writes, replace_file
from reconciler.state.model import State
from reconciler.version import VERSION
from reconciler.workflow.freshness import refuse_changed
from reconciler.workflow.planning import Planned
from reconciler.workflow.prepare import Prepared, prepare
from reconciler.workflow.times import moment, now
from reconciler.workflow.withheld import given_again, refuse_others, withheld

if TYPE_CHECKING:
    from reconciler.workflow.session import Session

VALID_DAYS = 7
"""How long a saved plan may be applied: later, nobody remembers what was approved."""

MAX_BYTES = 512 * 1024 * 1024
"""A file that is larger is no plan."""


def save(session: Session, planned: Planned, path: Path) -> None:
    """Write a plan, with what it was made from but nothing that a key may be in, to a private file.

    Raises:
        StateUnwritable: the file cannot be written.
    """
    prepared = session.prepared
    apart = withheld(prepared, session.configs.values(), planned.plan)
    kept = prepared.variables.keys() - apart.keys()
    data = encode(
        planned.plan,
        spec_sources=_sources(prepared),
        given={
            name: _given_to_plain(each)
            for name, each in prepared.spec.given.items()
            if name in kept
        },
        withheld=apart,
        endpoints=session.endpoints,
        workspace=_workspace(session),
        tool_version=VERSION,
        expires=(moment() + timedelta(days=VALID_DAYS)).isoformat(timespec="seconds"),
        options={"data": _data_to_plain(planned.data)},
    )
    with refusing_writes(path):
        replace_file(REAL, path, data)


def read_plan(path: Path) -> SavedPlan:
    """Read a saved plan.

    Raises:
        PlanError: there is no such file, or it is not a plan as it was written.
    """
    try:
        if not path.is_file() and path.exists():
            raise PlanError(f"{path} is not a file that holds a plan")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}") from error
    return decode(data, str(path))


async def apply_saved(session: Session, path: Path, approve: Callable[[Plan], bool]) -> Report:
    """Recover, make sure that nothing has moved since, and carry out the plan in *path*.

    Raises:
        StalePlan: state, specs, server or tool are not what the plan was made from.
    """
    saved = read_plan(path)
    workspace = session.workspace
    kept = {name: _given_from_plain(name, each) for name, each in saved.given.items()}
    session.prepared = prepare(
        workspace.specs,
        given=workspace.given,
        environ=workspace.environ,
        chosen=lambda given: given_again(saved, kept, given, workspace.given),
        planned_at=_planned_at(saved.plan),
    )
    refuse_others(saved, session.prepared)
    found = session.recorded()
    # An embedded server that nobody has written to has no id before it is connected to.
    endpoints = session.endpoints
    async with session.connected(session.configs) as providers:
        recorded = await session.recovered(providers, found)
        saved.check(
            lineage=recorded.lineage,
            # The plan knew what recovery makes of the state, but not yet in a file of its own.
            serial=found.serial,
            state_digest=session.store.digest(recorded),
            endpoints=endpoints,
            workspace=_workspace(session),
            tool_version=VERSION,
            now=now(),
            spec_sources=_sources(session.prepared),
        )
        refuse_unsound(saved.plan, recorded, schemas=SCHEMAS, configurations=providers.keys())
        await session.reading(
            refuse_changed(saved.plan, recorded, providers, concurrency=workspace.parallelism)
        )
        expander = _expander(session, saved, recorded)
        refuse_forged(saved.plan, recorded.objects, expander.instance)
        planned = Planned(saved.plan, expander)
        return await session.carry_out(planned, approve, providers, recorded)


def _expander(session: Session, saved: SavedPlan, recorded: State) -> Expander:
    """The expansion as it was when the plan was made, without asking the server again."""
    plan, prepared = saved.plan, session.prepared
    changed = {each.address for each in plan.changes if each.action is not Action.NO_OP}
    given = Given(
        prepared.variables,
        _existing(plan, recorded),
        pending=frozenset(
            each.address for each in plan.changes if each.action in (Action.CREATE, Action.REPLACE)
        ),
        changing=frozenset(changed),
        data=_data_from_plain(saved.options.get("data")),
    )
    expander = Expander(prepared.spec, prepared.graph, given, functions=prepared.functions)
    expander.expand()
    return expander


def _existing(plan: Plan, recorded: State) -> dict[Address, Attributes]:
    found = {address: each.attributes for address, each in recorded.objects.items()}
    for address, object_ in plan.refreshed.items():
        if object_ is not None:
            found[address] = object_.attributes
    for change in plan.changes:
        if change.recorded is not None and change.deposed is None:
            found[change.address] = change.before or change.recorded.attributes
    return found


def _sources(prepared: Prepared) -> dict[str, str]:
    return {path: source.text for path, source in prepared.spec.sources.items()}


def _workspace(session: Session) -> str:
    specs = session.workspace.specs.resolve()
    return f"the specs in {specs} with the state {session.store.path}"


def _given_to_plain(given: GivenValue) -> Value:
    return {"text": given.text, "value": given.value, "origin": given.origin, "by": str(given.by)}


def _given_from_plain(name: str, value: Value) -> GivenValue:
    if not isinstance(value, Mapping):
        raise StalePlan(f"the saved plan does not say how {name} was given")
    text, by = value.get("text"), str(value.get("by"))
    if by not in set(GivenBy):
        raise StalePlan(f"the saved plan does not say how {name} was given")
    return GivenValue(
        text=text if isinstance(text, str) else None,
        value=value.get("value"),
        by=GivenBy(by),
        origin=str(value.get("origin")),
    )


def _data_to_plain(data: Mapping[Address, Attributes]) -> dict[str, Value]:
    return {str(address): dict(each) for address, each in data.items()}


def _data_from_plain(value: Value) -> dict[Address, Attributes]:
    if not isinstance(value, Mapping):
        return {}
    found: dict[Address, Attributes] = {}
    for text, each in value.items():
        try:
            address = Address.parse(text)
        except ValueError:
            address = None
        if address is None or not isinstance(each, Mapping):
            raise StalePlan(f"the saved plan does not say what was read of {text}")
        found[address] = each
    return found


def _planned_at(plan: Plan) -> datetime:
    try:
        planned_at = datetime.fromisoformat(plan.timestamp)
    except ValueError:
        planned_at = None
    if planned_at is None or planned_at.tzinfo is None:
        raise StalePlan("the saved plan does not say when it was made")
    return planned_at
