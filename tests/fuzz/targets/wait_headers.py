"""Wait headers: however a server writes how long to wait, it is a number of seconds or nothing.

Each line of the data is a header.
"""

from __future__ import annotations

from fuzz import text_of
from reconciler.provider.retry_after import retry_after_s


def check(data: bytes) -> None:
    """Read *data* as headers."""
    pairs = (line.partition(":") for line in text_of(data).split("\n"))
    headers = {name.strip().lower(): value for name, _, value in pairs}
    seconds = retry_after_s(headers)
    assert seconds is None or 0 < seconds < 1e13
