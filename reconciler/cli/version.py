"""Version: `reconciler version`."""

from __future__ import annotations

import click

from reconciler.cli.options import switch
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.version import TERRAFORM_VERSION, VERSION


@click.command("version", cls=Command)
@switch("json", "Print JSON.")
def command(session: Session, json: bool) -> int:
    """Show which version this is."""
    if not json:
        session.console.out(f"reconciler {VERSION}")
        return 0
    import platform

    from reconciler.views.sanitise import json_text

    document = {
        "reconciler_version": VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "python_version": platform.python_version(),
        "platform": f"{platform.system().lower()}_{platform.machine().lower()}",
    }
    session.console.out(json_text(document, indent=2))
    return 0
