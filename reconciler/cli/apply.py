"""Apply: `reconciler apply`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import switch
from reconciler.cli.planning import planning, request_of
from reconciler.cli.session import Session
from reconciler.cli.tree import Command


@click.command(
    "apply",
    cls=Command,
    examples=[
        ("reconciler apply", "Show the plan, ask, and carry it out."),
        ("reconciler apply tonight.plan", "Do exactly what was planned, without a question."),
        (
            "reconciler apply --auto-approve --json",
            "For programs: no question, one JSON object per line.",
        ),
    ],
)
@click.argument("plan_file", metavar="[PLANFILE]", required=False)
@switch("auto-approve", "Do not ask before changing anything.")
@planning()
def command(session: Session, plan_file: str | None, auto_approve: bool, **values: Any) -> int:
    """Make the server match the specs, after showing the plan and asking.

    With PLANFILE, do exactly what that saved plan says, and do not ask.
    """
    from reconciler.cli.applying import Run

    return Run(session, request_of(values), auto_approve=auto_approve, plan_file=plan_file).result()
