"""Planning: the options of plan, apply and destroy, and what they mean to the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from reconciler.cli.options import Optional, given_option, option, switch, variable
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.plan.model import PlanMode
    from reconciler.plan.options import PlanOptions

F = TypeVar("F", bound=Callable[..., Any])


class Request(NamedTuple):
    """Which plan is asked for, and how it is to be made and shown."""

    destroy: bool
    refresh: bool
    refresh_only: bool
    target: tuple[str, ...]
    replace: tuple[str, ...]
    allow_destroy: tuple[str, ...]
    allow_unmanaged: bool
    accept_missing: tuple[str, ...]
    reorder: bool
    parallelism: int
    lock_timeout_s: float
    given: tuple[tuple[str, str], ...]
    input: bool
    json: bool
    compact_warnings: bool

    @property
    def mode(self) -> PlanMode:
        """What the plan is for."""
        from reconciler.plan.model import PlanMode

        if self.destroy and self.refresh_only:
            raise UsageError("--destroy and --refresh-only exclude each other.")
        if self.refresh_only and not self.refresh:
            raise UsageError("--refresh-only and --refresh=false exclude each other.")
        if self.destroy:
            return PlanMode.DESTROY
        return PlanMode.REFRESH_ONLY if self.refresh_only else PlanMode.NORMAL

    @property
    def options(self) -> PlanOptions:
        """What may be done."""
        from reconciler.plan.options import PlanOptions

        return PlanOptions(
            targets=self.target,
            replace=self.replace,
            allow_destroy=self.allow_destroy,
            accept_missing="all" if "all" in self.accept_missing else self.accept_missing,
            reorder=self.reorder,
            refresh=self.refresh,
            allow_unmanaged=self.allow_unmanaged,
        )


def variables(command: F) -> F:
    """Add `--var` and `--var-file`, whose order among each other counts."""
    set_one = "Set a variable. May stand more than once; the last one counts."
    read = "Read variables from FILE. May stand more than once."
    command = variable("var-file", read, metavar="FILE")(command)
    return given_option(variable("var", set_one, metavar="NAME=VALUE")(command))


def locking(command: F) -> F:
    """Add `--lock-timeout`."""
    text = "Wait this long for another run to finish, as in 30s or 5m (default: not at all)."
    return option("lock-timeout", text, metavar="TIME", default="0s", callback=_seconds)(command)


def planning(*, destroy: bool = False) -> Callable[[F], F]:
    """Add every option that says which plan to make. *destroy* leaves out what cannot be chosen."""

    def add(command: F) -> F:
        decorators = _COMMON if destroy else [*_ONLY_PLAN, *_COMMON]
        for decorate in reversed(decorators):
            command = decorate(command)
        return locking(variables(command))

    return add


def request_of(values: dict[str, Any]) -> Request:
    """Gather what the options of `planning` say."""
    return Request(
        destroy=values.get("destroy", False),
        refresh=values["refresh"],
        refresh_only=values.get("refresh_only", False),
        target=values["target"],
        replace=values.get("replace", ()),
        allow_destroy=values["allow_destroy"],
        allow_unmanaged=values["allow_unmanaged"],
        accept_missing=values["accept_missing"],
        reorder=values.get("reorder", False),
        parallelism=values["parallelism"],
        lock_timeout_s=values["lock_timeout"],
        given=values["given"],
        input=values["input"],
        json=values["json"],
        compact_warnings=values["compact_warnings"],
    )


_ONLY_PLAN: list[Callable[[Any], Any]] = [
    switch("destroy", "Plan to delete everything that is managed."),
    switch("refresh-only", "Only bring the state up to date with the server."),
    option(
        "replace",
        "Replace this object. May stand more than once.",
        metavar="ADDRESS",
        multiple=True,
    ),
    switch("reorder", "Allow a rewrite whose only cause is that blocks moved in the specs."),
]

_COMMON: list[Callable[[Any], Any]] = [
    switch("refresh", "Do not ask the server what is there; plan from the state.", default=True),
    option(
        "target",
        "Only this and what it depends on; may hold *. May stand more than once.",
        metavar="ADDRESS",
        multiple=True,
    ),
    option(
        "allow-destroy",
        "Allow this many objects, or this one, to be lost where the guard refuses.",
        metavar="MAX|ADDRESS",
        multiple=True,
    ),
    switch(
        "allow-unmanaged", "Let threads be deleted or replaced with messages that are not managed."
    ),
    option(
        "accept-missing",
        "Believe that objects the server does not find are gone: all, or this one.",
        metavar="ADDRESS",
        multiple=True,
        cls=Optional,
    ),
    option(
        "parallelism",
        "At most this many calls at once (default: 32).",
        metavar="N",
        type=click.IntRange(1, 1024),
        default=32,
    ),
    switch("input", "Never ask a question.", default=True),
    switch("json", "Print JSON, one object per line."),
    switch("compact-warnings", "Show warnings by their summaries."),
]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def _seconds(context: click.Context, parameter: click.Parameter, text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise click.BadParameter(f'"{text}" is not a time; write 30s or 5m.')
    return float(match[1]) * _UNIT_S[match[2]]
