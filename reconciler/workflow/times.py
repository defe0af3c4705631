"""Times: what the clock on the wall says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def moment() -> datetime:
    """The time now, in UTC."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def now() -> str:
    """The time in RFC 3339, UTC, to the millisecond."""
    return moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")
