"""Lock: one run at a time, held by the kernel, so that a killed holder blocks nobody.

The lock is on a file of its own beside the state, which is never renamed. The holder says who it
is in the file where Terraform looks for it, and also takes Terraform's own lock on the state.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from reconciler.errors import Interrupted, StateLocked, StateUnwritable
from reconciler.frozen import frozen
from reconciler.state.fields import Fields
from reconciler.state.files import REAL, FileSystem, refusing_writes, write_all
from reconciler.state.loader import BadDocument, load_json

POLL_S = 0.1
"""How often a lock that is held is tried again."""

NAMING_S = 0.5
"""How long a refusal waits for the holder to have written its name."""


@frozen
class Holder:
    """Who holds a lock, in Terraform's words and some of ours."""

    id: str
    operation: str
    who: str
    version: str
    created: str
    path: str
    pid: int = 0
    host: str = ""
    started: str = ""
    """What the kernel says about when the process began: a pid alone may be used again."""

    @property
    def is_gone(self) -> bool:
        """Whether this machine knows that the process no longer runs."""
        if not self.pid or self.host != _host():
            return False
        return self.started != process_start(self.pid)

    def __str__(self) -> str:
        process = f", process {self.pid} on {self.host}" if self.pid else ""
        return f"{self.who}{process}, for {self.operation}, since {self.created}"


class StateLock:
    """The lock of one state file. Held by one run to write or by several to read."""

    def __init__(
        self,
        path: Path,
        *,
        fs: FileSystem = REAL,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self.lock_path = path.with_name(f".{path.name}.lock")
        self.info_path = path.with_name(f".{path.name}.lock.info")
        self._fs = fs
        self._clock = clock
        self._sleep = sleep
        self._fd: int | None = None
        self._record_fd: int | None = None
        self._id = ""
        self._shared = False

    @property
    def is_held(self) -> bool:
        """Whether this object holds it, to write."""
        return self._fd is not None and not self._shared

    @contextmanager
    def held(
        self,
        operation: str,
        *,
        shared: bool = False,
        timeout_s: float = 0.0,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Iterator[None]:
        """Hold the lock for *operation*; a folder that cannot be written needs none to be read.

        Raises:
            StateLocked: someone else holds it, and still does after *timeout_s*.
            Interrupted: someone else holds it, and *interrupted* says to wait no longer.
            StateUnwritable: the folder cannot be written, and *shared* is not asked for.
        """
        assert self._fd is None, "the lock is taken once"
        taken = self._acquire(operation, shared, timeout_s, interrupted)
        try:
            yield
        finally:
            if taken:
                self._release()

    def holder(self) -> Holder | None:
        """Who holds the lock now, as far as it is written down; None if nobody does."""
        try:
            fd = self._fs.open(self.lock_path)
        except OSError:
            return None
        try:
            return None if self._fs.lock(fd, shared=False) else self._named()
        finally:
            self._fs.close(fd)

    def follow(self, path: Path) -> None:
        """Take Terraform's lock on the file at *path*, which is to become the state."""
        fd = self._fs.open(path)
        self._fs.lock_record(fd, shared=False)
        before, self._record_fd = self._record_fd, fd
        if before is not None:
            self._fs.close(before)

    def _acquire(
        self, operation: str, shared: bool, timeout_s: float, interrupted: Callable[[], bool]
    ) -> bool:
        if shared and self._fs.stat(self.path.parent) is None:
            return False
        try:
            fd = self._open_lock_file()
        except StateUnwritable:
            if shared:
                return False
            raise
        with ExitStack() as undo:
            undo.callback(self._fs.close, fd)
            self._wait(fd, operation, shared, timeout_s, interrupted)
            undo.pop_all()
        self._fd, self._shared = fd, shared
        self._write_name(operation)
        return True

    def _wait(
        self,
        fd: int,
        operation: str,
        shared: bool,
        timeout_s: float,
        interrupted: Callable[[], bool],
    ) -> None:
        give_up = self._clock() + timeout_s
        while not (self._fs.lock(fd, shared=shared) and self._try_record(shared)):
            if interrupted():
                raise Interrupted(
                    f"Interrupted while {self.path} was locked by another run: "
                    f"{operation} was not begun, nothing was changed."
                )
            left_s = give_up - self._clock()
            if left_s <= 0:
                raise self._refusal(operation)
            self._sleep(min(POLL_S, left_s))

    def _open_lock_file(self) -> int:
        with refusing_writes(self.lock_path):
            self._fs.make_folder(self.path.parent)
            return self._fs.open(self.lock_path, create=True)

    def _try_record(self, shared: bool) -> bool:
        try:
            fd = self._fs.open(self.path)
        except OSError:
            return True
        if self._fs.lock_record(fd, shared=shared):
            self._record_fd = fd
            return True
        self._fs.close(fd)
        return False

    def _write_name(self, operation: str) -> None:
        self._id = new_id()
        document = {
            "ID": self._id,
            "Operation": operation,
            "Info": "",
            "Who": f"{_user()}@{_host()}",
            "Version": _version(),
            "Created": _now(),
            "Path": str(self.path),
            "Pid": os.getpid(),
            "Host": _host(),
            "Started": process_start(os.getpid()),
        }
        # The name is for people: a run that cannot leave it still holds the lock.
        with suppress(OSError):
            self._fs.remove(self.info_path)
            fd = self._fs.create(self.info_path)
            try:
                write_all(self._fs, fd, json.dumps(document).encode())
            finally:
                self._fs.close(fd)

    def _release(self) -> None:
        assert self._fd is not None
        holder = self._read_name()
        if holder is not None and holder.id == self._id:
            with suppress(OSError):
                self._fs.remove(self.info_path)
        if self._record_fd is not None:
            self._fs.close(self._record_fd)
        self._fs.close(self._fd)
        self._fd = self._record_fd = None

    def _refusal(self, operation: str) -> StateLocked:
        holder = self._named()
        name = str(holder) if holder else "another program that left no name"
        return StateLocked(
            f"{self.path} is locked, {operation} cannot begin: held by {name}",
            hint="wait for it to end, or give it time with -lock-timeout=30s",
        )

    def _named(self) -> Holder | None:
        """The holder's name; one that a killed holder left behind is soon replaced."""
        give_up = self._clock() + NAMING_S
        while True:
            holder = self._read_name()
            if holder is not None and not holder.is_gone:
                return holder
            if self._clock() >= give_up:
                return None
            self._sleep(NAMING_S / 10)

    def _read_name(self) -> Holder | None:
        try:
            return _read_holder(self._fs.read(self.info_path))
        except (OSError, BadDocument):
            return None


def _read_holder(data: bytes) -> Holder:
    fields = Fields.of(load_json(data, max_bytes=65536), "the name")
    return Holder(
        id=fields.text("ID", ""),
        operation=fields.text("Operation", ""),
        who=fields.text("Who", ""),
        version=fields.text("Version", ""),
        created=fields.text("Created", ""),
        path=fields.text("Path", ""),
        pid=fields.count("Pid", 0),
        host=fields.text("Host", ""),
        started=fields.text("Started", ""),
    )


def new_id() -> str:
    """A fresh random UUID."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def process_start(pid: int) -> str:
    """What tells a process from a later one of the same pid; empty where it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return _start_without_proc(pid)
    # The command name in the second field may hold spaces and brackets.
    return stat.rpartition(b")")[2].split()[19].decode()


def _start_without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "running"
    return "running"


def _host() -> str:
    return os.uname().nodename


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _version() -> str:
    import reconciler

    return getattr(reconciler, "__version__", "")


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
