"""Helptext: the help of a command, laid out for the width of the terminal."""

from __future__ import annotations

from collections.abc import Iterable

import click

from reconciler.cli.session import Session
from reconciler.views.wrapping import wrap, wrapped

MAX_WIDTH = 78
"""Columns that help never needs more than."""
NARROW = 60
"""Columns below which an explanation stands under what it explains."""


def help_of(command: click.Command, context: click.Context) -> str:
    """Write the help of *command*."""
    session = context.find_object(Session)
    width = MAX_WIDTH if session is None else min(session.console.width, MAX_WIDTH)
    formatter = click.HelpFormatter(width=width) if width >= NARROW else _Narrow(width=width)
    command.format_help(context, formatter)
    return formatter.getvalue().rstrip("\n")


def write_pairs(pairs: Iterable[tuple[str, str]], formatter: click.HelpFormatter) -> None:
    """Write what one may type, and below each what it means."""
    for typed, meaning in pairs:
        lines = wrapped(f"  {typed}", formatter.width, hang=2)
        lines += wrapped(f"      {meaning}", formatter.width)
        formatter.write("\n".join(lines) + "\n")


class _Narrow(click.HelpFormatter):
    """Help in one column."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        usage = f"{prefix or 'Usage:'} {prog} {args}"
        self.write("\n".join(wrapped(usage, self.width, hang=2)) + "\n")

    def write_heading(self, heading: str) -> None:
        """Write what the names below have in common."""
        self.write(wrap(f"{heading}:", self.width) + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write what each name means, below it."""
        write_pairs(rows, self)
