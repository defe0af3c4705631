"""Show: `reconciler show`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import switch
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.plan.model import Plan
from reconciler.state.model import State


@click.command(
    "show",
    cls=Command,
    examples=[
        ("reconciler show tonight.plan", 'What "plan --out=tonight.plan" has saved.'),
    ],
)
@click.argument("plan_file", metavar="[PLANFILE]", required=False)
@switch("json", "Print one JSON document, sensitive values hidden.")
def command(session: Session, plan_file: str | None, json: bool) -> int:
    """Show everything in the state, or a saved plan."""
    workspace = session.workspace()
    if plan_file is not None:
        _plan(session, workspace.load_plan(Path(plan_file)), json=json)
    else:
        _state(session, workspace.state(), json=json)
    return 0


def _plan(session: Session, plan: Plan, *, json: bool) -> None:
    from reconciler.views.sanitise import json_text

    if json:
        from reconciler.views.plan_json import plan_document

        session.console.out(json_text(plan_document(plan)))
        return
    from reconciler.views.plan_text import PlanText

    console = session.console
    writer = PlanText(console.out_style, console.width, session.schemas(), screen=console.screen)
    console.out()
    console.out_lines(writer.render(plan))
    session.warnings(plan.warnings)
    session.errors(plan.errors)


def _state(session: Session, state: State, *, json: bool) -> None:
    from reconciler.views.sanitise import json_text

    if json:
        from reconciler.views.state_json import state_document

        session.console.out(json_text(state_document(state)))
        return
    from reconciler.views.state_text import StateText

    writer = StateText(session.console.out_style, session.schemas())
    session.console.out_lines(writer.state(state))
