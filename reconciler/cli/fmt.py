"""Fmt: `reconciler fmt`."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from reconciler.cli.options import switch
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.diagnostics import Diagnostics
from reconciler.errors import UsageError
from reconciler.spec.formatting import Formatted, files_of, format_bytes, format_path
from reconciler.state.files import REAL, replace_file
from reconciler.views import sanitise

FAILED = 2
"""Exit code: a file has mistakes, or could not be read or written."""
WOULD_CHANGE = 3
"""Exit code of `--check`: something is laid out otherwise."""

STDIN = "<stdin>"
"""What messages call the text that stdin gives."""


@click.command(
    "fmt",
    cls=Command,
    examples=[
        (
            "reconciler fmt --check --diff --recursive",
            "Show what is laid out otherwise, and change nothing.",
        ),
    ],
)
@click.argument("targets", metavar="[TARGET...]", nargs=-1)
@switch("list", "Do not list the files that are laid out otherwise.", default=True, into="listed")
@switch("write", "Change no file.", default=True)
@switch("diff", "Show what changes, as a unified diff.")
@switch("check", "Change no file; exit with 3 if one would change.")
@switch("recursive", "Also format the folders below.")
def command(
    session: Session,
    targets: tuple[str, ...],
    listed: bool,
    write: bool,
    diff: bool,
    check: bool,
    recursive: bool,
) -> int:
    """Lay out specs in the one usual way, as "terraform fmt" does.

    TARGET is a file, a folder, or - for stdin, whose text then goes to stdout. Without any, the
    specs folder is formatted. Comments and the meaning of every file stay.
    """
    diagnostics = Diagnostics()
    is_changed = False
    for formatted in _formatted(session, targets, diagnostics, recursive=recursive):
        if formatted.shown == STDIN and not diff and not check:
            session.console.raw(formatted.after)
        if not formatted.is_changed:
            continue
        is_changed = True
        if formatted.shown != STDIN and write and not check:
            _write(formatted, diagnostics)
        _tell(session, formatted, listed=listed, diff=diff)
    session.errors(diagnostics.errors)
    if diagnostics.has_errors:
        return FAILED
    return WOULD_CHANGE if check and is_changed else 0


def _formatted(
    session: Session, targets: Sequence[str], diagnostics: Diagnostics, *, recursive: bool
) -> Iterator[Formatted]:
    """What the targets become; those with mistakes are left out."""
    if "-" in targets:
        if len(targets) > 1:
            raise UsageError('"-" is stdin and cannot be given beside other targets.')
        data = b"" if sys.stdin is None else sys.stdin.buffer.read()
        found = format_bytes(data, STDIN, diagnostics)
        if found is not None:
            yield found
        return
    paths = [Path(each) for each in targets] or [session.workspace().specs]
    for path in files_of(paths, diagnostics, recursive=recursive):
        found = format_path(path, diagnostics)
        if found is not None:
            yield found


def _tell(session: Session, formatted: Formatted, *, listed: bool, diff: bool) -> None:
    console = session.console
    if listed and formatted.shown != STDIN:
        console.out(sanitise.line(formatted.shown))
    if diff:
        from reconciler.views.unified_diff import unified_diff

        before, after = _concealed(formatted)
        console.out_lines(unified_diff(formatted.shown, before, after, console.out_style))


def _concealed(formatted: Formatted) -> tuple[str, str]:
    """The text before and after as a difference shows it: without the keys in it."""
    from reconciler.concealment import Concealment
    from reconciler.spec.files import read_specs

    name, texts = formatted.shown, (formatted.before, formatted.after)
    beside = () if name == STDIN else read_specs(Path(name).parent, Diagnostics())
    hidden = Concealment(formatted.after, *(each.text for each in beside))
    before, after = (hidden.shown(each, is_values=name.endswith(".tfvars")) for each in texts)
    return before, after


def _write(formatted: Formatted, diagnostics: Diagnostics) -> None:
    """Replace a file, or the one that a link leads to, in one step and with its mode."""
    try:
        target = Path(formatted.shown).resolve(strict=True)
        found = target.stat()
        # Root may write anything; a file without the permission is still meant to stay as it is.
        if not found.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
        replace_file(
            REAL,
            target,
            formatted.after.encode(),
            before_replace=lambda temporary: _take_over(temporary, found),
        )
    except OSError as error:
        reason = (error.strerror or "the disk refuses").lower()
        diagnostics.error("File not written", f'"{formatted.shown}": {reason}.')


def _take_over(temporary: Path, found: os.stat_result) -> None:
    """Give the new file the owner and the mode of the old one."""
    with contextlib.suppress(PermissionError):
        os.chown(temporary, found.st_uid, found.st_gid)
    temporary.chmod(found.st_mode & 0o7777)
