"""A crash at any point leaves the old state or the new one, and every entry that was durable."""

from __future__ import annotations

import asyncio
import errno
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from virtual_fs import Died, VirtualFileSystem

from reconciler.address import Address
from reconciler.errors import StateError, StateUnwritable
from reconciler.frozen import replace
from reconciler.state.entries import (
    AddSuspect,
    Drop,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    IntentKind,
    MarkUnordered,
    Put,
    Resolve,
    SetEndpoint,
    SetOutputs,
)
from reconciler.state.fold import fold
from reconciler.state.ledger import Ledger
from reconciler.state.model import (
    Endpoint,
    OutputValue,
    State,
    StateObject,
    Suspect,
    SuspectKind,
)
from reconciler.state.store import FileStateStore, Snapshot

pytestmark = pytest.mark.promise("disk")

PATH = Path("/state/x.json")

CHANCES = 3
"""How often a crash is tried in each operation, with other luck for what was not synced."""


def plain(state: State | None, intents: tuple[Intent, ...]) -> object:
    """What matters of a state, comparable; a first one with nothing in it need not stay."""
    if state is None or (state.says_nothing and not intents):
        state = State("")
    return (
        {str(each.address): dict(each.attributes) for each in state.objects.values()},
        {f"{address} {key}": each.id for (address, key), each in state.deposed.items()},
        dict(state.outputs),
        dict(state.suspects),
        dict(state.endpoints),
        set(state.unordered),
        [each.seq for each in intents],
    )


@dataclass
class Truth:
    """What must be found: everything acknowledged, and perhaps what was under way."""

    base: State = field(default_factory=lambda: State(""))
    base_intents: tuple[Intent, ...] = ()
    acknowledged: list[Entry] = field(default_factory=list)
    under_way: tuple[Entry, ...] = ()

    def allowed(self) -> list[object]:
        return [self._after(self.acknowledged), self._after([*self.acknowledged, *self.under_way])]

    def acknowledge(self, entries: tuple[Entry, ...]) -> None:
        self.acknowledged.extend(entries)
        self.under_way = ()

    def check(self, snapshot: Snapshot) -> None:
        assert plain(snapshot.state, snapshot.open_intents) in self.allowed()

    def settle(self, snapshot: Snapshot) -> None:
        self.check(snapshot)
        self.base = snapshot.state or State("")
        self.base_intents = snapshot.open_intents
        self.acknowledged, self.under_way = [], ()

    def _after(self, entries: list[Entry]) -> object:
        return plain(*fold(self.base, [*(Intend(each) for each in self.base_intents), *entries]))


def store_on(disk: VirtualFileSystem) -> FileStateStore:
    ids = itertools.count()
    return FileStateStore(
        PATH,
        fs=disk,
        new_lineage=lambda: f"lineage-{next(ids)}",
        clock=lambda: 0.0,
        sleep=lambda seconds: None,
    )


def random_entries(rng: Random, ledger: Ledger) -> tuple[Entry, ...]:
    number = rng.randrange(4)
    address = Address("openai_message", f"m{number}")
    match rng.randrange(10):
        case 0 | 1 | 2:
            attributes = {"id": f"msg_{rng.randrange(1000)}", "content": "x" * rng.randrange(300)}
            return (Put(StateObject(address, attributes)),)
        case 3:
            return (Drop(address),)
        case 4 | 5:
            intent = Intent(ledger.next_seq(), IntentKind.APPEND, address, "now")
            return (Intend(intent),)
        case 6 | 7:
            open_seqs = [each.seq for each in ledger.open_intents]
            put = Put(StateObject(address, {"id": f"msg_{rng.randrange(1000)}"}))
            return (put, *(Resolve(seq) for seq in open_seqs[:1]))
        case 8:
            suspect = Suspect(address, SuspectKind.CREATE, {}, "now", "nothing")
            return (AddSuspect(suspect),) if rng.random() < 0.5 else (DropSuspect(address),)
        case _:
            return rng.choice(RARE)


RARE: list[tuple[Entry, ...]] = [
    (SetOutputs({"a": OutputValue(1, "number")}),),
    (SetOutputs({}),),
    (SetEndpoint("openai", Endpoint("threads", "http://x")),),
    (MarkUnordered("thread_1", True),),
    (MarkUnordered("thread_1", False),),
    (
        Put(StateObject(Address("openai_message", "m0"), {"id": "msg_d"}, deposed="00000001")),
        Drop(Address("openai_message", "m0")),
    ),
    (Drop(Address("openai_message", "m0"), "00000001"),),
]


def run_once(store: FileStateStore, rng: Random, truth: Truth) -> None:
    with store.locked("apply"):
        truth.settle(store.read())
        if rng.random() < 0.2:
            write_once(store, rng, truth)
        ledger = store.begin("apply")
        for _ in range(rng.randrange(8)):
            record(ledger, random_entries(rng, ledger), truth)
            if rng.random() < 0.15:
                ledger.checkpoint()
        if rng.random() < 0.7:
            ledger.close()


def write_once(store: FileStateStore, rng: Random, truth: Truth) -> None:
    """What a state command does: it moves an object."""
    state = store.read().state
    if state is None or not state.objects:
        return
    address = rng.choice(sorted(state.objects, key=str))
    moved = replace(
        state.objects[address], address=Address("openai_message", f"w{rng.randrange(10**6)}")
    )
    objects = {key: each for key, each in state.objects.items() if key != address}
    entries = (Drop(address), Put(moved))
    truth.under_way = entries
    store.write(replace(state, objects={**objects, moved.address: moved}))
    truth.acknowledge(entries)


def record(ledger: Ledger, entries: tuple[Entry, ...], truth: Truth) -> None:
    truth.under_way = entries
    try:
        ledger.record_now(*entries)
    except StateUnwritable:
        ledger.close()
        raise
    truth.acknowledge(entries)


def crash_and_recover(seed: int) -> set[str]:
    """Several runs on one disk, each ended by a crash somewhere; nothing durable is ever lost.

    Returns the operations in which the crashes fell.
    """
    rng = Random(seed)
    disk = VirtualFileSystem(rng=rng)
    truth = Truth()
    fatal = set()
    for _ in range(4):
        disk.die_at = disk.operations + rng.randrange(1, 70)
        try:
            run_once(store_on(disk), rng, truth)
        except Died as death:
            fatal.add(str(death))
        disk = disk.after_power_loss(rng) if rng.random() < 0.7 else disk.after_kill()
    truth.check(store_on(disk).read())
    return fatal


def fail_and_recover(seed: int) -> None:
    """One disk operation fails; the run ends with a message, and nothing durable is lost."""
    rng = Random(seed)
    disk = VirtualFileSystem(rng=rng)
    truth = Truth()
    for _ in range(3):
        fault = rng.choice([errno.ENOSPC, errno.EIO, errno.EROFS])
        disk.errors = {disk.operations + rng.randrange(1, 50): fault}
        with suppress(StateError):
            run_once(store_on(disk), rng, truth)
        disk.errors = {}
        disk = disk.after_power_loss(rng) if rng.random() < 0.5 else disk.after_kill()
    truth.check(store_on(disk).read())


def read_at_every_step(seed: int) -> int:
    """A reader without a lock, between any two operations of a run, finds what is durable."""
    rng = Random(seed)
    disk = VirtualFileSystem(rng=rng)
    truth = Truth()
    reads = 0

    def look(_: str) -> None:
        nonlocal reads
        disk.on_step = None
        truth.check(store_on(disk).read())
        reads += 1
        disk.on_step = look

    for _ in range(3):
        disk.on_step = look
        run_once(store_on(disk), rng, truth)
        disk.on_step = None
        disk = disk.after_kill()
    return reads


def with_seed(check: Callable[[int], object], seed: int) -> object:
    try:
        return check(seed)
    except (AssertionError, StateError) as error:
        raise AssertionError(f"{check.__name__}({seed})") from error


@pytest.mark.parametrize("block", range(5))
def test_a_crash_loses_nothing_durable(
    block: int, record_property: Callable[[str, object], None]
) -> None:
    for seed in range(block * 100, (block + 1) * 100):
        with_seed(crash_and_recover, seed)
    record_property("simulated disks", 100)


def two_runs(disk: VirtualFileSystem, truth: Truth) -> None:
    """Everything that is ever done to the files, once."""
    thread, first, second = (Address("openai_thread", each) for each in ("t", "a", "b"))
    store = store_on(disk)
    for address in (first, second):
        with store.locked("apply"):
            truth.settle(store.read())
            ledger = store.begin("apply")
            intent = Intent(ledger.next_seq(), IntentKind.CREATE, address, "now")
            record(ledger, (Intend(intent),), truth)
            record(ledger, (Put(StateObject(address, {"id": f"id_{address.name}"})),), truth)
            record(ledger, (Resolve(intent.seq),), truth)
            ledger.checkpoint()
            record(ledger, (Put(StateObject(thread, {"id": address.name})),), truth)
            record(ledger, (SetEndpoint("openai", Endpoint(address.name, "http://x")),), truth)
            ledger.close()
    write_once_under_lock(store, truth)


def write_once_under_lock(store: FileStateStore, truth: Truth) -> None:
    with store.locked("state mv"):
        truth.settle(store.read())
        write_once(store, Random(0), truth)


def test_a_crash_in_each_operation_loses_nothing_durable() -> None:
    whole = VirtualFileSystem(short_writes=False)
    two_runs(whole, Truth())
    died_in = set()
    for number, chance in itertools.product(range(1, whole.operations + 1), range(CHANCES)):
        rng = Random(number * 1000 + chance)
        disk = VirtualFileSystem(rng=rng, die_at=number, short_writes=False)
        truth = Truth()
        with suppress(Died):
            two_runs(disk, truth)
        died_in.add(disk.died_in)
        after = disk.after_power_loss(rng) if chance % 3 else disk.after_kill()
        truth.check(store_on(after).read())
        continue_run(after, truth)
    assert died_in >= {
        "write",
        "sync",
        "sync folder",
        "reserve",
        "truncate",
        "create .x.json.tmp",
        "create .x.json.journal.tmp",
        "replace x.json",
        "replace x.json.journal",
        "replace x.json.backup",
        "replace x.json.backup.1",
    }


def continue_run(disk: VirtualFileSystem, truth: Truth) -> None:
    """The next run finds everything, resolves what is open, and leaves nothing open."""
    store = store_on(disk)
    with store.locked("apply"):
        truth.settle(store.read())
        ledger = store.begin("apply")
        record(ledger, tuple(Resolve(each.seq) for each in ledger.open_intents), truth)
        ledger.close()
    snapshot = store_on(disk).read()
    truth.check(snapshot)
    assert not snapshot.interrupted


@pytest.mark.parametrize("block", range(3))
def test_a_disk_error_loses_nothing_durable(block: int) -> None:
    for seed in range(block * 100, (block + 1) * 100):
        with_seed(fail_and_recover, seed)


def test_a_reader_beside_a_run_finds_what_is_durable() -> None:
    assert sum(read_at_every_step(seed) for seed in range(15)) > 500


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_a_crash_loses_nothing_durable_in_many_runs(
    block: int, record_property: Callable[[str, object], None]
) -> None:
    for seed in range(100_000 + block * 1_000, 100_000 + (block + 1) * 1_000):
        with_seed(crash_and_recover, seed)
        with_seed(fail_and_recover, seed)
    record_property("simulated disks", 2_000)


async def record_together(ledger: Ledger, truth: Truth, rng: Random) -> None:
    """Tasks that record at the same time: all that returned is durable, in some order."""

    async def one(number: int) -> None:
        address = Address("openai_message", "m", number)
        for turn in range(3):
            await ledger.record(Put(StateObject(address, {"id": f"msg_{number}_{turn}"})))
            truth.acknowledge((Put(StateObject(address, {"id": f"msg_{number}_{turn}"})),))

    await asyncio.gather(*(one(number) for number in range(rng.randrange(1, 12))))


def crash_together(seed: int) -> int:
    rng = Random(seed)
    disk = VirtualFileSystem(rng=rng)
    truth = Truth()
    disk.die_at = rng.randrange(20, 60)
    store = store_on(disk)
    with suppress(Died, asyncio.CancelledError), store.locked("apply"):
        ledger = store.begin("apply")
        asyncio.run(record_together(ledger, truth, rng))
        ledger.close()
    disk = disk.after_power_loss(rng)
    state = store_on(disk).read().state or State("")
    found = {each.address: each.id for each in state.objects.values()}
    wanted = fold(State(""), truth.acknowledged)[0].objects
    assert all(found.get(address, "") >= each.id for address, each in wanted.items())
    return len(wanted)


def test_a_crash_between_tasks_that_record_together_loses_nothing_durable() -> None:
    assert sum(crash_together(seed) for seed in range(100)) > 100
