"""Program: one command from its arguments to its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from reconciler.cli.session import Session
from reconciler.cli.tree import root
from reconciler.errors import ReconcilerError
from reconciler.views.console import Console, OutputClosed


def execute(arguments: Sequence[str]) -> int:
    """Run the command that *arguments* name.

    Everything that can be told to the user is told here; what is not caught is a fault of the
    program and leaves its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    session = Session(Console(sys.stdout, sys.stderr, environ=os.environ))
    try:
        return _invoke(arguments, session)
    except OutputClosed:
        _forget_output()
        return session.exit_code(0)


def _invoke(arguments: Sequence[str], session: Session) -> int:
    try:
        code = root.main(
            list(arguments), prog_name="reconciler", standalone_mode=False, obj=session
        )
        return session.exit_code(code if isinstance(code, int) else 0)
    except click.UsageError as mistake:
        session.usage_error(mistake.format_message(), _help_command(mistake.ctx))
        return 1
    except click.Abort:
        return session.exit_code(130)
    except ReconcilerError as error:
        session.error(error)
        return session.exit_code(1)


def _help_command(context: click.Context | None) -> str:
    return f"{context.command_path if context is not None else 'reconciler'} -help"


def _forget_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
