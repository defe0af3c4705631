"""Plan: `reconciler plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import option, switch
from reconciler.cli.planning import Request, planning, request_of
from reconciler.cli.session import Session
from reconciler.cli.tree import Command

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


@click.command(
    "plan",
    cls=Command,
    examples=[
        (
            "reconciler plan --specs=specs/quickstart",
            "What apply would do with the specs in that folder.",
        ),
        ("reconciler plan --out=tonight.plan", "Keep the plan, for: reconciler apply tonight.plan"),
        ("reconciler plan --detailed-exitcode", "For scripts: 0 is nothing to do, 2 are changes."),
    ],
)
@option("out", "Save the plan to FILE, to be applied later as it is.", metavar="FILE")
@switch("detailed-exitcode", "Exit with 2 if there are changes, 4 if a create is unresolved.")
@planning()
def command(session: Session, **values: Any) -> int:
    """Show what apply would change. Nothing is changed: not the server, not the state."""
    out: str | None = values.pop("out")
    detailed: bool = values.pop("detailed_exitcode")
    request = request_of(values)
    plan = _made(session, request, out)
    if plan.errors:
        return 1
    if not detailed:
        return 0
    if plan.suspects:
        return 4
    return 2 if plan.has_changes else 0


def _made(session: Session, request: Request, out: str | None) -> Plan:
    from reconciler.cli.signals import Interrupts
    from reconciler.cli.watching import TextWatcher, watcher

    watch = watcher(session, json=request.json)
    mode, options = request.mode, request.options
    workspace = session.workspace(
        given=request.given,
        parallelism=request.parallelism,
        lock_timeout_s=request.lock_timeout_s,
        on_event=watch.event,
    )
    with Interrupts(session, workspace.interrupt).installed(), watch.running():
        plan = workspace.plan(
            mode=mode,
            refresh=request.refresh,
            options=options,
            save_to=Path(out) if out is not None else None,
        )
    watch.plan(plan, compact=request.compact_warnings)
    quiet = plan.is_forbidden or "TF_IN_AUTOMATION" in session.environ
    if isinstance(watch, TextWatcher) and not quiet and (plan.can_apply or out is not None):
        command = "destroy" if request.destroy else "apply"
        session.console.out_lines(watch.text().saved(out, command=command))
    return plan
