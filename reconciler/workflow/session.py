"""Session: one command on a workspace, from reading the specs to the last answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from reconciler.address import Address
from reconciler.errors import Interrupted, SpecError, StateUnwritable
from reconciler.execute.events import Recovered, Refreshing, Report, Waiting, Warned
from reconciler.execute.interruption import Interruption
from reconciler.frozen import replace
from reconciler.plan.model import Plan, PlanMode
from reconciler.plan.options import PlanOptions
from reconciler.provider.config import ProviderConfig
from reconciler.provider.protocol import Provider
from reconciler.provider.resources import SCHEMAS
from reconciler.state.entries import Entry, Intent
from reconciler.state.model import Endpoint, State
from reconciler.workflow.configurations import configurations
from reconciler.workflow.connections import connected, endpoints, policies_of, settings_of
from reconciler.workflow.endpoints import check_endpoints, check_ids, check_parents
from reconciler.workflow.planning import Planned, Request, plan_now
from reconciler.workflow.prepare import Prepared, prepare
from reconciler.workflow.times import moment

if TYPE_CHECKING:
    from reconciler.state.recovery import Recovery
    from reconciler.workflow.applying import Tools
    from reconciler.workflow.workspace import Workspace

T = TypeVar("T")

FRESH_S = 2.0
"""For so long after it was made, a plan is carried out without looking whether a thread that loses
messages has moved on since."""

FRESH_S_PER_CHANGE = 0.001
"""Added for each change: a long plan takes a while to be printed."""


def _ceiling(config: ProviderConfig, parallelism: int) -> int:
    return min(config.max_concurrency or parallelism, parallelism)


def _fresh_s(plan: Plan) -> float:
    return FRESH_S + FRESH_S_PER_CHANGE * len(plan.changes)


class Session:
    """One command on a workspace. Specs are read once, and before anything else."""

    def __init__(self, workspace: Workspace, mode: PlanMode, options: PlanOptions) -> None:
        self.workspace = workspace
        self.mode = mode
        self.options = options
        self.interruption = Interruption()
        self.store = workspace.store()
        self._open_intents: tuple[Intent, ...] = ()
        self._is_interrupted = False
        self._warned: set[str] = set()
        self._recorded: State | None = None
        self._agreed_on: Plan | None = None
        self._hidden: tuple[Plan | None, frozenset[str]] | None = None

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Run *work* to its end on an event loop of its own."""
        self.workspace.on_stop(self.interruption.request)
        with asyncio.Runner(loop_factory=self.workspace.loop_factory) as runner:
            return runner.run(work)

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
            name: replace(each, max_concurrency=_ceiling(each, workspace.parallelism))
            for name, each in configs.items()
        }

    async def reading(self, work: Coroutine[None, None, T]) -> T:
        """The result of *work*, which only reads: a request to end cuts it short.

        Raises:
            Interrupted: it was asked for; nothing has been changed.
        """
        over = asyncio.Event()
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: over.set())
        if not self.interruption.count:
            with self.interruption.waking(over):
                await over.wait()
        if task.done() and not self.interruption.count:
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise Interrupted("Interrupted before anything was begun: nothing was changed.")

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """What state remembers of where each configuration talks to."""
        return endpoints(self.configs)

    def recorded(self) -> State:
        """What is recorded, made sure that it belongs to the server that is configured."""
        snapshot = self.store.read()
        for each in snapshot.warnings:
            if each not in self._warned:
                self._warned.add(each)
                self.workspace.emit(Warned(each))
        self._open_intents = snapshot.open_intents
        self._is_interrupted = snapshot.interrupted
        state = self._recorded = snapshot.state or State(lineage="")
        check_parents(state, self.store.path)
        check_ids(state, self.configs)
        check_endpoints(state, self.endpoints)
        return state

    async def plan_only(self) -> Planned:
        """Recover in memory, refresh and plan; write nothing."""
        self.configs  # noqa: B018  # what is wrong with the specs comes before the state
        recorded = self.recorded()
        async with self.connected(self.configs, reads_only=True) as providers:
            if self._open_intents or recorded.suspects:
                from reconciler.state.fold import fold

                recovery = await self._recover(recorded, self._open_intents, providers)
                recorded, _ = fold(recorded, recovery.entries)
            return await self._plan(recorded, providers)

    async def apply(self, approve: Callable[[Plan], bool]) -> Report:
        """Recover, plan, ask, and carry out what was agreed to."""
        self.configs  # noqa: B018  # what is wrong with the specs comes before the state
        recorded = self.recorded()
        async with self.connected(self.configs) as providers:
            recorded = await self.recovered(providers, recorded)
            planned = await self._plan(recorded, providers)
            return await self.carry_out(planned, approve, providers, recorded)

    async def recovered(self, providers: Mapping[str, Provider], recorded: State) -> State:
        """End the journal of a cut-off run, and record what its open intents turn out to be."""
        entries: tuple[Entry, ...] = ()
        if self._open_intents or recorded.suspects:
            recovery = await self._recover(recorded, self._open_intents, providers)
            entries = recovery.entries
        if not (entries or self._is_interrupted):
            return recorded
        ledger = self.store.begin("recover")
        try:
            await ledger.record(*entries)
        finally:
            ledger.close()
        return self.recorded()

    async def carry_out(
        self,
        planned: Planned,
        approve: Callable[[Plan], bool],
        providers: Mapping[str, Provider],
        recorded: State,
    ) -> Report:
        """Do what *planned* says if *approve* agrees; the state is locked by the caller.

        Raises:
            SpecError: the plan has errors that forbid it, and *approve* agrees all the same.
        """
        plan = self._agreed_on = planned.plan
        asked_at = time.monotonic()
        if not approve(plan) or self.interruption.count:
            return Report(interrupted=self.interruption.count > 0)
        if plan.is_forbidden:
            raise SpecError(plan.errors)
        is_settled = not any(each.is_found_finished for each in plan.sequences)
        if is_settled and not plan.has_changes and not plan.refreshed:
            return Report(
                outputs=dict(recorded.outputs), suspects=tuple(recorded.suspects.values())
            )
        from reconciler.workflow.applying import carry_out

        tools = self._tools(providers)
        if planned.is_fresh and time.monotonic() - asked_at < _fresh_s(plan):
            tools = replace(tools, look_again=False)
        planned.expander.begin_applying(self.prepared.functions_during_apply())
        ledger = self.store.begin("apply")
        with ExitStack() as cut_short:
            cut_short.callback(ledger.close)
            report = await carry_out(plan, planned.expander, ledger, tools)
            cut_short.pop_all()
        try:
            ledger.close()
        except StateUnwritable as error:
            # What was done is in the journal and is not lost: it is told all the same.
            return replace(report, failure=error)
        return report

    @asynccontextmanager
    async def connected(
        self, configs: Mapping[str, ProviderConfig], *, reads_only: bool = False
    ) -> AsyncIterator[dict[str, Provider]]:
        """The providers of this command."""
        async with connected(
            configs,
            transport=self.workspace.transport,
            on_wait=lambda reason, seconds: self.workspace.emit(Waiting(reason, seconds)),
            interrupted=lambda: self.interruption.count > 0,
            sensitive=self._sensitive,
            reads_only=reads_only,
        ) as providers:
            yield providers

    def _sensitive(self) -> Collection[str]:
        """The texts that no error may repeat, as far as they are known by now."""
        from reconciler.workflow.confidence import sensitive_texts

        plan = self._agreed_on
        if self._hidden is None or self._hidden[0] is not plan:
            state = self._recorded or State(lineage="")
            self._hidden = (plan, sensitive_texts(self.prepared.variables, state, plan))
        return self._hidden[1]

    async def _plan(self, state: State, providers: Mapping[str, Provider]) -> Planned:
        request = Request(
            prepared=self.prepared,
            recorded=state,
            mode=self.mode,
            options=self.options,
            policies={name: policies_of(each) for name, each in self.configs.items()},
            timestamp=(self.prepared.planned_at or moment()).isoformat(),
            state_digest=self.store.digest(state),
        )
        return await self.reading(
            plan_now(
                request,
                providers,
                concurrency=self.workspace.parallelism,
                announce=self._announce,
            )
        )

    async def _recover(
        self, state: State, intents: tuple[Intent, ...], providers: Mapping[str, Provider]
    ) -> Recovery:
        from reconciler.state.recovery import recover

        settle_s = max(each.settle_s for each in self.configs.values())
        recovery = await self.reading(
            recover(state, intents, providers, SCHEMAS, settle_s=settle_s)
        )
        for address, id_ in recovery.adopted:
            self.workspace.emit(
                Recovered(address, f"found what an interrupted run had created: {id_}")
            )
        return recovery

    def _announce(self, address: Address, id_: str) -> None:
        self.workspace.emit(Refreshing(address, id_))

    def _tools(self, providers: Mapping[str, Provider]) -> Tools:
        from reconciler.workflow.applying import Tools

        return Tools(
            providers=providers,
            settings={name: settings_of(each) for name, each in self.configs.items()},
            endpoints=self.endpoints,
            concurrency=self.workspace.parallelism,
            interruption=self.interruption,
            emit=self.workspace.emit,
        )
