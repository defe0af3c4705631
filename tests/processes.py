"""Processes: the installed command on its own, talking over TCP, killed and asked from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from crash_server import Server

from reconciler.workflow import Workspace

COMMAND = Path(sys.executable).with_name("reconciler")
"""The command as it is installed."""

LIMIT_S = 180.0
"""A process that takes longer hangs."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Folder:
    """A folder with specs and a state, whose server runs in another process."""

    path: Path
    server: Server

    @property
    def state(self) -> Path:
        """The state file."""
        return self.path / "state" / "specs.json"

    def write(self, text: str, settings: str = "") -> None:
        """Write the specs."""
        (self.path / "specs").mkdir(parents=True, exist_ok=True)
        provider = f'provider "openai" {{\n  settle_s = 0\n  {settings}\n}}\n'
        (self.path / "specs" / "main.tf").write_text(provider + text)

    def start(
        self,
        *arguments: str,
        preexec: Callable[[], None] | None = None,
        stdout: int | None = subprocess.PIPE,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a command."""
        given = {"OPENAI_BASE_URL": self.server.url, "OPENAI_API_KEY": "sk-process"}
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.path,
            env={**os.environ, "NO_COLOR": "1", **given, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: _prepare(preexec),
        )

    def run(self, *arguments: str, preexec: Callable[[], None] | None = None) -> Ended:
        """Run a command to its end."""
        return end(self.start(*arguments, preexec=preexec))

    def apply(self) -> Ended:
        """Apply without asking."""
        return self.run("apply", "--auto-approve")

    def recorded_ids(self) -> Counter[str]:
        """The id of everything that is recorded, with what a dead run left folded in."""
        state = Workspace(self.path / "specs", state=self.state).state()
        return Counter(each.id for each in (*state.objects.values(), *state.deposed.values()))

    def suspects(self) -> list[str]:
        """The addresses of what nobody can explain, those first that were sent with most."""
        state = Workspace(self.path / "specs", state=self.state).state()
        suspects = sorted(state.suspects.values(), key=lambda each: -len(each.objects))
        return [str(each.address) for each in suspects]


def _prepare(preexec: Callable[[], None] | None) -> None:
    """What a terminal gives a process, also where the tests run without one."""
    for each in (signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    if preexec is not None:
        preexec()


def end(process: subprocess.Popen[str], *signals: signal.Signals) -> Ended:
    """Send signals and wait for the end."""
    for each in signals:
        process.send_signal(each)
    out, err = process.communicate(timeout=LIMIT_S)
    return Ended(process.returncode, out or "", err or "")


def until(process: subprocess.Popen[str], text: str) -> str:
    """Read stdout up to the line with *text*."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in iter(process.stdout.readline, ""):
        seen.append(line)
        if text in line:
            return "".join(seen)
    raise AssertionError(f"{text!r} is not in {''.join(seen)!r}")


def threads(count: int, members: int) -> str:
    """So many threads with so many messages each."""
    return "".join(_thread(number, members) for number in range(count))


def _thread(number: int, members: int) -> str:
    blocks: Iterable[str] = (
        f'resource "openai_message" "t{number}_m{member}" {{\n'
        f"  thread_id = openai_thread.t{number}.id\n"
        f'  role      = "user"\n  content   = "text {number} {member}"\n}}\n'
        for member in range(members)
    )
    return f'resource "openai_thread" "t{number}" {{}}\n' + "".join(blocks)
