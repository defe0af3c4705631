"""Workspace: one specs folder with its state and its server; what the command line uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic
from reconciler.errors import SpecError
from reconciler.frozen import replace

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from contextlib import AbstractContextManager

    import httpx

    from reconciler.address import Address
    from reconciler.execute.events import Event, Report
    from reconciler.plan.model import Plan, PlanMode
    from reconciler.plan.options import PlanOptions
    from reconciler.state.model import State, StateObject, Suspect
    from reconciler.state.store import FileStateStore
    from reconciler.workflow.drawing import Drawing
    from reconciler.workflow.evaluating import Evaluator
    from reconciler.workflow.session import Session


class Workspace:
    """One specs folder with its state and its server.

        workspace = Workspace(specs="specs/quickstart", emulator="try.db")
        plan = workspace.plan()
        report = workspace.apply(approve=lambda plan: True)

    Every method may be called again and again; each reads specs and state anew. What changes the
    server or the state holds the state's lock while it runs.
    """

    def __init__(
        self,
        specs: str | Path | None = None,
        *,
        state: str | Path | None = None,
        emulator: str | Path | None = None,
        given: Sequence[tuple[str, str]] = (),
        environ: Mapping[str, str] | None = None,
        parallelism: int = 32,
        lock_timeout_s: float = 0.0,
        on_event: Callable[[Event], None] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        loop_factory: Callable[[], AbstractEventLoop] | None = None,
    ) -> None:
        self.specs = Path(specs) if specs is not None else _default_specs()
        self.emulator = None if emulator is None else str(emulator)
        self._state = None if state is None else Path(state)
        self.given = tuple(given)
        self.environ = os.environ if environ is None else environ
        self.parallelism = parallelism
        self.lock_timeout_s = lock_timeout_s
        self.transport = transport
        self.loop_factory = loop_factory
        self._on_event = on_event
        self._stop_requests = 0
        self._on_stop: Callable[[], None] | None = None

    @property
    def state_path(self) -> Path:
        """Where the state is: as given, or beside the specs."""
        from reconciler.state.paths import default_state_path

        if self._state is not None:
            return self._state
        return default_state_path(self.specs, emulator=self.emulator is not None)

    def validate(self) -> tuple[Diagnostic, ...]:
        """Every diagnostic about the specs; asks no server and needs no variable values."""
        from reconciler.workflow.prepare import prepare

        try:
            prepared = prepare(
                self.specs, given=self.given, environ=self.environ, need_values=False
            )
        except SpecError as error:
            return error.diagnostics
        return tuple(prepared.diagnostics)

    def evaluator(self) -> Evaluator:
        """What answers expressions, from the specs and the state as both are now.

        No server is asked and no variable needs a value. A folder without specs will do.

        Raises:
            ReconcilerError: the specs have errors, or the state cannot be read.
        """
        from reconciler.spec.files import has_specs
        from reconciler.state.model import State
        from reconciler.workflow.evaluating import Evaluator
        from reconciler.workflow.prepare import prepare, prepare_nothing
        from reconciler.workflow.times import moment

        now, given, environ = moment(), self.given, self.environ
        if not has_specs(self.specs):
            prepared = prepare_nothing(self.specs, given=given, environ=environ, planned_at=now)
            return Evaluator(prepared, State(lineage=""))
        prepared = prepare(
            self.specs, given=given, environ=environ, need_values=False, planned_at=now
        )
        store = self.store()
        with self._locked(store, "console", shared=True):
            recorded = store.read().state
        return Evaluator(prepared, recorded or State(lineage=""))

    def draw(self, *, with_values: bool = False) -> Drawing:
        """What a picture of the specs shows; asks no server, reads no state.

        Raises:
            SpecError: the specs have errors; a cycle is one that names each of its edges.
        """
        from reconciler.workflow.drawing import draw
        from reconciler.workflow.prepare import prepare

        prepared = prepare(self.specs, given=self.given, environ=self.environ, need_values=False)
        return draw(prepared, with_values=with_values)

    def plan(
        self,
        *,
        mode: PlanMode | None = None,
        refresh: bool = True,
        options: PlanOptions | None = None,
        save_to: Path | None = None,
    ) -> Plan:
        """Decide what apply would do, and touch nothing; one that can be applied goes to *save_to*.

        Raises:
            ReconcilerError: why it cannot be decided.
        """
        session = self._session(mode, options, refresh=refresh)
        with self._locked(session.store, "plan", shared=True):
            planned = session.run(session.plan_only())
        if save_to is not None and not planned.plan.is_forbidden:
            from reconciler.workflow.saved import save

            save(session, planned, save_to)
        return planned.plan

    def apply(
        self,
        *,
        plan_file: Path | None = None,
        mode: PlanMode | None = None,
        refresh: bool = True,
        options: PlanOptions | None = None,
        approve: Callable[[Plan], bool],
    ) -> Report:
        """Plan, ask *approve* while the state is locked, and carry the plan out.

        With *plan_file* the saved plan is carried out, or refused because it is stale.

        Raises:
            ReconcilerError: why nothing was begun; failures on the way are in the report.
        """
        session = self._session(mode, options, refresh=refresh)
        with self._locked(session.store, "apply"):
            if plan_file is None:
                return session.run(session.apply(approve))
            from reconciler.workflow.saved import apply_saved

            return session.run(apply_saved(session, plan_file, approve))

    def destroy(self, *, approve: Callable[[Plan], bool] = lambda plan: True) -> Report:
        """Delete everything the state manages."""
        from reconciler.plan.model import PlanMode

        return self.apply(mode=PlanMode.DESTROY, approve=approve)

    def import_(self, address: str, object_id: str) -> StateObject:
        """Take one existing object into state under *address*, whose block must exist.

        Raises:
            UsageError: the address or the id is not one, or has no block.
            ObjectNotFound: there is no such object.
        """
        from reconciler.workflow.importing import import_object

        session = self._session()
        with self._locked(session.store, "import"):
            return session.run(import_object(session, address, object_id))

    def recover(self) -> Sequence[Suspect]:
        """Find out what became of the writes of an interrupted run; return what stays unexplained.

        Raises:
            ReconcilerError: the state or the server is in the way; nothing is changed then.
        """
        from reconciler.workflow.recovering import recover

        session = self._session()
        with self._locked(session.store, "recover"):
            return session.run(recover(session))

    def adopt_suspect(self, address: str, object_id: str) -> Sequence[StateObject]:
        """Record that *object_id* is what was created at *address* without an answer.

        Raises:
            UsageError: nothing is suspected there, or the object is another one.
            ObjectNotFound: there is no such object.
        """
        from reconciler.workflow.recovering import adopt

        session = self._session()
        with self._locked(session.store, "recover"):
            return session.run(adopt(session, address, object_id))

    def retry_suspect(self, address: str) -> bool:
        """Look for a suspect once more, and let the next apply send it if it is not found.

        Returns whether it was found, and is recorded now.

        Raises:
            UsageError: nothing is suspected at *address*.
        """
        from reconciler.workflow.recovering import retry

        session = self._session()
        with self._locked(session.store, "recover"):
            return session.run(retry(session, address))

    def forget_suspect(self, address: str) -> Suspect:
        """Give a suspect up, without asking the server: what it may have made stays there.

        Raises:
            UsageError: nothing is suspected at *address*.
        """
        from reconciler.workflow.recovering import forget

        store = self.store()
        with self._locked(store, "recover"):
            return forget(store, address)

    def state_remove(self, patterns: Sequence[str]) -> Sequence[Address]:
        """Let go of the objects that *patterns* name; they stay on the server."""
        from reconciler.workflow.editing import remove

        store = self.store()
        with self._locked(store, "state rm"):
            return remove(store, patterns)

    def state_move(self, source: str, target: str) -> Mapping[Address, Address]:
        """Give an object, or every instance of a block, another address in the state."""
        from reconciler.workflow.editing import move

        store = self.store()
        with self._locked(store, "state mv"):
            return move(store, source, target)

    def state_protect(self, patterns: Sequence[str], *, protected: bool) -> Sequence[Address]:
        """Protect the objects that *patterns* name from destruction, or end that."""
        from reconciler.workflow.editing import protect

        store = self.store()
        with self._locked(store, "state protect"):
            return protect(store, patterns, protected=protected)

    def rehome(self, *, same_objects: bool = False) -> Sequence[StateObject]:
        """Let the state belong to the server that is configured; return what it forgot for that."""
        from reconciler.workflow.editing import rehome

        session = self._session()
        with self._locked(session.store, "rehome"):
            return rehome(session.store, session.endpoints, same_objects=same_objects)

    def state(self) -> State:
        """What is recorded now, with what an interrupted run left folded in."""
        from reconciler.state.model import State

        return self.store().read().state or State(lineage="")

    def load_plan(self, path: Path) -> Plan:
        """The plan in a file, to show it."""
        from reconciler.workflow.saved import read_plan

        return read_plan(path).plan

    def store(self) -> FileStateStore:
        """The state on disk."""
        from reconciler.state.store import FileStateStore

        return FileStateStore(self.state_path, specs_root=self.specs)

    def interrupt(self) -> None:
        """Ask the run to end: once, it finishes what is in flight; twice, it leaves at once."""
        self._stop_requests += 1
        if self._on_stop is not None:
            self._on_stop()

    @property
    def is_interrupted(self) -> bool:
        """Whether the run has been asked to end."""
        return self._stop_requests > 0

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Have *stop* called for every request to end, those that came before included."""
        self._on_stop = stop
        for _ in range(self._stop_requests):
            stop()

    def _locked(
        self, store: FileStateStore, operation: str, *, shared: bool = False
    ) -> AbstractContextManager[None]:
        """Hold the state, waiting for it as long as is allowed and nobody asks to end."""
        return store.locked(
            operation,
            shared=shared,
            timeout_s=self.lock_timeout_s,
            interrupted=lambda: self.is_interrupted,
        )

    def _session(
        self,
        mode: PlanMode | None = None,
        options: PlanOptions | None = None,
        *,
        refresh: bool = True,
    ) -> Session:
        from reconciler.plan.model import PlanMode
        from reconciler.plan.options import NO_OPTIONS
        from reconciler.workflow.session import Session

        chosen = replace(options or NO_OPTIONS, refresh=refresh)
        return Session(self, mode or PlanMode.NORMAL, chosen)

    def emit(self, event: Event) -> None:
        """Tell whoever watches."""
        if self._on_event is not None:
            self._on_event(event)


def _default_specs() -> Path:
    return Path("specs") if Path("specs").is_dir() else Path(".")
