"""State show: `reconciler state show`."""

from __future__ import annotations

import click

from reconciler.address import Address
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.errors import UsageError
from reconciler.suggest import did_you_mean
from reconciler.views.state_text import StateText


@click.command(
    "show",
    cls=Command,
    examples=[
        (
            "reconciler state show 'openai_message.turn[0]'",
            "One message. The quotes are for the shell.",
        ),
    ],
)
@click.argument("address", metavar="ADDRESS")
def command(session: Session, address: str) -> int:
    """Show one object as it is recorded."""
    objects = session.workspace().state().objects
    wanted = parsed(address)
    if wanted not in objects:
        meant = did_you_mean(address, map(str, objects))
        raise UsageError(
            f"The state has no object at {wanted}.{meant}",
            hint='"reconciler state list" lists the addresses.',
        )
    writer = StateText(session.console.out_style, session.schemas())
    session.console.out_lines(writer.resource(objects[wanted]))
    return 0


def parsed(text: str) -> Address:
    """Read an address of the command line."""
    try:
        return Address.parse(text)
    except ValueError as mistake:
        raise UsageError(f"{mistake}.") from mistake
