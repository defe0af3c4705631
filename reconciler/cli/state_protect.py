"""State protect and unprotect: `reconciler state protect`, `reconciler state unprotect`."""

from __future__ import annotations

import click

from reconciler.cli.planning import locking
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.views import sanitise


@click.command("protect", cls=Command)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@locking
def command(session: Session, addresses: tuple[str, ...], lock_timeout: float) -> int:
    """Protect objects from being destroyed or replaced, whatever becomes of their blocks.

    What a block says itself, with prevent_destroy, counts more.
    """
    return _set(session, addresses, lock_timeout, protected=True)


@click.command("unprotect", cls=Command)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@locking
def unprotect(session: Session, addresses: tuple[str, ...], lock_timeout: float) -> int:
    """End the protection of objects, where no block is left to end it.

    A block ends it with prevent_destroy = false. One that says true keeps its object protected.
    """
    return _set(session, addresses, lock_timeout, protected=False)


def _set(
    session: Session, addresses: tuple[str, ...], lock_timeout: float, *, protected: bool
) -> int:
    workspace = session.workspace(lock_timeout_s=lock_timeout)
    named = workspace.state_protect(addresses, protected=protected)
    word = "Protected" if protected else "No longer protected"
    for each in named:
        session.console.say(f"{sanitise.line(str(each))}: {word}", hang=2)
    return 0
