"""Cache folder: where this user's caches lie, and whether what lies there can be trusted."""

from __future__ import annotations

import contextlib
import os
import sys
from hashlib import blake2b

DIGEST_BYTES = 16


def user_cache_folder() -> str | None:
    """Where this user's caches lie; None if there is no telling."""
    try:
        if sys.platform == "linux":
            # What platformdirs says there; importing it costs more than reading the cache.
            base = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
            return os.path.join(base, "reconciler") if os.path.isabs(base) else None
        from platformdirs import user_cache_dir

        return user_cache_dir("reconciler", appauthor=False)
    except (OSError, RuntimeError):
        return None


def prepare(folder: str) -> bool:
    """Make the folder if it is missing; whether it can be used and is the user's own."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return False
    return is_trusted(folder) and os.access(folder, os.W_OK)


def is_trusted(folder: str) -> bool:
    """Whether nobody but the user can have put files into a folder."""
    try:
        status = os.stat(folder)
    except OSError:
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
    with contextlib.suppress(OSError):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
