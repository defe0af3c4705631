"""Impure: functions whose result no plan can know: the time, and what is random.

Before apply they are unknown. When applying, each call makes a value of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from reconciler.language.functions.blowfish import bcrypt, check
from reconciler.language.functions.dates import moment_of
from reconciler.language.functions.function import Family, number, refuse, text
from reconciler.language.functions.strings import whole
from reconciler.language.numbers import Number
from reconciler.language.values import Unknown


def impure_functions(*, planned_at: datetime | None, is_applying: bool) -> Family:
    """The impure functions, for planning or for applying."""
    family = Family()

    def later(compute: Callable[[], object]) -> object:
        return compute() if is_applying else Unknown("string")

    @family.add(
        "timestamp",
        "The time of the apply, in UTC.",
        returns="string",
        examples=("timestamp()", 'formatdate("YYYY-MM-DD", timestamp())'),
    )
    def _timestamp() -> object:
        return later(lambda: moment_of(datetime.now(UTC)))

    @family.add(
        "plantimestamp",
        "The time of the plan, in UTC. Outside of a plan it is unknown, as here.",
        returns="string",
        examples=('timeadd(plantimestamp(), "24h")',),
    )
    def _plantimestamp() -> object:
        return Unknown("string") if planned_at is None else moment_of(planned_at)

    @family.add(
        "uuid",
        "A new random UUID.",
        returns="string",
        examples=("uuid()",),
    )
    def _uuid() -> object:
        return later(_random_uuid)

    @family.add(
        "bcrypt",
        "The Blowfish hash of a password, with a random salt; *cost* is 10 by default, and each "
        "step more doubles the time it takes.",
        text(),
        variadic=number("cost"),
        returns="string",
        examples=('bcrypt("a password", 8)',),
    )
    def _bcrypt(password: str, *costs: Number) -> object:
        if len(costs) > 1:
            raise refuse("at most one cost is taken", 2)
        cost = whole(costs[0], "cost", 1) if costs else 10
        check(password, cost)
        return later(lambda: bcrypt(password, cost))

    return family


def _random_uuid() -> str:
    import uuid

    return str(uuid.uuid4())
