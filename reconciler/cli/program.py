"""Program: one command from its arguments to its exit code."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Sequence
from io import StringIO, TextIOWrapper
from typing import TextIO

import click

from reconciler.cli.options import in_our_words
from reconciler.cli.session import Session
from reconciler.cli.tree import root
from reconciler.errors import ReconcilerError, UsageError
from reconciler.views.console import Console


def execute(arguments: Sequence[str]) -> int:
    """Run the command that *arguments* name.

    Everything that can be told to the user is told here; what is not caught is a fault of the
    program and leaves its traceback.
    """
    session = Session(Console(_stream(sys.stdout), _stream(sys.stderr), environ=os.environ))
    code = _invoke(arguments, session)
    lost = session.console.lost
    if lost is None:
        return code
    _forget_output()
    if isinstance(lost, BrokenPipeError):
        return code
    session.error(UsageError(f"The output could not be written: {lost.strerror}."))
    return max(code, 1)


_PLAIN = {"│": "|", "╷": ",", "╵": "'", "─": "-", "·": "-", "…": "~"}
"""What is drawn where an encoding lacks a sign of ours, as wide as the sign."""


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What stands in the output for what its encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    escaped = (
        _PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in lacking
    )
    return "".join(escaped), error.end


codecs.register_error("reconciler.plainly", _plainly)


def _stream(stream: TextIO | None) -> TextIO:
    """A stream that is closed is one that nobody reads; what an encoding lacks is drawn
    with plain signs or escaped."""
    if stream is None:
        return StringIO()
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="reconciler.plainly")
    return stream


def _invoke(arguments: Sequence[str], session: Session) -> int:
    try:
        code = root.main(
            list(arguments), prog_name="reconciler", standalone_mode=False, obj=session
        )
        return session.exit_code(code if isinstance(code, int) else 0)
    except click.UsageError as mistake:
        session.usage_error(in_our_words(mistake), _help_command(mistake.ctx))
        return 1
    except click.Abort:
        return session.exit_code(130)
    except ReconcilerError as error:
        session.error(error)
        return session.exit_code(1)


def _help_command(context: click.Context | None) -> str:
    return f"{context.command_path if context is not None else 'reconciler'} --help"


def _forget_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
