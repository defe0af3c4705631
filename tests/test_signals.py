"""A run that is asked to end, unread, or without a disk, leaves the state as the server is."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import Bench, make_bench
from crash_server import Server, server_process
from processes import COMMAND, LIMIT_S, Folder, end, threads, until

from reconciler.execute.events import Report, Status
from reconciler.plan.model import PlanMode
from reconciler.provider.client import asgi_transport
from reconciler.state.lock import StateLock

pytestmark = pytest.mark.promise("signals")

CREATE_CONCURRENCY = 4
"""How many threads these specs create at once."""

SETTINGS = f"max_concurrency = {CREATE_CONCURRENCY}"

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]

Make = Callable[[Server], Folder]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes its time, so that there is always something in flight."""
    with server_process(tmp_path_factory.mktemp("slow"), "--latency", "0.05", "--admin") as running:
        yield running


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets everybody wait for a minute."""
    with server_process(tmp_path_factory.mktemp("silent"), "--latency", "60") as running:
        yield running


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Folder:
    """Specs with many threads, on an empty server."""
    server.restore(server.empty)
    made = Folder(tmp_path, server)
    made.write(threads(24, 2), SETTINGS)
    return made


def standing(server: Server) -> Counter[str]:
    found: Counter[str] = Counter()
    for thread in server.emulator.threads():
        members = server.emulator.messages(str(thread["id"]))
        found.update([str(thread["id"]), *(str(each["id"]) for each in members)])
    return found


def check_finished(folder: Folder) -> None:
    """The next apply does the rest, nothing twice, and then there is nothing to do."""
    ended = folder.apply()
    assert ended.code == 0, ended.out + ended.err
    assert folder.recorded_ids() == standing(folder.server)
    assert len(folder.recorded_ids()) == 24 * 3
    assert folder.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=lambda each: str(each))
def test_one_signal_ends_a_run_with_its_state_right(
    folder: Folder, number: signal.Signals, code: int
) -> None:
    process = folder.start("apply", "--auto-approve")
    until(process, "Creation complete")

    ended = end(process, number)

    assert ended.code == code
    assert ended.out.count("Apply interrupted.") == 1
    assert ended.out.count(" not attempted\n") == 1
    assert "waits for" not in ended.out
    assert "Error" not in ended.err
    assert folder.suspects() == []
    assert folder.recorded_ids() == standing(folder.server)
    assert 0 < len(folder.recorded_ids()) < 24 * 3
    check_finished(folder)


def test_after_an_interrupt_nothing_that_waits_its_turn_is_sent(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads", settings="max_concurrency = 1")
    bench.write(threads(5, 2))
    bench.server.record()
    workspace = bench.workspace
    bench.before_each(lambda call: workspace.interrupt() if call.startswith("POST") else None)

    report = workspace.apply(approve=lambda plan: True)

    ends = Counter(each.status for each in report.outcomes)
    assert bench.calls["create thread"] == 1
    assert ends == {Status.APPLIED: 3, Status.SKIPPED: 12}
    assert report.interrupted


def cut_off(bench: Bench, method: str, *, answered: int, mode: PlanMode | None = None) -> Report:
    """Apply; so many calls of a kind are answered, two more stay without, then two signals come."""
    workspace = bench.workspace
    sent: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == method:
            sent.append(scope["path"])
            if len(sent) == answered + 2:
                workspace.interrupt()
                workspace.interrupt()
            if len(sent) > answered:
                await asyncio.Event().wait()
        await bench.app(scope, receive, send)

    workspace.transport = asgi_transport(serve)
    return workspace.apply(mode=mode, approve=lambda plan: True)


def test_two_signals_tell_what_was_sent_from_what_was_not(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads", settings="max_concurrency = 2")
    bench.write(threads(6, 2))

    report = cut_off(bench, "POST", answered=2)

    ends = Counter(each.status for each in report.outcomes)
    assert ends == {Status.APPLIED: 6, Status.UNKNOWN: 6, Status.SKIPPED: 6}
    sent = {each.address for each in report.outcomes if each.status is Status.UNKNOWN}
    looked_for = bench.workspace.recover()
    assert sent == {address for each in looked_for for address in (each.address, *each.members)}


def test_two_signals_tell_which_deletions_were_sent(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads", parallelism=2)
    bench.write(threads(6, 2))
    bench.apply()

    report = cut_off(bench, "DELETE", answered=2, mode=PlanMode.DESTROY)

    ends = Counter(each.status for each in report.outcomes)
    assert ends == {Status.APPLIED: 6, Status.UNKNOWN: 6, Status.SKIPPED: 6}
    assert bench.destroy().ok


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=lambda each: str(each))
def test_two_signals_end_a_run_whatever_it_waits_for(
    silent: Server, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    folder = Folder(tmp_path, silent)
    folder.write(threads(6, 1), SETTINGS)
    process = folder.start("apply", "--auto-approve")
    until(process, "openai_thread.t3: Creating...")

    process.send_signal(number)
    assert process.stderr is not None
    assert any("Interrupt received" in line for line in iter(process.stderr.readline, ""))
    ended = end(process, number)

    assert ended.code == code
    assert "leaving at once" in ended.err
    assert "Traceback" not in ended.err
    assert folder.recorded_ids() == Counter()


def test_what_two_signals_left_in_flight_is_reported(folder: Folder) -> None:
    process = folder.start("apply", "--auto-approve")
    until(process, "Creation complete")
    end(process, signal.SIGTERM, signal.SIGTERM)
    folder.server.wait()

    assert folder.run("recover").code in (0, 4)

    strays = {str(each["id"]) for each in folder.server.emulator.threads()}
    strays -= set(folder.recorded_ids())
    assert len(strays) <= len(folder.suspects()) <= CREATE_CONCURRENCY


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve")], ids=lambda c: c[0])
def test_a_signal_ends_reading_at_once(
    silent: Server, folder: Folder, command: tuple[str, ...]
) -> None:
    assert folder.apply().code == 0
    # The same specs and state, talked to by way of a server that never answers.
    other = Folder(folder.path, silent)
    text = folder.state.read_text().replace(folder.server.url, silent.url)
    folder.state.write_text(text)
    process = other.start(*command)
    until(process, "Refreshing state")

    ended = end(process, signal.SIGINT)

    assert ended.code == 130
    assert ended.err.count("Error: Interrupted") == 1
    assert folder.state.read_text() == text


WAITING = [
    ("apply", "--auto-approve"),
    ("plan",),
    ("destroy", "--auto-approve"),
    ("import", "openai_thread.t0", "thread_abc"),
    ("recover",),
    ("recover", "forget", "openai_thread.t0"),
    ("rehome",),
    ("state", "rm", "openai_thread.t0"),
]


@pytest.mark.parametrize(("number", "code"), SIGNALS[:2], ids=lambda each: str(each))
@pytest.mark.parametrize("command", WAITING, ids=lambda command: " ".join(command[:2]))
def test_a_signal_ends_waiting_for_the_lock_at_once(
    server: Server, tmp_path: Path, command: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    folder = Folder(tmp_path, server)
    folder.write(threads(1, 1))
    with StateLock(folder.state).held("apply"):
        process = folder.start(*command, "--lock-timeout=1h")
        until_open(process, ".specs.json.lock")

        ended = end(process, number)

    assert ended.code == code
    assert "Traceback" not in ended.err
    assert not folder.state.exists()


def until_open(process: subprocess.Popen[str], name: str) -> None:
    """Wait until a process has a file open."""
    while process.poll() is None:
        for each in Path(f"/proc/{process.pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                if each.readlink().name == name:
                    return
    raise AssertionError(f"ended without opening {name}: {end(process)}")


def test_a_signal_ends_adopting_while_the_server_is_only_read(folder: Folder) -> None:
    folder.write(threads(1, 1))
    folder.server.strike({"do": "hang_up", "when": "after", "method": "POST", "times": 1})
    assert folder.apply().code == 4
    folder.server.strike()
    (created,) = folder.server.emulator.threads()
    with socket.create_server(("127.0.0.1", 0)) as stalling:
        url = f"http://127.0.0.1:{stalling.getsockname()[1]}/v1"
        text = folder.state.read_text().replace(folder.server.url, url)
        folder.state.write_text(text)
        process = folder.start(
            "recover",
            "adopt",
            "openai_thread.t0",
            str(created["id"]),
            environ={"OPENAI_BASE_URL": url},
        )
        with accepted(stalling) as connection:
            connection.recv(1)
            ended = end(process, signal.SIGINT)

    assert ended.code == 130
    assert ended.err.count("Error: Interrupted") == 1
    assert folder.state.read_text() == text


SLOW_TOKEN = """
import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(1)
"""


@pytest.mark.parametrize("applied", [True, False], ids=["before reading", "before creating"])
def test_a_signal_ends_a_token_command_and_what_waits_for_it(folder: Folder, applied: bool) -> None:
    if applied:
        assert folder.apply().code == 0
    before = standing(folder.server)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = json.dumps([sys.executable, "-c", SLOW_TOKEN, str(port)])
        folder.write(threads(25, 2), f"{SETTINGS}\n  token_command = {command}")
        process = folder.start("apply", "--auto-approve")
        with accepted(listener) as connection:
            ended = end(process, signal.SIGINT)
            assert connection.recv(1) == b"", "the command has ended"

    assert ended.code == 130
    assert folder.suspects() == []
    assert folder.recorded_ids() == standing(folder.server) == before


def accepted(listener: socket.socket) -> socket.socket:
    listener.settimeout(LIMIT_S)
    connection, _ = listener.accept()
    connection.settimeout(LIMIT_S)
    return connection


def test_a_run_that_shall_outlive_its_terminal_is_not_ended_by_it(folder: Folder) -> None:
    process = folder.start("apply", "--auto-approve", preexec=lambda: ignore(signal.SIGHUP))
    until(process, "Creation complete")

    assert end(process, signal.SIGHUP).code == 0
    check_finished(folder)


def ignore(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)


def test_a_run_whose_reader_goes_away_ends_as_after_a_signal(folder: Folder) -> None:
    process = folder.start("apply", "--auto-approve")
    until(process, "Creation complete")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    process.wait()

    assert process.returncode == 1
    assert err.count("Nobody reads the output any more") == 1
    assert "Traceback" not in err
    assert folder.suspects() == []
    assert folder.recorded_ids() == standing(folder.server)
    check_finished(folder)


def test_nothing_is_sent_where_the_output_cannot_be_written(folder: Folder) -> None:
    with open("/dev/full", "w") as full:
        process = folder.start("apply", "--auto-approve", stdout=full.fileno())
        ended = end(process)

    assert ended.code == 1
    assert "The output could not be written: No space left on device" in ended.err
    assert standing(folder.server) == Counter()


def test_closed_streams_are_no_place_for_the_journal(folder: Folder) -> None:
    script = f'exec "{COMMAND}" apply --auto-approve <&- >&- 2>&-'
    given = {"OPENAI_BASE_URL": folder.server.url, "OPENAI_API_KEY": "sk-process"}

    subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder.path, env={**os.environ, **given}, check=True
    )

    check_finished(folder)


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_disk_without_room_is_found_before_anything_is_sent(folder: Folder) -> None:
    ended = folder.run("apply", "--auto-approve", preexec=lambda: limit_files(100_000))

    assert ended.code == 1
    assert ended.err.count("Error:") == 1
    assert "specs.json.journal cannot be written" in ended.err
    assert standing(folder.server) == Counter()
    check_finished(folder)


def test_a_disk_that_fills_up_stops_what_cannot_be_recorded(folder: Folder) -> None:
    ended = folder.run("apply", "--auto-approve", preexec=lambda: limit_files(135_000))

    assert ended.code == 1
    assert "Apply incomplete." in ended.out
    assert ended.err.count("Error:") == 1
    assert folder.suspects() == []
    assert folder.recorded_ids() == standing(folder.server)
    assert 0 < len(folder.recorded_ids()) < 24 * 3
    check_finished(folder)


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda at: (at / "taken").mkdir(), "taken"),
        (lambda at: (at / "file").write_text(""), "file/s.json"),
        (lambda at: (at / "s.json.journal").mkdir(), "s.json"),
        (lambda at: (at / ".s.json.lock").mkdir(), "s.json"),
    ],
    ids=["a folder", "below a file", "its journal a folder", "its lock a folder"],
)
def test_nothing_is_sent_where_the_state_cannot_stand(
    folder: Folder, make: Callable[[Path], object], path: str
) -> None:
    make(folder.path)

    ended = folder.run("apply", "--auto-approve", "--state", path)

    assert ended.code == 1
    assert ended.err.count("Error:") == 1
    assert "Traceback" not in ended.err
    assert standing(folder.server) == Counter()


def obey_permissions() -> None:
    """Give up the right of root to write where nobody may."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0):
        raise PermissionError


PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
"""Numbers of Linux; elsewhere there is no such call, and the tests do not run as root."""


def test_nothing_is_sent_where_the_folder_is_read_only(folder: Folder) -> None:
    folder.state.parent.mkdir(mode=0o500)

    try:
        ended = folder.run("apply", "--auto-approve", preexec=obey_permissions)
    except subprocess.SubprocessError:
        pytest.skip("root cannot give up its rights here")

    assert ended.code == 1
    assert "permission denied" in ended.err
    assert list(folder.state.parent.iterdir()) == []
    assert standing(folder.server) == Counter()


@pytest.mark.parametrize("is_moved", [True, False], ids=["moved", "removed"])
def test_nothing_is_sent_once_the_journal_was_taken_away(folder: Folder, is_moved: bool) -> None:
    process = folder.start("apply", "--auto-approve")
    until(process, "Creation complete")
    if is_moved:
        folder.state.parent.rename(folder.path / "elsewhere")
    else:
        shutil.rmtree(folder.state.parent)
    ended = end(process)

    assert ended.code == 1
    assert "was removed or replaced while it was in use" in ended.err
    assert "What was done may not be recorded" in ended.out
    assert len(folder.server.emulator.threads()) < 24

    if is_moved:
        (folder.path / "elsewhere").rename(folder.state.parent)
        ended = folder.apply()
        known = folder.recorded_ids()
        lost = [each for each in folder.server.emulator.threads() if str(each["id"]) not in known]
        assert len(lost) <= len(folder.suspects()) <= CREATE_CONCURRENCY
        assert ended.code == 4 * bool(folder.suspects())


def test_folders_that_lead_to_the_state_are_made(folder: Folder) -> None:
    ended = folder.run("apply", "--auto-approve", "--state", "a/b/c/s.json")

    assert ended.code == 0
    assert (folder.path / "a/b/c/s.json").stat().st_mode & 0o777 == 0o600
