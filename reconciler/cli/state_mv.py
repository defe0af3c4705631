"""State mv: `reconciler state mv`."""

from __future__ import annotations

import click

from reconciler.cli.planning import locking
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.views import sanitise


@click.command(
    "mv",
    cls=Command,
    examples=[
        (
            "reconciler state mv openai_message.a openai_message.b",
            "The block was given another name.",
        ),
    ],
)
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="DESTINATION")
@locking
def command(session: Session, source: str, target: str, lock_timeout: float) -> int:
    """Give an object of the state another address, or every instance of a block.

    A moved block in the specs does the same, for everybody who applies them.
    """
    console = session.console
    moved = session.workspace(lock_timeout_s=lock_timeout).state_move(source, target)
    for old, new in sorted(moved.items(), key=lambda each: each[0].sort_key):
        console.say(sanitise.line(f'Move "{old}" to "{new}"'), hang=2)
    console.say(f"Successfully moved {len(moved):,} object(s).")
    return 0
