"""Times: what the clock on the wall says."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The time in RFC 3339, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
