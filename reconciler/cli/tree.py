"""Tree: every command by name, imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click

from reconciler.cli.helptext import help_of, write_pairs
from reconciler.cli.options import HELP_NAMES, Option, Switch, probably_meant, spelled_out
from reconciler.cli.session import SETTINGS, Session


class Entry(NamedTuple):
    """A command as the overview shows it. Its module holds it as `command`."""

    module: str
    summary: str
    main: bool = False


ROOT: Mapping[str, Entry] = {
    "validate": Entry("validate", "Check the specs, without asking any server", main=True),
    "plan": Entry("plan", "Show what apply would change", main=True),
    "apply": Entry("apply", "Make the server match the specs", main=True),
    "destroy": Entry("destroy", "Delete everything that is managed", main=True),
    "fmt": Entry("fmt", "Lay out specs in the one usual way"),
    "console": Entry("console", "Evaluate expressions over the specs and the state"),
    "graph": Entry("graph", "Draw what waits for what, and the order of messages"),
    "import": Entry("import_", "Manage an object that already exists"),
    "output": Entry("output", "Show the outputs of the last apply"),
    "recover": Entry("recover", "Settle what an interrupted run has left open"),
    "rehome": Entry("rehome", "Let the state belong to another server"),
    "serve": Entry("serve", "Run the emulator: a local Threads API to try things on"),
    "show": Entry("show", "Show the state, or a saved plan"),
    "state": Entry("state", "Look at the state or change it, object by object"),
    "version": Entry("version", "Show which version this is"),
}
STATE: Mapping[str, Entry] = {
    "list": Entry("state_list", "List the addresses in the state"),
    "mv": Entry("state_mv", "Give an object another address"),
    "protect": Entry("state_protect", "Protect objects from being destroyed"),
    "rm": Entry("state_rm", "Let go of objects, which stay on the server"),
    "show": Entry("state_show", "Show one object as it is recorded"),
    "unprotect": Entry("state_unprotect", "End the protection of objects"),
}

_GLOBAL: tuple[tuple[str, str, str], ...] = (
    ("chdir", "DIR", "Work in another folder."),
    ("specs", "DIR", 'The specs folder (default: "specs" if there is one, else ".").'),
    ("state", "FILE", "The state file (default: in state/, named after the specs folder)."),
    ("emulator", "FILE", "Talk to the emulator whose data is in FILE, not to the network."),
)


def global_options() -> list[click.Parameter]:
    """The options that stand before or behind any command."""
    options: list[click.Parameter] = [
        Option([f"--{name}", f"-{name}", f"global_{name}"], metavar=metavar, help=text)
        for name, metavar, text in _GLOBAL
    ]
    color = ["--no-color", "-no-color", "global_no_color"]
    return [*options, Switch(color, is_flag=True, help="Print without colours.")]


def take_settings(context: click.Context) -> Session:
    """Move the global options of *context* into the session."""
    session = context.obj
    assert isinstance(session, Session), "the program gives every command its session"
    for name in SETTINGS:
        value = context.params.pop(f"global_{name}", None)
        if value:
            setattr(session.settings, name, value)
    return session


class Command(click.Command):
    """A command whose callback gets the session first.

    *examples* stand at the end of its help: what to type, and what it does.
    """

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        kwargs["context_settings"] = {
            "help_option_names": [*HELP_NAMES],
            "allow_extra_args": True,  # refused below, in our words
        }
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.own_params = list(self.params)
        self.params += global_options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, after spelling out what click does not know."""
        rest = super().parse_args(ctx, spelled_out(args, ctx))
        if rest and not ctx.resilient_parsing:
            raise click.UsageError(f'{ctx.command_path} takes no "{rest[0]}".', ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command in the folder it is asked to work in."""
        session = take_settings(ctx)
        assert self.callback is not None, "every command does something"
        with session.directory():
            return ctx.invoke(self.callback, session, **ctx.params)

    def get_help(self, ctx: click.Context) -> str:
        """The help, as wide as the terminal."""
        return help_of(self, ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line, with the program's name."""
        pieces = [
            "[options]",
            *(each.make_metavar(ctx) for each in self.params if isinstance(each, click.Argument)),
        ]
        formatter.write_usage(ctx.command_path, " ".join(pieces))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the global ones."""
        options = [each for each in self.own_params if isinstance(each, Option)]
        own = [each.get_help_record(ctx) for each in options]
        rows = [each for each in own if each is not None]
        if rows:
            with formatter.section("Options"):
                formatter.write_dl(rows)
        _write_global(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                write_pairs(self.examples, formatter)


class Tree(click.Group):
    """Commands that are imported when they are asked for."""

    def __init__(self, name: str, entries: Mapping[str, Entry], help_: str) -> None:
        super().__init__(
            name,
            help=help_,
            params=global_options(),
            invoke_without_command=True,
            callback=click.pass_context(_overview),
            context_settings={"help_option_names": [*HELP_NAMES]},
        )
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, the main ones first."""
        return sorted(self.entries, key=lambda name: not self.entries[name].main)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command = importlib.import_module(f"reconciler.cli.{entry.module}").command
        assert isinstance(command, click.Command), f"{entry.module} holds a command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args and args[0] not in self.entries:
            meant = probably_meant(args[0], self.entries)
            raise click.UsageError(
                f'{ctx.command_path} has no command named "{args[0]}".{meant}', ctx
            )
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before the command; `help COMMAND` is `COMMAND --help`."""
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, spelled_out(args, ctx))

    def invoke(self, ctx: click.Context) -> Any:
        """Take the global options, then run the command, or show what there is."""
        take_settings(ctx)
        return super().invoke(ctx)

    def get_help(self, ctx: click.Context) -> str:
        """The help, as wide as the terminal."""
        return help_of(self, ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line."""
        formatter.write_usage(ctx.command_path, "[global options] COMMAND [options]")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the global options."""
        self.format_commands(ctx, formatter)
        _write_global(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing a single command."""
        main = [(name, each.summary) for name, each in self.entries.items() if each.main]
        rest = [(name, each.summary) for name, each in self.entries.items() if not each.main]
        for title, rows in (
            ("Main commands", main),
            ("Other commands" if main else "Commands", rest),
        ):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _overview(ctx: click.Context) -> int:
    if ctx.invoked_subcommand is None:
        ctx.find_object(Session).console.out(ctx.get_help())  # type: ignore[union-attr]
    return 0


def _write_global(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    records = [each.get_help_record(ctx) for each in global_options()]
    rows = [each for each in records if each is not None]
    with formatter.section("Global options, before or behind the command"):
        formatter.write_dl([*rows, ("--help", "Show this help, or that of a command.")])


root = Tree(
    "reconciler",
    ROOT,
    "OpenAI conversations as code: write threads and messages in HCL, see what would change, "
    "apply it.",
)
