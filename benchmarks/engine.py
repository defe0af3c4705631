"""Engine: apply, plan and destroy conversations over loopback, the server a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import RECONCILER, Figures, clean_environment, once, table

SIZES = (100, 1_000)
"""Threads; each has ten messages."""

TURNS = 10

GOALS = {
    ("apply", 100): 3.0,
    ("plan", 100): 1.5,
    ("destroy", 100): 2.0,
    ("apply", 1_000): 25.0,
    ("plan", 1_000): 12.0,
    ("destroy", 1_000): 15.0,
}
"""Seconds on the clock, by command and number of threads."""

PEAK_GOAL_MIB = 400
"""The same for memory, for each command at the larger size."""

LATENCY_S = 0.1
LATENCY_GOAL_S = 4.0
"""An apply at the smaller size, with that latency in every answer."""


@dataclass(frozen=True)
class Cost:
    """One command against the server."""

    command: str
    messages: int
    figures: Figures
    calls: int


def main() -> None:
    """Print the tables."""
    head = ("messages in threads", "command", "goal, s", "wall s", "CPU s", "peak MiB", "calls")
    rows = [
        _row(threads, cost, GOALS[cost.command, threads])
        for threads in SIZES
        for cost in costs(threads)
    ]
    table(f"Engine (goal for memory: {PEAK_GOAL_MIB} MiB)", head, rows)
    slow = costs(SIZES[0], latency_s=LATENCY_S)[0]
    title = f"With {LATENCY_S * 1000:.0f} ms latency per call"
    table(title, head, [_row(SIZES[0], slow, LATENCY_GOAL_S)])


def costs(threads: int, *, latency_s: float = 0.0) -> list[Cost]:
    """Apply, plan without changes, and destroy so many threads on a fresh server."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), latency_s) as url:
        work = Path(folder)
        write_specs(work, threads, TURNS)
        environ = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-benchmark"}
        found = []
        for name, arguments in COMMANDS.items():
            before = _count(work)
            figures = once([RECONCILER, *arguments], cwd=work, environ=environ)
            found.append(Cost(name, threads * TURNS, figures, _count(work) - before))
        return found


COMMANDS = {
    "apply": ("apply", "-auto-approve"),
    "plan": ("plan", "-detailed-exitcode"),
    "destroy": ("destroy", "-auto-approve"),
}


def _row(threads: int, cost: Cost, goal_s: float) -> tuple[str, ...]:
    return (
        f"{cost.messages:,} in {threads:,}",
        cost.command,
        f"{goal_s:.1f}",
        f"{cost.figures.wall_s:.2f}",
        f"{cost.figures.cpu_s:.2f}",
        f"{cost.figures.peak_mib:.0f}",
        f"{cost.calls:,}",
    )


def write_specs(work: Path, threads: int, messages: int) -> None:
    """Write one block per thread and per message."""
    (work / "specs").mkdir()
    lines: list[str] = []
    for thread in range(threads):
        lines.append(f'resource "openai_thread" "t{thread}" {{\n}}\n')
        for number in range(messages):
            role = "assistant" if number % 2 else "user"
            lines.append(
                f'resource "openai_message" "t{thread}_m{number}" {{\n'
                f"  thread_id = openai_thread.t{thread}.id\n"
                f'  role      = "{role}"\n'
                f'  content   = "message {number} of thread {thread}"\n'
                f'  metadata  = {{ position = "{number}" }}\n'
                "}\n"
            )
    (work / "specs" / "main.tf").write_text("\n".join(lines))


SERVER = """
import sys
from reconciler.emulator.app import create_app
from reconciler.emulator.limits import Limits
from reconciler.emulator.serve import serve
path, latency_s = sys.argv[1], float(sys.argv[2])
serve(path, host="127.0.0.1", port=0, api_key=None, faults=None, record=True,
      limits=Limits(latency_s=latency_s), ready=lambda url: print(url, flush=True))
"""


@contextmanager
def server(work: Path, latency_s: float) -> Iterator[str]:
    """The emulator on a port of its own, its data in *work*."""
    command = [sys.executable, "-c", SERVER, str(work / "server.db"), str(latency_s)]
    process = subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _count(work: Path) -> int:
    """How many requests the server has had."""
    script = (
        "import sys, json; from reconciler.emulator.control import Emulator;"
        "print(json.dumps(len(Emulator.open(sys.argv[1]).requests)))"
    )
    command = [sys.executable, "-c", script, str(work / "server.db")]
    return int(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
