"""The store: what a run records is durable; what cannot be is refused before it is sent."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from virtual_fs import Died, VirtualFileSystem

from reconciler.address import Address
from reconciler.errors import StateCorrupt, StateError, StateUnwritable
from reconciler.frozen import replace
from reconciler.state.entries import (
    AddSuspect,
    Drop,
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
from reconciler.state.files import RealFileSystem
from reconciler.state.filesink import GROWTH, ROOM
from reconciler.state.ledger import Ledger
from reconciler.state.memory import MemoryStateStore
from reconciler.state.model import (
    Endpoint,
    OutputValue,
    State,
    StateObject,
    Suspect,
    SuspectKind,
)
from reconciler.state.paths import default_state_path, specs_root_text
from reconciler.state.statefile import decode, encode
from reconciler.state.store import FileStateStore

PATH = Path("/state/x.json")
A, B = Address("openai_message", "a"), Address("openai_message", "b")


def put(address: Address = A, object_id: str = "msg_1", **attributes: object) -> Put:
    return Put(StateObject(address, {"id": object_id, **attributes}))


def intend(ledger: Ledger, address: Address = A) -> Intend:
    return Intend(Intent(ledger.next_seq(), IntentKind.APPEND, address, "now"))


def store_on(disk: VirtualFileSystem, **options: object) -> FileStateStore:
    return FileStateStore(
        PATH,
        fs=disk,
        clock=lambda: 0.0,
        sleep=lambda seconds: None,
        **options,  # type: ignore[arg-type]
    )


def run(store: FileStateStore | MemoryStateStore, *entries: Entry) -> State:
    """One whole run that records *entries* one after the other."""
    with store.locked("apply"):
        ledger = store.begin("apply")
        for entry in entries:
            ledger.record_now(entry)
        return ledger.close()


def cut_off(store: FileStateStore | MemoryStateStore, *entries: Entry) -> None:
    """A run that ends without closing its ledger."""
    with store.locked("apply"):
        ledger = store.begin("apply")
        for entry in entries:
            ledger.record_now(entry)


def ids(store: FileStateStore | MemoryStateStore) -> dict[str, str]:
    state = store.read().state
    return {} if state is None else {str(each.address): each.id for each in state.objects.values()}


@pytest.fixture
def disk() -> VirtualFileSystem:
    return VirtualFileSystem()


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, disk: VirtualFileSystem) -> object:
    return store_on(disk) if request.param == "file" else MemoryStateStore()


Store = FileStateStore | MemoryStateStore


# What both stores promise


def test_nothing_is_recorded_at_first(store: Store) -> None:
    snapshot = store.read()
    assert (snapshot.state, snapshot.exists, snapshot.open_intents) == (None, False, ())


def test_what_a_run_recorded_is_read(store: Store) -> None:
    outputs = {"o": OutputValue("v", "string")}
    run(store, put(), put(B, "msg_2"), SetOutputs(outputs), Drop(A))
    state = store.read().state
    assert state is not None
    assert (ids(store), state.outputs) == ({"openai_message.b": "msg_2"}, outputs)


def test_a_new_state_has_a_lineage_and_serial_1(store: Store) -> None:
    state = run(store, put())
    assert (state.serial, len(state.lineage)) == (1, 36)


def test_the_serial_rises_only_when_something_changes(store: Store) -> None:
    serials = [run(store, put()).serial, run(store).serial, run(store, put(B)).serial]
    assert serials == [1, 1, 2]


def test_what_a_dead_run_recorded_is_read(store: Store) -> None:
    cut_off(store, put())
    assert ids(store) == {"openai_message.a": "msg_1"}
    assert store.read().interrupted


def test_an_intent_stays_open_until_it_is_resolved(store: Store) -> None:
    with store.locked("apply"):
        ledger = store.begin("apply")
        first, second = intend(ledger), intend(ledger, B)
        ledger.record_now(first, second)
        ledger.record_now(put(), Resolve(first.intent.seq))
        assert ledger.open_intents == (second.intent,)
    assert store.read().open_intents == (second.intent,)


def test_a_run_that_died_is_continued_by_the_next(store: Store) -> None:
    with store.locked("apply"):
        ledger = store.begin("apply")
        intention = intend(ledger)
        ledger.record_now(intention)
    with store.locked("apply"):
        ledger = store.begin("apply")
        assert ledger.open_intents == (intention.intent,)
        assert ledger.next_seq() > intention.intent.seq
        ledger.record_now(put(), Resolve(intention.intent.seq))
        ledger.close()
    snapshot = store.read()
    assert (snapshot.open_intents, snapshot.interrupted) == ((), False)
    assert ids(store) == {"openai_message.a": "msg_1"}


def test_intents_left_open_at_the_end_are_there_for_the_next_run(store: Store) -> None:
    with store.locked("apply"):
        ledger = store.begin("apply")
        intention = intend(ledger)
        ledger.record_now(intention, put(B))
        ledger.close()
    snapshot = store.read()
    assert (snapshot.open_intents, snapshot.interrupted) == ((intention.intent,), True)
    assert ids(store) == {"openai_message.b": "msg_1"}


def test_a_checkpoint_keeps_everything_and_the_run_goes_on(store: Store) -> None:
    with store.locked("apply"):
        ledger = store.begin("apply")
        intention = intend(ledger)
        ledger.record_now(put(), intention)
        assert ledger.checkpoint().serial == 1
        ledger.record_now(put(B, "msg_2"))
    assert ids(store) == {"openai_message.a": "msg_1", "openai_message.b": "msg_2"}
    assert store.read().open_intents == (intention.intent,)


def test_the_ledger_shows_the_state_as_it_is_recorded(store: Store) -> None:
    with store.locked("apply"):
        ledger = store.begin("apply")
        ledger.record_now(put())
        assert ledger.state.objects[A].id == "msg_1"
        ledger.record_now(put(A, "msg_2"))
        assert ledger.state.objects[A].id == "msg_2"
        ledger.close()


def test_a_digest_tells_content_and_nothing_else(store: Store) -> None:
    state = run(store, put())
    same = replace(state, serial=9, epoch=5)
    other = replace(state, objects={})
    assert store.digest(same) == store.digest(state)
    assert len({store.digest(each) for each in (None, state, other)}) == 3


def test_a_state_command_replaces_the_state(store: Store) -> None:
    state = run(store, put())
    with store.locked("state mv"):
        store.write(replace(state, objects={B: replace(state.objects[A], address=B)}))
    assert ids(store) == {"openai_message.b": "msg_1"}
    found = store.read().state
    assert found is not None
    assert found.serial == 2


def test_tasks_that_record_together_all_find_their_entries(store: Store) -> None:
    async def many(ledger: Ledger) -> None:
        addresses = [Address("openai_message", "m", number) for number in range(50)]
        await asyncio.gather(*(ledger.record(put(each, str(each))) for each in addresses))
        assert len(ledger.state.objects) == 50

    with store.locked("apply"):
        ledger = store.begin("apply")
        asyncio.run(many(ledger))
        ledger.close()
    assert len(ids(store)) == 50


# The files


def test_a_run_that_records_nothing_leaves_no_file(disk: VirtualFileSystem) -> None:
    run(store_on(disk))
    assert set(disk.files()) == {".x.json.lock"}


ELSEWHERE = SetEndpoint("openai", Endpoint("threads", "http://x"))


def test_a_first_run_that_comes_to_nothing_leaves_no_file(disk: VirtualFileSystem) -> None:
    intent = Intent(1, IntentKind.CREATE, A, "now")
    run(store_on(disk), ELSEWHERE, Intend(intent), Resolve(1))
    assert set(disk.files()) == {".x.json.lock"}


def test_a_first_run_that_comes_to_nothing_may_die_at_any_moment() -> None:
    number = 0
    for number in range(1, 200):
        disk = VirtualFileSystem(die_at=number, short_writes=False)
        with suppress(Died):
            run(store_on(disk), ELSEWHERE)
            break
        for left in (disk.after_kill(), *(disk.after_power_loss(Random(n)) for n in range(4))):
            assert ids(store_on(left)) == {}
            run(store_on(left), put())
            assert len(ids(store_on(left))) == 1
    assert 20 < number < 199


def test_a_later_run_that_comes_to_nothing_keeps_the_file(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    run(store, put())
    run(store, Drop(A))
    assert "x.json" in disk.files()
    assert ids(store) == {}


def test_a_run_that_changes_nothing_leaves_the_state_byte_for_byte(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    endpoint = SetEndpoint("openai", Endpoint("threads", "http://x"))
    run(store, put(), endpoint)
    before = disk.files()["x.json"]
    run(store, endpoint, MarkUnordered("t", False), SetOutputs({}))
    assert disk.files()["x.json"] == before


def test_reading_leaves_every_file_byte_for_byte(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    cut_off(store, put())
    before = disk.files()
    with store.locked("plan", shared=True):
        store.read()
    assert disk.files() == before


def test_the_backup_is_what_the_run_began_with(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    run(store, put())
    before = disk.files()["x.json"]
    run(store, put(B))
    assert disk.files()["x.json.backup"] == before


def test_the_newest_backups_are_kept(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    serials = []
    for number in range(8):
        run(store, put(A, f"msg_{number}"))
    for name in ("", ".1", ".2", ".3", ".4"):
        serials.append(decode(disk.files()[f"x.json.backup{name}"], path="x").serial)
    assert serials == [7, 6, 5, 4, 3]
    assert "x.json.backup.5" not in disk.files()


def test_a_backup_put_back_by_hand_works_without_a_warning_too_few(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    run(store, put())
    run(store, put(B))
    disk.put(PATH, disk.files()["x.json.backup"])
    snapshot = store.read()
    assert ids(store) == {"openai_message.a": "msg_1"}
    assert "older than what the last run left" in snapshot.warnings[0]


def test_a_backup_put_back_beside_a_dead_run_loses_nothing(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    run(store, put())
    cut_off(store, put(B, "msg_2"))
    disk.put(PATH, disk.files()["x.json.backup"])
    assert ids(store) == {"openai_message.a": "msg_1", "openai_message.b": "msg_2"}


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("x.json", b"", "it is empty"),
        ("x.json", b"{", "cut off"),
        ("x.json.journal", b"nonsense\n", "first line is damaged"),
    ],
)
def test_damage_is_refused_with_the_newest_good_backup(
    disk: VirtualFileSystem, name: str, data: bytes, reason: str
) -> None:
    store = store_on(disk)
    for number in range(3):
        run(store, put(A, f"msg_{number}"))
    disk.put(PATH.with_name("x.json.backup"), b"{")
    disk.put(PATH.with_name(name), data)
    with pytest.raises(StateCorrupt) as caught:
        store.read()
    assert reason in caught.value.message
    assert "the newest good one is /state/x.json.backup.1" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("x.json.journal", "that run's journal is missing"), ("x.json", "its journal")],
)
def test_a_file_missing_after_a_death_is_refused(
    disk: VirtualFileSystem, missing: str, reason: str
) -> None:
    store = store_on(disk)
    cut_off(store, put())
    disk.remove(PATH.with_name(missing))
    with pytest.raises(StateCorrupt, match=reason):
        store.read()


def test_an_empty_state_beside_a_journal_is_never_no_state(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    cut_off(store, put())
    disk.put(PATH, b"")
    with pytest.raises(StateCorrupt, match="it is empty"):
        store.read()
    with store.locked("apply"), pytest.raises(StateCorrupt):
        store.begin("apply")


def test_what_terraform_drops_is_restored_with_a_warning(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    suspect = Suspect(B, SuspectKind.CREATE, {}, "now", "reset")
    state = run(store, put(), AddSuspect(suspect))
    rewritten = State(state.lineage, state.serial + 1, {B: replace(state.objects[A], address=B)})
    disk.put(PATH, encode(rewritten))
    snapshot = store.read()
    assert snapshot.state is not None
    assert (dict(snapshot.state.suspects), snapshot.state.serial) == ({B: suspect}, 2)
    assert "rewritten by another program" in snapshot.warnings[0]
    assert run(store, put()).suspects == {B: suspect}


def test_another_specs_root_is_an_error(disk: VirtualFileSystem) -> None:
    run(store_on(disk, specs_root=Path("/specs/one")), put())
    assert ids(store_on(disk, specs_root=Path("/specs/one"))) != {}
    with pytest.raises(StateError, match=r"belongs to the specs in \.\./specs/one, not"):
        store_on(disk, specs_root=Path("/specs/two")).read()


def test_a_state_without_specs_root_takes_the_first(disk: VirtualFileSystem) -> None:
    disk.put(PATH, encode(State("l", 1, {A: put().object})))
    run(store_on(disk, specs_root=Path("/specs/one")), put(B))
    state = store_on(disk).read().state
    assert state is not None
    assert state.specs_root == "../specs/one"


def test_another_program_writing_under_our_lock_is_noticed(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    state = run(store, put())
    with store.locked("apply"):
        ledger = store.begin("apply")
        ledger.record_now(put(B, "msg_2"))
        foreign = State(state.lineage, 7, dict(state.objects))
        disk.put(PATH, encode(foreign))
        with pytest.raises(StateUnwritable, match=r"changed by another program \(serial 7\)"):
            ledger.close()
    assert ids(store) == {"openai_message.a": "msg_1", "openai_message.b": "msg_2"}


def test_a_state_that_is_damaged_under_our_lock_ends_the_run_and_not_the_program(
    disk: VirtualFileSystem,
) -> None:
    store = store_on(disk)
    run(store, put())

    async def work() -> None:
        ledger = store.begin("apply")
        disk.put(PATH, b"{")
        with pytest.raises(StateUnwritable):
            await ledger.record(put(B, "msg_2"))

    with store.locked("apply"):
        asyncio.run(work())


def test_a_state_of_another_lineage_is_not_written(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    run(store, put())
    with store.locked("state mv"), pytest.raises(StateError, match="lineage other cannot"):
        store.write(State("other"))


@pytest.mark.parametrize(
    ("lineage", "serial", "reason"),
    [
        ("other", 9, "lineage other cannot replace"),
        ("", 1, "serial 1 cannot replace"),
        ("", 2, "serial 2 cannot replace"),
        ("", 3, None),
    ],
)
def test_a_pushed_state_must_continue_what_is_there(
    disk: VirtualFileSystem, lineage: str, serial: int, reason: str | None
) -> None:
    store = store_on(disk)
    run(store, put())
    present = run(store, put(B))
    pushed = State(lineage or present.lineage, serial, {B: put(B, "pushed").object})
    with store.locked("state push"):
        if reason:
            with pytest.raises(StateError, match=reason):
                store.push(pushed)
        store.push(pushed, force=reason is not None)
    found = store.read().state
    assert found is not None
    assert (ids(store), found.serial) == ({"openai_message.b": "pushed"}, serial)


def test_an_unfinished_run_is_not_pushed_over(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    cut_off(store, put())
    state = store.read().state
    assert state is not None
    with store.locked("state push"), pytest.raises(StateError, match="a run that did not end"):
        store.push(replace(state, serial=5))


def test_writing_needs_the_lock(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    for attempt in (lambda: store.begin("apply"), lambda: store.write(State("l"))):
        with pytest.raises(AssertionError, match="lock held"):
            attempt()
    with (
        store.locked("plan", shared=True),
        pytest.raises(AssertionError, match="lock held"),
    ):
        store.begin("apply")


# What cannot be recorded


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"room": 3000}, "the disk is full"), ({"read_only": True}, "the disk is read-only")],
)
def test_a_disk_that_cannot_take_a_run_is_refused_before_anything_is_sent(
    options: dict[str, int], reason: str
) -> None:
    disk = VirtualFileSystem()
    run(store_on(disk), put())
    disk.room, disk.read_only = options.get("room"), bool(options.get("read_only"))
    store = store_on(disk)
    with pytest.raises(StateUnwritable, match=reason), store.locked("apply"):
        store.begin("apply")
    disk.room, disk.read_only = None, False
    assert ids(store) == {"openai_message.a": "msg_1"}


def record_large_ones(ledger: Ledger) -> None:
    for _ in range((ROOM + GROWTH) // 10_000):
        ledger.record_now(intend(ledger), put(B, "big", content="x" * 20_000))


def test_a_disk_that_fills_up_refuses_intents_and_still_takes_outcomes(
    disk: VirtualFileSystem,
) -> None:
    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        first = intend(ledger)
        ledger.record_now(first)
        disk.room = sum(len(each) for each in disk.files().values()) + GROWTH // 2
        with pytest.raises(StateUnwritable, match="the disk is full"):
            record_large_ones(ledger)
        ledger.record_now(put(), Resolve(first.intent.seq))
        assert ledger.failure is None
    assert ids(store)["openai_message.a"] == "msg_1"
    assert first.intent not in store.read().open_intents


def test_a_disk_that_is_nearly_full_is_used_to_the_end(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        disk.room = sum(len(each) for each in disk.files().values()) + GROWTH // 2
        recorded = 0
        with suppress(StateUnwritable):
            for recorded in range(100):
                ledger.record_now(put(A, str(recorded), content="x" * 10_000), intend(ledger))
    assert GROWTH // 2 - 20_000 < recorded * 10_000 < GROWTH


def test_tasks_that_record_together_on_a_full_disk_keep_their_outcomes(
    disk: VirtualFileSystem,
) -> None:
    async def together(ledger: Ledger) -> list[BaseException | None]:
        entries = [(put(B, "msg_2"),), (intend(ledger), put(A, "big", content="x" * 900_000))]
        return await asyncio.gather(*(ledger.record(*e) for e in entries), return_exceptions=True)

    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        ledger.record_now(put(Address("openai_message", "first")))
        disk.room = sum(len(each) for each in disk.files().values())
        done, refused = asyncio.run(together(ledger))
        assert done is None
        assert isinstance(refused, StateUnwritable)
    assert ids(store)["openai_message.b"] == "msg_2"


def test_after_a_failed_sync_nothing_more_is_recorded(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        ledger.record_now(put())
        disk.errors = {disk.operations + 2: errno.EIO}
        for _ in range(2):
            with pytest.raises(StateUnwritable, match="the disk reports an error"):
                ledger.record_now(put(B))
        with pytest.raises(StateUnwritable):
            ledger.checkpoint()


def test_what_a_failed_sync_left_unrecorded_is_in_the_last_state(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        intention, unsent = intend(ledger), intend(ledger, B)
        ledger.record_now(intention)
        disk.errors = {disk.operations + 2: errno.EIO}
        with pytest.raises(StateUnwritable):
            ledger.record_now(put(), Resolve(intention.intent.seq))
        with pytest.raises(StateUnwritable):
            ledger.record_now(unsent)
        ledger.close()
    assert ids(store) == {"openai_message.a": "msg_1"}
    assert store.read().open_intents == ()


def test_all_that_wait_for_a_failed_sync_are_refused(disk: VirtualFileSystem) -> None:
    async def together(ledger: Ledger) -> list[BaseException | None]:
        return await asyncio.gather(
            *(ledger.record(put(Address("openai_message", f"m{n}"))) for n in range(5)),
            return_exceptions=True,
        )

    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        ledger.record_now(put())
        disk.errors = {disk.operations + 2: errno.EIO}
        ended = asyncio.run(together(ledger))
    assert [type(each) for each in ended] == [StateUnwritable] * 5
    assert ids(store)["openai_message.a"] == "msg_1"


def test_what_could_not_be_read_again_is_refused_and_harms_nothing(disk: VirtualFileSystem) -> None:
    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        with pytest.raises(StateUnwritable, match="cannot be recorded"):
            ledger.record_now(SetOutputs({"o": OutputValue(float("inf"), "number")}))
        ledger.record_now(put())
        ledger.close()
    assert ids(store) == {"openai_message.a": "msg_1"}


def test_a_task_that_is_cancelled_leaves_the_others_recording(disk: VirtualFileSystem) -> None:
    async def one_gives_up(ledger: Ledger) -> None:
        first = asyncio.create_task(ledger.record(put()))
        second = asyncio.create_task(ledger.record(put(B, "msg_2")))
        await asyncio.sleep(0)
        first.cancel()
        await second

    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        asyncio.run(one_gives_up(ledger))
        ledger.close()
    assert ids(store)["openai_message.b"] == "msg_2"


def test_what_is_queued_when_everything_is_cancelled_is_still_written(
    disk: VirtualFileSystem,
) -> None:
    async def all_give_up(ledger: Ledger) -> None:
        task = asyncio.create_task(ledger.record(put()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        asyncio.run(all_give_up(ledger))
        ledger.close()
        assert ledger.close().serial == 1
    assert ids(store) == {"openai_message.a": "msg_1"}


def test_concurrent_tasks_share_their_syncs(disk: VirtualFileSystem) -> None:
    async def sixty_four(ledger: Ledger) -> None:
        async def one(number: int) -> None:
            address = Address("openai_message", "m", number)
            for turn in range(10):
                await ledger.record(put(address, f"msg_{turn}"))

        await asyncio.gather(*(one(number) for number in range(64)))

    store = store_on(disk)
    with store.locked("apply"):
        ledger = store.begin("apply")
        ledger.record_now(put())
        before = disk.syncs
        asyncio.run(sixty_four(ledger))
        assert disk.syncs - before <= 640 * 0.5


# On a real disk


def test_files_are_private(tmp_path: Path) -> None:
    store = FileStateStore(tmp_path / "state" / "x.json")
    run(store, put())
    cut_off(store, put(B))
    modes = {path.name: path.stat().st_mode & 0o777 for path in store.path.parent.iterdir()}
    assert set(modes) == {"x.json", "x.json.journal", "x.json.backup", ".x.json.lock"}
    assert set(modes.values()) == {0o600}


def test_a_link_is_kept_and_its_target_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "real" / "x.json")
    run(FileStateStore(link), put())
    assert link.is_symlink()
    assert ids(FileStateStore(tmp_path / "real" / "x.json")) == {"openai_message.a": "msg_1"}


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    store = FileStateStore(tmp_path / "x.json")
    run(store, put())
    store.path.chmod(0o400)
    with store.locked("apply"):
        ledger = store.begin("apply")
        with pytest.raises(StateUnwritable, match="is read-only"):
            ledger.record_now(put(B))


def test_a_folder_in_place_of_the_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    with pytest.raises(StateCorrupt, match="cannot be read"):
        FileStateStore(tmp_path / "x.json").read()


class Mortal(RealFileSystem):
    """The real disk, for a process that kills itself in its n-th operation on it."""

    def __init__(self, dies_at: int, *, torn: bool) -> None:
        self.left = dies_at
        self.torn = torn

    def step(self, dying: Callable[[], object] = lambda: None) -> None:
        self.left -= 1
        if self.left == 0:
            if self.torn:
                dying()
            os.kill(os.getpid(), signal.SIGKILL)

    def create(self, path: Path) -> int:
        self.step()
        return super().create(path)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        self.step(lambda: os.pwrite(fd, data[: len(data) // 2], offset))
        return super().write(fd, data, offset)

    def reserve(self, fd: int, size: int) -> None:
        self.step()
        super().reserve(fd, size)

    def truncate(self, fd: int, size: int) -> None:
        self.step()
        super().truncate(fd, size)

    def sync(self, fd: int, *, data_only: bool = False) -> None:
        self.step()
        super().sync(fd, data_only=data_only)

    def replace(self, source: Path, target: Path) -> None:
        self.step(lambda: os.replace(source, target))
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        self.step()
        super().remove(path)

    def sync_folder(self, path: Path) -> None:
        self.step()
        super().sync_folder(path)


def record_until_killed(path: Path, told: int, disk: Mortal) -> None:
    """What the child does: it tells each entry that it was promised to be durable."""
    store = FileStateStore(path, fs=disk)
    for turn in range(2):
        with store.locked("apply"):
            ledger = store.begin("apply")
            for number in range(4):
                address = Address("openai_message", f"m{turn}_{number}")
                ledger.record_now(put(address, f"msg_{number}", content="x" * 200))
                os.write(told, f"{address}\n".encode())
                if number == 2:
                    ledger.checkpoint()
            ledger.close()


def killed_at(number: int, path: Path, *, torn: bool) -> bool:
    """Whether a process that was to be killed in its n-th operation was; checks what is left."""
    reading, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            record_until_killed(path, told, Mortal(number, torn=torn))
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(reading) as pipe:
        promised = pipe.read().split()
    _, status = os.waitpid(child, 0)
    found = ids(FileStateStore(path))
    assert set(promised) <= set(found)
    assert len(found) <= len(promised) + 1
    run(FileStateStore(path), put(Address("openai_message", "after")))
    assert set(promised) <= set(ids(FileStateStore(path)))
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize(
    ("first", "step", "torn"),
    [
        pytest.param(1, 7, False, id="between operations"),
        pytest.param(2, 7, True, id="half-way through operations"),
        pytest.param(1, 1, False, id="between any two operations", marks=pytest.mark.long),
        pytest.param(1, 1, True, id="half-way through each operation", marks=pytest.mark.long),
    ],
)
def test_a_process_killed_in_an_operation_keeps_what_it_promised(
    tmp_path: Path, first: int, step: int, torn: bool
) -> None:
    number = first
    while killed_at(number, tmp_path / str(number) / "x.json", torn=torn):
        number += step
    assert number > 80


# Where a state lives


@pytest.mark.parametrize(
    ("specs", "emulator", "path"),
    [
        ("/p/specs/quickstart", False, "/p/state/quickstart.json"),
        ("/p/specs/quickstart", True, "/p/state/quickstart.emulator.json"),
        ("/p/specs", False, "/p/state/specs.json"),
        ("/p/specs", True, "/p/state/specs.emulator.json"),
        ("/p/specs/a/b", False, "/p/state/a/b.json"),
        ("/p/specs/a/specs/b", False, "/p/specs/a/state/b.json"),
        ("/p/demo", False, "/p/demo/state/demo.json"),
        ("/p/demo/", True, "/p/demo/state/demo.emulator.json"),
        ("/", False, "/state/specs.json"),
    ],
)
def test_a_state_lives_beside_the_folder_called_specs(
    specs: str, emulator: bool, path: str
) -> None:
    assert default_state_path(Path(specs), emulator=emulator) == Path(path)


def test_a_relative_folder_is_taken_from_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path / "specs")
    assert default_state_path(Path(), emulator=False) == tmp_path / "state" / "specs.json"


def test_specs_are_remembered_as_seen_from_the_state() -> None:
    assert specs_root_text(Path("/p/specs/a"), Path("/p/state/a.json")) == "../specs/a"
