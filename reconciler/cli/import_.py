"""Import: `reconciler import`."""

from __future__ import annotations

import click

from reconciler.cli.planning import locking, variables
from reconciler.cli.session import Session
from reconciler.cli.signals import Interrupts
from reconciler.cli.tree import Command
from reconciler.views import sanitise
from reconciler.views.progress import Progress


@click.command(
    "import",
    cls=Command,
    examples=[
        ("reconciler import openai_thread.a thread_abc", "A thread."),
        ("reconciler import 'openai_message.turn[0]' thread_abc:msg_def", "A message of it."),
    ],
)
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
    console.say(f"{shown}: Importing from ID {sanitise.quoted(id_)}...", hang=2)
    with Interrupts(session, workspace.interrupt).installed():
        imported = workspace.import_(address, id_)
    console.say(f"{shown}: Import complete [id={sanitise.line(imported.id)}]", hang=2)
    console.say(f"\n{console.out_style.green('Import successful!')}\n")
    console.say(
        "The object is now in the state and is managed by the specs from here on. "
        '"reconciler plan" shows whether its block says what it is.'
    )
    return 0
