"""Destroy: `reconciler destroy`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import switch
from reconciler.cli.planning import planning, request_of
from reconciler.cli.session import Session
from reconciler.cli.tree import Command


@click.command(
    "destroy",
    cls=Command,
    examples=[
        (
            "reconciler destroy --target=openai_thread.old",
            "Delete that thread, and what depends on it.",
        ),
    ],
)
@switch("auto-approve", "Do not ask before deleting anything.")
@planning(destroy=True)
def command(session: Session, auto_approve: bool, **values: Any) -> int:
    """Delete everything that is managed, after showing the plan and asking."""
    from reconciler.cli.applying import Run

    request = request_of({**values, "destroy": True})
    return Run(session, request, auto_approve=auto_approve).result()
