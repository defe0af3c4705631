"""Start-up: CPU seconds of a cold process, beside what the imports cost."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import RECONCILER, median, once, table

RUNS = 7
QUICKSTART = Path(__file__).resolve().parents[1] / "specs" / "quickstart"
LIBRARIES = ("click", "httpx", "networkx", "hcl2", "starlette.applications", "asyncio")
GOALS = {"version": 0.06, "validate": 0.2, "plan": 0.4}


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(QUICKSTART, work / "specs" / "quickstart")
        (work / "state").mkdir()
        rows = [_command(name, work) for name in GOALS]
    table("Start-up", ("command", "goal, CPU s", "CPU s", "wall s", "peak MiB"), rows)
    rows = [_library(name) for name in ("", *LIBRARIES)]
    table("What an import costs", ("import", "CPU s"), rows)


def _command(name: str, work: Path) -> tuple[str, ...]:
    specs = [] if name == "version" else ["--specs", "specs/quickstart"]
    command = [RECONCILER, name, *specs]
    once(command, cwd=work)
    figures = median([once(command, cwd=work) for _ in range(RUNS)])
    return (
        f"`reconciler {name}`",
        f"{GOALS[name]:.2f}",
        f"{figures.cpu_s:.3f}",
        f"{figures.wall_s:.3f}",
        f"{figures.peak_mib:.0f}",
    )


def _library(name: str) -> tuple[str, ...]:
    command = [sys.executable, "-c", f"import {name}" if name else "pass"]
    once(command, cwd=Path.cwd())
    figures = median([once(command, cwd=Path.cwd()) for _ in range(RUNS)])
    return (name or "nothing", f"{figures.cpu_s:.3f}")
