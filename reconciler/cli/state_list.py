"""State list: `reconciler state list`."""

from __future__ import annotations

import click

from reconciler.cli.options import option
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.errors import UsageError
from reconciler.suggest import did_you_mean
from reconciler.views import sanitise


@click.command(
    "list",
    cls=Command,
    examples=[
        ("reconciler state list openai_message.turn", "Every instance of one block."),
    ],
)
@click.argument("addresses", metavar="[ADDRESS...]", nargs=-1)
@option("id", "Only objects with this id.", metavar="ID", into="id_")
def command(session: Session, addresses: tuple[str, ...], id_: str | None) -> int:
    """List the addresses in the state, or those at and below ADDRESS."""
    objects = session.workspace().state().objects.values()
    known = [str(each.address) for each in objects]
    for wanted in addresses:
        if not any(_is_below(each, wanted) for each in known):
            raise UsageError(
                f"The state has no object at {wanted}.{did_you_mean(wanted, known)}",
                hint='"reconciler state list" lists the addresses.',
            )
    if not known:
        session.console.err("The state is empty: nothing is managed yet.")
    session.console.out_lines(
        sanitise.line(str(each.address))
        for each in sorted(objects, key=lambda each: each.address.sort_key)
        if (id_ is None or each.attributes.get("id") == id_)
        and (not addresses or any(_is_below(str(each.address), wanted) for wanted in addresses))
    )
    return 0


def _is_below(address: str, wanted: str) -> bool:
    return address == wanted or address.startswith((f"{wanted}[", f"{wanted}."))
