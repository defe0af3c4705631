"""Sweep: one crash at one boundary, the runs after it, and what must be true then."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crash_boundaries import CRASHED, Boundaries, run_child, run_here
from crash_scenarios import Scenario
from crash_server import Server

from reconciler.workflow import Workspace

SUSPECTS = 4
"""The exit code that says that there are some."""

_DONE_BEFORE = ("The state has no object at", "already belongs to the server")
"""What a command that is given a second time has to say."""

CREATE_CONCURRENCY = 8
"""How many threads are created at once by default: the most suspects that one crash can leave."""


@dataclass(frozen=True)
class Point:
    """A boundary, and how the process dies in it."""

    number: int
    torn: bool = False


@dataclass
class World:
    """A scenario set up on a server, to be brought back as often as is needed."""

    scenario: Scenario
    server: Server
    folder: Path
    lost: tuple[str, str] = ("", "")
    """What the user settles: an address, and the thread that was made for it."""
    left: set[str] = field(default_factory=set)
    """The threads that the command leaves to nobody."""
    edited: list[object] = field(default_factory=list)
    """What the state says after a command that changes nothing else."""
    steps: list[str] = field(default_factory=list)
    """The boundaries that the run passes if nobody kills it."""

    def __post_init__(self) -> None:
        self.specs = self.folder / "specs"
        self.states = self.folder / "state"
        self.base = self.folder / "base"
        for each in (self.specs, self.states, self.base):
            each.mkdir(parents=True)
        self._has_moved = False
        self.server.restore(self.server.empty)

    def prepare(self) -> None:
        """Apply the specs before, keep everything as it is then, and count the boundaries."""
        self._write(self.scenario.specs_before(self._provider))
        code, output = self.run("apply")
        assert code == 0, output
        for text in self.scenario.unmanaged:
            self._append_unmanaged(text)
        self._has_moved = True
        if self.scenario.let_go[0]:
            self.left = set(self.texts())
        self._write(self.scenario.specs_after(self._provider))
        self._prepare_command()
        self.server.save(self.base / "server.db")
        shutil.copytree(self.states, self.base / "state")
        log = self.folder / "count.log"
        assert run_child(self.arguments, Boundaries(), log) == 0, log.read_text()
        self.steps = log.with_suffix(".steps").read_text().split("\n")
        self.check(leaked=self.recover(adopt=False))

    def _prepare_command(self) -> None:
        """What a command needs: a saved plan, or a thread whose answer was lost."""
        if self.scenario.name == "rehomed":
            code, output = self.run("rehome")
            assert code == 0, output
        elif self.scenario.name == "state-unprotect":
            code, output = self.run("state protect openai_thread.a")
            assert code == 0, output
        elif self.scenario.command == "saved":
            code, output = self.run("plan", "-out", str(self._plan))
            assert code == 0, output
        elif self.is_recovery:
            lost = Boundaries(kill_at=None, kill_in="answered POST")
            apply = ["apply", "--auto-approve", *self._places]
            assert run_child(apply, lost, self.folder / "lost.log") == CRASHED
            self.server.wait()
            code, output = self.run("recover")
            assert code == SUSPECTS, output
            fitting = [each for each in self.strays() if self.server.emulator.messages(each)]
            self.lost = (self.suspects()[0], fitting[0])

    @property
    def is_recovery(self) -> bool:
        """Whether the command that is killed settles a suspect."""
        return self.scenario.command.startswith("recover")

    @property
    def is_edit(self) -> bool:
        """Whether the command that is killed changes nothing but the state."""
        return self.scenario.command.startswith(("state ", "rehome"))

    @property
    def _plan(self) -> Path:
        return self.base / "saved.plan"

    def place(self, point: Point) -> str:
        """Where a point is, in words."""
        name = self.steps[point.number - 1] if point.number <= len(self.steps) else "the end"
        return f"{'in the middle of' if point.torn else 'before'} {name} (step {point.number})"

    def restore(self) -> None:
        """Bring back server and state as they were before the run."""
        self.server.restore(self.base / "server.db")
        shutil.rmtree(self.states)
        shutil.copytree(self.base / "state", self.states)

    @property
    def points(self) -> list[Point]:
        """Every boundary, and every write a second time, torn."""
        found = [Point(number) for number in range(1, len(self.steps) + 1)]
        writes = [n for n, name in enumerate(self.steps, 1) if name == "write"]
        return [*found, *(Point(number, torn=True) for number in writes)]

    @property
    def arguments(self) -> list[str]:
        """The command line of the run."""
        if self.scenario.command == "saved":
            return ["apply", str(self._plan), *self._places]
        command = self.scenario.command.split()
        if self.is_recovery:
            address, stray = self.lost
            command += [address, stray] if command[1] == "adopt" else [address]
        elif self.scenario.command == "import":
            command += [f"openai_message.a_{text}" for text in self.scenario.unmanaged]
            command += [self._unmanaged_id()]
        elif not self.is_edit:
            command += ["--auto-approve"]
        return [*command, *self._places]

    @property
    def _places(self) -> list[str]:
        return ["--specs", str(self.specs), "--state", str(self.states / "s.json")]

    @property
    def _provider(self) -> str:
        return (
            f'provider "openai" {{\n  base_url = "{self._url}"\n'
            f'  dialect  = "{self.scenario.dialect}"\n  settle_s = 0\n'
            f"  {self.scenario.settings}\n}}\n"
        )

    @property
    def _url(self) -> str:
        """Where the server is; another way to say it once the state moves."""
        moved = self.scenario.name.startswith("rehome") and self._has_moved
        return self.server.url.replace("127.0.0.1", "localhost") if moved else self.server.url

    def run(self, command: str, *arguments: str) -> tuple[int, str]:
        """Run a command in this process."""
        options = ["--auto-approve"] if command in ("apply", "destroy") else []
        return run_here([*command.split(), *options, *arguments, *self._places])

    def crash(self, point: Point) -> bool:
        """Run until *point*; whether there was one."""
        self.restore()
        return self.crash_on(point)

    def crash_on(self, point: Point) -> bool:
        """Run until *point*, from however things are; whether there was one."""
        boundaries = Boundaries(point.number, point.torn)
        code = run_child(self.arguments, boundaries, self.folder / "crash.log")
        self.server.wait()
        # One that outlives its boundary may still meet what an earlier crash left.
        assert code in (CRASHED, 0, SUSPECTS), (self.folder / "crash.log").read_text()
        return code == CRASHED

    def recover(self, *, adopt: bool) -> int:
        """Do what a user does after a crash; how many threads were given up, reported."""
        code, output = self._again()
        if code != SUSPECTS:
            assert code == 0, output
            return 0
        suspects = self.suspects()
        assert 0 < len(suspects) <= CREATE_CONCURRENCY, output
        for address in suspects:
            assert address in output
        strays = self.strays()
        assert len(strays) <= len(suspects), f"{strays} are not all reported: {suspects}"
        given_up = 0
        for address in suspects:
            fitting = [each for each in strays if adopt and self._adopt(address, each)]
            if fitting:
                strays.remove(fitting[0])
            else:
                code, output = self.run("recover", "forget", address)
                assert code == 0, output
        given_up = len(strays)
        code, output = self._again()
        assert code == 0, output
        return given_up

    def _again(self) -> tuple[int, str]:
        if self.scenario.command == "saved" or self.is_recovery:
            return self.run("apply")
        if self.is_edit:
            code, output = run_here(self.arguments)
            if code and not any(each in output for each in _DONE_BEFORE):
                return code, output
            self._check_edit()
            return self.run("apply")
        if self.scenario.command != "import":
            return self.run(self.scenario.command)
        code, output = run_here(self.arguments)
        if code and "already managed" not in output:
            return code, output
        # What an import leaves in state only, such as metadata the dialect does not carry.
        return self.run("apply")

    def _check_edit(self) -> None:
        """The state says just what it says when nobody kills the command."""
        content = [self.state()[key] for key in ("resources", "reconciler")]
        content[1] = {**content[1], "epoch": 0}  # type: ignore[dict-item]
        self.edited = self.edited or content
        assert content == self.edited

    def _adopt(self, address: str, stray: str) -> bool:
        code, _ = self.run("recover", "adopt", address, stray)
        return code == 0

    def check(self, *, leaked: int) -> None:
        """Nothing is lost, nothing is twice, and there is nothing left to do."""
        wanted = Counter(self.scenario.after.values())
        strays = set(self.strays())
        mine = [texts for id_, texts in self.texts().items() if id_ not in strays | self.left]
        found = Counter(mine)
        assert found == wanted, f"{found} is not {wanted}"
        threads, messages = self.scenario.let_go
        if self.is_recovery:
            assert len(strays) <= 1, "more was made than the user gave up"
        else:
            assert len(strays) == leaked
        assert len(self.left) == threads
        assert self.left <= set(self.texts()), "what is left to nobody was deleted"
        without = strays | self.left
        recorded, standing = self.recorded_ids(), self.standing_ids(without=without)
        assert recorded <= standing, f"{recorded} is not {standing}"
        assert (standing - recorded).total() == messages, f"{recorded} is not {standing}"
        assert self.previous_ids() == self.standing_ids(without=set(self.texts()) - self.left)
        if self.scenario.command == "destroy":
            return
        code, output = self.run("plan", "--detailed-exitcode")
        assert code == 0, output

    def state(self) -> dict[str, object]:
        """The state file; nothing where there is none."""
        path = self.states / "s.json"
        return json.loads(path.read_text()) if path.exists() else {"resources": []}

    def recorded_ids(self) -> Counter[str]:
        """The id of everything that state has."""
        return Counter(each["attributes"]["id"] for each in self._instances())

    def previous_ids(self) -> Counter[str]:
        """What stood, at the server that was left, where something is recorded now."""
        objects = Workspace(self.specs, state=self.states / "s.json").state().objects.values()
        return Counter(each.previous_id for each in objects if each.previous_id is not None)

    def suspects(self) -> list[str]:
        """The addresses of all suspects, those first that were sent with most."""
        suspects = self.state().get("reconciler", {}).get("suspects", ())
        return [
            each["address"] for each in sorted(suspects, key=lambda each: -len(each["objects"]))
        ]

    def strays(self) -> list[str]:
        """Threads on the server that state does not know, and that were not left to nobody."""
        known = {*self.recorded_ids(), *self.left}
        return [each for each in self.texts() if each not in known]

    def standing_ids(self, without: set[str]) -> Counter[str]:
        """The id of every thread and message on the server."""
        found: Counter[str] = Counter()
        for thread in self.texts():
            if thread not in without:
                found.update([thread, *self._member_ids(thread)])
        return found

    def texts(self) -> dict[str, tuple[str, ...]]:
        """The texts of every thread on the server, by its id."""
        emulator = self.server.emulator
        threads = (*emulator.threads(), *emulator.conversations())
        return {str(each["id"]): emulator.texts(str(each["id"])) for each in threads}

    def _member_ids(self, thread: str) -> list[str]:
        emulator = self.server.emulator
        return [str(each["id"]) for each in emulator.messages(thread)]

    def _instances(self) -> Iterator[dict[str, dict[str, str]]]:
        for resource in self.state()["resources"]:  # type: ignore[attr-defined]
            yield from resource["instances"]

    def _write(self, text: str) -> None:
        (self.specs / "main.tf").write_text(text)

    def _append_unmanaged(self, text: str) -> None:
        thread = next(iter(self.texts()))
        emulator = self.server.emulator
        if self.scenario.dialect == "threads":
            emulator.append(thread, text, metadata={"label": self.scenario.label_before})
        else:
            content = [{"type": "input_text", "text": text}]
            item = {"id": "msg_unmanaged", "type": "message", "role": "user", "content": content}
            emulator.append_item(thread, {**item, "status": "completed"})

    def _unmanaged_id(self) -> str:
        thread = next(iter(self.texts()))
        return f"{thread}:{self._member_ids(thread)[-1]}"


def sweep(world: World, points: list[Point], then: list[Point] | None = None) -> int:
    """Crash at each of *points*, recover, and check; how many crashes there were.

    With *then*, the run after each crash is killed as well, at each of those.
    """
    crashes = 0
    for first, second in ((one, other) for one in points for other in then or [None]):
        if not world.crash(first):
            continue
        crashes += 1
        if second is not None:
            crashes += world.crash_on(second)
        try:
            world.check(leaked=world.recover(adopt=crashes % 2 == 0))
        except AssertionError as error:
            error.add_note(f"{world.scenario}: killed {world.place(first)}")
            if second is not None:
                error.add_note(f"and the next run at {second}")
            raise
    return crashes
