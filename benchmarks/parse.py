"""Parse: large specs, from text to plan; every figure is the least of some runs, in CPU seconds.

Shapes are cached in a folder made for each table, so that *cold* is the first run of a new file
and *warm* any later one. The tables of the grammar come with the first start, and are there.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import conversations
from benchmarks.measure import RECONCILER, Figures, least, once, table

RUNS = 3
SIZES = (1_000, 10_000)
GROWTH = (1_000, 4_000, 16_000)

Goals = dict[str, tuple[float, float]]

GOALS: Goals = {
    "parse, cold": (0.25, 0.6),
    "parse, warm": (0.08, 0.4),
    "validate": (0.6, 2.5),
    "plan": (1.0, 6.0),
}
"""By step: CPU seconds for the smaller and the larger size."""

PLAN_GOAL_MIB = 350

SCRIPT = """
import sys
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language.parse import parse_file
with open(sys.argv[1], encoding="utf-8") as file:
    source = SourceFile(sys.argv[1], file.read())
found = Diagnostics()
parse_file(source, found)
sys.exit(found.has_errors)
"""


def main() -> None:
    """Print the tables."""
    head = ("spec", "step", "goal, s", "CPU s", "peak MiB")
    table("Parse, validate, plan", head, list(_kinds()))
    table("One block over the rows of a file", head, list(_rows_of_a_file()))
    table("Growth", ("messages", "validate, CPU s", "ms per block", "plan, CPU s"), list(_growth()))
    table("First starts", ("start", "goal, s", "CPU s"), _first_starts())


class Folder:
    """A specs folder and the caches of a user of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cache = path / "cache"
        self.environ = {
            "XDG_CACHE_HOME": str(self.cache),
            "TMPDIR": str(path),
            "OPENAI_API_KEY": "sk-benchmark",
            "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        }

    def write(self, text: str, name: str = "main.tf") -> None:
        """Write one file of the specs."""
        (self.path / "specs").mkdir(exist_ok=True)
        (self.path / "specs" / name).write_text(text)

    def forget_shapes(self) -> None:
        """Leave of the caches only the tables of the grammar."""
        for path in self.cache.rglob("shapes.bin"):
            path.unlink()

    def run(self, step: str) -> Figures:
        """Run one step once; a plan is of a first apply, so it asks nobody."""
        if step.startswith("parse"):
            command = [sys.executable, "-c", SCRIPT, "specs/main.tf"]
        else:
            command = [RECONCILER, step, "--specs", "specs"]
            command += ["--state", "state.json"] if step == "plan" else []
        return once(command, cwd=self.path, environ=self.environ)

    def least(self, step: str, before: Callable[[], None] = lambda: None) -> Figures:
        """The least of several runs, each after *before*."""
        runs = []
        for _ in range(RUNS):
            before()
            runs.append(self.run(step))
        return least(runs)


@contextmanager
def _folder() -> Iterator[Folder]:
    with tempfile.TemporaryDirectory() as path:
        yield Folder(Path(path))


def _kinds() -> Iterator[tuple[str, ...]]:
    for kind, write in (("plain", conversations.plain), ("mixed", conversations.mixed)):
        for at, messages in enumerate(SIZES):
            with _folder() as folder:
                folder.write(write(messages))
                folder.run("parse")
                for step, goals in GOALS.items():
                    before = folder.forget_shapes if step == "parse, cold" else _nothing
                    figures = folder.least(step, before)
                    name = f"{kind}, {messages + messages // conversations.THREAD_SIZE:,} blocks"
                    yield _row(name, step, goals[at], figures)


def _nothing() -> None:
    """Leave the caches as they are."""


def _rows_of_a_file() -> Iterator[tuple[str, ...]]:
    for at, count in enumerate(SIZES):
        with _folder() as folder:
            folder.write(conversations.ROWS_SPEC)
            folder.write(conversations.rows(count), "rows.jsonl")
            folder.run("validate")
            for step in ("validate", "plan"):
                yield _row(f"for_each, {count:,} rows", step, GOALS[step][at], folder.least(step))


def _row(name: str, step: str, goal: float, figures: Figures) -> tuple[str, ...]:
    within = f" (goal {PLAN_GOAL_MIB})" if step == "plan" else ""
    memory = f"{figures.peak_mib:.0f}{within}"
    return (name, step, f"{goal:.2f}", f"{figures.cpu_s:.2f}", memory)


def _growth() -> Iterator[tuple[str, ...]]:
    for messages in GROWTH:
        with _folder() as folder:
            folder.write(conversations.plain(messages))
            folder.run("validate")
            validate, plan = folder.least("validate"), folder.least("plan")
            blocks = messages + messages // conversations.THREAD_SIZE
            each = f"{validate.cpu_s / blocks * 1000:.3f}"
            yield (f"{messages:,}", f"{validate.cpu_s:.2f}", each, f"{plan.cpu_s:.2f}")


def _first_starts() -> list[tuple[str, ...]]:
    """What the first starts cost a user for whom the grammar has to be prepared."""
    with _folder() as folder:
        folder.write(conversations.plain(10))
        first = folder.run("validate")
        second = folder.least("validate", folder.forget_shapes)
        shutil.rmtree(folder.cache)
        folder.cache.write_text("no folder can be made here")
        folder.run("validate")
        without = folder.least("validate")
    return [
        ("first, the tables are made", "once", f"{first.cpu_s:.2f}"),
        ("later, of a new file", "0.30", f"{second.cpu_s:.2f}"),
        ("later, the user has no cache folder", "as before", f"{without.cpu_s:.2f}"),
    ]
