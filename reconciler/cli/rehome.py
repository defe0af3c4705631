"""Rehome: `reconciler rehome`."""

from __future__ import annotations

import click

from reconciler.cli.options import switch
from reconciler.cli.planning import locking, variables
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.plan.sequence import count
from reconciler.views import sanitise


@click.command(
    "rehome",
    cls=Command,
    examples=[
        ("reconciler rehome --same-objects", "The same server has another address now."),
    ],
)
@switch("same-objects", "The same objects are there: only the address of the server moved.")
@variables
@locking
def command(
    session: Session,
    same_objects: bool,
    given: tuple[tuple[str, str], ...],
    lock_timeout: float,
) -> int:
    """Let the state belong to the server that is configured now.

    What was made elsewhere is forgotten, so that the next plan creates it anew; nothing is deleted
    where it was, and what is created in its place remembers its id. Asks no server.
    """
    console = session.console
    workspace = session.workspace(given=given, lock_timeout_s=lock_timeout)
    forgotten = workspace.rehome(same_objects=same_objects)
    if same_objects:
        console.say("The state now belongs to the server that is configured. Nothing else changed.")
        return 0
    for each in forgotten:
        console.say(sanitise.line(f"{each.address}: Forgotten [id={each.id}]"), hang=2)
    stay = "stays where it was" if len(forgotten) == 1 else "stay where they were"
    console.say(
        f"\nForgotten: {count(len(forgotten), 'object')}, which {stay}. "
        '"reconciler plan" shows what apply would create. The state remembers the ids, and '
        f"{sanitise.line(str(workspace.state_path))}.backup is the state as it was."
    )
    return 0
