"""Retry-After: how long a server asks to wait, in every form it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds to wait; None where the headers do not say anything usable.

    Looked at are `retry-after-ms`, `retry-after` in seconds or as a date (taken relative to the
    answer's own `Date`, since clocks differ), and `x-ratelimit-reset-requests` and `-tokens`
    where nothing remains. Zero, negative and impossible values count as not said.
    """
    candidates = (
        _number(headers.get("retry-after-ms"), scale=0.001),
        _number(headers.get("retry-after")),
        _date(headers.get("retry-after"), headers.get("date")),
        _reset(headers, "requests"),
        _reset(headers, "tokens"),
    )
    return next((each for each in candidates if each is not None), None)


_NUMBER = re.compile(r"\s*\+?(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})\s*")


def _number(text: str | None, *, scale: float = 1.0) -> float | None:
    match = _NUMBER.fullmatch(text or "")
    return _usable(float(match[1]) * scale) if match else None


def _usable(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and seconds > 0 else None


def _date(text: str | None, now: str | None) -> float | None:
    until, since = _timestamp(text), _timestamp(now)
    return None if until is None or since is None else _usable(until - since)


def _timestamp(text: str | None) -> float | None:
    if not text or len(text) > 64:
        return None
    # email.utils is only wanted for the rare date; httpx has loaded it by then.
    from calendar import timegm
    from email.utils import parsedate_tz

    parsed = parsedate_tz(text)
    if parsed is None or not 1 <= parsed[1] <= 12 or not 1 <= parsed[2] <= 31:
        return None
    try:
        return float(timegm(parsed[:6]) - (parsed[9] or 0))
    except (ValueError, OverflowError):
        return None


_UNIT_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|d|h|m|s)")


def _reset(headers: Mapping[str, str], what: str) -> float | None:
    """`6m0s` or `20ms`, which counts only when `remaining` says that nothing is left."""
    if headers.get(f"x-ratelimit-remaining-{what}", "").strip() != "0":
        return None
    text = headers.get(f"x-ratelimit-reset-{what}", "").strip()
    if _DURATION.sub("", text):
        return _number(text)
    return _usable(sum(float(each[1]) * _UNIT_S[each[2]] for each in _DURATION.finditer(text)))
