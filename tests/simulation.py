"""Simulation: whole runs on a disk and a clock that are not there, against a server in memory.

One seed is one world: specs that change, runs that die, lose answers, meet a full disk or an
interrupt, disks that forget what was not synced; then a run that nothing happens to. The engine is
the real one, from the specs to the bytes of the journal.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EIO, ENOSPC
from pathlib import Path
from random import Random

import hand_loop
import httpx
from random_specs import Wishes
from virtual_fs import Died, VirtualFileSystem

from reconciler.emulator.app import App, create_app
from reconciler.errors import ReconcilerError
from reconciler.execute.events import Report
from reconciler.plan.model import Plan, PlanMode
from reconciler.plan.options import PlanOptions
from reconciler.provider.client import asgi_transport
from reconciler.state.model import State, SuspectKind
from reconciler.state.store import FileStateStore
from reconciler.workflow import Workspace
from reconciler.workflow.planning import Planned
from reconciler.workflow.recovering import adopt, forget
from reconciler.workflow.session import Session

CREATE_CONCURRENCY = 8

STATE = Path("/state/s.json")


@dataclass
class Weather:
    """What one run meets."""

    die_within: int | None = None
    """It dies in one of so many operations on disk or network, counted from its beginning."""
    lost: float = 0.0
    """How often an answer is lost on its way back."""
    unsent: float = 0.0
    """How often no connection is made."""
    disk_error: int | None = None
    interrupts: int = 0


FAIR = Weather()


def weather(rng: Random) -> Weather:
    """Something for a run to meet."""
    match rng.randrange(8):
        case 0 | 1 | 2 | 3:
            return Weather(die_within=rng.choice((20, 60, 60, 150)))
        case 4:
            return Weather(die_within=60, lost=0.2, unsent=0.1)
        case 5:
            return Weather(lost=0.3)
        case 6:
            return Weather(disk_error=rng.choice((ENOSPC, EIO)))
        case _:
            return Weather(interrupts=rng.choice((1, 1, 2)), lost=0.1)


class Air(httpx.AsyncBaseTransport):
    """What carries requests: late, lost, or no longer because the process is dead."""

    def __init__(self, world: World, weather: Weather, interrupt: Callable[[], None]) -> None:
        self._world = world
        self._weather = weather
        self._interrupt = interrupt
        self._server = asgi_transport(world.app)
        self._rng = world.rng
        self._interrupt_at = self._rng.randrange(1, 15)
        self._seen = 0
        self.on_the_way: list[httpx.Request] = []
        """What has left and not arrived."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._note()
        self._world.disk.touch(f"sending {request.method}")
        if self._rng.random() < self._weather.unsent:
            raise httpx.ConnectError("no way")
        self.on_the_way.append(request)
        await asyncio.sleep(self._rng.random())
        self._world.disk.touch(f"sent {request.method}")
        self.on_the_way.remove(request)
        response = await self._server.handle_async_request(request)
        await response.aread()
        await asyncio.sleep(self._rng.random())
        self._world.disk.touch(f"answered {request.method}")
        if self._rng.random() < self._weather.lost:
            raise httpx.ReadError("the connection broke")
        return response

    def _note(self) -> None:
        self._seen += 1
        if self._interrupt_at <= self._seen < self._interrupt_at + self._weather.interrupts:
            self._interrupt()

    def settle(self) -> None:
        """Let what was on its way when the process died arrive, or not."""
        for request in self.on_the_way:
            if self._rng.random() < 0.5:
                hand_loop.run(self._server.handle_async_request(request))


@dataclass
class World:
    """A server, a disk, and specs."""

    folder: Path
    dialect: str
    seed: int
    runs: int = 0
    deaths: int = 0
    died_in: list[str] = field(default_factory=list)
    suspects: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.app: App = create_app(None)
        self.disk = VirtualFileSystem(rng=self.rng)
        self.wishes = Wishes(self.rng)

    def play(self) -> None:
        """Let one to three things go wrong, and then nothing; check what comes of it."""
        try:
            for _ in range(self.rng.choice((1, 1, 2))):
                self._wish()
                for _ in range(self.rng.choice((1, 1, 2))):
                    self._meet(weather(self.rng))
                self._finish()
                self._check()
        finally:
            self.app.close()

    # -- runs

    def session(self, air: httpx.AsyncBaseTransport | None = None) -> Session:
        """One command on this world."""
        world = self

        class OnThisDisk(Workspace):
            def store(self) -> FileStateStore:
                return FileStateStore(
                    STATE,
                    specs_root=Path("/specs"),
                    fs=world.disk,
                    clock=lambda: 0.0,
                    sleep=lambda seconds: None,
                )

        workspace = OnThisDisk(
            self.folder,
            environ={"OPENAI_API_KEY": "sk-simulated"},
            transport=air or asgi_transport(self.app),
        )
        return Session(workspace, PlanMode.NORMAL, PlanOptions(allow_destroy=("10000",)))

    def _apply(self, weather: Weather) -> Report:
        self.runs += 1
        session: Session
        air = Air(self, weather, lambda: session.interruption.request())
        session = self.session(air)
        try:
            with session.store.locked("apply"):
                return hand_loop.run(session.apply(_approved))
        finally:
            air.settle()

    def _meet(self, weather: Weather) -> None:
        start = self.disk.operations
        if weather.die_within is not None:
            self.disk.die_at = start + self.rng.randrange(1, weather.die_within)
        if weather.disk_error is not None:
            self.disk.errors = {start + self.rng.randrange(1, 60): weather.disk_error}
        is_dead = False
        try:
            self._apply(weather)
        except Died as death:
            is_dead = True
            self.deaths += 1
            self.died_in.append(str(death))
        except ReconcilerError:
            assert weather != FAIR, "nothing goes wrong in fair weather"
        self._end_run(is_dead=is_dead or self.disk.is_dead)

    def _end_run(self, *, is_dead: bool) -> None:
        power_fails = self.rng.random() < (0.6 if is_dead else 0.2)
        self.disk.errors = {}
        self.disk = self.disk.after_power_loss(self.rng) if power_fails else self.disk.after_kill()
        self.session().store.read()

    def _finish(self) -> None:
        report = self._apply(FAIR)
        if report.suspects:
            self._resolve()
            report = self._apply(FAIR)
        assert report.ok, [str(each.error) for each in report.outcomes if each.error]

    def _resolve(self) -> None:
        """What a user does: adopt what fits, forget the rest."""
        strays = self.strays()
        # An empty thread may be any; what was sent with messages tells itself apart.
        suspects = sorted(self.state().suspects.values(), key=lambda each: -len(each.objects))
        created = [each for each in suspects if each.kind is SuspectKind.CREATE]
        self.suspects += len(suspects)
        assert len(strays) <= len(created), f"{strays} are not all reported: {suspects}"
        assert len(created) <= CREATE_CONCURRENCY
        for suspect in suspects:
            for stray in strays:
                session = self.session()
                with session.store.locked("recover"), suppress(ReconcilerError):
                    hand_loop.run(adopt(session, str(suspect.address), stray))
                    strays.remove(stray)
                    break
            else:
                store = self.session().store
                with store.locked("recover"):
                    forget(store, str(suspect.address))
        assert strays == [], f"{strays} fit no suspect"

    # -- what there is

    def _wish(self) -> None:
        self.wishes.change()
        provider = (
            f'provider "openai" {{\n  dialect = "{self.dialect}"\n'
            '  base_url = "https://server.test/v1"\n}\n'
        )
        (self.folder / "main.tf").write_text(provider + self.wishes.text())

    def state(self) -> State:
        """What is recorded."""
        return self.session().store.read().state or State("")

    def recorded_ids(self) -> Counter[str]:
        """The id of everything that is recorded."""
        state = self.state()
        return Counter(each.id for each in (*state.objects.values(), *state.deposed.values()))

    def parents(self) -> list[str]:
        """The id of every thread on the server."""
        emulator = self.app.emulator
        return [str(each["id"]) for each in (*emulator.threads(), *emulator.conversations())]

    def strays(self) -> list[str]:
        """Threads that are not recorded."""
        recorded = self.recorded_ids()
        return [each for each in self.parents() if each not in recorded]

    def _check(self) -> None:
        emulator = self.app.emulator
        found = Counter(emulator.texts(each) for each in self.parents())
        assert found == self.wishes.contents(), f"{found} is not {self.wishes.contents()}"
        standing = Counter(
            id_
            for each in self.parents()
            for id_ in (each, *(str(member["id"]) for member in emulator.messages(each)))
        )
        assert self.recorded_ids() == standing
        session = self.session()
        planned: Planned = hand_loop.run(session.plan_only())
        assert not planned.plan.has_changes, planned.plan.changes
        assert not session.store.read().interrupted


def _approved(plan: Plan) -> bool:
    assert not plan.errors, plan.errors
    return True
