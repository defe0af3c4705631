"""Durability: what the journal and its syncs add, what checkpoints cost, what one change costs."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.engine import server, write_specs
from benchmarks.measure import Figures, once, table
from reconciler.address import Address
from reconciler.state.entries import Entry, Intend, Intent, IntentKind, Put, Resolve
from reconciler.state.files import RealFileSystem
from reconciler.state.model import StateObject
from reconciler.state.store import FileStateStore

THREADS, TURNS = 50, 10
LATENCY_S = 0.05
IN_FLIGHT = 10
RUNS = 3
GOAL = 0.15
"""What durability may add to an apply."""

OBJECTS = 10_000
CHECKPOINT_GOAL_S = 1.0
"""All checkpoints of a run that creates so many objects."""

SIZES = (1_000, 4_000, 16_000)
CHANGES = 100

APPLY = """
import sys
from reconciler import Workspace
from reconciler.state.memory import MemoryStateStore

class Forgetful(Workspace):
    memory = MemoryStateStore()

    def store(self):
        return self.memory

kind = Forgetful if sys.argv[1] == "memory" else Workspace
workspace = kind("specs", parallelism=int(sys.argv[2]))
assert workspace.apply(approve=lambda plan: True).ok
"""


def main() -> None:
    """Print the tables."""
    _overhead()
    _checkpoints()
    _changes()


def _overhead() -> None:
    """An apply that sends every message by itself, with its state on disk and in memory."""
    found: dict[str, list[Figures]] = {"memory": [], "disk": []}
    for _ in range(RUNS):
        for where, runs in found.items():
            runs.append(_apply(where))
    wall = {where: statistics.median(each.wall_s for each in runs) for where, runs in found.items()}
    added = wall["disk"] / wall["memory"] - 1
    title = f"An apply at {LATENCY_S * 1000:.0f} ms latency, {IN_FLIGHT} in flight"
    head = ("messages in threads", "in memory, s", "journalled, s", "added", "goal")
    size = f"{THREADS * TURNS:,} in {THREADS}"
    row = (size, f"{wall['memory']:.2f}", f"{wall['disk']:.2f}", f"{added:+.1%}", f"{GOAL:.0%}")
    table(title, head, [row])


def _apply(where: str) -> Figures:
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), LATENCY_S) as url:
        write_specs(Path(folder), THREADS, TURNS)
        provider = 'provider "openai" {\n  batch_create = false\n}\n'
        (Path(folder) / "specs" / "provider.tf").write_text(provider)
        environ = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-benchmark"}
        command = [sys.executable, "-c", APPLY, where, str(IN_FLIGHT)]
        return once(command, cwd=Path(folder), environ=environ)


class Watch(RealFileSystem):
    """The disk, counting whole files that are put in place and what is written in all."""

    def __init__(self) -> None:
        self.replaced = 0
        self.written = 0

    def write(self, fd: int, data: bytes, at: int) -> int:
        count = super().write(fd, data, at)
        self.written += count
        return count

    def replace(self, source: Path, target: Path) -> None:
        self.replaced += 1
        super().replace(source, target)


def _checkpoints() -> None:
    """A run that creates objects: its journal by itself, then what it takes to write the state."""
    with tempfile.TemporaryDirectory() as folder:
        store = FileStateStore(Path(folder) / "state.json", specs_root=None)
        with store.locked("apply"):
            ledger = store.begin("apply")
            started = time.perf_counter()
            for number in range(OBJECTS // 10):
                ledger.record_now(*_batch(ledger.next_seq(), number))
            journalled_s = time.perf_counter() - started
            started = time.perf_counter()
            ledger.checkpoint()
            checkpoint_s = time.perf_counter() - started
            started = time.perf_counter()
            ledger.close()
            close_s = time.perf_counter() - started
    head = ("objects", "journal, s", "a checkpoint, s", "the end, s", "goal, s")
    row = (
        f"{OBJECTS:,}",
        f"{journalled_s:.2f}",
        f"{checkpoint_s:.2f}",
        f"{close_s:.2f}",
        f"{CHECKPOINT_GOAL_S:.1f}",
    )
    table("Checkpoints", head, [row])


def _changes() -> None:
    """The same number of changes in states of different size: the journal does not notice it."""
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            watch = Watch()
            store = FileStateStore(Path(folder) / "state.json", specs_root=None, fs=watch)
            with store.locked("apply"):
                first = store.begin("apply")
                for number in range(size // 10):
                    first.record_now(*_batch(first.next_seq(), number))
                first.close()
                ledger = store.begin("apply")
                ledger.record_now(Put(_object(0, 0, "changed")))
                written, replaced = watch.written, watch.replaced
                started = time.perf_counter()
                for number in range(CHANGES):
                    ledger.record_now(Put(_object(number, 0, "changed again")))
                took_s = time.perf_counter() - started
                journalled, files = watch.written - written, watch.replaced - replaced
                ledger.close()
        rows.append(
            (
                f"{size:,}",
                f"{CHANGES}",
                f"{1000 * took_s / CHANGES:.2f}",
                f"{journalled / CHANGES:,.0f}",
                f"{files}",
            )
        )
    head = ("objects in state", "changes", "ms a change", "bytes a change", "whole files written")
    table("Changes during a run", head, rows)


def _batch(seq: int, thread: int) -> list[Entry]:
    objects = [_object(thread, number, f"message {number}") for number in range(10)]
    addresses = tuple(each.address for each in objects)
    intent = Intent(
        seq,
        IntentKind.APPEND,
        addresses[0],
        "2026-01-01T00:00:00Z",
        members=addresses,
        parent_id=f"thread_{thread}",
        objects=tuple(objects),
    )
    return [Intend(intent), *map(Put, objects), Resolve(seq)]


def _object(thread: int, number: int, text: str) -> StateObject:
    attributes = {
        "id": f"msg_{thread}_{number}",
        "thread_id": f"thread_{thread}",
        "role": "user",
        "content": text,
        "metadata": {"position": str(number)},
        "created_at": 1_700_000_000,
        "object": "thread.message",
    }
    address = Address("openai_message", f"t{thread}_m{number}")
    return StateObject(address, attributes, dependencies=(f"openai_thread.t{thread}",))
