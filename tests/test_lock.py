"""One run at a time: the kernel holds the lock, the holder says who it is."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from virtual_fs import VirtualFileSystem

from reconciler.errors import StateLocked, StateUnwritable
from reconciler.state.lock import Holder, StateLock, new_id, process_start

HOLD = """
import sys, time
from pathlib import Path
from reconciler.state.lock import StateLock
with StateLock(Path(sys.argv[1])).held("apply"):
    print("held", flush=True)
    sys.stdin.read()
"""

TERRAFORM = """
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.json"


@pytest.fixture
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    yield from process(HOLD, path)


def process(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def lock_on(path: Path, clock: Clock | None = None) -> StateLock:
    clock = clock or Clock()
    return StateLock(path, clock=clock, sleep=clock.sleep)


def refusal(lock: StateLock, **options: object) -> StateLocked:
    with pytest.raises(StateLocked) as caught, lock.held("plan", **options):  # type: ignore[arg-type]
        pass
    return caught.value


def test_a_second_run_is_refused_at_once_with_the_holder_named(
    path: Path, other: subprocess.Popen[str]
) -> None:
    clock = Clock()
    error = refusal(lock_on(path, clock))
    assert clock.now == 0
    assert f"process {other.pid} on {os.uname().nodename}, for apply, since 20" in error.message
    assert error.message.startswith(f"{path} is locked, plan cannot begin: held by ")
    assert error.hint


def test_a_killed_holder_blocks_nobody(path: Path, other: subprocess.Popen[str]) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert lock_on(path).info_path.exists()
    with lock_on(path).held("apply"):
        pass


def test_a_name_that_a_killed_holder_left_is_not_told(
    path: Path, other: subprocess.Popen[str]
) -> None:
    name = lock_on(path).info_path.read_bytes()
    other.send_signal(signal.SIGKILL)
    other.wait()
    with lock_on(path).held("apply"):
        lock_on(path).info_path.write_bytes(name)
        assert "another program that left no name" in refusal(lock_on(path)).message


def test_the_lock_is_free_again_and_the_name_gone_after_a_run(path: Path) -> None:
    lock = lock_on(path)
    for _ in range(2):
        with lock.held("apply"):
            assert lock.is_held
        assert not lock.is_held
        assert not lock.info_path.exists()


def test_an_error_inside_frees_the_lock(path: Path) -> None:
    lock = lock_on(path)
    with pytest.raises(ZeroDivisionError), lock.held("apply"):
        raise ZeroDivisionError
    with lock.held("apply"):
        pass


def test_a_run_waits_as_long_as_it_is_told(path: Path) -> None:
    clock = Clock()
    with lock_on(path).held("apply"):
        refusal(lock_on(path, clock), timeout_s=30)
    assert 30 <= clock.now < 31


def test_a_run_that_waits_gets_the_lock_when_it_is_free(path: Path) -> None:
    held = ExitStack()
    held.enter_context(lock_on(path).held("apply"))
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        held.close()

    with StateLock(path, clock=clock, sleep=sleep).held("plan", timeout_s=5):
        assert clock.now < 1


def test_readers_share_and_keep_a_writer_out(path: Path) -> None:
    with lock_on(path).held("plan", shared=True):
        with lock_on(path).held("plan", shared=True):
            refusal(lock_on(path))
        assert refusal(lock_on(path))
    with lock_on(path).held("apply"):
        refusal(lock_on(path), shared=True)


def test_a_reader_does_not_hold_it_to_write(path: Path) -> None:
    lock = lock_on(path)
    with lock.held("plan", shared=True):
        assert not lock.is_held


def test_a_folder_that_cannot_be_written_needs_no_lock_to_be_read() -> None:
    disk = VirtualFileSystem(read_only=True)
    disk.put(Path("/state/x.json"), b"{}")
    lock = StateLock(Path("/state/x.json"), fs=disk)
    with lock.held("plan", shared=True):
        assert not lock.is_held
    with pytest.raises(StateUnwritable, match="the disk is read-only"), lock.held("apply"):
        pass


def test_reading_where_no_folder_is_makes_none(tmp_path: Path) -> None:
    with lock_on(tmp_path / "none" / "x.json").held("plan", shared=True):
        pass
    assert not (tmp_path / "none").exists()


def test_terraforms_lock_is_respected_and_its_name_told(path: Path) -> None:
    path.write_text("{}")
    for _ in process(TERRAFORM, path):
        lock = lock_on(path)
        lock.info_path.write_text(
            json.dumps({"ID": "1", "Operation": "OperationTypeApply", "Who": "me@there"})
        )
        assert "held by me@there, for OperationTypeApply" in refusal(lock).message


def test_terraform_is_kept_out_while_a_run_holds_the_state(path: Path) -> None:
    path.write_text("{}")
    lock = lock_on(path)
    with lock.held("apply"):
        path.read_text()
        assert terraform_can_lock(path) is False
        replacement = path.with_name("new")
        replacement.write_text("{}")
        lock.follow(replacement)
        replacement.replace(path)
        assert terraform_can_lock(path) is False
    assert terraform_can_lock(path) is True


def terraform_can_lock(path: Path) -> bool:
    script = TERRAFORM.replace("sys.stdin.read()", "")
    ended = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True)
    return ended.returncode == 0


def test_the_name_has_terraforms_fields_and_ours(path: Path) -> None:
    lock = lock_on(path)
    with lock.held("apply"):
        name = json.loads(lock.info_path.read_bytes())
        holder = lock.holder()
    assert list(name)[:7] == ["ID", "Operation", "Info", "Who", "Version", "Created", "Path"]
    assert (name["Pid"], name["Operation"], name["Path"]) == (os.getpid(), "apply", str(path))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", name["Created"])
    assert isinstance(holder, Holder)
    assert not holder.is_gone


def test_nobody_holds_a_free_lock(path: Path) -> None:
    assert lock_on(path).holder() is None
    with lock_on(path).held("apply"):
        pass
    assert lock_on(path).holder() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Pid": "x"}', "\xff", "[" * 9999])
def test_a_name_that_cannot_be_read_is_none(path: Path, text: str) -> None:
    with lock_on(path).held("apply"):
        lock_on(path).info_path.write_text(text)
        assert "left no name" in refusal(lock_on(path)).message


def test_files_of_the_lock_are_private(path: Path) -> None:
    lock = lock_on(path)
    with lock.held("apply"):
        modes = {each.stat().st_mode & 0o777 for each in (lock.lock_path, lock.info_path)}
    assert modes == {0o600}


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    assert process_start(os.getpid()) == process_start(os.getpid()) != ""
    assert process_start(2**22 + 1) == ""
    gone = Holder("1", "apply", "me", "", "now", "x", os.getpid(), os.uname().nodename, "0")
    assert gone.is_gone
    elsewhere = Holder("1", "apply", "me", "", "now", "x", os.getpid(), "elsewhere", "0")
    assert not elsewhere.is_gone


def test_ids_are_random_uuids() -> None:
    first, second = new_id(), new_id()
    assert first != second
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first
    )


def test_a_lock_is_inherited_by_no_other_program(path: Path) -> None:
    with lock_on(path).held("apply"):
        descriptors = [int(each) for each in os.listdir("/proc/self/fd")]
        inherited = [each for each in descriptors if each > 2 and is_inherited_lock(each, path)]
    assert inherited == []


def is_inherited_lock(fd: int, path: Path) -> bool:
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
        return path.name in target and not fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    except OSError:
        return False


RACE = """
import sys, time
from pathlib import Path
from reconciler.errors import StateLocked
from reconciler.state.lock import StateLock
began = time.monotonic()
try:
    with StateLock(Path(sys.argv[1])).held("apply"):
        print("works", flush=True)
        sys.stdin.read()
except StateLocked as error:
    named = "process " in error.message and "for apply" in error.message
    print("named" if named else error.message, round(time.monotonic() - began, 2), flush=True)
"""


@pytest.mark.long
def test_of_32_runs_at_once_one_works_and_the_rest_name_it(path: Path) -> None:
    command = [sys.executable, "-c", RACE, str(path)]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(32)
    ]
    lines = [each.stdout.readline().split() for each in children if each.stdout]
    for each in children:
        each.communicate()
    assert sum(words[0] == "works" for words in lines) == 1
    assert [words[0] for words in lines].count("named") == 31
    assert max(float(words[1]) for words in lines if words[0] == "named") < 1
