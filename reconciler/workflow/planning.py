"""Planning: ask the world once, then decide until nothing changes any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field

from reconciler.address import Address
from reconciler.diff import cost_of, diff
from reconciler.expand.model import Expansion, Instance
from reconciler.expand.walk import Expander
from reconciler.expand.world import Given
from reconciler.frozen import frozen, replace
from reconciler.plan.model import Action, Plan, PlanMode
from reconciler.plan.moves import Import
from reconciler.plan.options import PlanOptions, Policies
from reconciler.plan.planner import make_plan
from reconciler.plan.targets import check_named, named_by
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.refresh import Observed, ParentQuestion, questions, refresh
from reconciler.schema import Attributes, ChangeCost
from reconciler.state.model import State, StateObject, configuration_name
from reconciler.workflow.data import read_data
from reconciler.workflow.prepare import Prepared
from reconciler.workflow.refactoring import imports_of, moves_of, removals_of

Announce = Callable[[Address, str], None]


@frozen
class Request:
    """What is to be planned."""

    prepared: Prepared
    recorded: State
    mode: PlanMode
    options: PlanOptions
    policies: Mapping[str, Policies]
    timestamp: str
    state_digest: str


@frozen
class Planned:
    """A plan, and the expansion that gives its unknown values a meaning during apply."""

    plan: Plan
    expander: Expander
    data: Mapping[Address, Attributes] = field(default_factory=dict)
    is_fresh: bool = False
    """Whether the server was looked at a moment ago."""


async def plan_now(
    request: Request,
    providers: Mapping[str, Provider],
    *,
    concurrency: int,
    announce: Announce,
) -> Planned:
    """Refresh, expand and plan; changes nothing anywhere.

    Raises:
        SpecError: what the spec says cannot be.
        ProviderError: the API did not tell what is there.
        UnsafePlan: a guard refuses.
        UsageError: `-target` or `-replace` names nothing.
    """
    _check_named(request)
    planning = _Planning(request, providers, concurrency)
    await planning.observe(announce, frozenset())
    planned = await planning.settle()
    if planned.plan.unread:
        await planning.observe(lambda address, id_: None, planned.plan.unread)
        planned = await planning.settle()
    return planned


def _check_named(request: Request) -> None:
    """Spare the refresh where an option is misspelt; which instances there are is seen later."""
    prepared, options = request.prepared, request.options
    declared = [str(each) for each in prepared.graph.nodes if each.address is not None]
    check_named(options.replace, declared, option="-replace")
    if not moves_of(prepared.spec):
        known = [*declared, *map(str, request.recorded.objects)]
        check_named(options.targets, known, option="-target")


class _Planning:
    def __init__(
        self, request: Request, providers: Mapping[str, Provider], concurrency: int
    ) -> None:
        self.request = request
        self.providers = providers
        self.concurrency = concurrency
        self.observed = Observed()
        self.imports: tuple[Import, ...] = ()
        self._moved: dict[Address, tuple[StateObject, Attributes | None]] = {}
        """By the address it moves to: the object as recorded, and as it was seen."""

    async def observe(self, announce: Announce, whole: frozenset[str]) -> None:
        """Read what is recorded; the listings of *whole* to their end."""
        recorded = self.request.recorded
        is_fresh = self.request.options.refresh
        if not is_fresh and not whole:
            self.observed = Observed({a: o.attributes for a, o in recorded.objects.items()})
            return
        asked = questions(
            recorded.objects,
            SCHEMAS,
            configuration=configuration_name,
            whole=whole.__contains__,
        )
        asked = [each for each in asked if is_fresh or each.parent_id in whole]
        asked.extend(_replaced_before(recorded, whole - {each.parent_id for each in asked}))
        seen = await refresh(asked, self.providers, concurrency=self.concurrency, announce=announce)
        if not is_fresh:
            seen = replace(seen, objects={**self.observed.objects, **seen.objects})
        self.observed = seen

    async def settle(self) -> Planned:
        """Expand and plan until the plan makes nothing unknown that was held for known."""
        existing = self._existing()
        given = Given(
            self.request.prepared.variables,
            existing,
            pending=self._to_be_replaced(existing),
            is_destroying=self.request.mode is PlanMode.DESTROY,
        )
        given = await self._take_imports(given)
        previous: Plan | None = None
        while True:
            expander, expansion, given = await self._expand(given)
            plan = self._plan(expansion, previous)
            if not given.is_destroying:
                warnings = (*expander.diagnostics.warnings, *plan.warnings)
                plan = replace(plan, warnings=tuple(dict.fromkeys(warnings)))
            moved = self._newly_moved(plan)
            if moved:
                given = replace(given, observed={**given.observed, **moved})
                continue
            changed = {each.address for each in plan.changes if each.action is not Action.NO_OP}
            replaced = {each.address for each in plan.changes if each.action is Action.REPLACE}
            unforeseen = replaced - expansion.pending
            if not _is_looked_at(unforeseen, expansion) and not (
                given.data and changed - given.changing
            ):
                return Planned(plan, expander, given.data, is_fresh=True)
            # Both sets only grow, so this ends; in practice the second pass is the last.
            previous = plan
            given = replace(
                given,
                pending=given.pending | replaced,
                changing=given.changing | changed,
                data={},
            )

    def _newly_moved(self, plan: Plan) -> dict[Address, Attributes]:
        """What stands under another address than the one it was looked for so far.

        Each address counts once: the spec is expanded again over what the plan has found there.
        """
        found: dict[Address, Attributes] = {}
        for change in plan.changes:
            recorded = change.recorded
            if change.moved_from is None or recorded is None or change.address in self._moved:
                continue
            seen = self.observed.objects.get(change.moved_from)
            self._moved[change.address] = recorded, seen
            found[change.address] = {**recorded.attributes, **(seen or {})}
        return found

    async def _take_imports(self, given: Given) -> Given:
        """Read what `import` blocks name, and count it among what exists."""
        spec = self.request.prepared.spec
        if not spec.root.imports or self.request.mode is PlanMode.DESTROY:
            return given
        expander, _, given = await self._expand(given)
        self.imports = tuple(
            each
            for each in imports_of(expander, spec)
            if each.to not in self.request.recorded.objects
        )
        from reconciler.workflow.importing import read_imports

        read = await read_imports(self.imports, expander, self.providers)
        self.observed = replace(self.observed, objects={**self.observed.objects, **read})
        found = {address: each for address, each in read.items() if each is not None}
        return replace(given, observed={**given.observed, **found})

    def _to_be_replaced(self, existing: Collection[Address]) -> frozenset[Address]:
        """What is known to be created anew whatever the spec says: by request, or half made."""
        if self.request.mode is not PlanMode.NORMAL:
            return frozenset()
        recorded = self.request.recorded.objects
        tainted = {each for each in existing if recorded[each].tainted}
        return frozenset(named_by(self.request.options.replace, existing) | tainted)

    def _existing(self) -> dict[Address, Attributes]:
        """What exists, under the addresses it has in the spec."""
        found: dict[Address, Attributes] = {}
        for address, object_ in self.request.recorded.objects.items():
            seen = self.observed.objects.get(address, object_.attributes)
            if seen is not None:
                found[address] = {**object_.attributes, **seen}
        return found

    async def _expand(self, given: Given) -> tuple[Expander, Expansion, Given]:
        """Expand, reading data sources as they become known."""
        prepared = self.request.prepared
        while True:
            expander = Expander(
                prepared.spec,
                prepared.graph,
                given,
                functions=prepared.functions,
                will_replace=self._will_replace,
            )
            expansion = expander.expand()
            if not expansion.requests:
                return expander, expansion, given
            read = await read_data(expansion.requests, self.providers)
            given = replace(given, data={**given.data, **read})

    def _will_replace(self, instance: Instance) -> bool:
        address = instance.address
        own = self.request.recorded.objects.get(address), self.observed.objects.get(address)
        recorded, seen = self._moved.get(address, own)
        if recorded is None:
            return False
        changes = diff(
            instance.schema,
            recorded,
            seen,
            instance.desired,
            ignore=instance.lifecycle.ignore_changes,
        )
        return cost_of(changes) is ChangeCost.REPLACE

    def _plan(self, expansion: Expansion, previous: Plan | None) -> Plan:
        request = self.request
        is_destroy = request.mode is PlanMode.DESTROY
        return make_plan(
            mode=request.mode,
            instances=expansion.instances,
            empty_blocks=expansion.empty_blocks,
            reads=() if is_destroy else expansion.reads,
            recorded=request.recorded,
            observed=self.observed,
            capabilities={name: each.capabilities for name, each in self.providers.items()},
            policies=request.policies,
            outputs={} if is_destroy else expansion.outputs,
            options=request.options,
            moved=moves_of(request.prepared.spec),
            removed=removals_of(request.prepared.spec),
            imports=self.imports,
            previous=previous,
            schemas=SCHEMAS,
            timestamp=request.timestamp,
            state_digest=request.state_digest,
        )


def _replaced_before(recorded: State, whole: Collection[str]) -> list[ParentQuestion]:
    """Ask what is left in the parents among *whole* that an earlier run has replaced."""
    members = [each for each in SCHEMAS.values() if each.sequence is not None]
    return [
        ParentQuestion(
            each.id, configuration_name(each.provider), None, {}, members[0].type, whole=True
        )
        for each in recorded.deposed.values()
        if each.id in whole and SCHEMAS[each.address.type].sequence is None
    ]


def _is_looked_at(addresses: set[Address], expansion: Expansion) -> bool:
    """Whether anything may have been made from what these objects are now."""
    if not addresses:
        return False
    if expansion.outputs:
        return True
    blocks = {each.block for each in addresses} | addresses
    return any(not blocks.isdisjoint(each.depends_on) for each in expansion.instances)
