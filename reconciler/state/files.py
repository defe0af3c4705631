"""Files: the few operations on disk that durability rests on, and the atomic replacement."""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

from reconciler.errors import StateUnwritable
from reconciler.frozen import frozen

PRIVATE_MODE = 0o600
"""Files hold message text: nobody but their owner reads them."""


@frozen
class FileStat:
    """What tells whether a file is still the one that was looked at."""

    identity: tuple[int, int]
    size: int
    mode: int
    modified_ns: int


class FileSystem(Protocol):
    """The disk. Every method raises `OSError`; what was not synced may be lost in a crash."""

    def read(self, path: Path) -> bytes:
        """The whole file."""
        ...

    def stat(self, path: Path) -> FileStat | None:
        """What stands at *path* now, None if nothing does."""
        ...

    def create(self, path: Path) -> int:
        """Make a new private file that did not exist, and open it to write."""
        ...

    def open(self, path: Path, *, create: bool = False) -> int:
        """Open an existing file to read and write; *create* makes it private where missing."""
        ...

    def write(self, fd: int, data: bytes, offset: int) -> int:
        """Write at *offset*; the number of bytes written may be smaller than asked."""
        ...

    def reserve(self, fd: int, size: int) -> None:
        """Make sure that the first *size* bytes have room on disk; new ones read as zero."""
        ...

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file off behind *size* bytes."""
        ...

    def sync(self, fd: int, *, data_only: bool = False) -> None:
        """Return once the content is on disk. A failure is final: the file is not to be trusted."""
        ...

    def close(self, fd: int) -> None:
        """Close; locks held through this descriptor end."""
        ...

    def replace(self, source: Path, target: Path) -> None:
        """Rename over *target*: a reader finds the old file or the new one."""
        ...

    def remove(self, path: Path) -> None:
        """Remove the file if it is there."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Return once the names in the folder are on disk."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make the folder and what leads to it."""
        ...

    def resolve(self, path: Path) -> Path:
        """The place that *path* stands for, symbolic links followed."""
        ...

    def lock(self, fd: int, *, shared: bool) -> bool:
        """Take the kernel's lock on an open file, without waiting; whether it was free."""
        ...

    def lock_record(self, fd: int, *, shared: bool) -> bool:
        """Take the record lock that Terraform takes, without waiting; whether it was free."""
        ...


class RealFileSystem:
    """The disk of this machine. Linux and macOS; elsewhere locking is refused."""

    def read(self, path: Path) -> bytes:
        # Opening a pipe would wait for somebody to write, and a device may never end.
        if not S_ISREG(os.stat(path).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        return path.read_bytes()

    def stat(self, path: Path) -> FileStat | None:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return None
        identity = (found.st_dev, found.st_ino)
        return FileStat(identity, found.st_size, found.st_mode & 0o777, found.st_mtime_ns)

    def create(self, path: Path) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_FOLLOW
        return os.open(path, flags, PRIVATE_MODE)

    def open(self, path: Path, *, create: bool = False) -> int:
        return os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), PRIVATE_MODE)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        return os.pwrite(fd, data, offset)

    def reserve(self, fd: int, size: int) -> None:
        present = os.fstat(fd).st_size
        if size <= present:
            return
        if sys.platform == "linux":
            os.posix_fallocate(fd, present, size - present)
        else:
            write_all(self, fd, bytes(size - present), present)

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def sync(self, fd: int, *, data_only: bool = False) -> None:
        if sys.platform == "darwin":
            # fsync on macOS leaves the data in the drive's cache.
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        elif data_only:
            os.fdatasync(fd)
        else:
            os.fsync(fd)

    def close(self, fd: int) -> None:
        os.close(fd)

    def replace(self, source: Path, target: Path) -> None:
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_folder(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def resolve(self, path: Path) -> Path:
        return path.resolve()

    def lock(self, fd: int, *, shared: bool) -> bool:
        import fcntl

        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        return _taken(lambda: fcntl.flock(fd, kind | fcntl.LOCK_NB))

    def lock_record(self, fd: int, *, shared: bool) -> bool:
        import fcntl

        if sys.platform == "linux":
            # Excludes other programs' record locks, and unlike them is not lost when this
            # process closes another descriptor of the file. struct flock, l_pid must be 0.
            kind = fcntl.F_RDLCK if shared else fcntl.F_WRLCK
            request = struct.pack("hhqqi4x", kind, os.SEEK_SET, 0, 0, 0)
            return _taken(lambda: fcntl.fcntl(fd, fcntl.F_OFD_SETLK, request))
        posix = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        return _taken(lambda: fcntl.lockf(fd, posix | fcntl.LOCK_NB))


REAL: FileSystem = RealFileSystem()
"""The disk of this machine."""

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BUSY = (errno.EACCES, errno.EAGAIN)


def _taken(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def write_all(fs: FileSystem, fd: int, data: bytes, offset: int = 0) -> None:
    """Write all of *data*, however many calls that takes."""
    view = memoryview(data)
    while view:
        written = fs.write(fd, bytes(view) if len(view) < len(data) else data, offset)
        if written <= 0:
            raise OSError(errno.EIO, "nothing was written")
        view = view[written:]
        offset += written


def replace_file(
    fs: FileSystem,
    target: Path,
    data: bytes,
    *,
    before_replace: Callable[[Path], None] | None = None,
) -> None:
    """Put *data* at *target* so that any crash leaves the old file or the new one, whole.

    *before_replace* is called with the new file's path when its content is on disk and before it
    takes the name: what it raises leaves the old file in place.
    """
    temporary = target.with_name(f".{target.name}.tmp")
    fs.remove(temporary)
    fd = fs.create(temporary)
    with ExitStack() as undo:
        undo.callback(_discard, fs, temporary)
        try:
            write_all(fs, fd, data)
            fs.sync(fd)
        finally:
            fs.close(fd)
        if before_replace is not None:
            before_replace(temporary)
        fs.replace(temporary, target)
        undo.pop_all()
    fs.sync_folder(target.parent)


def _discard(fs: FileSystem, path: Path) -> None:
    with suppress(OSError):
        fs.remove(path)


@contextmanager
def refusing_writes(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into `StateUnwritable`, naming *path*."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise StateUnwritable(
            f"{path} cannot be written: {reason}",
            hint="nothing more is sent while nothing can be recorded",
        ) from error


_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EIO: "the disk reports an error",
}
