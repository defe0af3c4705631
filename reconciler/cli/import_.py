"""Import: `reconciler import`."""

from __future__ import annotations

import click

from reconciler.cli.planning import locking, variables
from reconciler.cli.session import Session
from reconciler.cli.signals import Interrupts
from reconciler.cli.tree import Command
from reconciler.views import sanitise
from reconciler.views.progress import Progress


@click.command("import", cls=Command)
@click.argument("address", metavar="ADDRESS")
@click.argument("id_", metavar="ID")
@variables
@locking
def command(
    session: Session,
    address: str,
    id_: str,
    given: tuple[tuple[str, str], ...],
    lock_timeout: float,
) -> int:
    """Manage an object that already exists: ID under ADDRESS, whose block the specs must have.

    A thread's ID is its id; a message's is THREAD_ID:MESSAGE_ID.
    """
    console = session.console
    progress = Progress(console)
    workspace = session.workspace(given=given, lock_timeout_s=lock_timeout, on_event=progress.event)
    shown = sanitise.line(address)
    console.out(f"{shown}: Importing from ID {sanitise.quoted(id_)}...")
    with Interrupts(session, workspace.interrupt).installed():
        imported = workspace.import_(address, id_)
    console.out(f"{shown}: Import complete [id={sanitise.line(imported.id)}]")
    console.out(f"\n{console.out_style.green('Import successful!')}\n")
    console.out(
        console.wrap(
            "The object is now in the state and is managed by the specs from here on. "
            '"reconciler plan" shows whether its block says what it is.'
        )
    )
    return 0
