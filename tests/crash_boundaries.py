"""Boundaries: every step of a run at which a process can die, counted from the outside.

The product is not touched: the command line's composition root gets a disk and a transport that
count, both through the seams that they are injected by.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import ssl
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import reconciler.workflow
from reconciler.cli.main import main
from reconciler.state.files import RealFileSystem
from reconciler.state.store import FileStateStore
from reconciler.workflow import Workspace

CRASHED = -signal.SIGKILL
"""How a child ends that reached its boundary."""


_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here is encrypted, and loading every authority takes as long as all the rest of a run."""


@dataclass
class Boundaries:
    """The steps of one run. In the one with number *kill_at* the process dies.

    *torn* lets it die in the middle of a write, with half of the bytes written.
    """

    kill_at: int | None = None
    torn: bool = False
    kill_in: str | None = None
    """Or it dies in the first step whose name begins so."""

    def __post_init__(self) -> None:
        self.passed: list[str] = []
        self._lock = threading.Lock()

    def step(self, name: str) -> bool:
        """Count a step; whether it is the last one."""
        with self._lock:
            self.passed.append(name)
            is_named = self.kill_in is not None and name.startswith(self.kill_in)
            return is_named or len(self.passed) == self.kill_at

    def here(self, name: str) -> None:
        """Count a step, and die in it if it is the last."""
        if self.step(name):
            die()


def die() -> None:
    """End as `kill -9` does: nothing of this process runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


class UnsyncedDisk(RealFileSystem):
    """The disk without waiting for it. Only a machine can die between a write and its sync, and that
    is the virtual disk's business."""

    def sync(self, fd: int, *, data_only: bool = False) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


class CountingDisk(UnsyncedDisk):
    """The disk, with a boundary before each operation that changes it."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries

    def create(self, path: Path) -> int:
        self._boundaries.here(f"create {path.name}")
        return super().create(path)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        if self._boundaries.step("write"):
            if self._boundaries.torn:
                super().write(fd, data[: len(data) // 2], offset)
            die()
        return super().write(fd, data, offset)

    def reserve(self, fd: int, size: int) -> None:
        self._boundaries.here("reserve")
        super().reserve(fd, size)

    def truncate(self, fd: int, size: int) -> None:
        self._boundaries.here("truncate")
        super().truncate(fd, size)

    def sync(self, fd: int, *, data_only: bool = False) -> None:
        self._boundaries.here("sync")

    def replace(self, source: Path, target: Path) -> None:
        self._boundaries.here(f"replace {target.name}")
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        if path.exists():
            self._boundaries.here(f"remove {path.name}")
        super().remove(path)

    def sync_folder(self, path: Path) -> None:
        self._boundaries.here("sync folder")


class CountingTransport(httpx.AsyncHTTPTransport):
    """The network, with boundaries before a request, behind it, and behind its answer."""

    def __init__(self, boundaries: Boundaries) -> None:
        limits = httpx.Limits(max_connections=None, keepalive_expiry=1.0)
        super().__init__(limits=limits, verify=_NO_CERTIFICATES)
        self._boundaries = boundaries

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path}"

        async def trace(event: str, details: Any) -> None:
            if event == "http11.send_request_body.complete":
                self._boundaries.here(f"sent {name}")
            elif event == "http11.receive_response_body.complete":
                self._boundaries.here(f"answered {name}")

        request.extensions = {**request.extensions, "trace": trace}
        self._boundaries.here(f"sending {name}")
        return await super().handle_async_request(request)


class Unsynced(Workspace):
    """A workspace on a disk that is not waited for."""

    def store(self) -> FileStateStore:
        return FileStateStore(self.state_path, specs_root=self.specs, fs=UnsyncedDisk())


def run_here(arguments: Sequence[str]) -> tuple[int, str]:
    """Run the command line in this process; its exit code and what it printed."""
    output = io.StringIO()
    before = reconciler.workflow.Workspace
    reconciler.workflow.Workspace = Unsynced  # type: ignore[misc]
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = main(list(arguments))
    finally:
        reconciler.workflow.Workspace = before  # type: ignore[misc]
    return code, output.getvalue()


def watched(boundaries: Boundaries) -> type[Workspace]:
    """A workspace whose disk and network count."""

    class Watched(Workspace):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.transport = CountingTransport(boundaries)

        def store(self) -> FileStateStore:
            disk = CountingDisk(boundaries)
            return FileStateStore(self.state_path, specs_root=self.specs, fs=disk)

    return Watched


def run_child(arguments: Sequence[str], boundaries: Boundaries, log: Path) -> int:
    """Run the command line in a process of its own; its exit code, or the signal it died of.

    What it printed and the boundaries it passed are in *log*.
    """
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 70
    with suppress(BaseException):
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # noqa: SIM115
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        reconciler.workflow.Workspace = watched(boundaries)  # type: ignore[misc]
        try:
            code = main(list(arguments))
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        if boundaries.kill_at is None and boundaries.kill_in is None:
            log.with_suffix(".steps").write_text("\n".join(boundaries.passed))
    os._exit(code)
