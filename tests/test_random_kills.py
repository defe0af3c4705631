"""The installed command, killed from outside at any moment, over TCP: nothing lost, nothing twice."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from crash_server import Server, server_process
from processes import Ended, Folder, end
from random_specs import Wishes

from reconciler.errors import StateError

pytestmark = pytest.mark.promise("outside")

CREATE_CONCURRENCY = 8

APPLY = ("apply", "--auto-approve", "--allow-destroy=1000")

DIALECTS = ("threads", "conversations")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all rounds."""
    with server_process(tmp_path_factory.mktemp("server"), "--latency", "0.01") as running:
        yield running


@dataclass
class Rounds:
    """Specs that change, runs that are killed, and what must be true after each."""

    folder: Folder
    dialect: str
    seed: int
    kills: int = 0
    suspects: int = 0
    duration_s: float = 1.0
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.wishes = Wishes(self.rng)

    def round(self) -> None:
        """Change the specs, kill one to three runs, and let the next finish."""
        self.wishes.change()
        self.folder.write(self.wishes.text(), f'dialect = "{self.dialect}"')
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            self._kill(*APPLY)
            self._check_readable()
        self._finish()
        self._check()

    def _kill(self, *arguments: str) -> None:
        delay_s = self.rng.uniform(0.0, self.duration_s)
        began = time.monotonic()
        process = self.folder.start(*arguments)
        if self.rng.random() < 0.8:
            # Starting up is long and the same every time.
            until_begun(process)
            delay_s = self.rng.uniform(0.0, 0.3)
        try:
            process.wait(timeout=delay_s)
        except subprocess.TimeoutExpired:
            process.kill()
            self.kills += 1
        ended = end(process)
        if ended.code == 0:
            self.duration_s = time.monotonic() - began
        self.notes.append(f"killed after {delay_s:.3f} s: {ended.code}")
        self.folder.server.wait()

    def _check_readable(self) -> None:
        if self.folder.state.exists():
            document = json.loads(self.folder.state.read_text())
            assert document["version"] == 4
        try:
            self.folder.recorded_ids()
        except StateError as error:
            raise AssertionError("the state is refused") from error

    def _finish(self) -> None:
        ended = self._apply((0, 4))
        if ended.code == 0:
            return
        suspects = self.folder.suspects()
        strays = self._strays()
        assert len(strays) <= len(suspects) <= CREATE_CONCURRENCY, (strays, suspects)
        self.suspects += len(suspects)
        for address in suspects:
            assert address in ended.out
            fitting = [
                each
                for each in strays
                if self.folder.run("recover", "adopt", address, each).code == 0
            ]
            if fitting:
                strays.remove(fitting[0])
            else:
                forgotten = self.folder.run("recover", "forget", address)
                assert forgotten.code == 0, forgotten.err
        assert strays == []
        self._apply((0,))

    def _apply(self, allowed: tuple[int, ...]) -> Ended:
        ended = self.folder.run(*APPLY)
        assert ended.code in allowed, ended.out + ended.err
        return ended

    def _strays(self) -> list[str]:
        recorded = self.folder.recorded_ids()
        return [id_ for id_ in self._threads() if id_ not in recorded]

    def _threads(self) -> list[str]:
        emulator = self.folder.server.emulator
        return [str(each["id"]) for each in (*emulator.threads(), *emulator.conversations())]

    def _check(self) -> None:
        emulator = self.folder.server.emulator
        found = Counter(emulator.texts(id_) for id_ in self._threads())
        assert found == self.wishes.contents()
        standing: Counter[str] = Counter()
        for id_ in self._threads():
            standing.update([id_, *(str(each["id"]) for each in emulator.messages(id_))])
        assert self.folder.recorded_ids() == standing
        ended = self.folder.run("plan", "--detailed-exitcode")
        assert ended.code == 0, ended.out + ended.err


def until_begun(process: subprocess.Popen[str]) -> None:
    """Wait until the run has begun to send something, or is over."""
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        if line.rstrip().endswith("..."):
            return


def play(folder: Folder, dialect: str, seed: int, rounds: int) -> Rounds:
    played = Rounds(folder, dialect, seed)
    folder.server.restore(folder.server.empty)
    for number in range(rounds):
        try:
            played.round()
        except AssertionError as error:
            error.add_note(f"dialect {dialect}, seed {seed}, round {number}")
            for note in (*played.notes[-4:], played.wishes.text()):
                error.add_note(note)
            raise
    return played


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_command_killed_at_a_random_moment_is_finished_by_the_next(
    server: Server, tmp_path: Path, dialect: str, record_property: Callable[[str, object], None]
) -> None:
    played = play(Folder(tmp_path, server), dialect, seed=0, rounds=3)

    record_property("kills at random moments", played.kills)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_command_killed_at_many_random_moments_is_finished_by_the_next(
    server: Server,
    tmp_path: Path,
    dialect: str,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    played = play(Folder(tmp_path, server), dialect, seed, rounds=12)

    record_property("kills at random moments", played.kills)
    assert played.kills > 3
