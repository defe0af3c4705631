"""Validate: `reconciler validate`."""

from __future__ import annotations

import click

from reconciler.cli.options import switch
from reconciler.cli.planning import variables
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.diagnostics import Diagnostic, Severity


@click.command(
    "validate",
    cls=Command,
    examples=[
        ("reconciler validate --json", "For programs: every problem with its place."),
    ],
)
@switch("json", "Print one JSON document.")
@variables
def command(session: Session, json: bool, given: tuple[tuple[str, str], ...]) -> int:
    """Check the specs, all files at once, without asking any server and without any key."""
    found = session.workspace(given=given).validate()
    errors = sum(each.severity is Severity.ERROR for each in found)
    if json:
        from reconciler.views.diagnostics_json import validation_document
        from reconciler.views.sanitise import json_text

        session.console.out(json_text(validation_document(found), indent=2))
    else:
        _print(session, found, errors)
    return 1 if errors else 0


def _print(session: Session, found: tuple[Diagnostic, ...], errors: int) -> None:
    session.warnings([each for each in found if each.severity is Severity.WARNING])
    session.errors([each for each in found if each.severity is Severity.ERROR])
    if errors:
        return
    style = session.console.out_style
    warned = ", but with warnings as shown above" if found else ""
    session.console.say(f"{style.green('Success!')} The specs are valid{warned}.")
