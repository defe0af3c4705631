"""What every test may ask for: a command line of its own, and a server behind it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench import DIALECTS, Bench, make_bench
from hypothesis import settings

from reconciler.cli.main import main

pytest_plugins = ["publishing"]

# How long an example takes says how busy the machine is, not whether the claim holds.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Facts and vectors that stay outside the project; a test that needs them is skipped without."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, no proxy and no user cache of whoever runs the tests leaks into them."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "TF_", "RECONCILER_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session", autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The shape cache of the suite is its own, and warm after the first test."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.getbasetemp().parent / "cache")
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, as `reconciler ARGUMENTS`."""

    def run_(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_


@dataclass(frozen=True)
class Project:
    """A folder with specs, a state and an emulator of its own."""

    folder: Path
    run: Run

    def write(self, text: str, name: str = "main.tf") -> None:
        """Write a spec file."""
        path = self.folder / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def __call__(self, command: str, *arguments: str) -> Ended:
        """Run a command on these specs, this state and the emulator."""
        return self.run(
            *command.split(),
            "--specs",
            self.folder / "specs",
            "--state",
            self.folder / "state.json",
            "--emulator",
            self.folder / "emulator.db",
            *arguments,
        )

    def apply(self, *arguments: str) -> Ended:
        """Apply without asking."""
        return self("apply -auto-approve", *arguments)


@pytest.fixture
def project(tmp_path: Path, run: Run) -> Project:
    """An empty project."""
    return Project(tmp_path, run)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """A wire: what asks for it, or for `bench`, runs once on each."""
    return str(request.param)


@pytest.fixture
def bench(tmp_path: Path, dialect: str) -> Bench:
    """An empty project against an empty server in memory."""
    return make_bench(tmp_path, dialect)


def conversation(*contents: str, thread: str = "t", arguments: str = "", metadata: str = "") -> str:
    """A thread and one message block for each of *contents*, roles taking turns."""
    blocks = [f'resource "openai_thread" "{thread}" {{\n  {arguments}\n}}\n']
    for number, content in enumerate(contents):
        role = "assistant" if number % 2 else "user"
        blocks.append(
            f'resource "openai_message" "{thread}_m{number}" {{\n'
            f"  thread_id = openai_thread.{thread}.id\n"
            f'  role      = "{role}"\n'
            f'  content   = "{content}"\n'
            + (f'  metadata  = {{ kind = "{metadata}" }}\n' if metadata else "")
            + "}\n"
        )
    return "\n".join(blocks)
