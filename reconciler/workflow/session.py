"""Session: one command on a workspace, from reading the specs to the last answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from reconciler.address import Address
from reconciler.execute.events import Recovered, Refreshing, Report, Waiting
from reconciler.execute.flight import Interruption
from reconciler.plan.model import Plan, PlanMode
from reconciler.plan.options import PlanOptions
from reconciler.provider.config import ProviderConfig
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.state.entries import Intent
from reconciler.state.fold import fold
from reconciler.state.model import Endpoint, State
from reconciler.state.recovery import Recovery, recover
from reconciler.workflow.applying import Tools, carry_out
from reconciler.workflow.connections import connected, endpoints, policies_of, settings_of
from reconciler.workflow.endpoints import check_endpoints, check_ids
from reconciler.workflow.planning import Planned, Request, plan_now
from reconciler.workflow.prepare import Prepared, configurations, prepare
from reconciler.workflow.times import now

if TYPE_CHECKING:
    from reconciler.workflow.workspace import Workspace

T = TypeVar("T")


class Session:
    """One command on a workspace. Specs are read once, and before anything else."""

    def __init__(self, workspace: Workspace, mode: PlanMode, options: PlanOptions) -> None:
        self.workspace = workspace
        self.mode = mode
        self.options = options
        self.interruption = Interruption()
        self.store = workspace.store()

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Run *work* to its end on an event loop of its own."""
        self.workspace.on_stop(self.interruption.request)
        return asyncio.run(work)

    @cached_property
    def prepared(self) -> Prepared:
        """The specs, read and checked."""
        workspace = self.workspace
        return prepare(workspace.specs, given=workspace.given, environ=workspace.environ)

    @cached_property
    def configs(self) -> dict[str, ProviderConfig]:
        """Where each provider configuration talks to."""
        workspace = self.workspace
        configs = configurations(self.prepared, workspace.environ, emulator=workspace.emulator)
        return {
            name: replace(each, max_concurrency=min(each.max_concurrency, workspace.parallelism))
            for name, each in configs.items()
        }

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """What state remembers of where each configuration talks to."""
        return endpoints(self.configs)

    async def plan_only(self) -> Planned:
        """Recover in memory, refresh and plan; write nothing."""
        configs = self.configs
        snapshot = self.store.read()
        recorded = snapshot.state or State(lineage="")
        self._check_place(recorded)
        async with self.connected(configs) as providers:
            recovery = await self._recover(recorded, snapshot.open_intents, providers)
            state, _ = fold(recorded, recovery.entries)
            return await self._plan(state, providers)

    async def apply(self, approve: Callable[[Plan], bool]) -> Report:
        """Recover, plan, ask, and carry out what was agreed to."""
        configs = self.configs
        snapshot = self.store.read()
        self._check_place(snapshot.state or State(lineage=""))
        async with self.connected(configs) as providers:
            if snapshot.open_intents:
                await self._record_recovery(providers)
                snapshot = self.store.read()
            planned = await self._plan(snapshot.state or State(lineage=""), providers)
            return await self.carry_out(planned, approve, providers)

    async def carry_out(
        self,
        planned: Planned,
        approve: Callable[[Plan], bool],
        providers: Mapping[str, Provider],
    ) -> Report:
        """Do what *planned* says if *approve* agrees; the state is locked by the caller."""
        plan = planned.plan
        if not approve(plan) or plan.errors or self.interruption.count:
            return Report(interrupted=self.interruption.count > 0)
        if not plan.has_changes and not plan.refreshed:
            return Report(outputs=dict(self.workspace.state().outputs))
        ledger = self.store.begin("apply")
        try:
            report = await carry_out(plan, planned.expander, ledger, self._tools(providers))
        finally:
            ledger.close()
        return report

    @asynccontextmanager
    async def connected(
        self, configs: Mapping[str, ProviderConfig]
    ) -> AsyncIterator[dict[str, Provider]]:
        """The providers of this command."""
        async with connected(
            configs,
            transport=self.workspace.transport,
            on_wait=lambda reason, seconds: self.workspace.emit(Waiting(reason, seconds)),
            interrupted=lambda: self.interruption.count > 0,
        ) as providers:
            yield providers

    async def _plan(self, state: State, providers: Mapping[str, Provider]) -> Planned:
        request = Request(
            prepared=self.prepared,
            recorded=state,
            mode=self.mode,
            options=self.options,
            policies={name: policies_of(each) for name, each in self.configs.items()},
            timestamp=now(),
        )
        return await plan_now(
            request,
            providers,
            concurrency=self.workspace.parallelism,
            announce=self._announce,
        )

    async def _recover(
        self, state: State, intents: tuple[Intent, ...], providers: Mapping[str, Provider]
    ) -> Recovery:
        settle_s = max(each.settle_s for each in self.configs.values())
        recovery = await recover(state, intents, providers, SCHEMAS, settle_s=settle_s)
        for address, id_ in recovery.adopted:
            self.workspace.emit(
                Recovered(address, f"found what an interrupted run had created: {id_}")
            )
        return recovery

    async def _record_recovery(self, providers: Mapping[str, Provider]) -> None:
        ledger = self.store.begin("recover")
        try:
            recovery = await self._recover(ledger.state, ledger.open_intents, providers)
            await ledger.record(*recovery.entries)
        finally:
            ledger.close()

    def _check_place(self, state: State) -> None:
        check_ids(state, self.configs)
        check_endpoints(state, self.endpoints)

    def _announce(self, address: Address, id_: str) -> None:
        self.workspace.emit(Refreshing(address, id_))

    def _tools(self, providers: Mapping[str, Provider]) -> Tools:
        return Tools(
            providers=providers,
            settings={name: settings_of(each) for name, each in self.configs.items()},
            endpoints=self.endpoints,
            concurrency=self.workspace.parallelism,
            interruption=self.interruption,
            emit=self.workspace.emit,
        )
