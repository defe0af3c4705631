"""Engine: apply, plan and destroy conversations over loopback, the server a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import RECONCILER, Figures, clean_environment, once, table

SIZES = ((100, 10), (1_000, 10))
"""Threads, and messages in each."""

GOALS = {
    ("apply", 100): 3.0,
    ("plan", 100): 1.5,
    ("destroy", 100): 2.0,
    ("apply", 1_000): 25.0,
    ("plan", 1_000): 12.0,
    ("destroy", 1_000): 15.0,
}


def main() -> None:
    """Print the tables."""
    rows = [row for threads, messages in SIZES for row in _size(threads, messages)]
    head = ("threads x messages", "command", "goal, s", "wall s", "CPU s", "peak MiB", "calls")
    table("Engine", head, rows)
    table("With 100 ms latency per call", head, _size(100, 10, latency_s=0.1, goal=4.0)[:1])


def _size(
    threads: int, messages: int, *, latency_s: float = 0.0, goal: float | None = None
) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), latency_s) as url:
        work = Path(folder)
        write_specs(work, threads, messages)
        environ = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-benchmark"}
        rows = []
        for name in ("apply", "plan", "destroy"):
            before = _count(work)
            figures = once([RECONCILER, *_command(name)], cwd=work, environ=environ)
            rows.append(_row(threads, messages, name, figures, _count(work) - before, goal))
        return rows


def _command(name: str) -> list[str]:
    match name:
        case "apply":
            return ["apply", "-auto-approve"]
        case "plan":
            return ["plan", "-detailed-exitcode"]
        case _:
            return ["destroy", "-auto-approve"]


def _row(
    threads: int, messages: int, name: str, figures: Figures, calls: int, goal: float | None
) -> tuple[str, ...]:
    wanted = goal if goal is not None else GOALS[name, threads]
    return (
        f"{threads:,} x {messages}",
        name,
        f"{wanted:.1f}",
        f"{figures.wall_s:.2f}",
        f"{figures.cpu_s:.2f}",
        f"{figures.peak_mib:.0f}",
        f"{calls:,}",
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
        time.sleep(0)


def _count(work: Path) -> int:
    """How many requests the server has had."""
    script = (
        "import sys, json; from reconciler.emulator.control import Emulator;"
        "print(json.dumps(len(Emulator.open(sys.argv[1]).requests)))"
    )
    command = [sys.executable, "-c", script, str(work / "server.db")]
    return int(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
