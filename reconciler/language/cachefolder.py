"""Cache folder: where this user's caches lie, and whether what lies there can be trusted.

That is the user's cache folder, or where none can be made a folder under the temporary one. In
either case it is the user's own and nobody else can write it: whoever could put a file there
could decide what a spec means.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from hashlib import blake2b

DIGEST_BYTES = 16


def user_cache_folder() -> str | None:
    """Where this user's caches should lie; None if there is no telling."""
    try:
        if sys.platform == "linux":
            # What platformdirs says there; importing it costs more than reading the cache.
            base = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
            return os.path.join(base, "reconciler") if os.path.isabs(base) else None
        from platformdirs import user_cache_dir

        return user_cache_dir("reconciler", appauthor=False)
    except (OSError, RuntimeError):
        return None


def usable_folder() -> str | None:
    """The folder to keep caches in, made if it is missing; None if none can be had.

    A folder that can only be read is as good where it holds something: it may be part of an
    image. Otherwise, where the user's cache folder cannot be written, it is one that is lost
    when the temporary folder is cleared.
    """
    folder = user_cache_folder()
    if folder is not None and (prepare(folder) or _is_filled(folder)):
        return folder
    return _temporary_folder()


def _temporary_folder() -> str | None:
    from tempfile import gettempdir

    try:
        parent = gettempdir()
    except OSError:
        return None
    owner = os.geteuid() if hasattr(os, "geteuid") else "user"
    folder = os.path.join(parent, f"reconciler-{owner}")
    return folder if _is_safe_parent(parent) and prepare(folder) else None


def _is_filled(folder: str) -> bool:
    try:
        return is_trusted(folder) and bool(os.listdir(folder))
    except OSError:
        return False


def _is_safe_parent(folder: str) -> bool:
    """Whether nobody else can put another folder in the place of one in it."""
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return False
    return not mode & 0o022 or bool(mode & stat.S_ISVTX)


def prepare(folder: str) -> bool:
    """Make the folder if it is missing; whether it can be used and is the user's own."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return False
    if not is_trusted(folder) or not os.access(folder, os.W_OK | os.X_OK):
        return False
    with contextlib.suppress(OSError):
        if os.stat(folder).st_mode & 0o077:
            os.chmod(folder, 0o700)
    return True


def is_trusted(folder: str) -> bool:
    """Whether it is a folder, no link to one, that nobody but the user can have put files into."""
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def digest(content: bytes, version: str = "") -> bytes:
    """What shows whether *content* is still as it was written, and by which version."""
    key = version.encode()[:64]
    return blake2b(content, digest_size=DIGEST_BYTES, key=key).digest()


def read(path: str, most: int) -> bytes | None:
    """What a file holds, at most so many bytes of it; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except OSError:
        return None


def replace(path: str, content: bytes) -> None:
    """Replace a file whole, readable for nobody else; leave it as it is if that is impossible."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        # The disk may be full: a part of a file helps nobody.
        with contextlib.suppress(OSError):
            os.remove(temporary)


def read_sealed(path: str, most: int, version: str) -> bytes | None:
    """What `write_sealed` wrote; None if there is any doubt about the file or its folder."""
    if not is_trusted(os.path.dirname(path)):
        return None
    content = read(path, most)
    if content is None or len(content) <= DIGEST_BYTES:
        return None
    payload = content[DIGEST_BYTES:]
    return payload if content[:DIGEST_BYTES] == digest(payload, version) else None


def write_sealed(path: str, payload: bytes, version: str) -> None:
    """Replace a file by *payload* and what shows that it is whole, if it can be replaced."""
    if is_trusted(os.path.dirname(path)):
        replace(path, digest(payload, version) + payload)
