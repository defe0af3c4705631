"""Faults: a plan of what goes wrong, and when. Deterministic: one seed, one course of events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from random import Random
from typing import Any


class Action(StrEnum):
    """What a fault does."""

    DELAY = "delay"
    """Wait `delay_s`, then go on."""
    REFUSE = "refuse"
    """Answer `status` with `reply`, or with an error envelope that says `message`."""
    HTML = "html"
    """Answer `status` with a page, as a proxy would."""
    REDIRECT = "redirect"
    """Answer `status` (307) with `location`."""
    UNAUTHORIZED = "unauthorized"
    """Answer 401."""
    RATE_LIMIT = "rate_limit"
    """Answer 429 with `retry_after` as the header, whatever is in it; without one where absent."""
    ACTIVE_RUN = "active_run"
    """Answer 400: a run holds the thread."""
    HANG_UP = "hang_up"
    """Cut the connection without an answer."""
    STALL = "stall"
    """Never answer; with `how = "body"` stop in the middle of the answer."""
    TRUNCATE = "truncate"
    """Announce the whole answer, send half of it, and cut the connection."""
    DROP = "drop"
    """Leave `keys` (`id`) out of the answer."""
    WRONG_JSON = "wrong_json"
    """Answer 200 with `reply`; with the real answer, every type of it wrong, where absent."""
    OVERSIZE = "oversize"
    """Make the answer `bytes` longer, with `how = "gzip"` by compression."""
    SCRAMBLE = "scramble"
    """Answer a listing wrongly: `how` is reverse, shuffle, drop, duplicate or change."""


class When(StrEnum):
    """On which side of the write a fault strikes."""

    BEFORE = "before"
    AFTER = "after"


SUBSTITUTES = frozenset(
    {
        Action.REFUSE,
        Action.HTML,
        Action.REDIRECT,
        Action.UNAUTHORIZED,
        Action.RATE_LIMIT,
        Action.ACTIVE_RUN,
    }
)
"""Actions that answer in place of the API."""
ENDINGS = frozenset({Action.HANG_UP, Action.STALL, Action.TRUNCATE})
"""Actions after which the connection is of no more use."""
SPOILERS = frozenset({Action.DROP, Action.WRONG_JSON, Action.OVERSIZE, Action.SCRAMBLE})
"""Actions that change the API's own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault: which requests it is for, which of those it strikes, and what it does.

    Requests are counted from 1 among those that `method`, `path` and `body` match.
    """

    do: Action
    method: str = ""
    """Pattern for the whole method; empty is every method."""
    path: str = ""
    """Pattern to be found in the path with its query."""
    body: str = ""
    """Pattern to be found in the body."""
    nth: int | None = None
    first: int = 1
    last: int | None = None
    every: int = 1
    times: int | None = None
    for_s: float | None = None
    """Only that long after the first request that was struck."""
    probability: float = 1.0

    when: When = When.BEFORE
    status: int | None = None
    message: str | None = None
    code: str | None = None
    reply: Any = None
    """Body of the answer: text is sent as it is, anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = "/"
    retry_after: str | None = None
    delay_s: float = 0.0
    how: str = ""
    keys: tuple[str, ...] = ("id",)
    bytes: int = 32 * 1024 * 1024


class InvalidFaults(ValueError):
    """A plan of faults that cannot be understood."""


class Faults:
    """A plan being carried out. A request may be struck by several rules, in their order."""

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int = 0) -> None:
        self.rules = tuple(rules)
        self.struck: list[tuple[Action, str, str]] = []
        """What struck which request, in order: action, method, path."""
        self._random = Random(seed)
        self._counts = [_Count() for _ in self.rules]

    @property
    def random(self) -> Random:
        """The source of every choice the plan leaves open."""
        return self._random

    def take(self, method: str, path: str, body: bytes, *, now_s: float) -> tuple[Rule, ...]:
        """Count a request, and hand over the rules that strike it."""
        struck = tuple(
            rule
            for rule, count in zip(self.rules, self._counts, strict=True)
            if _matches(rule, method, path, body) and self._strikes(rule, count, now_s)
        )
        self.struck.extend((rule.do, method, path) for rule in struck)
        return struck

    def _strikes(self, rule: Rule, count: _Count, now_s: float) -> bool:
        count.matched += 1
        number = count.matched
        if rule.nth is not None and number != rule.nth:
            return False
        if number < rule.first or (rule.last is not None and number > rule.last):
            return False
        if (number - rule.first) % rule.every:
            return False
        if rule.times is not None and count.struck >= rule.times:
            return False
        if rule.for_s is not None and now_s - (count.since_s or now_s) > rule.for_s:
            return False
        if rule.probability < 1.0 and self._random.random() >= rule.probability:
            return False
        count.struck += 1
        count.since_s = now_s if count.since_s is None else count.since_s
        return True

    @classmethod
    def from_json(cls, text: str | bytes) -> Faults:
        """Read a plan: `{"seed": 0, "rules": [{"do": "hang_up", "path": "/threads$"}]}`.

        Raises:
            InvalidFaults: names the rule and what is wrong with it.
        """
        try:
            plan = json.loads(text)
        except ValueError as error:
            raise InvalidFaults(f"not JSON: {error}") from error
        if not isinstance(plan, dict) or not isinstance(plan.get("rules"), list):
            raise InvalidFaults("a plan is an object with a list of rules")
        if not isinstance(seed := plan.get("seed", 0), int):
            raise InvalidFaults("seed must be a whole number")
        return cls((_read_rule(rule, n) for n, rule in enumerate(plan["rules"], 1)), seed=seed)


@dataclass(slots=True)
class _Count:
    matched: int = 0
    struck: int = 0
    since_s: float | None = None


def _matches(rule: Rule, method: str, path: str, body: bytes) -> bool:
    return (
        (not rule.method or re.fullmatch(rule.method, method) is not None)
        and (not rule.path or re.search(rule.path, path) is not None)
        and (not rule.body or re.search(rule.body, body.decode(errors="replace")) is not None)
    )


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "nth": int,
    "first": int,
    "last": int,
    "every": int,
    "times": int,
    "status": int,
    "bytes": int,
    "for_s": (int, float),
    "probability": (int, float),
    "delay_s": (int, float),
    "headers": dict,
    "keys": list,
}


def _read_rule(value: object, number: int) -> Rule:
    place = f"rule {number}"
    if not isinstance(value, dict) or "do" not in value:
        raise InvalidFaults(f'{place}: an object with "do" is needed')
    names = {attribute.name for attribute in fields(Rule)}
    for name, given in value.items():
        if name not in names:
            raise InvalidFaults(f"{place}: unknown name {name!r}")
        if name not in ("reply", "do", "when") and not isinstance(given, _KINDS.get(name, str)):
            raise InvalidFaults(f"{place}: {name} cannot be {given!r}")
    try:
        for name in ("method", "path", "body"):
            re.compile(value.get(name, ""))
        chosen = {"do": Action(value["do"]), "when": When(value.get("when", "before"))}
    except (re.error, ValueError) as error:
        raise InvalidFaults(f"{place}: {error}") from error
    if value.get("every", 1) < 1:
        raise InvalidFaults(f"{place}: every must be at least 1")
    lists = {"keys": tuple(map(str, value["keys"]))} if "keys" in value else {}
    return Rule(**{**value, **lists, **chosen})
