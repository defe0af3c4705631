"""A disk in memory that forgets what was not synced, tears writes and reorders renames."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from reconciler.state.files import FileStat


class Died(BaseException):
    """The process is gone; nothing of it runs any more."""


@dataclass
class Inode:
    """One file: what a reader in the running system sees, and what is surely on disk."""

    number: int
    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Writes since the last sync: offset and bytes, or a length and None for a cut."""

    def apply(self, offset: int, data: bytes | None) -> None:
        change(self.content, offset, data)
        self.pending.append((offset, data))


def change(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data


class VirtualFileSystem:
    """The operations of `FileSystem`, counted, each of which may fail or be the last.

    *die_at* is the number of the operation in which the process dies; *errors* gives operations
    an error; a full disk is *room* bytes.
    """

    def __init__(
        self,
        *,
        rng: Random | None = None,
        die_at: int | None = None,
        errors: Mapping[int, int] | None = None,
        room: int | None = None,
        read_only: bool = False,
        short_writes: bool = True,
    ) -> None:
        self.rng = rng or Random(0)
        self.die_at = die_at
        self.errors = dict(errors or {})
        self.room = room
        self.read_only = read_only
        self.short_writes = short_writes
        self.operations = 0
        self.syncs = 0
        self.died_in = ""
        self.on_step: Callable[[str], None] | None = None
        self._names: dict[Path, Inode] = {}
        self._durable_names: dict[Path, Inode] = {}
        self._pending_names: list[dict[Path, Inode | None]] = []
        self._folders: set[Path] = {Path("/")}
        self._open: dict[int, Inode] = {}
        self._locks: dict[int, tuple[int, bool]] = {}
        self._inodes = 0
        self._fds = 100

    # What the tests do with it.

    def after_power_loss(self, rng: Random) -> VirtualFileSystem:
        """The disk after a crash of the machine: synced things, and some of the others."""
        other = VirtualFileSystem(rng=rng, short_writes=self.short_writes)
        other._folders = set(self._folders)
        names = dict(self._durable_names)
        keeps_order = rng.random() < 0.5
        for changes in self._pending_names:
            kept = rng.random() < 0.5
            if not kept and keeps_order:
                break
            if kept:
                names.update({path: inode for path, inode in changes.items() if inode})
                for path in [path for path, inode in changes.items() if inode is None]:
                    names.pop(path, None)
        copies: dict[int, Inode] = {}
        for path, inode in names.items():
            copy = copies.setdefault(inode.number, other._settled(_survivor(inode, rng)))
            other._names[path] = other._durable_names[path] = copy
        return other

    def after_kill(self) -> VirtualFileSystem:
        """The disk after only the process died: the system still has every write."""
        other = VirtualFileSystem(rng=self.rng)
        other._folders = set(self._folders)
        copies: dict[int, Inode] = {}
        for path, inode in self._names.items():
            copy = copies.setdefault(inode.number, other._settled(bytes(inode.content)))
            other._names[path] = other._durable_names[path] = copy
        return other

    def files(self) -> dict[str, bytes]:
        """Every file by name."""
        return {path.name: bytes(inode.content) for path, inode in self._names.items()}

    @property
    def is_dead(self) -> bool:
        """Whether the process has died."""
        return self.die_at is not None and self.operations >= self.die_at

    def touch(self, name: str) -> None:
        """Count an operation that is none on the disk; the process may die in it."""
        self.errors.pop(self.operations + 1, None)
        self._step(name)

    def put(self, path: Path, data: bytes) -> None:
        """Put a file there as if it had always been."""
        self._folders.add(path.parent)
        self._names[path] = self._durable_names[path] = self._settled(data)

    def _settled(self, data: bytes) -> Inode:
        self._inodes += 1
        return Inode(self._inodes, bytearray(data), data)

    # The operations.

    def read(self, path: Path) -> bytes:
        self._step("read")
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        return bytes(self._names[path].content)

    def stat(self, path: Path) -> FileStat | None:
        if path in self._folders:
            return FileStat((0, 0), 0, 0o700, 0)
        inode = self._names.get(path)
        return inode and FileStat((0, inode.number), len(inode.content), 0o600, 0)

    def create(self, path: Path) -> int:
        self._step(f"create {path.name}", writes=True)
        if path in self._names:
            raise FileExistsError(errno.EEXIST, "file exists", str(path))
        return self._handle(self._new(path))

    def open(self, path: Path, *, create: bool = False) -> int:
        self._step(f"open {path.name}", writes=create and path not in self._names)
        if path not in self._names:
            if not create:
                raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
            return self._handle(self._new(path))
        return self._handle(self._names[path])

    def write(self, fd: int, data: bytes, offset: int) -> int:
        inode = self._open[fd]

        def torn() -> None:
            inode.apply(offset, data[: self.rng.randint(0, len(data))])

        self._step("write", writes=True, dying=torn)
        self._take_room(inode, offset + len(data), torn)
        short = self.short_writes and self.rng.random() < 0.1 and len(data) > 1
        data = data[: self.rng.randint(1, len(data))] if short else data
        inode.apply(offset, data)
        return len(data)

    def reserve(self, fd: int, size: int) -> None:
        self._step("reserve", writes=True)
        inode = self._open[fd]
        if size > len(inode.content):
            self._take_room(inode, size, lambda: None)
            inode.apply(size, None)

    def truncate(self, fd: int, size: int) -> None:
        self._step("truncate", writes=True)
        self._open[fd].apply(size, None)

    def sync(self, fd: int, *, data_only: bool = False) -> None:
        inode = self._open[fd]

        def lost() -> None:
            # After a failed sync the system may take the pages for clean and drop them.
            inode.pending.clear()

        self._step("sync", dying=lambda: None, failing=lost)
        self.syncs += 1
        inode.durable = bytes(inode.content)
        inode.pending.clear()

    def close(self, fd: int) -> None:
        self._open.pop(fd)
        self._locks.pop(fd, None)

    def replace(self, source: Path, target: Path) -> None:
        self._step(f"replace {target.name}", writes=True)
        self._rename({target: self._names[source], source: None})

    def remove(self, path: Path) -> None:
        self._step(f"remove {path.name}", writes=path in self._names)
        if path in self._names:
            self._rename({path: None})

    def sync_folder(self, path: Path) -> None:
        self._step("sync folder")
        self.syncs += 1
        self._durable_names = dict(self._names)
        self._pending_names.clear()

    def make_folder(self, path: Path) -> None:
        if path not in self._folders:
            self._step("make folder", writes=True)
            self._folders.update((path, *path.parents))

    def resolve(self, path: Path) -> Path:
        return path

    def lock(self, fd: int, *, shared: bool) -> bool:
        inode = self._open[fd]
        for other, (number, is_shared) in self._locks.items():
            if other != fd and number == inode.number and not (shared and is_shared):
                return False
        self._locks[fd] = (inode.number, shared)
        return True

    def lock_record(self, fd: int, *, shared: bool) -> bool:
        return self.lock(fd, shared=shared)

    # What they have in common.

    def _step(
        self,
        name: str,
        *,
        writes: bool = False,
        dying: Callable[[], None] | None = None,
        failing: Callable[[], None] | None = None,
    ) -> None:
        if self.on_step is not None:
            self.on_step(name)
        self.operations += 1
        if self.operations == self.die_at:
            if dying is not None and self.rng.random() < 0.7:
                dying()
            self.died_in = name
        if self.die_at is not None and self.operations >= self.die_at:
            raise Died(self.died_in)
        if self.operations in self.errors:
            if failing is not None:
                failing()
            raise OSError(self.errors[self.operations], "injected")
        if writes and self.read_only:
            raise OSError(errno.EROFS, "read-only")

    def _take_room(self, inode: Inode, size: int, torn: Callable[[], None]) -> None:
        if self.room is None or size <= len(inode.content):
            return
        used = sum(len(each.content) for each in {id(x): x for x in self._names.values()}.values())
        if used + size - len(inode.content) > self.room:
            torn()
            raise OSError(errno.ENOSPC, "full")

    def _new(self, path: Path) -> Inode:
        if path.parent not in self._folders:
            raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
        self._inodes += 1
        inode = Inode(self._inodes)
        self._rename({path: inode})
        return inode

    def _rename(self, changes: dict[Path, Inode | None]) -> None:
        self._pending_names.append(changes)
        for path, inode in changes.items():
            if inode is None:
                self._names.pop(path, None)
            else:
                self._names[path] = inode

    def _handle(self, inode: Inode) -> int:
        self._fds += 1
        self._open[self._fds] = inode
        return self._fds


def _survivor(inode: Inode, rng: Random) -> bytes:
    content = bytearray(inode.durable)
    for offset, data in inode.pending:
        fate = rng.random()
        if fate < 0.4:
            change(content, offset, data)
        elif fate < 0.6 and data:
            start = rng.randint(0, len(data))
            change(content, offset + start, data[start : start + rng.randint(0, len(data))])
    return bytes(content)
