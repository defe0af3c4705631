"""State rm: `reconciler state rm`."""

from __future__ import annotations

import click

from reconciler.cli.planning import locking
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.views import sanitise


@click.command(
    "rm",
    cls=Command,
    examples=[
        ("reconciler state rm 'openai_message.turn[*]'", "Let go of every instance of one block."),
    ],
)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@locking
def command(session: Session, addresses: tuple[str, ...], lock_timeout: float) -> int:
    """Let go of objects: they leave the state and stay on the server, unmanaged.

    ADDRESS may name an instance, a block with all its instances, or a module, and may hold "*".
    """
    console = session.console
    removed = session.workspace(lock_timeout_s=lock_timeout).state_remove(addresses)
    for each in removed:
        console.say(f"Removed {sanitise.line(str(each))}", hang=2)
    console.say(f"Successfully removed {len(removed):,} resource instance(s).")
    return 0
