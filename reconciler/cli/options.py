"""Options: how this command line spells its options, and those that several commands share.

Every option can be written with one dash or two, `-auto-approve` and `--auto-approve`, with its
value behind `=` or as the next argument; a switch also takes `=true` and `=false`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from reconciler.suggest import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option that is shown with two dashes and accepted with one."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The line of the help: the long spelling only."""
        if self.hidden:
            return None
        name = next(each for each in self.opts if each.startswith("--"))
        metavar = "" if self.is_flag else f"={self.make_metavar(ctx)}"
        if isinstance(self, Optional):
            metavar = f"[{metavar}]"
        if self.is_flag and self.default is True:
            metavar = "=false"
        return f"{name}{metavar}", self.help or ""


class Switch(Option):
    """An option that is on or off."""


class Optional(Option):
    """An option that may stand without a value and then means "all"."""


class Variable(Option):
    """`--var` or `--var-file`: put into one list, since the order of both together counts."""


def variable(name: str, help_: str, *, metavar: str) -> Callable[[F], F]:
    """Show one of the options that give variables; `given_option` takes what they say."""
    names = [f"--{name}", f"-{name}", name.replace("-", "_")]
    return click.option(*names, cls=Variable, metavar=metavar, help=help_, expose_value=False)


def given_option(command: F) -> F:
    """Take what `--var` and `--var-file` say, in the order of the command line."""
    return click.option(
        _GIVEN, "given", cls=Option, multiple=True, hidden=True, callback=_given, help=""
    )(command)


_GIVEN = "--given"

HELP_NAMES = ("--help", "-help", "-h")


def _given(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    pairs = (each.partition(":") for each in values)
    return tuple((kind, text) for kind, _, text in pairs)


def option(name: str, help_: str, *, metavar: str, **rest: Any) -> Callable[[F], F]:
    """An option with a value."""
    names = [f"--{name}", f"-{name}", rest.pop("into", name.replace("-", "_"))]
    return click.option(*names, cls=rest.pop("cls", Option), metavar=metavar, help=help_, **rest)


def switch(
    name: str, help_: str, *, default: bool = False, into: str | None = None
) -> Callable[[F], F]:
    """An option that is on or off."""
    on, off = f"--{name}/--no-{name}", f"-{name}/-no-{name}"
    variable = into or name.replace("-", "_")
    return click.option(on, off, variable, cls=Switch, default=default, is_flag=True, help=help_)


def probably_meant(typed: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`: the only name that begins so, else the one that is close."""
    begun = [each for each in known if each.startswith(typed)]
    return did_you_mean(typed, known) if len(begun) != 1 else f' Did you mean "{begun[0]}"?'


def in_our_words(mistake: click.UsageError) -> str:
    """What click found wrong with the command line, in the words of this one."""
    if isinstance(mistake, click.MissingParameter) and isinstance(mistake.param, click.Argument):
        path = mistake.ctx.command_path if mistake.ctx is not None else "reconciler"
        return f"{path} needs {mistake.param.metavar}."
    if isinstance(mistake, click.BadParameter) and isinstance(mistake.param, Option):
        name = next(each for each in mistake.param.opts if each.startswith("--"))
        message = mistake.message
        if isinstance(mistake.param.type, click.Choice):
            message = message.replace("'", '"')
        return f"Invalid value for {name}: {message}"
    return mistake.format_message()


def spelled_out(arguments: Sequence[str], context: click.Context) -> list[str]:
    """Rewrite what click does not know: `-switch=true`, `-switch=false`, a value left out.

    A group's own options end where its command begins.
    """
    command = context.command
    known = _known(command)
    found: list[str] = []
    rest = list(arguments)[::-1]
    while rest:
        argument = rest.pop()
        is_option = argument.startswith("-") and argument != "-"
        if argument == "--" or (not is_option and isinstance(command, click.Group)):
            return [*found, argument, *rest[::-1]]
        found += _spelled(argument, rest, known, context) if is_option else [argument]
    return found


def _known(command: click.Command) -> dict[str, click.Parameter | None]:
    names: dict[str, click.Parameter | None] = dict.fromkeys(HELP_NAMES)
    for each in command.params:
        if isinstance(each, click.Option):
            names |= dict.fromkeys([*each.opts, *each.secondary_opts], each)
    return names


def _spelled(
    argument: str,
    rest: list[str],
    known: Mapping[str, click.Parameter | None],
    context: click.Context,
) -> list[str]:
    name, equals, value = argument.partition("=")
    if name not in known:
        if context.resilient_parsing:
            return [argument]
        visible = [each for each in known if each.startswith("--") and each != _GIVEN]
        meant = probably_meant(f"--{name.lstrip('-')}", visible)
        raise click.UsageError(f'{context.command_path} has no option "{name}".{meant}', context)
    parameter = known[name]
    if isinstance(parameter, Switch):
        return _with_value(parameter, name, value, context) if equals else [argument]
    if parameter is None or (isinstance(parameter, Optional) and equals):
        return [argument]
    if isinstance(parameter, Optional):
        return [f"{name}=all"]
    if not equals and not rest:
        if context.resilient_parsing:  # the shell asks how the line may go on
            return [argument]
        raise click.UsageError(f"{name} needs a value.", context)
    value = value if equals else rest.pop()
    if isinstance(parameter, Variable):
        return [f"{_GIVEN}={name.lstrip('-')}:{value}"]
    return [f"{name}={value}"]


def _with_value(switch: Switch, name: str, value: str, context: click.Context) -> list[str]:
    match value.lower():
        case "true" | "1" | "t":
            return switch.opts[:1]
        case "false" | "0" | "f":
            return switch.secondary_opts[:1]
    raise click.UsageError(f'Invalid value "{value}" for {name}: write true or false.', context)
