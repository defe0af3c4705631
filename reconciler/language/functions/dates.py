"""Dates: moments in time, written as RFC 3339 has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from reconciler.frozen import frozen
from reconciler.language.functions.function import Family, refuse, text

FUNCTIONS = Family()
_add = FUNCTIONS.add

_NANOSECONDS = 1_000_000_000
_DAY_S = 86_400
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))\Z", re.ASCII
)


@frozen
class Moment:
    """A point in time: nanoseconds since 1970 in UTC, and the offset of the clock that shows it."""

    nanoseconds: int
    offset_s: int

    @property
    def fields(self) -> tuple[int, int, int, int, int, int, int]:
        """Year, month, day, hour, minute, second and weekday (Monday is 0) on that clock."""
        seconds = self.nanoseconds // _NANOSECONDS + self.offset_s
        days, rest = divmod(seconds, _DAY_S)
        days += date(1970, 1, 1).toordinal() - 1
        cycles, day = divmod(days, _CYCLE_DAYS)
        on = date.fromordinal(day + 1)
        year = on.year + cycles * _CYCLE_YEARS
        return year, on.month, on.day, rest // 3600, rest // 60 % 60, rest % 60, on.weekday()

    @property
    def offset_text(self) -> str:
        """`+05:30`, or `+00:00` for UTC."""
        hours, minutes = divmod(abs(self.offset_s) // 60, 60)
        return f"{'-' if self.offset_s < 0 else '+'}{hours:02d}:{minutes:02d}"

    def __str__(self) -> str:
        year, month, day, hour, minute, second, _ = self.fields
        zone = self.offset_text if self.offset_s else "Z"
        return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{zone}"


def read_moment(value: str, argument: int) -> Moment:
    """The moment that a text spells.

    Raises:
        ValueMistake: it is not in RFC 3339.
    """
    match = _MOMENT.match(value)
    if match is None:
        raise refuse(f'"{value}" is not a time such as 2006-01-02T15:04:05Z', argument)
    year, month, day, hour, minute, second = (int(match[at]) for at in range(1, 7))
    hours, minutes = int(match[9] or 0), int(match[10] or 0)
    if hour > 23 or minute > 59 or second > 59 or hours > 23 or minutes > 59:
        raise refuse(f'"{value}" is no time of day', argument)
    try:
        days = date(year % _CYCLE_YEARS + _CYCLE_YEARS, month, day).toordinal()
    except ValueError:
        raise refuse(f'"{value}" is no day of the calendar', argument) from None
    days += (year // _CYCLE_YEARS - 1) * _CYCLE_DAYS - date(1970, 1, 1).toordinal()
    offset = (hours * 3600 + minutes * 60) * (-1 if match[8] == "-" else 1)
    seconds = days * _DAY_S + hour * 3600 + minute * 60 + second - offset
    fraction = int((match[7] or "0")[:9].ljust(9, "0"))
    return Moment(seconds * _NANOSECONDS + fraction, offset)


def moment_of(at: datetime) -> str:
    """A moment of the computer's clock as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": _NANOSECONDS,
    "m": 60 * _NANOSECONDS,
    "h": 3600 * _NANOSECONDS,
}
_MAX_DURATION = 100
_AMOUNT = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)


def read_duration(value: str, argument: int) -> int:
    """How many nanoseconds a text such as `-1h30m` means."""
    rest = value[1:] if value[:1] in ("-", "+") else value
    if rest == "0":
        return 0
    if len(rest) > _MAX_DURATION:
        raise refuse("the text is too long for a duration", argument)
    total, at = 0, 0
    for match in _AMOUNT.finditer(rest):
        if match.start() != at:
            break
        at = match.end()
        whole, _, fraction = match[1].partition(".")
        unit = _UNITS[match[2]]
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
    if at != len(rest) or not rest:
        raise refuse(f'"{value}" is not a duration such as 1h30m, 10s or -2.5h', argument)
    if total >= 2**63:
        raise refuse(f'"{value}" is too long', argument)
    return -total if value.startswith("-") else total


@_add(
    "timeadd",
    "A time moved by a duration, such as `1h30m` or `-10s`.",
    text("timestamp"),
    text("duration"),
    returns="string",
    examples=('timeadd("2017-11-22T00:00:00Z", "10m")',),
)
def _timeadd(timestamp: str, duration: str) -> str:
    moment = read_moment(timestamp, 0)
    return str(Moment(moment.nanoseconds + read_duration(duration, 1), moment.offset_s))


@_add(
    "timecmp",
    "-1, 0 or 1: whether the first time is before, at or after the second.",
    text("timestamp_a"),
    text("timestamp_b"),
    returns="number",
    examples=('timecmp("2017-11-22T00:00:00Z", "2017-11-22T01:00:00Z")',),
)
def _timecmp(first: str, second: str) -> int:
    a, b = read_moment(first, 0).nanoseconds, read_moment(second, 1).nanoseconds
    return (a > b) - (a < b)


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@_add(
    "formatdate",
    "A time in another form: `YYYY`, `MMM`, `DD`, `EEEE`, `hh`, `mm`, `ss`, `AA`, `ZZZ` and so on "
    "stand for its parts; text between single quotes stands for itself.",
    text("format"),
    text("time"),
    returns="string",
    examples=('formatdate("DD MMM YYYY hh:mm ZZZ", "2018-01-02T23:12:01Z")',),
)
def _formatdate(pattern: str, time: str) -> str:
    moment = read_moment(time, 1)
    return "".join(_expand(part, moment) for part in _date_parts(pattern))


_PART = re.compile(r"''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'", re.S)


def _date_parts(pattern: str) -> list[str]:
    return [match[0] for match in _PART.finditer(pattern)]


def _expand(part: str, moment: Moment) -> str:
    if part == "''":
        return "'"
    if part == "'":
        raise refuse("a single quote is not closed", 0)
    if part.startswith("'"):
        return part[1:-1].replace("''", "'")
    if not (part[0].isascii() and part[0].isalpha()):
        return part
    values = _date_values(moment)
    if part not in values:
        raise refuse(f'"{part}" stands for no part of a time; put text between single quotes', 0)
    return values[part]


def _date_values(moment: Moment) -> dict[str, str]:
    year, month, day, hour, minute, second, weekday = moment.fields
    half, twelve = ("pm" if hour >= 12 else "am"), hour % 12 or 12
    zone, offset = moment.offset_text, moment.offset_s
    return {
        "YYYY": f"{year:04d}", "YY": f"{year % 100:02d}",
        "MMMM": _MONTHS[month - 1], "MMM": _MONTHS[month - 1][:3], "MM": f"{month:02d}",
        "M": str(month), "DD": f"{day:02d}", "D": str(day),
        "EEEE": _DAYS[weekday], "EEE": _DAYS[weekday][:3],
        "hh": f"{hour:02d}", "h": str(hour), "HH": f"{twelve:02d}", "H": str(twelve),
        "AA": half.upper(), "aa": half, "mm": f"{minute:02d}", "m": str(minute),
        "ss": f"{second:02d}", "s": str(second),
        "ZZZZZ": zone, "ZZZZ": zone.replace(":", ""),
        "ZZZ": zone.replace(":", "") if offset else "UTC", "Z": zone if offset else "Z",
    }  # fmt: skip
