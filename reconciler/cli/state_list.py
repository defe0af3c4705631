"""State list: `reconciler state list`."""

from __future__ import annotations

import click

from reconciler.cli.options import option
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.views import sanitise


@click.command("list", cls=Command)
@click.argument("addresses", metavar="[ADDRESS...]", nargs=-1)
@option("id", "Only objects with this id.", metavar="ID", into="id_")
def command(session: Session, addresses: tuple[str, ...], id_: str | None) -> int:
    """List the addresses in the state, or those at and below ADDRESS."""
    state = session.workspace().state()
    found = [
        each
        for each in sorted(state.objects.values(), key=lambda each: each.address.sort_key)
        if (id_ is None or each.attributes.get("id") == id_)
        and (not addresses or any(_is_below(str(each.address), wanted) for wanted in addresses))
    ]
    session.console.out_lines(sanitise.line(str(each.address)) for each in found)
    return 0


def _is_below(address: str, wanted: str) -> bool:
    return address == wanted or address.startswith((f"{wanted}[", f"{wanted}."))
