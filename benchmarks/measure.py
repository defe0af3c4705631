"""Measure: whole processes, as the operating system accounts for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RECONCILER = str(Path(sys.executable).with_name("reconciler"))


@dataclass(frozen=True)
class Figures:
    """One run: seconds and MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    output: str


def once(command: Sequence[str], *, cwd: Path, environ: dict[str, str] | None = None) -> Figures:
    """Run *command* once to its end.

    Raises:
        RuntimeError: it failed; the message holds what it printed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**clean_environment(), **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Figures(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def median(runs: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(
        statistics.median(each.wall_s for each in runs),
        statistics.median(each.cpu_s for each in runs),
        statistics.median(each.peak_mib for each in runs),
        runs[-1].output,
    )


def least(runs: Sequence[Figures]) -> Figures:
    """The least of each figure: what a machine with other work to do adds is not ours."""
    return Figures(
        min(each.wall_s for each in runs),
        min(each.cpu_s for each in runs),
        min(each.peak_mib for each in runs),
        runs[-1].output,
    )


def clean_environment() -> dict[str, str]:
    """The environment without what would change the figures."""
    dropped = ("OPENAI_", "TF_", "PYTHONDONTWRITEBYTECODE")
    return {name: each for name, each in os.environ.items() if not name.startswith(dropped)}


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
